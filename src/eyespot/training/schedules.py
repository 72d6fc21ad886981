"""How the learning rate changes while a network learns: a factor for every moment of the training.

Moments are shares of the whole training, from 0 to 1, never epochs or steps: a training that is
made shorter keeps the proportions of its paper. `errors` is the validation error of each finished
epoch, the first one first; only `Plateau` looks at it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from eyespot.errors import InputError

PATIENCE = 3  # epochs, where a training is made shorter
ROUNDING = 1e-9  # shares such as 0.58 and 0.02, whose quotient in binary lies just below 29


@dataclass(frozen=True)
class Constant:
    """The learning rate stays."""

    KIND: ClassVar[str] = "constant"

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        return 1.0


@dataclass(frozen=True)
class Step:
    """Times `by` at each of some moments: divided by 10 after epochs 30 and 60 of 90."""

    KIND: ClassVar[str] = "step"
    at: tuple[float, ...]  # shares of the training, rising
    by: float = 0.1

    def __post_init__(self) -> None:
        _require_moments(self.at)
        _require_positive("what a step multiplies with", self.by)

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        return self.by ** sum(progress >= moment for moment in self.at)


@dataclass(frozen=True)
class Levels:
    """A table: from each moment on, its own factor (LeNet-5). Before the first it is 1."""

    KIND: ClassVar[str] = "levels"
    at: tuple[float, ...]  # shares of the training, rising
    factors: tuple[float, ...]  # as many

    def __post_init__(self) -> None:
        _require_moments(self.at)
        for factor in self.factors:
            _require_positive("a level", factor)
        if len(self.factors) != len(self.at):
            raise InputError(
                f"levels need one factor for each moment, not {len(self.factors)} for "
                f"{len(self.at)}: give both lists the same length"
            )

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        return (1.0, *self.factors)[sum(progress >= moment for moment in self.at)]


@dataclass(frozen=True)
class Exponential:
    """Times `by` after each share `every` of the training, in stairs: 0.94 every 2 epochs."""

    KIND: ClassVar[str] = "exponential"
    by: float
    every: float  # share of the training

    def __post_init__(self) -> None:
        _require_positive("what an exponential schedule multiplies with", self.by)
        _require_share("the stairs of an exponential schedule", self.every)

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        return self.by ** math.floor(progress / self.every + ROUNDING)


@dataclass(frozen=True)
class Polynomial:
    """(1 - t)^power: 1 is a straight line to zero, 0.5 is BVLC's sqrt(1 - t/T)."""

    KIND: ClassVar[str] = "polynomial"
    power: float = 1.0

    def __post_init__(self) -> None:
        _require_positive("the power of a polynomial schedule", self.power)

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        return math.pow(max(0.0, 1 - progress), self.power)


@dataclass(frozen=True)
class Inverse:
    """1 / (1 + rate * t): at the end of the training it has come down to 1 / (1 + rate)."""

    KIND: ClassVar[str] = "inverse"
    rate: float

    def __post_init__(self) -> None:
        _require_positive("the rate of an inverse schedule", self.rate)

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        return 1 / (1 + self.rate * progress)


@dataclass(frozen=True)
class ExponentialDecay:
    """exp(-rate * t), without stairs: at the end of the training it has come down to exp(-rate)."""

    KIND: ClassVar[str] = "exponential-decay"
    rate: float

    def __post_init__(self) -> None:
        _require_positive("the rate of an exponential decay", self.rate)

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        return math.exp(-self.rate * progress)


@dataclass(frozen=True)
class Cosine:
    """Half a wave from 1 down to `final` (Loshchilov, Hutter: SGDR, arXiv:1608.03983, Eq. 5)."""

    KIND: ClassVar[str] = "cosine"
    final: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.final < 1:
            raise InputError(f"a cosine ends from 0 up to, not at, 1; not at {self.final:g}")

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * progress)) / 2


@dataclass(frozen=True)
class Plateau:
    """Times `by` once the error has not fallen below its best for `patience` epochs.

    After each reduction the count begins again, and after `reductions` of them the rate stays. What
    the papers did by hand: "divided by 10 when the validation error stopped improving".
    """

    KIND: ClassVar[str] = "plateau"
    patience: int  # epochs; `scaled` changes it with the length of the training
    by: float = 0.1
    reductions: int = 3

    def __post_init__(self) -> None:
        _require_positive("what a plateau multiplies with", self.by)
        if self.patience < 1 or self.reductions < 1:
            raise InputError(
                "a plateau waits for 1 epoch or more and has 1 reduction or more, not "
                f"{self.patience} and {self.reductions}"
            )

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        best, waited, reductions = math.inf, 0, 0
        for error in errors:
            waited = 0 if error < best else waited + 1
            best = min(best, error)
            if waited >= self.patience:
                waited, reductions = 0, reductions + 1
        return self.by ** min(reductions, self.reductions)


