"""Which of two is better, on the same photos: the difference of their top-1, and how sure it is.

Two measured on the same photos are told apart by the few photos that only one of them names
correctly; their own intervals are far wider than the difference's.

B. Efron, R. J. Tibshirani: An Introduction to the Bootstrap, 1993, ch. 13 (percentile intervals);
A. C. Davison, D. V. Hinkley: Bootstrap Methods and their Application, 1997, sect. 3.8 (whole
groups are drawn); Q. McNemar: Note on the sampling error of the difference between correlated
proportions or percentages, Psychometrika 12, 1947, in its exact form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from eyespot.evaluation.intervals import Bools, Floats, Interval, Ints, wilson
from eyespot.pages.words import count, percent

RESAMPLES = 10_000
LEAST_LIKELY = 0.05


@dataclass(frozen=True)
class Difference:
    """Two that named the same photos. Shares are of 1; `difference` is the first's minus the other.

    `p_value` is McNemar's exact test, two-sided: how often two that are equally good would differ
    by as much. It takes each photo for itself: None where photos come in groups.
    """

    first: str
    second: str
    n: int
    groups: int  # equal to n where every photo stands alone
    first_top1: float
    second_top1: float
    only_first: int  # photos that the first alone named correctly
    only_second: int
    difference: float
    interval: Interval  # 95 %, of the difference
    interval_method: str
    p_value: float | None

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out that there is none, and the test does not object.

        With four photos that one alone named the interval already does: too soon (p = 0.125).
        """
        leaves_out = self.interval[0] > 0 or self.interval[1] < 0
        return leaves_out and (self.p_value is None or self.p_value < LEAST_LIKELY)


def compare(
    first: tuple[str, Bools], second: tuple[str, Bools], *, groups: Ints, seed: int
) -> Difference:
    """Two names, each with whether it named each photo correctly (N,); `groups` (N,) from 0 on."""
    (name, right), (other, others) = first, second
    change = right.astype(np.int64) - others.astype(np.int64)
    gained, lost = int((change > 0).sum()), int((change < 0).sum())
    together = int(groups.max()) + 1
    interval, method = difference_interval(change, groups, seed=seed)
    return Difference(
        first=name,
        second=other,
        n=len(change),
        groups=together,
        first_top1=float(right.mean()),
        second_top1=float(others.mean()),
        only_first=gained,
        only_second=lost,
        difference=float(change.mean()),
        interval=interval,
        interval_method=method,
        p_value=mcnemar(gained, lost) if together == len(change) else None,
    )


def difference_interval(change: Ints, groups: Ints, *, seed: int) -> tuple[Interval, str]:
    """The interval of the mean of `change` (N,), of -1, 0 and 1, and the method in words.

    Groups with the same sum over as many photos are drawn together: how often each kind of group
    comes up is multinomial, which is the same draw and needs no list of photos.
    """
    sums = np.bincount(groups, weights=change).round().astype(np.int64)
    kinds, times = np.unique(
        np.stack([sums, np.bincount(groups)], axis=1), axis=0, return_counts=True
    )
    together = len(sums)
    what = "photos" if together == len(change) else "groups"
    shares = kinds[:, 0] / kinds[:, 1]
    if np.ptp(shares) == 0:  # every resample would be the same
        return _alike(float(shares[0]), together), f"Wilson, as all {together:,} {what} fared alike"
    drawn = np.random.default_rng(seed).multinomial(together, times / together, size=RESAMPLES)
    means: Floats = (drawn @ kinds[:, 0]) / (drawn @ kinds[:, 1])
    low, high = np.quantile(means, (0.025, 0.975))
    return (float(low), float(high)), (
        f"paired bootstrap over {together:,} {what}, {RESAMPLES:,} resamples"
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """How often two that are equally good differ by as much, in [0, 1]: a fair coin's tails.

    >>> mcnemar(5, 1)  # 2 (1 + 6) / 64
    0.21875
    """
    n, fewer = only_first + only_second, min(only_first, only_second)
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
        for k in range(fewer + 1)
    ]
    return min(1.0, 2 * math.fsum(map(math.exp, logs)))


def sentence(found: Difference, *, first: str, second: str) -> str:
    """The finding in words, with figures; `first` and `second` as they are called in a sentence."""
    if found.only_first == found.only_second == 0:
        same = "photo" if found.n == 1 else f"{found.n:,} photos"
        return f"{first} and {second} were right and wrong on the same of the {same}."
    if found.is_clear:
        than = "better" if found.difference > 0 else "worse"
        start = f"{first} is {than} than {second}"
    else:
        start = f"No clear difference between {first} and {second}"
    shares = f"{percent(found.first_top1)} against {percent(found.second_top1)}"
    low, high = found.interval
    between = f"{_points(low, math.floor)} to {_points(high, math.ceil)}"
    points = f"{_points(found.difference, round)} points (interval {between})"
    were = "was" if found.only_first == 1 else "were"
    named = f"{count(found.only_first, 'photo')} {were} named correctly by {first} only"
    likely = "" if found.p_value is None else f" (McNemar's test: p {_likely(found.p_value)})"
    return f"{start}, {shares}: {points}. {named}, {found.only_second:,} by {second} only{likely}."


def _points(share: float, rounded: Callable[[float], int]) -> str:
    """`+1.9`; the ends of intervals are rounded away from their middles."""
    tenths = rounded(round(1000 * share, 9))
    return f"{tenths / 10:+.1f}" if tenths else "0.0"


def _likely(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.2g}"


def _alike(share: float, trials: int) -> Interval:
    """Where every photo or group changed by `share`: by Wilson's, few others may do otherwise."""
    others = wilson(0.0, trials)[1]
    return share - others * (1 + share), share + others * (1 - share)
