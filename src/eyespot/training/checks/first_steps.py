"""The first steps just as the training would make them: does the loss stay in hand?

A loss that is no better than guessing after some steps may mean a rate that is too high, or only
that the network takes its time. A second run from the same weights with a thirtieth of the rate
tells: where it does better, the rate is too high. The loss alone would not: batch norm keeps it
near that of guessing at any rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from torch import Tensor

from eyespot.training.checks.findings import Finding
from eyespot.training.checks.trial import Trial
from eyespot.training.schedules import Schedule, WarmUp

NAME = "first-steps"
STEPS = 25
LAST = 8  # steps whose mean loss is looked at
LEARNED = 0.9  # share of the loss of guessing under which no second run is needed
WORSE = 1.1  # times as high, from which one loss is called higher than another
GENTLE = 1 / 30  # of the recipe's rate, for the second run
CLIMB = 0.3  # share of these steps in which the rate climbs, where the recipe warms up


@dataclass(frozen=True)
class FirstSteps:
    """Losses of the batches, before each step."""

    learning_rate: float
    undecided: float  # the loss of a network that favours no class
    losses: tuple[float, ...]
    gentle_losses: tuple[float, ...]  # with a thirtieth of the rate; empty where not needed

    @property
    def end(self) -> float:
        return _mean(self.losses)

    @property
    def is_lost(self) -> bool:
        """Is the loss no better than guessing, and lower with a lower rate?"""
        if not self.gentle_losses:
            return False
        return not math.isfinite(self.end) or self.end > WORSE * _mean(self.gentle_losses)


def take_first_steps(
    start: Callable[[], Trial],
    batches: Sequence[tuple[Tensor, Tensor]],
    *,
    learning_rate: float,
    schedule: Schedule,
    undecided: float,
    progress: Callable[[int, int], None] | None = None,
) -> FirstSteps:
    """`start` makes a fresh trial; a step for each of the batches (N, C, H, W), (N, K)."""
    climb = CLIMB if isinstance(schedule, WarmUp) else 0.0
    losses = _run(start(), batches, learning_rate, climb, progress)
    is_doubtful = not _mean(losses) < LEARNED * undecided
    gentle = _run(start(), batches, GENTLE * learning_rate, climb, progress) if is_doubtful else ()
    return FirstSteps(learning_rate, undecided, losses, gentle)


def _run(
    trial: Trial,
    batches: Sequence[tuple[Tensor, Tensor]],
    learning_rate: float,
    climb: float,
    progress: Callable[[int, int], None] | None,
) -> tuple[float, ...]:
    losses: list[float] = []
    for step, (images, targets) in enumerate(batches):
        share = (step + 1) / (climb * len(batches)) if climb else 1.0
        outcome = trial.step(images, targets, min(1.0, share) * learning_rate)
        losses.append(outcome.loss_sum / outcome.photos if outcome.is_finite else math.inf)
        if progress is not None:
            progress(step + 1, len(batches))
        if not outcome.is_finite:
            break
    return tuple(losses)


def _mean(losses: Sequence[float]) -> float:
    """Of the last steps."""
    return sum(losses[-LAST:]) / len(losses[-LAST:])


def told_of_first_steps(found: FirstSteps) -> str:
    """One line."""
    steps = f"in {len(found.losses)} steps with a rate of {found.learning_rate:.3g}"
    return f"loss {found.losses[0]:.3g} to {_shown(found.end)} {steps}"


def _shown(loss: float) -> str:
    return f"{loss:.3g}" if math.isfinite(loss) else "no finite number"


def findings_of_first_steps(found: FirstSteps) -> tuple[Finding, ...]:
    if not found.is_lost:
        return ()
    gentle = _mean(found.gentle_losses)
    better = GENTLE * found.learning_rate
    if not math.isfinite(gentle):
        return (
            Finding(
                NAME,
                "The loss runs away within the first steps, even with a thirtieth of the recipe's "
                f"learning rate of {found.learning_rate:.3g}.",
                "From there the weights do not come back.",
                "Look at the inputs' scale and at the initialisation, then take a learning rate "
                "a thousand times lower.",
            ),
        )
    return (
        Finding(
            NAME,
            f"With the recipe's learning rate of {found.learning_rate:.3g}, the loss goes from "
            f"{found.losses[0]:.3g} to {_shown(found.end)} in {len(found.losses)} steps; with "
            f"{better:.3g}, to {gentle:.3g}. Guessing has {found.undecided:.3g}.",
            "Steps that are too long throw the weights about: the loss rises above that of "
            "guessing and may not come down again.",
            f"Take a lower rate: begin with --learning-rate {better:.2g}.",
        ),
    )
