"""Differences on the same photos: against numbers worked out by hand, scipy, plain resampling."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from eyespot.evaluation.intervals import wilson
from eyespot.evaluation.paired import RESAMPLES, compare, difference_interval, mcnemar, sentence


def pair(both=0, only_first=0, only_second=0, neither=0):
    """Which of its photos each of two named correctly."""
    first = [True] * (both + only_first) + [False] * (only_second + neither)
    second = [True] * both + [False] * only_first + [True] * only_second + [False] * neither
    return np.array(first), np.array(second)


def compared(*counts, groups=None, seed=0):
    first, second = pair(*counts)
    groups = np.arange(len(first)) if groups is None else groups
    return compare(("a/", first), ("b/", second), groups=groups, seed=seed)


def test_a_small_example_worked_out_by_hand():
    """10 photos: 6 by both, 3 only by the first, none only by the second, 1 by neither.

    Top-1 9 / 10 and 6 / 10. Of three changes none is the other way: 2 * (1/2)^3 = 1/4.
    """
    found = compared(6, 3, 0, 1)
    assert (found.first_top1, found.second_top1) == (0.9, 0.6)
    assert found.difference == pytest.approx(0.3)
    assert (found.only_first, found.only_second) == (3, 0)
    assert (found.n, found.groups) == (10, 10)
    assert found.p_value == pytest.approx(0.25)


def test_the_interval_is_that_of_every_resample_there_is():
    """Of 6 photos, +1 +1 +1 0 0 -1: all 6^6 resamples, whose middle 95 % can be listed."""
    change = np.array([1, 1, 1, 0, 0, -1])
    sums = sorted(sum(drawn) for drawn in itertools.product(change, repeat=6))
    assert len(sums) == 6**6 == 46_656
    exact = [np.quantile(np.array(sums) / 6, share) for share in (0.025, 0.975)]
    found, method = difference_interval(change, np.arange(6), seed=0)
    assert found == pytest.approx(exact)  # between steps of 1/6 chance moves nothing
    assert method == "paired bootstrap over 6 photos, 10,000 resamples"


@pytest.mark.parametrize("counts", [(850, 60, 30, 60), (400, 25, 25, 50), (90, 9, 1, 0)])
def test_the_interval_agrees_with_scipys_paired_bootstrap(counts):
    first, second = pair(*counts)

    def difference(x, y, axis):
        return x.mean(axis=axis) - y.mean(axis=axis)

    theirs = stats.bootstrap(
        (first.astype(float), second.astype(float)),
        difference,
        paired=True,
        method="percentile",
        n_resamples=RESAMPLES,
        rng=np.random.default_rng(1),
    ).confidence_interval
    ours = compared(*counts).interval
    # of 10,000 resamples the ends scatter by about 0.03 of the standard error, and by whole photos
    scatter = 0.1 * math.sqrt(sum(counts[1:3])) / len(first) + 1 / len(first)
    assert ours == pytest.approx(tuple(theirs), abs=scatter)
    apart = [stats.bootstrap((x.astype(float),), np.mean, rng=1).confidence_interval
             for x in (first, second)]  # fmt: skip
    assert ours[1] - ours[0] < 0.8 * sum(end.high - end.low for end in apart), "pairing is worth it"


def test_groups_are_drawn_whole():
    """Against resampling the groups one by one, and wider than the photos taken by themselves."""
    generator = np.random.default_rng(2)
    sizes = generator.integers(1, 9, 60)
    groups = np.repeat(np.arange(60), sizes)
    change = np.repeat(generator.choice([-1, 0, 0, 1], 60), sizes)  # a group fares as one photo
    members = [change[groups == group] for group in range(60)]
    means = []
    for _ in range(4000):
        drawn = [members[group] for group in generator.integers(60, size=60)]
        means.append(sum(map(sum, drawn)) / sum(map(len, drawn)))
    found, method = difference_interval(change, groups, seed=0)
    assert found == pytest.approx(np.quantile(means, (0.025, 0.975)), abs=0.02)
    assert method == "paired bootstrap over 60 groups, 10,000 resamples"
    alone, _ = difference_interval(change, np.arange(len(change)), seed=0)
    assert found[1] - found[0] > 1.5 * (alone[1] - alone[0])


@pytest.mark.parametrize("counts", [(0, 0), (1, 0), (3, 3), (5, 1), (12, 30), (400, 430)])
def test_mcnemars_exact_test_agrees_with_scipys_binomial(counts):
    fewer, n = min(counts), sum(counts)
    theirs = stats.binomtest(fewer, n).pvalue if n else 1.0
    assert mcnemar(*counts) == pytest.approx(theirs, rel=1e-9)
    assert mcnemar(*counts) == mcnemar(*reversed(counts))


def test_photos_in_groups_have_no_mcnemar():
    groups = np.repeat(np.arange(5), 2)
    assert compared(6, 3, 0, 1, groups=groups).p_value is None
    assert compared(6, 3, 0, 1, groups=groups).groups == 5


def test_two_that_answer_alike_have_an_interval_all_the_same():
    """No resample differs: then up to Wilson's upper end of 0 of 50 photos may."""
    found = compared(40, 0, 0, 10)
    most = wilson(0.0, 50)[1]
    assert found.interval == pytest.approx((-most, most))
    assert found.interval_method == "Wilson, as all 50 photos fared alike"
    assert not found.is_clear
    better = compared(0, 8, 0, 0)
    assert better.interval[1] == 1 and better.interval[0] == pytest.approx(1 - 2 * wilson(0, 8)[1])