@dataclass(frozen=True)
class WarmUp:
    """A gentle beginning in front of another schedule, from `start` times its learning rate.

    "linear" climbs in a straight line from `start` to 1, "constant" stays at `start`. What follows
    runs on, as in ResNet's and EfficientNet's code: at the end of the warm-up it is where it would
    be without. With `restarts` it begins at its own 0 then and has less time, as in ViT's code and
    torchvision's.
    """

    KIND: ClassVar[str] = "warm-up"
    length: float  # share of the training
    then: Schedule
    start: float = 0.0
    shape: Literal["linear", "constant"] = "linear"
    restarts: bool = False

    def __post_init__(self) -> None:
        _require_share("a warm-up", self.length)
        if not 0 <= self.start <= 1:
            raise InputError(f"a warm-up starts from 0 to 1, not at {self.start:g}: 0.1 is usual")

    def factor(self, progress: float, errors: Sequence[float] = ()) -> float:
        if progress < self.length:
            climbed = progress / self.length if self.shape == "linear" else 0.0
            return self.start + (1 - self.start) * climbed
        if self.restarts:
            progress = (progress - self.length) / (1 - self.length)
        return self.then.factor(progress, errors)


Schedule = (
    Constant
    | Step
    | Levels
    | Exponential
    | Polynomial
    | Inverse
    | ExponentialDecay
    | Cosine
    | Plateau
    | WarmUp
)


def in_words(schedule: Schedule, epochs: int) -> str:
    """What becomes of the learning rate: "times 0.1 after epochs 30 and 60"."""

    def place(share: float) -> str:
        return f"{round(share * epochs, 1):g}"

    match schedule:
        case Step(at, by):
            return f"times {by:g} after {_epochs([place(moment) for moment in at])}"
        case Levels(at, factors):
            moments = _epochs([place(moment) for moment in at])
            return f"times {', '.join(f'{factor:g}' for factor in factors)} after {moments}"
        case Exponential(by, every):
            length = place(every)
            return f"times {by:g} " + ("each epoch" if length == "1" else f"every {length} epochs")
        case Polynomial(power):
            return "in a straight line to 0" if power == 1 else f"times (1 - t)^{power:g}"
        case Inverse(rate):
            return f"times 1 / (1 + {rate:g} t)"
        case ExponentialDecay(rate):
            return f"times exp(-{rate:g} t)"
        case Cosine(final):
            return f"half a cosine to {final:g}"
        case Plateau(patience, by, reductions):
            times = {1: "once", 2: "twice"}.get(reductions, f"{reductions} times")
            return f"times {by:g} after {patience} epochs without gain, {times}"
        case WarmUp(length, then, start, shape):
            begin = f"{start:g} of it for" if shape == "constant" else "up from 0 over"
            if shape == "linear" and start:
                begin = f"up from {start:g} of it over"
            return f"{begin} {_count(place(length))}, then {in_words(then, epochs)}"
        case _:
            return "stays"


def _count(epochs: str) -> str:
    return f"{epochs} epoch{'' if epochs == '1' else 's'}"


def _epochs(places: Sequence[str]) -> str:
    *first, last = places
    return f"epochs {', '.join(first)} and {last}" if first else f"epoch {last}"


def stretched(schedule: Schedule, share: float) -> Schedule:
    """The schedule of a training `share` times as long: only what counts in epochs changes.

    No patience is made shorter than 3 epochs: from one to the next, errors also rise by chance.
    """
    if isinstance(schedule, Plateau):
        least = min(schedule.patience, PATIENCE)
        return replace(schedule, patience=max(least, round(share * schedule.patience)))
    if isinstance(schedule, WarmUp):
        return replace(schedule, then=stretched(schedule.then, share))
    return schedule


def _require_moments(at: Sequence[float]) -> None:
    if not at or list(at) != sorted(set(at)) or not 0 < at[0] <= at[-1] < 1:
        raise InputError(
            "the moments of a schedule are shares of the training between 0 and 1, rising, such "
            f"as 0.5 and 0.75; not {', '.join(f'{moment:g}' for moment in at) or 'none'}"
        )


def _require_share(what: str, value: float) -> None:
    if not 0 < value < 1:
        raise InputError(f"{what} takes a share of the training between 0 and 1, not {value:g}")


def _require_positive(what: str, value: float) -> None:
    if value <= 0:
        raise InputError(f"{what} is positive, not {value:g}")
