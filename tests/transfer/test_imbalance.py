"""Uneven classes: the weights are scikit-learn's, taken where they help, and told."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.class_weight import compute_sample_weight

from eyespot.transfer.candidates import SOFTMAX, SVM, Examples
from eyespot.transfer.imbalance import Weighing, is_uneven, photo_weights, told, weigh
from eyespot.transfer.linear import fit_path
from eyespot.transfer.probes import choose, cross_validate, fit


def uneven(*, counts=(240, 24), distance=1.6, dimensions=8, seed=0):
    """Two overlapping clouds, the second one rare."""
    generator = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    centres = np.zeros((len(counts), dimensions))
    centres[np.arange(len(counts)), np.arange(len(counts))] = distance
    vectors = centres[labels] + generator.normal(size=(len(labels), dimensions))
    folds = np.concatenate([np.arange(number) % 5 for number in counts])
    return Examples(vectors.astype(np.float32), None, labels, folds, len(counts))


def test_weights_are_those_that_scikit_learn_calls_balanced():
    labels = np.array([0] * 6 + [2] * 2 + [3])
    assert photo_weights(labels) == pytest.approx(compute_sample_weight("balanced", labels))
    # 9 photos, 3 classes that have any: 9 / (3 * 6), 9 / (3 * 2), 9 / (3 * 1)
    assert photo_weights(labels)[[0, 6, 8]].tolist() == [0.5, 1.5, 3.0]


@pytest.mark.parametrize("decay", [0.1, 0.003])
def test_weighted_softmax_heads_are_scikit_learns_minimum(decay):
    found = uneven()
    points = found.vectors - found.vectors.mean(axis=0)
    points /= np.sqrt(np.square(points).sum(axis=1).mean())
    (head,) = fit_path(
        points, found.labels, num_classes=2, loss=SOFTMAX, strengths=[decay],
        weights=photo_weights(found.labels),
    )  # fmt: skip
    # C as in test_linear's: 2 / (decay * N), since the weights sum to N
    oracle = LogisticRegression(
        C=2 / (decay * len(points)), class_weight="balanced", tol=1e-8, max_iter=10_000
    ).fit(points, found.labels)
    scores = head.scores(points)
    assert scores[:, 1] - scores[:, 0] == pytest.approx(oracle.decision_function(points), abs=0.03)
    plain = fit_path(points, found.labels, num_classes=2, loss=SOFTMAX, strengths=[decay])[0]
    other = plain.scores(points)
    assert np.abs((other[:, 1] - other[:, 0]) - oracle.decision_function(points)).max() > 0.5


def spread(vectors):
    """What `fit_path` divides by: a decay of d acts on its weights as d times this squared."""
    return np.sqrt(np.square(vectors - vectors.mean(axis=0)).sum(axis=1).mean())


@pytest.mark.parametrize("loss", [SOFTMAX, SVM])
def test_a_photo_of_weight_two_is_worth_two_photos(loss):
    found = uneven(counts=(30, 10))
    twice = np.repeat(np.arange(40), np.where(found.labels == 1, 2, 1))
    copies, labels = found.vectors[twice], found.labels[twice]
    (wanted,) = fit_path(copies, labels, num_classes=2, loss=loss, strengths=[0.03])
    decay = 0.03 * float(spread(copies) / spread(found.vectors)) ** 2
    weights = (np.where(found.labels == 1, 2, 1) * 40 / 50).astype(np.float32)  # of mean 1
    (came,) = fit_path(
        found.vectors, found.labels, num_classes=2, loss=loss, strengths=[decay], weights=weights
    )
    # both stop where an iteration gains less than a millionth
    assert came.scores(copies) == pytest.approx(wanted.scores(copies), abs=0.01)


def test_unevenness_begins_at_three_to_one_and_empty_classes_do_not_count():
    assert is_uneven(np.array([0, 0, 0, 1]))
    assert not is_uneven(np.array([0] * 5 + [1] * 2))  # 2.5
    assert not is_uneven(np.array([0, 0, 3, 3]))


def test_weights_are_taken_where_the_mean_recall_gains_clearly():
    # 8 photos of class 0, all right before; with weights one is lost: recall 1 to 7/8.
    # 4 of class 1: none right before, all with weights. Mean recall 0.5 to (0.875 + 1) / 2.
    truth = np.array([0] * 8 + [1] * 4)
    found = weigh(np.array([1] + [0] * 7 + [1] * 4), np.zeros(12, np.int64), truth)
    assert found == Weighing(True, 0.9375, 0.5, 11 / 12, 8 / 12)
    # the gain of one of 4, 1/8, does not outweigh its standard error: sqrt(0.25 / 4) / 2 = 1/8
    found = weigh(np.array([0] * 8 + [1, 0, 0, 0]), np.zeros(12, np.int64), truth)
    assert found.mean_recall - found.mean_recall_without == 0.125 and not found.is_used


def test_weights_that_cost_more_than_they_bring_are_not_taken():
    # class 1: 2 of 4 gained, class 0: 50 of 200 lost. Mean recall + (0.5 - 0.25) / 2 = 0.125, its
    # standard error sqrt(0.333 / 4 + 0.188 / 200) / 2 = 0.145: and top-1 loses 48 / 204 = 0.235
    truth = np.array([0] * 200 + [1] * 4)
    answers = np.array([1] * 50 + [0] * 150 + [1, 1, 0, 0])
    found = weigh(answers, np.zeros(204, np.int64), truth)
    assert not found.is_used and found.top1 == pytest.approx(152 / 204)


def test_a_head_of_uneven_classes_finds_the_rare_one_more_often():
    examples = uneven()
    chosen = choose(examples, strengths={SOFTMAX: (0.1, 0.01)})[0]
    assert chosen.is_weighted and "each class counting alike" in str(chosen)
    plain = replace(chosen, weighing=None)
    recalls = [
        (cross_validate(examples, lambda _, c=c: c).argmax(axis=1) == 1)[examples.labels == 1]
        for c in (chosen, plain)
    ]
    assert recalls[0].mean() > recalls[1].mean() + 0.2
    assert chosen.weighing.mean_recall > chosen.weighing.mean_recall_without
    assert fit(examples, chosen).temperature == chosen.temperature


def test_even_classes_are_not_weighed():
    chosen = choose(uneven(counts=(60, 60)), strengths={SOFTMAX: (0.1,)})[0]
    assert chosen.weighing is None and "alike" not in str(chosen)


def test_uneven_classes_that_are_told_apart_anyway_keep_their_head_and_say_so():
    examples = uneven(distance=40)
    chosen = choose(examples, strengths={SOFTMAX: (0.01,)})[0]
    assert chosen.weighing is not None and not chosen.is_weighted
    (sentence,) = told(chosen.weighing, ("common", "rare"), examples.labels)
    assert sentence.startswith("The classes are uneven: 240 photos of common, 24 of rare.")
    assert "brought too little: the mean recall of the classes was 100 % with" in sentence


def test_what_weights_do_to_probabilities_is_told():
    found = Weighing(True, 0.81, 0.74, 0.931, 0.94)
    first, second = told(found, ("a", "b", "none"), np.array([0] * 9 + [1]))
    assert "9 photos of a, 1 of b. Every class counts alike" in first
    assert "was 81.0 % with such weights and 74.0 % without, top-1 93.1 % and 94.0 %" in first
    assert "take all classes for equally frequent" in second
    assert told(None, ("a", "b"), np.array([0, 1])) == ()
