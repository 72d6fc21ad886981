"""Label sets that hold the truth as often as they promise: split conformal prediction.

A. N. Angelopoulos, S. Bates: A Gentle Introduction to Conformal Prediction, arXiv:2107.07511,
Sect. 1 and 4.2 (one threshold for each class). The promise is for a photo of a new occasion: of
photos that belong together, one stands for all (R. Dunn, L. Wasserman, A. Ramdas: Distribution-Free
Prediction Sets for Two-Layer Hierarchical Models, JASA 118, 2023, Sect. 4: subsampling once).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.coverage import Coverage
from eyespot.datasets.names import counted, some
from eyespot.errors import InputError

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
EVERY_LABEL = 1.0  # the threshold that no score is above


def least(coverage: float) -> int:
    """Photos that a threshold needs at least: the largest of their scores is the threshold then.

    >>> least(0.95)
    19
    """
    return math.ceil(round(coverage / (1 - coverage), 9))


def enough(coverage: float) -> int:
    """Photos from which on a class has a threshold of its own.

    With as many, one calibration photo lies above it, and the sets hold the truth in at most
    (1 - coverage) / 2 more photos than they promise.

    >>> enough(0.95)
    39
    """
    return math.ceil(round(2 / (1 - coverage), 9)) - 1


def require_share(coverage: float) -> None:
    """Raise `InputError` where label sets cannot hold the truth in such a share of photos."""
    if not 0.5 <= coverage < 1:
        raise InputError(
            f"Label sets hold the truth in a share from 0.5 to below 1, not {coverage:g}: try 0.95"
        )


def fit(
    probabilities: Floats,
    truth: Ints,
    *,
    classes: Sequence[str],
    groups: Sequence[int] | Ints,
    coverage: float,
    seed: int = 0,
) -> tuple[Coverage, tuple[str, ...]]:
    """The thresholds from photos (N, K) that nothing was learned from, and what to know of them.

    Raises `InputError` where `coverage` is no share that sets can promise.
    """
    require_share(coverage)
    rows = _one_of_each(groups, seed)
    scores = 1 - np.asarray(probabilities, np.float32)[rows, truth[rows]]
    labels = truth[rows]
    pooled = _threshold(scores, coverage)
    thresholds, n, is_pooled = [], [], []
    for place in range(len(classes)):
        own = scores[labels == place]
        has_enough = len(own) >= enough(coverage)
        thresholds.append(_threshold(own, coverage) if has_enough else pooled)
        n.append(len(own) if has_enough else len(scores))
        is_pooled.append(not has_enough)
    found = Coverage(coverage, tuple(thresholds), tuple(n), tuple(is_pooled))
    return found, _notes(found, classes, len(scores))


def _one_of_each(groups: Sequence[int] | Ints, seed: int) -> NDArray[np.intp]:
    """A row of every group, drawn from the seed: they are exchangeable with a new group's photo."""
    order = np.random.default_rng(seed).permutation(len(groups))
    _, first = np.unique(np.asarray(groups)[order], return_index=True)
    return np.sort(order[first])


def _threshold(scores: Floats, coverage: float) -> float:
    """The score of rank ceil((n + 1) coverage), in [0, 1]; 1 where there is none of that rank."""
    rank = math.ceil(round((len(scores) + 1) * coverage, 9))
    if rank > len(scores):
        return EVERY_LABEL
    return float(np.sort(scores)[rank - 1])


def _notes(found: Coverage, classes: Sequence[str], photos: int) -> tuple[str, ...]:
    share, needed = f"{100 * found.coverage:g} %", least(found.coverage)
    if photos < needed:
        return (
            f"Label sets of {share} need {needed} calibration photos that do not belong together, "
            f"and there are {photos}: every set holds every class. Add photos, or ask for less.",
        )
    pooled = [label for label, has in zip(classes, found.is_pooled, strict=True) if has]
    if not pooled:
        return ()
    return (
        f"{counted(len(pooled), 'class')} ({some(pooled)}) with fewer than "
        f"{enough(found.coverage)} calibration photos: their label sets hold the truth in {share} "
        "of the photos of all classes together, which may be less for one of them.",
    )
