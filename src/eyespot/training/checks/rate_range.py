"""The loss while the learning rate grows from step to step: where it falls, and where it breaks.

Leslie N. Smith: Cyclical Learning Rates for Training Neural Networks, WACV 2017, Sect. 3.3. Here
the rate grows by a constant factor, over five decades around the recipe's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from torch import Tensor

from eyespot.training.checks.findings import TOO_HIGH, Finding
from eyespot.training.checks.trial import Trial

NAME = "rates"
STEPS, LEAST = 60, 24  # fewer where they cost much
BELOW, OVER = 1e-3, 1e2  # of the recipe's rate: where the test begins and ends
KEPT = 0.8  # share of the past in the smoothed loss
BROKEN = 6.0  # times the smallest loss at which the test ends
STILL = 0.2  # share of the fall that may be lost again before the rate counts as too high
BEYOND = 10.0  # times the highest useful rate from which the recipe's is a fault
SAFE = (10.0, 3.0)  # the suggestion: from a tenth to a third of the highest useful rate
LEAST_FALL = 0.02  # of the first loss; without it nothing can be suggested


@dataclass(frozen=True)
class RateRange:
    """Rates and the loss of the batch that was met with each."""

    recipe_rate: float
    rates: tuple[float, ...]
    losses: tuple[float, ...]  # mean over the batch, before the step
    smoothed: tuple[float, ...]
    broke_at: float | None  # the rate at which the loss was lost

    @property
    def highest(self) -> float | None:
        """The highest rate before the loss rises again for good; None where it never fell."""
        best = min(range(len(self.smoothed)), key=lambda i: self.smoothed[i])
        first, low = self.smoothed[0], self.smoothed[best]
        if first - low < LEAST_FALL * abs(first):
            return None
        limit = low + STILL * (first - low)
        after = (i for i in range(best, len(self.smoothed)) if self.smoothed[i] > limit)
        return self.rates[next(after, len(self.smoothed)) - 1]

    @property
    def suggested(self) -> tuple[float, float] | None:
        """From, to."""
        highest = self.highest
        return None if highest is None else (highest / SAFE[0], highest / SAFE[1])


def climb(
    trial: Trial,
    batches: Iterator[tuple[Tensor, Tensor]],
    *,
    recipe_rate: float,
    steps: int = STEPS,
    progress: Callable[[int, int], None] | None = None,
) -> RateRange:
    """Takes up to `steps` batches (N, C, H, W), (N, K)."""
    rates: list[float] = []
    losses: list[float] = []
    smoothed: list[float] = []
    broke_at = None
    for step in range(steps):
        rate = recipe_rate * BELOW * (OVER / BELOW) ** (step / (steps - 1))
        outcome = trial.step(*next(batches), rate)
        loss = outcome.loss_sum / outcome.photos
        if progress is not None:
            progress(step + 1, steps)
        if not outcome.is_finite or (step > 5 and loss > BROKEN * max(min(smoothed), 0.1)):
            broke_at = rate
            break
        rates.append(rate)
        losses.append(loss)
        smoothed.append(_smoothed(losses))
    if progress is not None:
        progress(steps, steps)
    return RateRange(recipe_rate, tuple(rates), tuple(losses), tuple(smoothed), broke_at)


def _smoothed(losses: list[float]) -> float:
    """The running average at the end, in which the first loss does not count twice."""
    weights = [KEPT ** (len(losses) - 1 - i) for i in range(len(losses))]
    return math.fsum(w * loss for w, loss in zip(weights, losses, strict=True)) / math.fsum(weights)


def told_of_range(found: RateRange) -> str:
    """One line."""
    own = f"the recipe has {found.recipe_rate:.3g}"
    broke = f", lost at {found.broke_at:.2g}" if found.broke_at is not None else ""
    if found.suggested is None:
        return f"no rate made the loss fall{broke}; {own}"
    low, high = found.suggested
    return f"{low:.2g} to {high:.2g}{broke}; {own}"


def findings_of_range(found: RateRange) -> tuple[Finding, ...]:
    own, highest = found.recipe_rate, found.highest
    is_beyond = found.broke_at is not None and found.broke_at < own
    if not is_beyond and (highest is None or own <= BEYOND * highest):
        return ()
    if is_beyond:
        seen = f"The loss is lost at a learning rate of {found.broke_at:.2g}"
    else:
        seen = f"The loss falls up to a learning rate of {highest:.2g} and rises after it"
    suggested = found.suggested
    return (
        Finding(
            NAME,
            f"{seen}; the recipe's is {own:.3g}.",
            "Steps that long throw the weights about: the loss does not come down again.",
            f"Train with --learning-rate {suggested[1]:.2g}."
            if suggested
            else "Train with a rate ten to a hundred times lower, and test the range again.",
            cause=TOO_HIGH,
        ),
    )
