"""Can the network learn twenty photos by heart? If not, it will not learn two thousand.

Lecture 004, step 4: 20 photos, no regularisation, all of them in every step, until all are right.
Here with the recipe's own optimiser at its own learning rate. Where that fails, a tenth, a
hundredth and ten times of it are tried: they tell a rate that is too high from a network, a loss
or inputs with which nothing can be learned.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from eyespot.training.checks.findings import Finding
from eyespot.training.checks.trial import Trial

NAME = "overfit"
PHOTOS = 20
STEPS = 60  # at most, for each learning rate
OTHERS = (0.1, 0.01, 10.0)  # of the recipe's rate, tried in turn where that fails
FALLEN = 0.95  # a loss under this share of an undecided network's is on its way
Ending = Literal["learned", "on its way", "stuck", "not finite"]


@dataclass(frozen=True)
class Attempt:
    """Some steps on the same photos with one learning rate."""

    learning_rate: float
    losses: tuple[float, ...]  # before each step, mean over the photos
    correct: tuple[int, ...]  # photos that were right before each step
    ending: Ending


@dataclass(frozen=True)
class Overfit:
    """The attempts, the recipe's own rate first."""

    photos: int
    attempts: tuple[Attempt, ...]

    @property
    def learned(self) -> Attempt | None:
        return next((each for each in self.attempts if each.ending == "learned"), None)


def learn_by_heart(
    start: Callable[[], Trial],
    images: Tensor,
    targets: Tensor,
    *,
    learning_rate: float,
    undecided: float,
    steps: int = STEPS,
    progress: Callable[[int, int], None] | None = None,
) -> Overfit:
    """`start` makes a fresh plain trial; (N, C, H, W), (N, K) are the photos.

    `undecided` is the loss of a network that favours no class. Other rates are tried only where
    the recipe's leads nowhere.
    """
    attempts: list[Attempt] = []
    for factor in (1.0, *OTHERS):
        attempt = _attempt(
            start(), images, targets, factor * learning_rate, undecided, steps, progress
        )
        attempts.append(attempt)
        if attempt.ending == "learned" or attempts[0].ending == "on its way":
            break
    return Overfit(len(images), tuple(attempts))


def _attempt(
    trial: Trial,
    images: Tensor,
    targets: Tensor,
    learning_rate: float,
    undecided: float,
    steps: int,
    progress: Callable[[int, int], None] | None,
) -> Attempt:
    losses: list[float] = []
    correct: list[int] = []
    ending: Ending = "stuck"
    for step in range(steps):
        outcome = trial.step(images, targets, learning_rate)
        losses.append(outcome.loss_sum / outcome.photos)
        correct.append(round(outcome.correct))
        if progress is not None:
            progress(step + 1, steps)
        if not outcome.is_finite:
            ending = "not finite"
            break
        if correct[-1] == len(images):
            ending = "learned"
            break
    if ending == "stuck" and losses[-1] < FALLEN * min(undecided, losses[0]):
        ending = "on its way"
    return Attempt(learning_rate, tuple(losses), tuple(correct), ending)


def told_of_overfit(found: Overfit) -> str:
    """One line."""
    own = found.attempts[0]
    if own.ending == "learned":
        return f"all {found.photos} photos right after {len(own.losses) - 1} steps"
    reached = f"{max(own.correct)} of {found.photos} right in {len(own.losses)} steps"
    loss = f"loss {own.losses[0]:.3g} to {own.losses[-1]:.3g}"
    better = found.learned
    more = f"; learned at a rate of {better.learning_rate:.3g}" if better else ""
    return f"{reached} ({loss}, {own.ending}){more}"


def findings_of_overfit(found: Overfit) -> tuple[Finding, ...]:
    own, better = found.attempts[0], found.learned
    if own.ending in ("learned", "on its way"):
        return ()
    steps = len(own.losses)
    end = own.losses[-1]
    came = f"is no number after {steps} steps" if not math.isfinite(end) else f"goes to {end:.3g}"
    seen = (
        f"With the recipe's learning rate of {own.learning_rate:.3g}, the loss of {found.photos} "
        f"photos {came}"
    )
    if better is not None and better.learning_rate < own.learning_rate:
        return (
            Finding(
                NAME,
                f"{seen}; with {better.learning_rate:.3g}, all are right after "
                f"{len(better.losses) - 1} steps. The rate is too high.",
                "Steps that are too long throw the weights about: the loss rises or stays where it "
                "began, and rectifiers die.",
                f"Train with --learning-rate {better.learning_rate:.3g} or a little more.",
            ),
        )
    if better is not None:
        return (
            Finding(
                NAME,
                f"{seen}, from {own.losses[0]:.3g}; with {better.learning_rate:.3g}, all are right "
                f"after {len(better.losses) - 1} steps. The rate is low.",
                "Training will be slow at first; a warm-up or a higher rate saves epochs.",
                f"Try --learning-rate {better.learning_rate:.3g}.",
                is_grave=False,
            ),
        )
    rates = ", ".join(f"{each.learning_rate:.3g}" for each in found.attempts)
    return (
        Finding(
            NAME,
            f"The network cannot learn {found.photos} photos by heart in {steps} steps, whatever "
            f"the learning rate ({rates}).",
            "What it cannot learn by heart it cannot learn at all: a gradient is lost, the loss is "
            "not that of its outputs, or the inputs say nothing.",
            "Put the other findings right first. If there is none: networks without norms may "
            "begin on a plateau that takes hundreds of steps.",
        ),
    )