def test_the_same_seed_gives_the_same_interval():
    assert compared(80, 9, 6, 5, seed=3) == compared(80, 9, 6, 5, seed=3)
    others = {compared(5000, 900, 800, 300, seed=seed).interval for seed in range(4)}
    assert len(others) > 1


def test_four_photos_are_not_yet_a_clear_difference():
    """The bootstrap leaves 0 out, as (1 - 4/40)^40 = 1.5 %; the test says 2 / 2^4 = 0.125."""
    four = compared(36, 4, 0, 0)
    assert four.interval[0] > 0 and four.p_value == pytest.approx(0.125)
    assert not four.is_clear
    assert compared(36, 6, 0, 0).is_clear  # 2 / 2^6 = 0.031


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((80, 15, 3, 2), "ten-crop is better than its centre crop, 95.0 % against 83.0 %: +12.0"),
        ((80, 3, 15, 2), "ten-crop is worse than its centre crop, 83.0 % against 95.0 %: -12.0"),
        (
            (80, 5, 5, 10),
            "No clear difference between ten-crop and its centre crop, 85.0 % against",
        ),
        (
            (80, 0, 0, 20),
            "ten-crop and its centre crop were right and wrong on the same of the 100",
        ),
    ],
)
def test_the_finding_is_said_in_words(counts, words):
    text = sentence(compared(*counts), first="ten-crop", second="its centre crop")
    assert text.startswith(words)
    assert text.endswith(".")


def test_the_figures_of_the_finding_stand_in_its_sentence():
    """15 - 3 = 12 of 100 photos; McNemar 2 (1 + 18 + 153 + 816) / 2^18 = 0.0075."""
    found = compared(80, 15, 3, 2)
    text = sentence(found, first="ten-crop", second="its centre crop")
    assert "15 photos were named correctly by ten-crop only, 3 by its centre crop only" in text
    assert "(McNemar's test: p = 0.0075)" in text
    low, high = found.interval
    assert (
        f"+{math.floor(1000 * low + 1e-6) / 10:.1f} to +{math.ceil(1000 * high - 1e-6) / 10:.1f}"
        in text
    )
    one = sentence(compared(8, 1, 0, 1), first="x", second="y")
    assert "1 photo was named correctly by x only, 0 by y only" in one
