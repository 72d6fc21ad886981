"""Folds: groups stay together, every photo is held out once, classes are even in all of them."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eyespot.datasets.splits import describe, grouped_folds, holdout
from eyespot.errors import InputError

photos = st.lists(
    st.tuples(st.sampled_from("abcd"), st.one_of(st.none(), st.integers(0, 12))),
    min_size=4,
    max_size=80,
)


def dealt(rows, *, folds=4, seed=0):
    labels, groups = zip(*rows, strict=True)
    try:
        return labels, groups, grouped_folds(labels, groups, folds=folds, seed=seed)
    except InputError:
        most = max(_supply(labels, groups).values())
        assert most < 2, "only a set whose classes have one group each is refused"
        return labels, groups, None


def _supply(labels, groups):
    units = {
        (label, index if group is None else f"group {group}")
        for index, (label, group) in enumerate(zip(labels, groups, strict=True))
    }
    return Counter(label for label, _ in units)


@given(photos, st.integers(2, 6), st.integers(0, 3))
def test_no_group_is_in_two_folds_and_no_fold_is_empty(rows, folds, seed):
    _, groups, result = dealt(rows, folds=folds, seed=seed)
    if result is None:
        return
    home = {}
    for group, fold in zip(groups, result.number.tolist(), strict=True):
        assert group is None or home.setdefault(group, fold) == fold
    assert set(result.number.tolist()) == set(range(result.count))
    assert 2 <= result.count <= folds
    assert (result.count < folds) == any("folds instead of" in note for note in result.notes)


@given(photos)
def test_every_photo_is_held_out_exactly_once_and_learned_from_otherwise(rows):
    _, _, result = dealt(rows)
    if result is None:
        return
    held = np.concatenate([out for _, out in result])
    assert sorted(held.tolist()) == list(range(len(rows)))
    for learned, out in result:
        assert sorted([*learned.tolist(), *out.tolist()]) == list(range(len(rows)))


@given(photos)
def test_a_class_with_two_groups_is_always_learned_from(rows):
    labels, groups, result = dealt(rows)
    if result is None:
        return
    pure = Counter()  # groups that hold one class only: mixed groups may be forced together
    for group in {g for g in groups if g is not None}:
        inside = {label for label, g in zip(labels, groups, strict=True) if g == group}
        if len(inside) > 1:
            return
    pure = _supply(labels, groups)
    for learned, _ in result:
        present = {labels[index] for index in learned.tolist()}
        assert {label for label, number in pure.items() if number > 1} <= present


@given(st.lists(st.sampled_from("abcd"), min_size=8, max_size=120), st.integers(2, 5))
def test_ungrouped_classes_differ_by_at_most_one_photo_between_folds(labels, folds):
    result = grouped_folds(labels, [None] * len(labels), folds=folds, seed=1)
    for _, counts in describe(labels, result):
        assert max(counts) - min(counts) <= 1
    sizes = np.bincount(result.number, minlength=result.count)
    assert sizes.max() - sizes.min() <= 1


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9)), min_size=6, max_size=30))
def test_groups_of_one_class_differ_by_at_most_the_largest_group(sizes):
    """Each goes to the fold that has least: so the gap never exceeds the last one put there."""
    rows = [(label, i) for i, (label, size) in enumerate(sizes) for _ in range(size)]
    labels, groups = zip(*rows, strict=True)
    result = grouped_folds(labels, groups, folds=3, seed=0)
    for label, counts in describe(labels, result):
        assert max(counts) - min(counts) <= max(size for name, size in sizes if name == label)


@given(photos, st.randoms(use_true_random=False))
@settings(max_examples=50)
def test_the_order_of_listing_changes_nothing(rows, random):
    named = [(label, group, f"{label}/{i}.jpg") for i, (label, group) in enumerate(rows)]
    shuffled = random.sample(named, len(named))
    answers = []
    for order in (named, shuffled):
        labels, groups, names = zip(*order, strict=True)
        try:
            result = grouped_folds(labels, groups, folds=3, seed=5, names=names)
        except InputError as error:
            answers.append(str(error))
        else:
            answers.append(dict(zip(names, result.number.tolist(), strict=True)))
    assert answers[0] == answers[1]


def test_the_numbers_of_groups_and_the_spelling_of_unicode_change_nothing():
    labels = ["a", "a", "a", "b", "b", "b"] * 4
    names = [f"caf\u00e9{i:02d}" for i in range(24)]
    groups = [i // 2 for i in range(24)]
    one = grouped_folds(labels, groups, folds=3, seed=0, names=names)
    renamed = [f"group {97 - group}" for group in groups]
    other_names = [f"cafe\u0301{i:02d}" for i in range(24)]
    other = grouped_folds(labels, renamed, folds=3, seed=0, names=other_names)
    assert one.number.tolist() == other.number.tolist()


def test_another_seed_gives_other_folds_and_the_same_seed_the_same():
    labels = ["a", "b"] * 50
    numbers = [
        grouped_folds(labels, [None] * 100, folds=5, seed=seed).number.tolist()
        for seed in (0, 0, 1)
    ]
    assert numbers[0] == numbers[1] != numbers[2]


def test_folds_are_described_by_counts_per_class():
    labels = ["b"] * 4 + ["a"] * 6
    result = grouped_folds(labels, [None] * 10, folds=2, seed=0)
    assert describe(labels, result) == (("a", (3, 3)), ("b", (2, 2)))


def test_fewer_folds_are_given_when_no_class_has_enough_groups():
    result = grouped_folds(["a"] * 3 + ["b"] * 2, [None] * 5, folds=5, seed=0)
    assert result.count == 3
    assert result.notes[0] == ("3 folds instead of 5: no class has photos from more than 3 groups.")
    assert "1 class (b) with fewer groups than the 3 folds" in result.notes[1]


def test_a_class_from_one_group_is_named():
    labels = ["a"] * 10 + ["b"] * 3
    result = grouped_folds(labels, [None] * 10 + ["burst"] * 3, folds=5, seed=0)
    assert result.count == 5
    assert "1 class (b) with photos from one group only" in result.notes[0]


@pytest.mark.parametrize(("labels", "groups"), [([], []), (["a", "b"], [None, None])])
def test_a_set_that_cannot_be_divided_is_refused(labels, groups):
    with pytest.raises(InputError, match="cannot be divided"):
        grouped_folds(labels, groups, folds=5, seed=0)


@given(photos, st.sampled_from([0.1, 0.2, 0.5]))
def test_a_holdout_keeps_groups_whole_and_something_on_both_sides(rows, fraction):
    labels, groups = zip(*rows, strict=True)
    try:
        result = holdout(labels, groups, fraction=fraction, seed=0)
    except InputError:
        return
    home = {}
    for group, fold in zip(groups, result.number.tolist(), strict=True):
        assert group is None or home.setdefault(group, fold) == fold
    assert set(result.number.tolist()) == {0, 1}


@given(st.lists(st.integers(10, 40), min_size=2, max_size=5))
def test_a_holdout_takes_its_share_of_every_class(sizes):
    labels = [f"class{i}" for i, size in enumerate(sizes) for _ in range(size)]
    result = holdout(labels, [None] * len(labels), fraction=0.2, seed=3)
    for (_, (held, _)), size in zip(describe(labels, result), sizes, strict=True):
        assert abs(held - 0.2 * size) <= 1


@pytest.mark.parametrize("fraction", [0, 1, -0.1, float("nan")])
def test_a_share_that_is_none_is_refused(fraction):
    with pytest.raises(InputError, match="expected one between 0 and 1"):
        holdout(["a"] * 9, [None] * 9, fraction=fraction, seed=0)


def test_classes_too_small_to_be_held_out_are_named():
    result = holdout(["a"] * 50 + ["b"] * 2, [None] * 52, fraction=0.2, seed=0)
    assert "1 class (b) too small to be held out" in result.notes[0]


def test_splits_load_no_scikit_learn():
    import subprocess
    import sys

    code = (
        "import sys, eyespot.datasets.splits, eyespot.datasets.catalogue as c; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert not {"sklearn", "torch", "matplotlib", "openvino"} & set(loaded.stdout.split())


def test_folds_are_at_least_as_even_as_scikit_learns():
    """Mean over sets of the worst deviation of a class from its share, ours against theirs."""
    from sklearn.model_selection import StratifiedGroupKFold

    random = np.random.default_rng(0)
    ours, theirs = [], []
    for _ in range(20):
        groups = np.repeat(np.arange(60), random.integers(1, 8, 60))
        labels = random.choice(list("aaabbc"), 60)[groups]
        mine = grouped_folds(labels.tolist(), groups.tolist(), folds=5, seed=0).number
        other = np.zeros(len(labels), dtype=int)
        splitter = StratifiedGroupKFold(5, shuffle=True, random_state=0)
        for fold, (_, out) in enumerate(splitter.split(labels, labels, groups)):
            other[out] = fold
        ours.append(_deviation(labels, mine))
        theirs.append(_deviation(labels, other))
    assert np.mean(ours) <= np.mean(theirs)


def _deviation(labels, number) -> float:
    tables = [np.bincount(number[labels == label], minlength=5) for label in "abc"]
    return max(float(np.abs(table / table.sum() - 0.2).max()) for table in tables)
