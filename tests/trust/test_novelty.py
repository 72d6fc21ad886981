"""None of these: distances and shares by hand, the fit on known photos alone, and its figures."""

import dataclasses

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from eyespot.classifier.novelty import Novelty, distances
from eyespot.embeddings.neighbours import unit
from eyespot.errors import InputError
from eyespot.evaluation.limits import auroc
from eyespot.trust import novelty
from eyespot.trust.novelty import Known, Strangers, figures, fit

RISING = tuple(i / 100 for i in range(101))  # i % of known photos are nearer than i / 100


def cloud(generator, n, *, at, width=0.3, dimensions=16):
    """(n, D) directions around the axis `at`."""
    centre = np.eye(dimensions, dtype=np.float32)[at]
    return (centre + width * generator.normal(size=(n, dimensions))).astype(np.float32)


def known_photos(seed=0, *, classes=3, each=40, together=1):
    generator = np.random.default_rng(seed)
    vectors = np.concatenate([cloud(generator, each, at=place) for place in range(classes)])
    labels = np.repeat(np.arange(classes), each)
    return Known(vectors, labels, np.arange(len(labels)) // together)


def strangers(seed=1, *, at=9, n=30):
    vectors = cloud(np.random.default_rng(seed), n, at=at)
    return Strangers(vectors, ["made"] * n, np.arange(n))


def test_the_distance_is_one_minus_the_cosine_to_the_kth_nearest():
    known = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    asked = np.array([[3, 4]], np.float32)  # cosines 0.6, 0.8, -0.6
    for k, expected in [(1, 0.2), (2, 0.4), (3, 1.6), (9, 1.6)]:
        assert distances(asked, known, k) == pytest.approx([expected], abs=1e-6)


def test_distances_are_those_of_scikit_learn():
    photos, asked = known_photos(), strangers(at=1).vectors
    learned = NearestNeighbors(n_neighbors=3, metric="cosine").fit(photos.vectors)
    expected = learned.kneighbors(asked)[0][:, 2]
    assert distances(asked, unit(photos.vectors), 3) == pytest.approx(expected, abs=1e-6)


def test_a_distance_is_the_same_alone_and_in_company():
    photos, asked = known_photos(), strangers(n=300).vectors
    together = distances(asked, unit(photos.vectors), 3)
    alone = [distances(row[None], unit(photos.vectors), 3)[0] for row in asked]
    assert together.tolist() == alone


def test_an_example_of_none_of_these_counts_where_it_is_near():
    known, negatives = np.array([[1, 0]], np.float32), np.array([[0, 1]], np.float32)
    asked = np.array([[1, 0], [0.6, 0.8], [-1, 0]], np.float32)
    # to the known 0, 0.4, 2; to the example 1, 0.2, 1; less what is within 0.5: 0.5, 0.2, 0.5
    found = distances(asked, known, 1, negatives=negatives, nearness=0.5)
    assert found == pytest.approx([-0.5, 0.2, 1.5], abs=1e-6)


def test_a_share_is_read_between_the_distances_of_known_photos():
    value = Novelty(3, RISING)
    asked = np.array([-1, 0, 0.005, 0.25, 0.951, 1, 7])
    assert value.shares(asked) == pytest.approx([0, 0, 0.005, 0.25, 0.951, 1, 1], abs=1e-6)
    assert value.threshold == pytest.approx(0.95)
    assert value.refuses(value.shares(asked)).tolist() == [False] * 4 + [True] * 3


def test_as_far_as_every_known_photo_is_not_farther():
    """All at one distance: at it, none is more familiar; beyond, all are."""
    value = Novelty(1, (0.2,) * 101)
    assert value.shares(np.array([0.1, 0.2, 0.21])).tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"neighbours": 0}, "1 neighbour"),
        ({"quantiles": RISING[1:]}, "101 distances"),
        ({"quantiles": RISING[::-1]}, "rise"),
        ({"quantiles": (float("nan"),) * 101}, "101 distances"),
        ({"kept": 1.0}, "between 0 and 1"),
        ({"nearness": float("inf")}, "nearness"),
    ],
)
def test_numbers_that_no_fit_gives_are_refused(change, reason):
    with pytest.raises(InputError, match=reason):
        dataclasses.replace(Novelty(3, RISING), **change)


def test_the_threshold_keeps_95_percent_of_photos_that_it_was_not_fitted_on():
    photos, others = known_photos(each=200), known_photos(seed=5, each=1000)
    found = fit(photos)
    kept = distances(others.vectors, unit(photos.vectors), 3) <= found.novelty.threshold
    # 600 photos leave the threshold a standard error of sqrt(0.95 * 0.05 / 600) = 0.9 %
    assert kept.mean() == pytest.approx(0.95, abs=0.03)


