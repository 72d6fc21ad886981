"""How well a classifier's limits hold on photos with known labels: none of these, and label sets.

They are fitted when it is trained. Here they are asked of photos that neither knows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.coverage import ClassCoverage, CoverageFigures
from eyespot.classifier.novelty import Told
from eyespot.evaluation.intervals import Interval, numbered, share_interval

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


def auroc(new: Floats, usual: Floats) -> float:
    """The chance that one of `new` (N,) is larger than one of `usual` (M,); equals count a half."""
    ordered = np.sort(usual)
    below = np.searchsorted(ordered, new, side="left")
    upto = np.searchsorted(ordered, new, side="right")
    return float((below + upto).mean() / (2 * len(usual)))


def kept(is_kept: NDArray[np.bool_], groups: Ints, *, seed: int) -> tuple[float, Interval]:
    """The share of photos (N,) for which something holds, and its interval."""
    interval = share_interval(is_kept, numbered(groups.tolist(), len(is_kept)), seed=seed)[0]
    return float(is_kept.mean()), interval


def told(name: str, new: Floats, usual: Floats, *, limit: float, groups: Ints, seed: int) -> Told:
    """How pictures at distances `new` (N,) are told from photos of the classes at `usual` (M,).

    What lies beyond `limit` is refused.
    """
    refused, interval = kept(new > limit, groups, seed=seed)
    return Told(name, len(new), refused, interval, auroc(new, usual))


def told_by_kind(
    kinds: Sequence[str], new: Floats, usual: Floats, *, limit: float, groups: Ints, seed: int
) -> tuple[Told, ...]:
    """The pictures (N,) of all kinds together first, then those of each."""
    found = [told("all", new, usual, limit=limit, groups=groups, seed=seed)]
    for kind in dict.fromkeys(kinds):
        rows = np.array(kinds) == kind
        found.append(told(kind, new[rows], usual, limit=limit, groups=groups[rows], seed=seed))
    return tuple(found)


def covered(
    sets: NDArray[np.bool_],
    truth: Ints,
    *,
    classes: Sequence[str],
    groups: Sequence[int] | Ints,
    seed: int = 0,
) -> CoverageFigures:
    """How often the sets (N, K) of photos hold the truth (N,), and how large they are."""
    is_inside = sets[np.arange(len(sets)), truth]
    sizes = sets.sum(axis=1)
    together = numbered(list(groups), len(truth))
    per_class = []
    for place, label in enumerate(classes):
        own = is_inside[truth == place]
        share = float(own.mean()) if len(own) else None
        per_class.append(ClassCoverage(label, len(own), share))
    return CoverageFigures(
        n=len(truth),
        covered=float(is_inside.mean()),
        interval=share_interval(is_inside, together, seed=seed)[0],
        mean_size=float(sizes.mean()),
        single=float((sizes == 1).mean()),
        per_class=tuple(per_class),
    )
