"""The probe on several stages: what is joined is asked of the data, and what it says is honest."""

import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from eyespot.classifier.heads import probabilities
from eyespot.datasets.dataset import Photo
from eyespot.transfer import better_probe as under_test
from eyespot.transfer.better_probe import Responses, View, better_probe, chosen_view
from eyespot.transfer.candidates import Examples
from eyespot.transfer.probes import choose
from eyespot.transfer.stages import Parts
from eyespot.transfer.tried import Tried
from eyespot.weights.catalogue import DEFAULT

PARTS = Parts(("early", "late", "embedding"), (6, 6, 6))


def lengthened(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def made_up(*, told_by, n=150, noise=0.6, mirror=0.0, seed=0):
    """Three classes that the part `told_by` tells apart, and the others do not at all."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = generator.normal(size=(3, 6))
    columns, mirrored = [], []
    for name in PARTS.names:
        content = centres[labels] if name == told_by else np.zeros((n, 6))
        views = [content + generator.normal(scale=noise, size=(n, 6)) for _ in range(2)]
        views[1] = views[1] if mirror else views[0]
        columns.append(lengthened(views[0]))
        mirrored.append(lengthened(views[1]))
    folds = np.arange(n) // 3 % 5
    return Responses(
        PARTS,
        (columns[-1], mirrored[-1]),
        (np.concatenate(columns, axis=1), np.concatenate(mirrored, axis=1)),
        Examples(columns[-1], mirrored[-1], labels, folds, 3),
        np.arange(n),
    )


@pytest.mark.parametrize(
    ("told_by", "parts"),
    [("embedding", ("embedding",)), ("late", ("late", "embedding")), ("early", PARTS.names)],
)
def test_as_many_stages_are_joined_as_tell_the_classes_apart(told_by, parts):
    found = chosen_view(made_up(told_by=told_by))
    assert found.view == View(parts, flip=False)
    assert len(found.tried) == 3 + 1  # one, two and all three parts; the best one with its mirror


def test_a_mirror_image_is_asked_too_where_two_noisy_looks_are_better_than_one():
    assert chosen_view(made_up(told_by="embedding", noise=1.0, mirror=1.0)).view.flip
    assert not chosen_view(made_up(told_by="embedding", noise=1.0)).view.flip  # the same look


def test_views_are_named_in_few_words():
    assert str(View(("embedding",), flip=False)) == "embedding"
    assert str(View(("b", "c", "embedding"), flip=False)) == "b, c and embedding joined"
    many = View(("a", "b", "c", "embedding"), flip=True)
    assert str(many) == "a to embedding joined, photo and mirror image"


def test_what_was_asked_for_is_done():
    found = chosen_view(made_up(told_by="embedding"), flip=True)
    assert found.view.flip and all(view.flip for view, _ in found.tried)


def test_the_view_is_the_mean_of_both_looks_at_the_parts_that_are_joined():
    responses = made_up(told_by="late", mirror=1.0)
    seen = responses.seen(View(("late", "embedding"), flip=True))
    photo, mirror = responses.joined
    assert np.allclose(seen.vectors, (photo[:, 6:] + mirror[:, 6:]) / 2)
    assert seen.mirrored is None


def test_labels_of_a_fold_have_no_part_in_its_answers():
    """Everything is chosen anew without the fold: the parts, the mirror images and the head."""
    found = made_up(told_by="late", n=60)
    outside = found.examples.folds == 2
    changed = np.where(outside, (found.examples.labels + 1) % 3, found.examples.labels)
    other = replace(found, examples=replace(found.examples, labels=changed))
    one, two = (
        under_test._answers(each, chosen_view(each), False, None)[0] for each in (found, other)
    )
    assert np.array_equal(one[outside], two[outside])
    assert not np.array_equal(one[~outside], two[~outside])


def test_out_of_fold_it_is_as_good_as_logistic_regression_on_the_right_part():
    found = made_up(told_by="late", n=300, noise=0.8)
    answers, answered = under_test._answers(found, chosen_view(found), False, None)
    labels, folds = found.examples.labels, found.examples.folds
    late = PARTS.of(found.joined[0], ["late"])
    right = [
        LogisticRegression(C=10).fit(late[folds != k], labels[folds != k]).predict(late[folds == k])
        == labels[folds == k]
        for k in range(5)
    ]
    assert answered.all()
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)
    # 300 photos about 85 % right: a standard error of 2 points, paired far less
    assert (answers.argmax(axis=1) == labels).mean() > np.concatenate(right).mean() - 0.03


def test_without_time_one_fold_is_answered_and_the_rest_is_left():
    found = made_up(told_by="embedding", n=60)
    answers, answered = under_test._answers(
        found, chosen_view(found), False, time.perf_counter() - 1
    )
    assert np.array_equal(answered, found.examples.folds == 0)
    assert not answers[~answered].any()


def test_photos_that_belong_together_are_less_evidence_against_a_head():
    """Every photo four times: counted one by one, the standard error is half of what it is."""
    found = made_up(told_by="embedding", n=300).examples
    generator = np.random.default_rng(1)
    labels = np.where(generator.random(300) < 0.5, generator.integers(0, 3, 300), found.labels)
    noisy = replace(found, labels=labels, mirrored=None)
    rows = np.arange(300).repeat(4)
    four = Examples(noisy.vectors[rows], None, labels[rows], noisy.folds[rows], 3)
    strengths = {"linear softmax": (0.1, 0.05, 0.03, 0.02, 0.01, 0.005, 0.003)}
    alone = choose(four, strengths=strengths)[0]
    together = choose(four, strengths=strengths, groups=rows)[0]
    assert set(alone.members) < set(together.members)
    assert together.members != ()


def test_from_photos_to_a_contender(digits, tmp_path, monkeypatch):
    """On torch itself, without a conversion; the digits 0 and 7 are easy for any stage."""
    places = [i for i, label in enumerate(digits.labels) if label != "one"][
        ::4
    ]  # of every other burst one
    photos = [Photo(digits.paths[i], digits.paths[i].name) for i in places]
    labels = np.array([digits.labels[i] == "seven" for i in places]).astype(np.int64)
    folds = np.arange(len(places)) % 3
    nothing = np.zeros((len(places), 0), np.float32)
    seen = []
    ask = partial(
        better_probe,
        photos,
        Examples(nothing, nothing, labels, folds, 2),
        groups=list(range(len(places))),
        network=DEFAULT,
        device="cpu",
        progress=lambda done, total: seen.append((done, total)),
    )
    contender = ask(kept=Tried(tmp_path / "tried", "digits"))
    assert contender.name == "better probe" and contender.is_whole and contender.notes == ()
    assert (contender.probabilities.argmax(axis=1) == labels).mean() > 0.9
    assert seen[-1] == (12, 12) and contender.seconds > 0
    ready = contender.fit()
    assert len(ready.vectors) == 12 and ready.vectors.shape[1] == ready.head.width
    assert (probabilities(ready.head, ready.vectors).argmax(axis=1) == labels).all()
    assert ready.backbone.output.endswith("embedding")
    apart, answered = contender.by_chance(np.arange(len(places)) % 4, 0.0)
    assert answered.all() and (apart.argmax(axis=1) == labels).mean() > 0.9

    def never(*arguments, **options):
        raise AssertionError("what is kept is not chosen again")

    monkeypatch.setattr(under_test, "chosen_view", never)
    again = ask(kept=Tried(tmp_path / "tried", "digits"))
    assert (again.words, again.seconds) == (contender.words, contender.seconds)
    np.testing.assert_array_equal(again.probabilities, contender.probabilities)
    np.testing.assert_array_equal(again.fit().vectors, ready.vectors)
    with pytest.raises(AssertionError, match="chosen again"):
        ask(kept=Tried(tmp_path / "tried", "other digits"))
