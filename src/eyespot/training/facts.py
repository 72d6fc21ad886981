"""What is known of a training: its plan, its epochs, how it goes on, what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from eyespot.networks.architecture import Network
from eyespot.training.recipe import Recipe

Precision = Literal["float32", "bfloat16"]
Ending = Literal["finished", "time limit", "early"]


@dataclass(frozen=True)
class Plan:
    """All that decides the numbers of a training. Two trainings of one plan are equal.

    Laid down once, before the first step, and kept in every checkpoint: whoever goes on has to
    have the same plan, and is told what differs where he has not.
    """

    recipe: Recipe
    seed: int
    network: str  # SHA-256 over names, types and shapes of its tensors
    start: str  # SHA-256 over the tensors that it began with
    photos: str  # SHA-256 over the training photos: names, labels, contents, what is done to them
    validation: str | None  # the same of the validation photos
    batch_size: int  # photos per step, over all processes
    steps_per_epoch: int
    steps: int  # of the whole training; of a part of the first epoch where time allows no more
    time_limit: float | None  # seconds; the recipe's epochs are what fitted into them
    precision: Precision
    channels_last: bool


@dataclass(frozen=True)
class Machine:
    """What may change the last bits of a result, though nobody chose it."""

    threads: int
    processes: int
    device: str
    torch: str
    processor: str


@dataclass(frozen=True)
class Epoch:
    """One line of the history. No times in it: equal trainings have equal histories."""

    epoch: int  # the first one is 1
    step: int  # steps of the optimiser so far
    learning_rate: float  # of the last step
    loss: float  # mean over the photos as they went by, with their augmentations
    top1: float  # the same, in [0, 1]; of mixed pictures, the label with the larger share counts
    validation_loss: float | None = None
    validation_top1: float | None = None

    @property
    def error(self) -> float:
        """1 - top-1 on the validation photos; without any, on the training photos."""
        return 1 - (self.top1 if self.validation_top1 is None else self.validation_top1)

    def is_better_than(self, other: Epoch | None) -> bool:
        """By validation top-1, then by its loss; of equals the earlier one is better."""
        if self.validation_top1 is None or self.validation_loss is None:
            return False
        if other is None or other.validation_top1 is None or other.validation_loss is None:
            return True
        mine, theirs = (
            (-self.validation_top1, self.validation_loss),
            (
                -other.validation_top1,
                other.validation_loss,
            ),
        )
        return mine < theirs


@dataclass(frozen=True)
class Progress:
    """Where a training is, after one step."""

    epoch: int  # the first one is 1
    epochs: int
    step: int
    steps: int
    loss: float  # mean over the epoch so far
    top1: float
    learning_rate: float
    images_per_second: float
    waiting: float  # share of the time in which the step waited for pictures, [0, 1]
    seconds_left: float


@dataclass(frozen=True)
class Fitted:
    """A finished training. `network` is in eval mode, with the weights that are to be used."""

    network: Network
    plan: Plan
    history: tuple[Epoch, ...]
    best: Epoch | None  # by validation top-1; its weights are in `network`. None: the last ones are
    stopped: Ending
    resumed_from: int | None  # the step at which this process took over
    seconds: float  # of training, over all processes that took part one after the other
    images_per_second: float  # of this process; 0 where nothing was left to do
    waiting: float  # share of the time in which steps waited for pictures, [0, 1]
    saving: float  # share of the time that checkpoints took, [0, 1]
    machine: Machine  # that it began on
    notes: tuple[str, ...] = ()


class Watcher(Protocol):
    """Whoever shows how a training goes on; the command line does, Python does not."""

    def begin(self, plan: Plan, done: int) -> None:
        """The training begins, or goes on after `done` steps."""
        ...

    def step(self, progress: Progress) -> None:
        """One step was made."""
        ...

    def epoch(self, epoch: Epoch) -> None:
        """An epoch is over, and validated."""
        ...

    def note(self, sentence: str) -> None:
        """Something the user should know."""
        ...

    def end(self, fitted: Fitted) -> None:
        """The training is over."""
        ...


class Unwatched:
    """Nobody looks."""

    def begin(self, plan: Plan, done: int) -> None: ...
    def step(self, progress: Progress) -> None: ...
    def epoch(self, epoch: Epoch) -> None: ...
    def note(self, sentence: str) -> None: ...
    def end(self, fitted: Fitted) -> None: ...
