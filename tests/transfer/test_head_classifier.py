"""The head on arrays: scikit-learn's contract in full, and what is eyespot's own."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    StratifiedGroupKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from eyespot import HeadClassifier
from eyespot.classifier.heads import LinearHead, NeighbourHead, probabilities
from eyespot.errors import InputError

ABSENT = ("pandas is not installed", "SCIPY_ARRAY_API is not set")  # why a check may be skipped


@pytest.fixture(scope="module")
def digits():
    """300 real digits (300, 64), labels as words, groups of three."""
    source = load_digits()
    words = np.array(["nought", "one", "two", "three"])
    rows = np.random.default_rng(0).permutation(np.flatnonzero(source.target < 4))[:300]
    return source.data[rows], words[source.target[rows]], np.arange(300) // 3


@pytest.mark.parametrize(
    "estimator",
    [
        HeadClassifier(),
        HeadClassifier("linear SVM", strength=0.1, folds=2),
        HeadClassifier("nearest neighbours", strength=3, folds=2),
    ],
    ids=lambda estimator: f"{estimator.kind} {estimator.strength}",
)
def test_every_check_of_scikit_learn_passes(estimator):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(results) > 50
    assert not [r for r in results if r["status"] not in ("passed", "skipped")]
    assert not [r for r in results if r["expected_to_fail"]]
    skipped = [str(r["exception"]) for r in results if r["status"] == "skipped"]
    assert all(reason.startswith(ABSENT) for reason in skipped)


def test_real_digits_are_told_apart_by_their_words(digits):
    vectors, words, groups = digits
    head = HeadClassifier().fit(vectors[:200], words[:200], groups=groups[:200])
    assert head.classes_.tolist() == ["nought", "one", "three", "two"]  # sorted
    assert head.score(vectors[200:], words[200:]) > 0.95
    shares = head.predict_proba(vectors[200:])
    assert np.allclose(shares.sum(axis=1), 1, rtol=0, atol=1e-12)
    assert (head.classes_[shares.argmax(axis=1)] == head.predict(vectors[200:])).all()
    assert head.decision_function(vectors[200:]).shape == (100, 4)


def test_probabilities_are_those_of_the_head_that_a_bundle_holds(digits):
    vectors, words, _ = digits
    head = HeadClassifier().fit(vectors, words)
    expected = probabilities(head.head_, vectors.astype(np.float32))
    assert np.abs(head.predict_proba(vectors) - expected).max() < 1e-6  # float64 against float32


def test_two_classes_have_one_decision_value_above_zero_for_the_second(digits):
    vectors, words, _ = digits
    two = np.isin(words, ["nought", "one"])
    head = HeadClassifier().fit(vectors[two], words[two])
    values = head.decision_function(vectors[two])
    assert values.shape == (two.sum(),)
    assert ((values > 0) == (head.predict(vectors[two]) == head.classes_[1])).all()
    odds = head.predict_proba(vectors[two])
    assert np.allclose(values, np.log(odds[:, 1] / odds[:, 0]), atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "type_of_head"),
    [
        ("linear softmax", LinearHead),
        ("linear SVM", LinearHead),
        ("nearest neighbours", NeighbourHead),
    ],
)
def test_kind_and_strength_are_taken_as_given(digits, kind, type_of_head):
    vectors, words, _ = digits
    head = HeadClassifier(kind, strength=7).fit(vectors[:60], words[:60]).head_
    assert (type(head), head.kind, head.strength) == (type_of_head, kind, 7.0)
    tried = HeadClassifier(kind).fit(vectors[:60], words[:60]).candidates_
    assert {each.kind for c in tried for each in c.members or (c,)} == {kind}


def test_groups_given_to_fit_keep_the_choice_from_leaking(digits):
    """Every picture three times, as in a burst: only the groups tell that they are the same."""
    vectors, words, _ = digits
    thrice, burst = np.repeat(vectors[:40], 3, axis=0), np.repeat(np.arange(40), 3)
    labels = np.random.default_rng(0).permutation(words[:40])[burst]  # nothing can be learned
    blind = HeadClassifier().fit(thrice, labels).candidates_[0]
    aware = HeadClassifier(folds=3).fit(thrice, labels, groups=burst).candidates_[0]
    assert blind.top1 > 0.9
    assert aware.top1 < 0.5


def test_clone_and_parameters_come_back_untouched():
    random_state = np.random.RandomState(3)
    head = HeadClassifier("linear SVM", strength=0.5, folds=7, random_state=random_state)
    expected = {"kind": "linear SVM", "strength": 0.5, "folds": 7, "random_state": random_state}
    assert head.get_params() == expected
    assert clone(head).get_params()["folds"] == 7
    assert head.set_params(kind="auto", strength=None).get_params()["kind"] == "auto"
    assert not [name for name in vars(head) if name.endswith("_")]


def test_the_seed_decides_the_folds_and_nothing_else_does(digits):
    vectors, words, _ = digits
    vectors = vectors + np.random.default_rng(0).normal(scale=6, size=vectors.shape)  # hard

    def judged(seed):
        return HeadClassifier("linear softmax", random_state=seed).fit(vectors, words).candidates_

    assert judged(0) == judged(0) == judged(np.int64(0))
    assert judged(0) != judged(1)
    assert judged(np.random.RandomState(5)) == judged(np.random.RandomState(5))
    HeadClassifier(random_state=None, folds=2).fit(vectors[:40], words[:40])


def test_it_works_in_cross_validation_grid_search_and_pipeline_on_two_processes(digits):
    vectors, words, groups = digits
    folds = StratifiedGroupKFold(3)
    scores = cross_val_score(HeadClassifier(), vectors, words, groups=groups, cv=folds, n_jobs=2)
    assert len(scores) == 3
    assert scores.min() > 0.9

    pipeline = make_pipeline(StandardScaler(), HeadClassifier(folds=3))
    grid = {"headclassifier__kind": ["linear softmax", "nearest neighbours"]}
    search = GridSearchCV(pipeline, grid, cv=GroupKFold(3), n_jobs=2, error_score="raise")
    search.fit(vectors, words, groups=groups)
    assert search.best_score_ > 0.9
    assert search.predict(vectors[:5]).shape == (5,)

    run = cross_validate(HeadClassifier(), vectors, words, cv=3, n_jobs=2, return_estimator=True)
    assert len(run["estimator"]) == 3  # fitted ones travel between processes too


def test_groups_reach_fit_through_cross_validation_and_pipelines(digits):
    vectors, words, groups = digits
    scores = cross_val_score(
        HeadClassifier("linear softmax"), vectors, words, cv=3, params={"groups": groups}
    )
    assert np.isfinite(scores).all()
    pipeline = make_pipeline(StandardScaler(), HeadClassifier("linear softmax"))
    pipeline.fit(vectors, words, headclassifier__groups=groups)
    for short in ({"groups": groups[:-1]}, {"headclassifier__groups": groups[:-1]}):
        head = HeadClassifier() if "groups" in short else pipeline
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            head.fit(vectors, words, **short)


def test_what_could_not_be_as_asked_is_a_warning(digits):
    vectors, words, _ = digits
    rows = np.concatenate([np.flatnonzero(words == word)[:3] for word in np.unique(words)])
    with pytest.warns(UserWarning, match="3 folds instead of 5"):
        HeadClassifier().fit(vectors[rows], words[rows])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"kind": "linear SWM"}, "There is no head 'linear SWM'. Did you mean linear SVM"),
        ({"strength": 0.1}, "name the kind too"),
        ({"kind": "linear SVM", "strength": 0}, "a number above 0, not 0"),
        ({"kind": "linear SVM", "strength": float("nan")}, "a number above 0, not nan"),
        ({"kind": "nearest neighbours", "strength": 0.5}, "1 or more neighbours, not 0.5"),
        ({"folds": 1}, "2 or more, not 1"),
        ({"folds": 2.5}, "whole number"),
    ],
)
def test_impossible_parameters_are_refused_in_words(digits, parameters, message):
    vectors, words, _ = digits
    with pytest.raises(InputError, match=message):
        HeadClassifier(**parameters).fit(vectors, words)


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        (["a"] * 6, None, r"2 classes at least, not of 1 class \(a\)"),
        (["a", "b", "c", "d", "e", "f"], None, "cannot be divided"),
        (["a", "a", "a", "b", "b", "b"], [1, 1, 1, 2, 2, 2], "cannot be divided"),
    ],
)
def test_labels_that_nothing_can_be_chosen_by_are_refused_in_words(digits, labels, groups, message):
    with pytest.raises(InputError, match=message) as caught:
        HeadClassifier().fit(digits[0][:6], labels, groups=groups)
    assert isinstance(caught.value, ValueError)  # as scikit-learn's tools expect
