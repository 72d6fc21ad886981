"""Ways to a classifier, tried on the same photos: the cheapest is taken that is about as good.

Every contender answers photos that it has not learned from, in the same grouped folds. Whoever
costs more has to be better by more than one standard error (Breiman et al.: Classification and
Regression Trees, 1984, Sect. 3.4.3), here of the differences from photo to photo, and right at
least as often.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import Head, Labels, Vectors
from eyespot.engines import Backbone
from eyespot.errors import InputError
from eyespot.evaluation.trials import Trial
from eyespot.pages.words import count, percent

LEAST = 1e-7  # of a probability, so that one wrong answer does not outweigh all others


Answers = tuple[Vectors, NDArray[np.bool_]]  # (N, K) probabilities, (N,) which were answered
ByChance = Callable[[Labels, float], Answers]  # the same way in other folds (N,), within seconds


class NotTriedError(InputError):
    """The photos, the time or the network do not suffice for a way to a classifier."""


@dataclass(frozen=True)
class Ready:
    """A contender that has learned from all training photos."""

    backbone: Backbone
    head: Head
    vectors: Vectors  # (M, D), the training photos as the backbone answers them, in their order
    flip: bool = False  # it answers with the mean over a photo and its mirror image
    unseen: NDArray[np.bool_] | None = None  # (M,) that the network itself has not learned from;
    # None: it has learned from none of them
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contender:
    """One way, and what it answered out of fold; `fit` makes it of all training photos."""

    name: str  # "probe", "better probe", "closer look", "fine-tuning"
    words: str  # what it is, for the report: "linear softmax, weight decay 0.01, on photos"
    probabilities: Vectors  # (N, K), calibrated; zeros where it has not answered
    answered: NDArray[np.bool_]  # (N,); not all where time allowed some folds only
    seconds: float  # that the trial took
    fit: Callable[[], Ready] = field(compare=False, repr=False)
    by_chance: ByChance | None = field(default=None, compare=False, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether it answered every photo."""
        return bool(self.answered.all())


@dataclass(frozen=True)
class Choice:
    """The contender that is taken, and how all did."""

    chosen: Contender
    trials: tuple[Trial, ...]  # the cheapest first

    @property
    def sentence(self) -> str:
        """What was tried, how it did, and which was taken."""
        told = [
            f"{trial.name} was right on {percent(trial.top1)} (log loss {trial.log_loss:.3f})"
            for trial in self.trials
        ]
        if len(told) == 1:
            return f"Only {told[0]} of {count(self.trials[0].n, 'photo')}: it is taken."
        return (
            f"On {count(self.trials[0].n, 'photo')} out of fold, {', '.join(told)}: "
            f"{self.chosen.name} is taken, the cheapest within one standard error of the best."
        )


def decide(
    contenders: Sequence[Contender],
    labels: Labels,
    groups: Sequence[int],
    *,
    is_asked: NDArray[np.bool_] | None = None,
) -> Choice:
    """Choose among `contenders`, the cheapest first, by their answers to `labels` (N,).

    `groups` (N,) are of photos that belong together: they count as one in the standard error. With
    `is_asked` (N,) only some answers count.
    Raises `InputError` where there is no photo that all of them answered.
    """
    common = np.logical_and.reduce([each.answered for each in contenders])
    if is_asked is not None:
        common &= is_asked
    if not common.any():
        raise InputError("The contenders share no photo that they answered: give more time")
    rows = np.flatnonzero(common)
    losses = [_losses(each.probabilities[rows], labels[rows]) for each in contenders]
    right = [each.probabilities[rows].argmax(axis=1) == labels[rows] for each in contenders]
    fair = [i for i in range(len(contenders)) if right[i].sum() >= right[0].sum()]
    best = min(fair, key=lambda i: float(losses[i].mean()))
    names = [groups[row] for row in rows.tolist()]
    behind = [paired(each - losses[best], names) for each in losses]
    taken = next(i for i in fair if behind[i][0] <= behind[i][1])
    return Choice(
        contenders[taken],
        tuple(
            Trial(
                name=each.name,
                words=each.words,
                n=len(rows),
                top1=float(right[i].mean()),
                log_loss=float(losses[i].mean()),
                worse_by=behind[i][0],
                worse_by_error=behind[i][1],
                seconds=each.seconds,
                is_chosen=i == taken,
            )
            for i, each in enumerate(contenders)
        ),
    )


def paired(differences: NDArray[np.float64], groups: Sequence[int]) -> tuple[float, float]:
    """The mean of (N,) differences, and its standard error with whole groups as the units.

    The cluster-robust variance of a mean (Liang, Zeger 1986): the sum over groups of the squared
    sums of what lies off the mean, by N^2, corrected for few groups. 0 for one group.
    """
    mean = float(differences.mean())
    _, number = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.bincount(number, differences - mean)
    if len(sums) < 2:
        return mean, 0.0
    variance = float((sums**2).sum()) / len(differences) ** 2
    return mean, float(np.sqrt(variance * len(sums) / (len(sums) - 1)))


def _losses(probabilities: Vectors, labels: Labels) -> NDArray[np.float64]:
    """(N,) minus the log of what the true label was given."""
    true = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    found: NDArray[np.float64] = -np.log(np.maximum(true, LEAST))
    return found
