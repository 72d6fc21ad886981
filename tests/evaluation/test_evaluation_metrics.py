"""Measures against scikit-learn over a grid, and what must be None, refused or in order."""

import warnings

import numpy as np
import pytest
from sklearn import metrics as oracle

from eyespot.errors import InputError
from eyespot.evaluation.metrics import measure, ranks
from eyespot.values import from_json, to_json

GRID = [(n, k, seed) for n in (1, 2, 7, 50, 400) for k in (2, 3, 5, 6, 10, 40) for seed in (0, 1)]


def made(n: int, k: int, seed: int):
    """Scores that are right about two times in three, for a truth that may lack classes."""
    generator = np.random.default_rng([n, k, seed])
    truth = generator.integers(k, size=n)
    scores = generator.normal(size=(n, k))
    scores[np.arange(n), truth] += 1.5
    return tuple(f"class {i}" for i in range(k)), truth, scores


@pytest.mark.parametrize(("n", "k", "seed"), GRID)
def test_measures_equal_scikit_learn_s(n, k, seed):
    classes, truth, scores = made(n, k, seed)
    got = measure(classes, truth, scores)
    answer, places = scores.argmax(1), list(range(k))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of classes without photos
        precision, recall, f1, support = oracle.precision_recall_fscore_support(
            truth, answer, labels=places, zero_division=np.nan
        )
        balanced = oracle.balanced_accuracy_score(truth, answer)
    assert got.top1 == pytest.approx(oracle.accuracy_score(truth, answer), abs=1e-12)
    assert got.balanced_accuracy == pytest.approx(balanced, abs=1e-12)
    confusion = oracle.confusion_matrix(truth, answer, labels=places)
    assert np.array_equal(got.confusion, confusion)
    assert [c.n for c in got.per_class] == list(support)
    for ours, theirs in (("precision", precision), ("recall", recall), ("f1", f1)):
        values = [getattr(c, ours) for c in got.per_class]
        as_numbers = [np.nan if value is None else value for value in values]
        np.testing.assert_allclose(as_numbers, theirs, atol=1e-12, equal_nan=True)
    if k > 5:
        top5 = oracle.top_k_accuracy_score(truth, scores, k=5, labels=places)
        assert got.top5 == pytest.approx(top5, abs=1e-12)
    else:
        assert got.top5 is None


def test_the_grid_holds_answers_right_and_wrong_and_classes_without_photos():
    all_measures = [measure(*made(*case)) for case in GRID]
    assert any(0 < m.top1 < 1 for m in all_measures)
    assert any(c.n == 0 for m in all_measures for c in m.per_class)
    assert any(c.precision is None for m in all_measures for c in m.per_class)
    assert any(c.f1 is None for m in all_measures for c in m.per_class)


def test_a_class_with_no_photos_and_no_answers_has_no_figures():
    got = measure(("a", "b", "c"), np.array([0, 1]), np.eye(3)[[0, 1]])
    assert (got.per_class[2].n, got.per_class[2].recall_interval) == (0, None)
    assert got.per_class[2].precision is got.per_class[2].recall is got.per_class[2].f1 is None


def test_a_class_never_answered_has_recall_and_f1_of_zero_but_no_precision():
    got = measure(("a", "b"), np.array([0, 1]), np.array([[1.0, 0], [1, 0]])).per_class[1]
    assert (got.precision, got.recall, got.f1) == (None, 0.0, 0.0)


def test_equal_scores_rank_in_the_order_of_the_classes():
    same = np.zeros((6, 6))
    assert list(ranks(same, np.arange(6))) == [0, 1, 2, 3, 4, 5]
    got = measure(tuple("abcdef"), np.arange(6), same)
    assert got.top1 == pytest.approx(1 / 6)  # only "a" is first
    assert got.top5 == pytest.approx(5 / 6)  # "f" is sixth


def test_ranks_equal_a_stable_sort_also_with_many_ties():
    generator = np.random.default_rng(5)
    scores = generator.integers(4, size=(500, 9)).astype(float)
    truth = generator.integers(9, size=500)
    order = np.argsort(-scores, axis=1, kind="stable")
    assert np.array_equal(ranks(scores, truth), np.argmax(order == truth[:, None], axis=1))


def test_margins_and_probabilities_give_the_same_measures():
    classes, truth, margins = made(200, 7, 3)
    exponents = np.exp(margins)
    assert measure(classes, truth, margins) == measure(
        classes, truth, exponents / exponents.sum(1, keepdims=True)
    )


def test_measures_go_to_json_and_back():
    got = measure(*made(50, 6, 0), groups=[i // 3 for i in range(50)])
    assert from_json(type(got), to_json(got)) == got


def test_the_same_seed_gives_the_same_intervals_and_another_seed_others():
    groups = [i // 4 for i in range(200)]
    first, again, other = (measure(*made(200, 3, 0), groups=groups, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.top1_interval != other.top1_interval
    assert first.top1 == other.top1


def test_one_photo_can_be_measured():
    got = measure(("a", "b"), np.array([1]), np.array([[0.1, 0.9]]))
    assert (got.n, got.groups, got.top1) == (1, 1, 1.0)
    assert got.top1_interval[1] == 1.0
    assert got.top1_interval[0] < 0.25  # one photo says nearly nothing


@pytest.mark.parametrize(
    ("truth", "scores", "groups", "message"),
    [
        (np.array([], int), np.zeros((0, 2)), None, "there are none"),
        (np.array([0]), np.zeros((1, 3)), None, "1 x 2, but the scores are 1 x 3"),
        (np.array([0]), np.zeros(2), None, "1 x 2, but the scores are 2"),
        (np.array([0, 2]), np.zeros((2, 2)), None, "0 to 1, but 0 to 2 came"),
        (np.array([-1, 0]), np.zeros((2, 2)), None, "0 to 1, but -1 to 0 came"),
        (np.array([0.0]), np.zeros((1, 2)), None, "whole numbers, not float64"),
        (np.array([0, 1]), np.zeros((2, 2)), ["x"], "2 photos, but 1 group: one each"),
        (np.array([0, 1]), np.array([[0, 1], [0, np.nan]]), None, "the first is photo 1"),
        (np.array([0, 1]), np.array([[0, np.inf], [0, 1]]), None, "those of 1 photo are not"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_reason(truth, scores, groups, message):
    with pytest.raises(InputError, match=message):
        measure(("a", "b"), truth, scores, groups=groups)
