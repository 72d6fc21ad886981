"""Can the network learn twenty photos by heart? If not, it will not learn two thousand.

Lecture 004, step 4: 20 photos, no regularisation, until all are right. Here with the recipe's own
optimiser at its own learning rate, and all photos in every step unless its batches are smaller.
Where that fails, a tenth, a hundredth and ten times the rate are tried: they tell a rate that is
too high from a network, a loss or inputs with which nothing can be learned.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from eyespot.training.checks.findings import TOO_HIGH, Finding
from eyespot.training.checks.trial import Trial

NAME = "overfit"
PHOTOS = 20
PASSES, LEAST = 60, 15  # over the photos, for each learning rate; fewer where they cost much
OTHERS = (0.1, 0.01, 10.0)  # of the recipe's rate, tried in turn where that fails
ASTRAY = 1.1  # times an undecided network's loss: this high, more passes would not help
FALLEN = 0.95  # a loss under this share of an undecided network's is on its way
Ending = Literal["learned", "on its way", "stuck", "not finite"]


@dataclass(frozen=True)
class Attempt:
    """Some steps on the same photos with one learning rate."""

    learning_rate: float
    losses: tuple[float, ...]  # of each pass, mean over the photos before their steps
    correct: tuple[int, ...]  # photos that were right then
    ending: Ending


@dataclass(frozen=True)
class Overfit:
    """The attempts, the recipe's own rate first."""

    photos: int
    attempts: tuple[Attempt, ...]
    is_cut: bool  # a costly network was given fewer passes: being stuck says little

    @property
    def best(self) -> Attempt | None:
        """The attempt that learned all photos, else the first that was on its way."""
        for ending in ("learned", "on its way"):
            for each in self.attempts:
                if each.ending == ending:
                    return each
        return None


def learn_by_heart(
    start: Callable[[], Trial],
    images: Tensor,
    targets: Tensor,
    *,
    learning_rate: float,
    undecided: float,
    batch_size: int,
    passes: int = PASSES,
    progress: Callable[[int, int], None] | None = None,
) -> Overfit:
    """`start` makes a fresh plain trial; (N, C, H, W), (N, K) are the photos.

    `undecided` is the loss of a network that favours no class. Other rates are tried only where
    the recipe's leads nowhere, and with fewer than 60 passes where it leads astray.
    """
    attempts: list[Attempt] = []
    for factor in (1.0, *OTHERS):
        attempt = Attempt(factor * learning_rate, (), (), "stuck")
        trial = start()
        for done in range(passes):
            attempt = _passed(attempt, trial, images, targets, batch_size)
            if progress is not None:
                progress(done + 1, passes)
            if attempt.ending != "stuck":
                break
        attempts.append(_judged(attempt, undecided))
        own, is_cut = attempts[0], passes < PASSES
        is_open = is_cut and own.ending == "stuck" and own.losses[-1] < ASTRAY * undecided
        if "learned" in (own.ending, attempts[-1].ending) or own.ending == "on its way" or is_open:
            break
    return Overfit(len(images), tuple(attempts), is_cut)


def _passed(
    attempt: Attempt, trial: Trial, images: Tensor, targets: Tensor, batch_size: int
) -> Attempt:
    """The attempt after one more pass over the photos."""
    loss, correct, is_finite = 0.0, 0.0, True
    for part in torch.arange(len(images)).split(batch_size):
        outcome = trial.step(images[part], targets[part], attempt.learning_rate)
        loss += outcome.loss_sum / len(images)
        correct += outcome.correct
        is_finite = is_finite and outcome.is_finite
    ending: Ending = "stuck" if is_finite else "not finite"
    if is_finite and round(correct) == len(images):
        ending = "learned"
    return replace(
        attempt,
        losses=(*attempt.losses, loss),
        correct=(*attempt.correct, round(correct)),
        ending=ending,
    )


def _judged(attempt: Attempt, undecided: float) -> Attempt:
    """A stuck attempt whose loss is well below that of guessing is on its way."""
    is_moving = attempt.losses[-1] < FALLEN * min(undecided, attempt.losses[0])
    is_stuck = attempt.ending == "stuck"
    return replace(attempt, ending="on its way") if is_stuck and is_moving else attempt


def told_of_overfit(found: Overfit) -> str:
    """One line."""
    own, best = found.attempts[0], found.best
    if own.ending == "learned":
        return f"all {found.photos} photos right after {len(own.losses) - 1} passes"
    reached = f"{max(own.correct)} of {found.photos} right in {len(own.losses)} passes"
    more = "" if best in (own, None) else f"; better at {best.learning_rate:.2g}"
    return f"{reached}, {own.ending}{more}"


def _came(attempt: Attempt) -> str:
    if attempt.ending == "learned":
        return f"all are right after {len(attempt.losses) - 1} passes"
    if not math.isfinite(attempt.losses[-1]):
        return f"is no number after {len(attempt.losses)} passes"
    return f"it comes to {attempt.losses[-1]:.3g}"


def findings_of_overfit(found: Overfit) -> tuple[Finding, ...]:
    own, best = found.attempts[0], found.best
    if best is own or (found.is_cut and len(found.attempts) == 1):
        return ()
    if best is None:
        return (_hopeless(found),)
    begin = (
        f"With the recipe's learning rate of {own.learning_rate:.3g}, the loss of {found.photos} "
        f"photos goes from {own.losses[0]:.3g} to {own.losses[-1]:.3g} in {len(own.losses)} passes"
    )
    seen = f"{begin}; with {best.learning_rate:.3g}, {_came(best)}."
    if best.learning_rate < own.learning_rate:
        return (
            Finding(
                NAME,
                f"{seen} The rate is too high.",
                "Steps that are too long throw the weights about: the loss rises or stays where it "
                "began, and rectifiers die.",
                f"Train with --learning-rate {best.learning_rate:.3g} or a little more.",
                cause=TOO_HIGH,
            ),
        )
    return (
        Finding(
            NAME,
            f"{seen} The rate is low.",
            "Training will be slow at first; a warm-up or a higher rate saves epochs.",
            f"Try --learning-rate {best.learning_rate:.3g}.",
            is_grave=False,
        ),
    )


def _hopeless(found: Overfit) -> Finding:
    rates = ", ".join(f"{each.learning_rate:.3g}" for each in found.attempts)
    passes = max(len(each.losses) for each in found.attempts)
    return Finding(
        NAME,
        f"The network cannot learn {found.photos} photos by heart in {passes} passes, whatever the "
        f"learning rate ({rates}).",
        "What it cannot learn by heart it cannot learn at all: a gradient is lost, the loss is not "
        "that of its outputs, or the inputs say nothing.",
        "Put the other findings right first. If there is none: networks without norms may begin on "
        "a plateau that takes hundreds of steps.",
    )
