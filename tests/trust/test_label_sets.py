"""Label sets: the rank of the threshold by hand, and that they hold the truth as promised."""

import numpy as np
import pytest

from eyespot.classifier.coverage import Coverage
from eyespot.errors import InputError
from eyespot.evaluation.limits import covered
from eyespot.trust.coverage import enough, fit, least

CLASSES = ("a", "b", "c")


def drawn(seed, n, *, classes=3, sharpness=3.0):
    """Probabilities (n, K) and labels that are drawn from them: calibrated, often wrong."""
    generator = np.random.default_rng(seed)
    logits = sharpness * generator.normal(size=(n, classes))
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    truth = np.array([generator.choice(classes, p=row) for row in probabilities])
    return probabilities.astype(np.float32), truth


def test_the_threshold_is_the_score_of_the_rank_that_the_papers_name():
    # 19 photos at 90 %: rank ceil(20 * 0.9) = 18; the scores are 0.01, 0.02, ... 0.19
    truth = np.zeros(19, int)
    sure = 1 - np.arange(1, 20) / 100
    probabilities = np.stack([sure, 1 - sure, 0 * sure], axis=1)
    found, _ = fit(probabilities, truth, classes=CLASSES, groups=range(19), coverage=0.9)
    assert found.thresholds[0] == pytest.approx(0.18, abs=1e-6)
    assert found.n == (19, 19, 19)


@pytest.mark.parametrize(
    ("coverage", "needed", "own"), [(0.95, 19, 39), (0.9, 9, 19), (0.5, 1, 3), (0.99, 99, 199)]
)
def test_how_many_photos_a_threshold_needs(coverage, needed, own):
    assert (least(coverage), enough(coverage)) == (needed, own)
    for n in (needed - 1, needed):
        truth = np.zeros(n, int)
        rows = np.tile([0.6, 0.3, 0.1], (n, 1))
        found, notes = fit(rows, truth, classes=CLASSES, groups=range(n), coverage=coverage)
        assert (found.thresholds[0] == 1) == (n < needed)
        assert any("every set holds every class" in note for note in notes) == (n < needed)


def test_sets_hold_the_truth_as_often_as_promised_over_many_draws():
    shares = []
    for seed in range(60):
        probabilities, truth = drawn(seed, 1200)
        found, _ = fit(
            probabilities[:200], truth[:200], classes=CLASSES, groups=range(200), coverage=0.9
        )
        sets = found.sets(probabilities[200:])
        shares.append(sets[np.arange(1000), truth[200:]].mean())
    # between the promise and 1 / (n + 1) more, n about 66 of each class; 60 draws leave 0.3 %
    assert 0.895 < np.mean(shares) < 0.925


def test_each_class_has_its_promise_where_it_has_the_photos():
    probabilities, truth = drawn(0, 6000)
    probabilities[:, 2] *= 0.2  # class c is never trusted
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    rows = np.arange(6000) < 3000
    found, notes = fit(
        probabilities[rows], truth[rows], classes=CLASSES, groups=range(3000), coverage=0.9
    )
    assert found.is_pooled == (False, False, False)
    assert notes == ()
    figures = covered(
        found.sets(probabilities[~rows]), truth[~rows], classes=CLASSES, groups=range(3000)
    )
    for one in figures.per_class:  # a thousand photos each: a standard error of 1 % on both sides
        assert one.covered == pytest.approx(0.9, abs=0.035)


def test_a_class_with_few_photos_takes_the_threshold_of_all_and_says_so():
    probabilities, truth = drawn(0, 200)
    keep = (truth != 2) | (np.cumsum(truth == 2) <= 5)
    probabilities, truth = probabilities[keep], truth[keep]
    n = len(truth)
    found, (note,) = fit(probabilities, truth, classes=CLASSES, groups=range(n), coverage=0.95)
    assert found.is_pooled == (False, False, True)
    assert found.n[2] == n
    assert "1 class (c) with fewer than 39 calibration photos" in note


def test_of_photos_that_belong_together_one_stands_for_all():
    probabilities, truth = drawn(0, 50)
    many = [np.repeat(part, 20, axis=0) for part in (probabilities, truth, np.arange(50))]
    found, _ = fit(*many[:2], classes=CLASSES, groups=many[2], coverage=0.9)
    alone, _ = fit(probabilities, truth, classes=CLASSES, groups=range(50), coverage=0.9)
    assert found == alone


def test_a_set_is_never_empty_and_a_threshold_of_one_lets_all_in():
    value = Coverage(0.9, (0.1, 0.1, 1.0), (50, 50, 0), (False, False, True))
    rows = np.array([[0.5, 0.4, 0.1], [0.95, 0.03, 0.02]], np.float32)
    assert value.sets(rows).tolist() == [[True, False, True], [True, False, True]]
    value = Coverage(0.9, (0.1, 0.1, 0.1), (50, 50, 50), (False, False, False))
    assert value.sets(rows).tolist() == [[True, False, False], [True, False, False]]


def test_what_sets_are_worth_is_counted():
    sets = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 1, 0]], bool)
    found = covered(sets, np.array([0, 0, 0, 1]), classes=CLASSES, groups=[0, 1, 2, 3])
    assert (found.n, found.covered, found.mean_size, found.single) == (4, 0.75, 1.5, 0.5)
    assert [one.covered for one in found.per_class] == [pytest.approx(2 / 3), 1.0, None]
    assert found.interval == pytest.approx((0.3006, 0.9544), abs=1e-4)  # Wilson, 3 of 4


@pytest.mark.parametrize("coverage", [0.0, 0.3, 1.0, 95.0, float("nan")])
def test_a_promise_that_cannot_be_kept_is_refused(coverage):
    probabilities, truth = drawn(0, 30)
    with pytest.raises(InputError, match=r"from 0\.5 to below 1"):
        fit(probabilities, truth, classes=CLASSES, groups=range(30), coverage=coverage)
