"""Means and spreads over seeds, and differences between two arms, paired by seed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

ENOUGH = 3  # seeds, for an interval
# Student's t at 97.5 % by degrees of freedom: an interval of 95 %
STUDENT = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}
MOST = max(STUDENT) + 1  # seeds


@dataclass(frozen=True)
class Spread:
    """Several seeds' values of one thing."""

    mean: float
    least: float
    most: float
    n: int

    def __str__(self) -> str:
        """As a share in percent: `12.3 % (11.9 to 12.8)`."""
        if self.n == 1:
            return f"{100 * self.mean:.1f} %"
        return f"{100 * self.mean:.1f} % ({100 * self.least:.1f} to {100 * self.most:.1f})"


@dataclass(frozen=True)
class Difference:
    """One arm less another, seed by seed: each seed has the same photos in the same order."""

    mean: float
    interval: tuple[float, float] | None  # 95 %; None with fewer than 3 seeds
    least: float
    most: float
    n: int

    @property
    def sign(self) -> int:
        """1, -1, or 0 where it may be chance. Too few seeds are believed, and it is said so."""
        if self.interval is None:
            return (self.mean > 0) - (self.mean < 0)
        return (self.interval[0] > 0) - (self.interval[1] < 0)

    def told(self, more: str = "higher", less: str = "lower") -> str:
        """`8.1 points higher (95 % interval 6.5 to 9.7, 3 seeds)`."""
        ends = sorted((self._points(self.least), self._points(self.most)))
        if self.interval is not None:
            ends = sorted(map(self._points, self.interval))
            sure = f"95 % interval {ends[0]:.1f} to {ends[1]:.1f}, {self.n} seeds"
        elif self.n > 1:
            sure = f"{ends[0]:.1f} to {ends[1]:.1f}, {self.n} seeds only: it may be chance"
        else:
            sure = "1 seed only: it may be chance"
        which = less if self.mean < 0 else more
        return f"{100 * abs(self.mean):.1f} points {which} ({sure})"

    def _points(self, share: float) -> float:
        """In percent points, positive the way that the mean goes; a zero without a sign."""
        return 100 * share * (-1 if self.mean < 0 else 1) + 0.0


def spread(values: Iterable[float]) -> Spread:
    """At least one value."""
    found = list(values)
    return Spread(math.fsum(found) / len(found), min(found), max(found), len(found))


def paired(ours: Mapping[int, float], theirs: Mapping[int, float]) -> Difference:
    """`ours` less `theirs` over the seeds that both have, at least one."""
    found = [ours[seed] - theirs[seed] for seed in ours if seed in theirs]
    n = len(found)
    mean = math.fsum(found) / n
    interval = None
    if n >= ENOUGH:
        variance = math.fsum((each - mean) ** 2 for each in found) / (n - 1)
        half = STUDENT[n - 1] * math.sqrt(variance / n)
        interval = (mean - half, mean + half)
    return Difference(mean, interval, min(found), max(found), n)
