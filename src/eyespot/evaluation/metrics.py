"""How good a classifier is on photos whose truth is known, with n and an interval for every share.

Definitions, sources and the degenerate cases stand in `docs/metrics.md`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.errors import InputError
from eyespot.evaluation.intervals import Interval, class_intervals, numbered, share_interval
from eyespot.pages.words import count

Floats = NDArray[np.floating]
Ints = NDArray[np.integer]
TOP = 5  # top-5 is stated for more than five classes only: below, it is 1 whatever the answers


@dataclass(frozen=True)
class ClassMetrics:
    """One class. What its photos do not define is None: see each field."""

    label: str
    n: int  # photos that truly show it
    precision: float | None  # None: no photo was given this label
    recall: float | None  # None: no photo shows this class
    f1: float | None  # None: neither
    recall_interval: Interval | None


@dataclass(frozen=True)
class Metrics:
    """Shares are of 1. Rows of `confusion` are truths, columns answers, in the order of classes."""

    n: int
    groups: int  # equal to n where every photo stands alone
    classes: tuple[str, ...]
    top1: float
    top1_interval: Interval
    interval_method: str
    top5: float | None  # None: five classes or fewer
    top5_interval: Interval | None
    balanced_accuracy: float
    balanced_accuracy_interval: Interval
    per_class: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]

    @property
    def is_grouped(self) -> bool:
        return self.groups < self.n


def measure(
    classes: Sequence[str],
    truth: Ints,
    scores: Floats,
    *,
    groups: Sequence[str | int | None] | None = None,
    seed: int = 0,
) -> Metrics:
    """Compare `scores` (N, K), probabilities or margins, with `truth` (N,), places in `classes`.

    Photos of one group count together in the intervals; a group of None is a photo by itself.
    Equal scores rank in the order of `classes`. Raises `InputError` on no photos, on shapes that
    do not fit and on scores that are not finite.
    """
    _check(classes, truth, scores, groups)
    rank = ranks(scores, truth)
    answer = scores.argmax(axis=1)  # the first of equals
    together = numbered(groups, len(truth))
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(confusion, (truth, answer), 1)
    top1_interval, method = share_interval(rank < 1, together, seed=seed)
    has_top5 = len(classes) > TOP
    recalls, mean = class_intervals(
        rank < 1, together, classes=truth.astype(np.int64), count=len(classes), seed=seed
    )
    return Metrics(
        n=len(truth),
        groups=int(together.max()) + 1,
        classes=tuple(classes),
        top1=float(np.mean(rank < 1)),
        top1_interval=top1_interval,
        interval_method=method,
        top5=float(np.mean(rank < TOP)) if has_top5 else None,
        top5_interval=share_interval(rank < TOP, together, seed=seed)[0] if has_top5 else None,
        balanced_accuracy=balanced_accuracy(confusion),
        balanced_accuracy_interval=mean,
        per_class=_per_class(classes, confusion, recalls),
        confusion=tuple(tuple(int(n) for n in row) for row in confusion),
    )


def ranks(scores: Floats, truth: Ints) -> NDArray[np.int64]:
    """How many classes come before the truth, (N, K) and (N,) -> (N,); equals in their order."""
    own = np.take_along_axis(scores, truth[:, None], axis=1)
    is_earlier = np.arange(scores.shape[1]) < truth[:, None]
    before = (scores > own) | ((scores == own) & is_earlier)
    return np.asarray(before.sum(axis=1), dtype=np.int64)


def balanced_accuracy(confusion: Ints) -> float:
    """The mean recall over the classes that have photos."""
    n = confusion.sum(axis=1)
    return float(np.mean(np.diag(confusion)[n > 0] / n[n > 0]))


def _per_class(
    classes: Sequence[str], confusion: Ints, recalls: Sequence[Interval | None]
) -> tuple[ClassMetrics, ...]:
    right, shown, answered = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return tuple(
        ClassMetrics(
            label=label,
            n=int(shown[i]),
            precision=_share(right[i], answered[i]),
            recall=_share(right[i], shown[i]),
            f1=_share(2 * right[i], shown[i] + answered[i]),
            recall_interval=recalls[i],
        )
        for i, label in enumerate(classes)
    )


def _share(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def _check(
    classes: Sequence[str],
    truth: Ints,
    scores: Floats,
    groups: Sequence[str | int | None] | None,
) -> None:
    if len(truth) == 0:
        raise InputError("Measuring needs photos with known labels, but there are none.")
    if scores.shape != (len(truth), len(classes)):
        raise InputError(
            f"Measuring expects one score per photo and class, {len(truth)} x {len(classes)}, "
            f"but the scores are {' x '.join(map(str, scores.shape))}."
        )
    if groups is not None and len(groups) != len(truth):
        photos, given = count(len(truth), "photo"), count(len(groups), "group")
        raise InputError(f"There came {photos}, but {given}: one each is expected.")
    if not np.issubdtype(truth.dtype, np.integer):
        raise InputError(f"Truths are places in the classes, whole numbers, not {truth.dtype}.")
    if truth.min() < 0 or truth.max() >= len(classes):
        raise InputError(
            f"Truths are places in the {len(classes)} classes, 0 to {len(classes) - 1}, "
            f"but {truth.min()} to {truth.max()} came."
        )
    broken = np.flatnonzero(~np.isfinite(scores).all(axis=1))
    if len(broken):
        raise InputError(
            f"Scores must be finite, but those of {count(len(broken), 'photo')} are not "
            f"(the first is photo {broken[0]}): the network or the photo's values are damaged."
        )
