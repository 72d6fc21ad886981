"""The first steps just as the training would make them: do loss and weights stay in hand?

The loss alone does not tell a rate that is too high: behind batch norm, outputs do not depend on
how long the weights are, and the loss stays near that of guessing at any rate. But then the weights
grow many times over within a few steps, where sound steps hardly change their length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from eyespot.training.checks.findings import TOO_HIGH, Finding
from eyespot.training.checks.trial import Trial
from eyespot.training.schedules import Schedule, WarmUp

NAME = "steps"
STEPS, LEAST = 25, 10  # fewer where they cost much
LAST = 8  # steps whose mean loss is looked at
LOST = 2.5  # times the loss of guessing, or the first one if that is higher
GROWN = 2.0  # times their first length, over all kernels and matrices
CLIMB = 0.3  # share of these steps in which the rate climbs, where the recipe warms up


@dataclass(frozen=True)
class FirstSteps:
    """Losses of the batches, before each step, and what became of the weights."""

    learning_rate: float
    undecided: float  # the loss of a network that favours no class
    losses: tuple[float, ...]  # ends where one is no finite number
    growth: float  # length of all kernels and matrices after the steps, over that before

    @property
    def end(self) -> float:
        """The mean loss of the last steps."""
        return sum(self.losses[-LAST:]) / len(self.losses[-LAST:])

    @property
    def is_lost(self) -> bool:
        return not self.end <= LOST * max(self.undecided, self.losses[0])

    @property
    def is_astray(self) -> bool:
        """Is the loss out of hand, or have the weights grown many times over?"""
        return self.is_lost or not self.growth <= GROWN


def take_first_steps(
    trial: Trial,
    batches: Sequence[tuple[Tensor, Tensor]],
    *,
    learning_rate: float,
    schedule: Schedule,
    undecided: float,
    progress: Callable[[int, int], None] | None = None,
) -> FirstSteps:
    """A step of the fresh `trial` for each of the batches (N, C, H, W), (N, K)."""
    climb = CLIMB * len(batches) if isinstance(schedule, WarmUp) else 1.0
    length = trial.length()
    losses: list[float] = []
    for step, (images, targets) in enumerate(batches, 1):
        outcome = trial.step(images, targets, min(1.0, step / climb) * learning_rate)
        losses.append(outcome.loss_sum / outcome.photos if outcome.is_finite else math.inf)
        if progress is not None:
            progress(step, len(batches))
        if not outcome.is_finite:
            break
    return FirstSteps(learning_rate, undecided, tuple(losses), trial.length() / length)


def told_of_first_steps(found: FirstSteps) -> str:
    """One line."""
    loss = f"loss {found.losses[0]:.3g} to {_shown(found.end)} in {len(found.losses)} steps"
    return f"{loss}; weights {found.growth:.3g} times as long"


def _shown(loss: float) -> str:
    return f"{loss:.3g}" if math.isfinite(loss) else "no number"


def findings_of_first_steps(found: FirstSteps) -> tuple[Finding, ...]:
    if not found.is_astray:
        return ()
    begin = (
        f"With the recipe's learning rate of {found.learning_rate:.3g}, in "
        f"{len(found.losses)} steps"
    )
    if found.is_lost:
        seen = (
            f"{begin} the loss goes from {found.losses[0]:.3g} to {_shown(found.end)}; guessing "
            f"has {found.undecided:.3g}."
        )
    else:
        seen = f"{begin} the weights grow to {found.growth:.3g} times their length."
    return (
        Finding(
            NAME,
            f"{seen} The steps are too long.",
            "Each throws away what the one before had learned. Behind norms, weights that have "
            "grown so long hardly change any more.",
            f"Take a lower rate: begin with --learning-rate {found.learning_rate / 30:.2g}, and "
            "see which rates are useful. If that does not help, look at the inputs' scale.",
            cause=TOO_HIGH,
        ),
    )