def test_a_photo_is_never_asked_of_those_that_belong_together_with_it():
    """Every photo four times: by itself, each lies at distance 0 of its three copies."""
    photos = known_photos()
    four = np.repeat(np.arange(120), 4)
    apart = dataclasses.replace(photos.where(four), groups=np.arange(480))
    assert fit(apart).novelty.threshold == pytest.approx(0, abs=1e-5)
    # the three nearest others are the copies of the one nearest
    learned = NearestNeighbors(n_neighbors=2, metric="cosine").fit(photos.vectors)
    nearest = learned.kneighbors(photos.vectors)[0][:, 1]
    expected = np.quantile(np.repeat(nearest, 4), 0.95)
    assert fit(photos.where(four)).novelty.threshold == pytest.approx(expected, abs=1e-6)


def test_no_stranger_moves_the_threshold():
    photos = known_photos()
    found = fit(photos)
    with_them = figures(found, photos, "abc", unrelated=strangers())
    without = figures(found, photos, "abc", unrelated=strangers(at=0))
    assert with_them.kept == without.kept
    assert with_them.unrelated[0].refused > 0.7
    assert without.unrelated[0].refused < 0.2


def test_of_many_photos_some_are_asked(monkeypatch):
    photos = known_photos(each=200)
    monkeypatch.setattr(novelty, "ASKED", 300)
    some = fit(photos, seed=1)
    assert len(some.distances) == 300
    assert some.novelty.threshold == pytest.approx(fit(photos, seed=2).novelty.threshold, rel=0.2)
    assert some.novelty == fit(photos, seed=1).novelty


def test_the_area_under_the_curve_is_scikit_learn_s():
    generator = np.random.default_rng(0)
    new, usual = generator.integers(3, 9, 40), generator.integers(0, 7, 60)  # with equals
    expected = roc_auc_score([1] * 40 + [0] * 60, [*new, *usual])
    assert auroc(new, usual) == pytest.approx(expected, abs=1e-12)


def test_each_class_is_left_out_as_if_it_had_never_been_there():
    photos = known_photos()
    told = figures(fit(photos), photos, ("a", "b", "c"), unrelated=strangers()).left_out_classes
    assert [one.name for one in told] == ["a", "b", "c"]
    for place, one in enumerate(told):
        others = photos.where(np.flatnonzero(photos.labels != place))
        again = fit(others).novelty
        asked = photos.vectors[photos.labels == place]
        expected = distances(asked, unit(others.vectors), 3) > again.threshold
        assert one.refused == pytest.approx(expected.mean(), abs=1e-9)
        assert one.interval[0] <= one.refused <= one.interval[1]
        assert one.n == 40


def test_of_two_classes_each_is_asked_of_the_other():
    photos = known_photos(classes=2)
    told = figures(fit(photos), photos, ("a", "b"), unrelated=strangers()).left_out_classes
    assert [one.n for one in told] == [40, 40]
    assert min(one.auroc for one in told) > 0.9  # two axes at right angles


def test_examples_of_none_of_these_help_against_their_like():
    photos = known_photos()
    generator = np.random.default_rng(3)
    middle = unit(cloud(generator, 40, at=0)) + unit(cloud(generator, 40, at=9))
    examples = Strangers(middle[:20], ["none"] * 20, np.arange(20))
    like = Strangers(middle[20:], ["alike"] * 20, np.arange(20))
    plain = figures(fit(photos), photos, "abc", unrelated=like)
    helped = figures(
        fit(photos, negatives=examples.vectors), photos, "abc", unrelated=like, negatives=examples
    )
    assert helped.unrelated[0].auroc > plain.unrelated[0].auroc + 0.02
    assert helped.negatives.n == 20
    # each is asked without itself: as good as on others of their like, not perfect
    assert helped.negatives.auroc == pytest.approx(helped.unrelated[0].auroc, abs=0.1)
    assert helped.kept == pytest.approx(0.95, abs=0.03)


def test_where_a_network_learned_from_the_photos_others_are_asked():
    photos, others = known_photos(), known_photos(seed=7)
    others = dataclasses.replace(others, groups=others.groups + 1000)
    found = fit(photos, asked=others)
    expected = np.quantile(distances(others.vectors, unit(photos.vectors), 3), 0.95)
    assert found.novelty.threshold == pytest.approx(expected, abs=1e-6)
