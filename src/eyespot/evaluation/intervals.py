"""95 % intervals of shares: a bootstrap over groups where photos belong together, else Wilson's.

E. B. Wilson: Probable inference, the law of succession, and statistical inference. JASA 22, 1927.
B. Efron: Bootstrap methods: another look at the jackknife. Annals of Statistics 7, 1979; groups
are resampled whole: A. C. Davison, D. V. Hinkley: Bootstrap Methods and their Application, 1997,
Sect. 3.8.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

Interval = tuple[float, float]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Z = 1.959963984540054  # the normal distribution's 97.5 % point
RESAMPLES = 2000
DRAWN_AT_ONCE = 4_000_000  # group numbers in memory at a time


def wilson(share: float, n: int) -> Interval:
    """Wilson's score interval of a share of `n` independent trials; never of no width."""
    centre = share + Z * Z / (2 * n)
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    scale = 1 + Z * Z / n
    low, high = (centre - half) / scale, (centre + half) / scale
    # Both ends are exact at 0 and 1, where rounding would leave 1e-17 or 0.9999999999999999.
    return (0.0 if share == 0 else low, 1.0 if share == 1 else high)


def numbered(groups: Sequence[str | int | None] | None, n: int) -> Ints:
    """Each photo's group as a number from 0; None is a group by itself."""
    if groups is None:
        return np.arange(n)
    keys = [("alone", i) if group is None else ("group", group) for i, group in enumerate(groups)]
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return np.array([places[key] for key in keys], dtype=np.int64)


def share_interval(is_right: Bools, groups: Ints, *, seed: int) -> tuple[Interval, str]:
    """The interval of the share of `is_right` (N,), and the method in words."""
    together = len(np.unique(groups))
    if together == len(groups):
        return wilson(float(is_right.mean()), together), "Wilson, each photo by itself"
    single = np.zeros(len(is_right), dtype=np.int64)
    drawn = _drawn_shares(is_right, groups, classes=single, count=1, seed=seed)
    interval = _percentiles(drawn, together)
    if _is_constant(drawn):
        return interval, f"Wilson over {together:,} groups, because all of them fared alike"
    return interval, f"bootstrap over {together:,} groups, {RESAMPLES:,} resamples"


def class_intervals(
    is_right: Bools, groups: Ints, *, classes: Ints, count: int, seed: int
) -> tuple[list[Interval | None], Interval]:
    """The interval of the share of `is_right` in each of `count` classes, and of their mean.

    `classes` (N,) says which class a photo is of, `groups` (N,) which group. A class without
    photos has None. The mean has no formula: it is resampled even where each photo stands alone.
    """
    drawn = _drawn_shares(is_right, groups, classes=classes, count=count, seed=seed)
    together = len(np.unique(groups))
    found: list[Interval | None] = []
    for place in range(count):
        m = np.flatnonzero(classes == place)
        if not len(m):
            found.append(None)
        elif together == len(groups):
            found.append(wilson(float(is_right[m].mean()), len(m)))
        else:
            found.append(_percentiles(drawn[:, place], len(np.unique(groups[m]))))
    has_photos = np.isfinite(drawn).any(axis=0)
    return found, _percentiles(np.nanmean(drawn[:, has_photos], axis=1), together)


def _drawn_shares(is_right: Bools, groups: Ints, *, classes: Ints, count: int, seed: int) -> Floats:
    """The share of `is_right` per resample and class; not a number where no photo was drawn."""
    members = [np.flatnonzero(classes == place) for place in range(count)]
    drawn = np.full((RESAMPLES, count), np.nan)
    start = 0
    for times in _resamples(int(groups.max()) + 1, seed):
        for place, m in enumerate(members):
            weights = times[:, groups[m]]  # (resamples, photos of the class)
            photos = weights.sum(axis=1)
            right = weights @ is_right[m].astype(np.int64)
            part = drawn[start : start + len(times), place]
            np.divide(right, photos, out=part, where=photos > 0)
        start += len(times)
    return drawn


def _resamples(groups: int, seed: int) -> Iterator[Ints]:
    """How often each group is drawn, (resamples, groups) in portions."""
    generator = np.random.default_rng(seed)
    portion = max(1, DRAWN_AT_ONCE // groups)
    for start in range(0, RESAMPLES, portion):
        size = min(portion, RESAMPLES - start)
        drawn = generator.integers(groups, size=(size, groups))
        drawn += np.arange(size)[:, None] * groups
        yield np.bincount(drawn.ravel(), minlength=size * groups).reshape(size, groups)


def _percentiles(drawn: Floats, groups: int) -> Interval:
    if _is_constant(drawn):  # the bootstrap knows nothing: take each group for one trial
        return wilson(float(np.nanmax(drawn)), groups)
    low, high = np.nanquantile(drawn, (0.025, 0.975))
    return float(low), float(high)


def _is_constant(drawn: Floats) -> bool:
    return bool(np.nanmax(drawn) - np.nanmin(drawn) < 1e-12)
