"""Can the network learn twenty photos by heart? If not, it will not learn two thousand.

Lecture 004, step 4: 20 photos, no regularisation, until all are right. Here with the recipe's own
optimiser at its own learning rate, and all photos in every step unless its batches are smaller.

Where that fails, what happened tells what to try. If loss or weights went astray, a tenth and a
hundredth of the rate: does one learn, the rate is too high. If nothing moved, Adam, which makes
long steps of short gradients: does it learn, the recipe only begins on a plateau; if not, nothing
can be learned with this network, this loss or these inputs.
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
from eyespot.training.optimisers import Adam, Optimiser

NAME = "overfit"
PHOTOS = 20
PASSES, LEAST = 60, 15  # over the photos, for each attempt; fewer where they cost much
LOWER = (0.1, 0.01)  # of the recipe's rate
ADAMS = (Adam(learning_rate=1e-4), Adam(learning_rate=1e-3))
ASTRAY = 1.1  # times an undecided network's loss
GROWN = 1.5  # times the weights' first length: sound steps leave them as long as they were
FALLEN = 0.95  # a loss under this share of an undecided network's is on its way
Ending = Literal["learned", "on its way", "stuck", "astray"]


@dataclass(frozen=True)
class Attempt:
    """Some steps on the same photos with one learning rate."""

    learning_rate: float
    optimiser: str  # "sgd", as its value is called
    losses: tuple[float, ...] = ()  # of each pass, mean over the photos before their steps
    correct: tuple[int, ...] = ()  # photos that were right then
    ending: Ending = "stuck"


@dataclass(frozen=True)
class Overfit:
    """The attempts, the recipe's own rate first."""

    photos: int
    attempts: tuple[Attempt, ...]
    is_cut: bool  # a costly network was given fewer passes: not having moved says little

    @property
    def best(self) -> Attempt | None:
        """The attempt that learned all photos, else the first that was on its way."""
        for ending in ("learned", "on its way"):
            for each in self.attempts:
                if each.ending == ending:
                    return each
        return None


def learn_by_heart(
    start: Callable[[Optimiser], Trial],
    images: Tensor,
    targets: Tensor,
    *,
    optimiser: Optimiser,
    undecided: float,
    batch_size: int,
    passes: int = PASSES,
    progress: Callable[[int, int], None] | None = None,
) -> Overfit:
    """`start` makes a fresh plain trial; (N, C, H, W), (N, K) are the photos.

    `undecided` is the loss of a network that favours no class.
    """

    def attempt(rule: Optimiser) -> Attempt:
        trial, made = start(rule), Attempt(rule.learning_rate, rule.KIND)
        length = trial.length()
        for done in range(passes):
            made = _passed(made, trial, images, targets, batch_size)
            if progress is not None:
                progress(done + 1, passes)
            if made.ending != "stuck":
                return made
        return _judged(made, undecided, trial.length() / length)

    attempts, is_cut = [attempt(optimiser)], passes < PASSES
    if attempts[0].ending == "astray":
        for factor in LOWER:
            slower = replace(optimiser, learning_rate=factor * optimiser.learning_rate)
            attempts.append(attempt(slower))
            if attempts[-1].ending == "learned":
                break
    elif attempts[0].ending == "stuck" and not is_cut:
        for rule in ADAMS:
            attempts.append(attempt(rule))
            if attempts[-1].ending in ("learned", "on its way"):
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
    ending: Ending = "stuck" if is_finite else "astray"
    if is_finite and round(correct) == len(images):
        ending = "learned"
    return replace(
        attempt,
        losses=(*attempt.losses, loss),
        correct=(*attempt.correct, round(correct)),
        ending=ending,
    )


def _judged(made: Attempt, undecided: float, growth: float) -> Attempt:
    """All passes were made: is the loss on its way, out of hand, or where it was?"""
    first, end = made.losses[0], made.losses[-1]
    if end < FALLEN * min(undecided, first):
        return replace(made, ending="on its way")
    is_astray = end > ASTRAY * max(undecided, first) or not growth < GROWN
    return replace(made, ending="astray") if is_astray else made


def told_of_overfit(found: Overfit) -> str:
    """One line."""
    own, best = found.attempts[0], found.best
    if own.ending == "learned":
        return f"all {found.photos} photos right after {len(own.losses) - 1} passes"
    reached = f"{max(own.correct)} of {found.photos} right in {len(own.losses)} passes"
    more = "" if best in (own, None) else f"; better with {_rule(best)}"
    return f"{reached}, {own.ending}{more}"


def _rule(attempt: Attempt) -> str:
    name = "Adam at " if attempt.optimiser == Adam.KIND else ""
    return f"{name}{attempt.learning_rate:.2g}"


def _came(attempt: Attempt) -> str:
    if attempt.ending == "learned":
        return f"all are right after {len(attempt.losses) - 1} passes"
    return f"it comes to {attempt.losses[-1]:.3g}"


def findings_of_overfit(found: Overfit) -> tuple[Finding, ...]:
    own, best = found.attempts[0], found.best
    if best is own or (found.is_cut and own.ending == "stuck"):
        return ()
    if best is None:
        return (_hopeless(found),)
    end = f"{own.losses[-1]:.3g}" if math.isfinite(own.losses[-1]) else "no number"
    seen = (
        f"With the recipe's learning rate of {own.learning_rate:.3g}, the loss of {found.photos} "
        f"photos goes from {own.losses[0]:.3g} to {end} in {len(own.losses)} passes; with "
        f"{_rule(best)}, {_came(best)}."
    )
    if own.ending == "astray":
        return (
            Finding(
                NAME,
                f"{seen} The rate is too high.",
                "Steps that are too long throw the weights about: the loss rises or stays where it "
                "began, and rectifiers die.",
                f"Train with --learning-rate {best.learning_rate:.2g} or a little more.",
                cause=TOO_HIGH,
            ),
        )
    return (
        Finding(
            NAME,
            f"{seen} The recipe's steps are short for this network.",
            "It begins on a plateau, and may need hundreds of steps to leave it.",
            "Have patience, or try ten times the learning rate.",
            is_grave=False,
        ),
    )


def _hopeless(found: Overfit) -> Finding:
    tried = ", ".join(_rule(each) for each in found.attempts)
    passes = max(len(each.losses) for each in found.attempts)
    return Finding(
        NAME,
        f"The network cannot learn {found.photos} photos by heart in {passes} passes, whatever the "
        f"steps ({tried}).",
        "What it cannot learn by heart it cannot learn at all: a gradient is lost, outputs are "
        "dead, the loss is not that of the outputs, or the inputs say nothing.",
        "Put the other findings right first; if there is none, try other first weights (--seed 1) "
        "and a lower learning rate, and look at the last layer.",
    )
