"""Uneven classes: whether every class should count alike while a head learns, and in which words.

The loss of a photo of a class with n photos is weighted by N / (K n), so that every class has the
same weight in all (King, Zeng: Logistic Regression in Rare Events Data, Political Analysis 9, 2001,
Sect. 4.2). Rare classes are found more often, and named more often than they occur.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import Labels, Vectors
from eyespot.pages.words import count, percent

UNEVEN = 3.0  # times as many photos as the smallest class: from there on weights are tried


@dataclass(frozen=True)
class Weighing:
    """How heads did out of fold with every class counting alike, and with every photo.

    Mean recalls are over classes; shares are in [0, 1].
    """

    is_used: bool  # the head that was chosen learned with weights
    mean_recall: float  # with weights
    mean_recall_without: float
    top1: float  # with weights
    top1_without: float


def is_uneven(labels: Labels) -> bool:
    """Whether the largest class has UNEVEN times the photos of the smallest, or more."""
    counts = np.bincount(labels)
    counts = counts[counts > 0]
    return bool(counts.max() >= UNEVEN * counts.min())


def photo_weights(labels: Labels) -> Vectors:
    """(N,) weights of mean 1, with the same sum for each class that has photos."""
    counts = np.bincount(labels)
    present = int((counts > 0).sum())
    weights: Vectors = (len(labels) / (present * counts[labels])).astype(np.float32)
    return weights


def weigh(with_weights: Labels, without: Labels, truth: Labels) -> Weighing:
    """Compare the answers (N,) of the two heads with the truth (N,).

    Weights are used where the mean recall gains more than one standard error of that gain, class
    by class, and more than top-1 loses.
    """
    right, before = with_weights == truth, without == truth
    change = right.astype(np.float64) - before
    rows = [np.flatnonzero(truth == label) for label in np.unique(truth)]
    gain = float(np.mean([change[each].mean() for each in rows]))
    variances = [_variance(change[each]) / len(each) for each in rows]
    error = float(np.sqrt(np.sum(variances))) / len(rows)
    return Weighing(
        is_used=gain > error and gain > -float(change.mean()),
        mean_recall=float(np.mean([right[each].mean() for each in rows])),
        mean_recall_without=float(np.mean([before[each].mean() for each in rows])),
        top1=float(right.mean()),
        top1_without=float(before.mean()),
    )


def _variance(change: NDArray[np.float64]) -> float:
    """Of one class; of a single photo it is not known, and taken for that of a coin."""
    return float(change.var(ddof=1)) if len(change) > 1 else 0.25


def told(found: Weighing | None, classes: Sequence[str], labels: Labels) -> tuple[str, ...]:
    """What was chosen and why, in sentences; nothing where weights were not asked about."""
    if found is None:
        return ()
    counts = np.bincount(labels, minlength=len(classes))
    most = int(counts.argmax())
    least = int(np.where(counts > 0, counts, counts.max() + 1).argmin())
    uneven = (
        f"The classes are uneven: {count(int(counts[most]), 'photo')} of {classes[most]}, "
        f"{counts[least]:,} of {classes[least]}."
    )
    figures = (
        f"the mean recall of the classes was {percent(found.mean_recall)} with such weights and "
        f"{percent(found.mean_recall_without)} without, top-1 {percent(found.top1)} and "
        f"{percent(found.top1_without)}"
    )
    if found.is_used:
        return (
            f"{uneven} Every class counts alike while the head learns: out of fold {figures}.",
            "Rare classes are named more often than they occur, and its probabilities take all "
            "classes for equally frequent.",
        )
    tried = f"Making every class count alike was tried and brought too little: {figures}."
    return (f"{uneven} {tried}",)
