"""When a checkpoint is written, and what happens where it cannot be."""

from __future__ import annotations

from collections.abc import Callable

from eyespot.errors import EyespotError
from eyespot.training import guards
from eyespot.training.checkpoints import Checkpoints, write_history
from eyespot.training.facts import Machine
from eyespot.training.state import State
from eyespot.training.timing import Clock


class Keeper:
    """Keeps one training safe; rests without checkpoints: no place, or not the first process."""

    def __init__(
        self,
        checkpoints: Checkpoints | None,
        machine: Machine,
        clock: Clock,
        note: Callable[[str], None],
    ) -> None:
        self.checkpoints = checkpoints
        self.machine, self._clock, self._note = machine, clock, note
        self._has_warned = False

    @property
    def seconds(self) -> float:
        """Spent on writing."""
        return self.checkpoints.seconds if self.checkpoints else 0.0

    def save(self, state: State) -> str:
        """Write a checkpoint, and say where it is. Raises `EyespotError` where that cannot be done,
        `NotFiniteError` where there is nothing sound to write."""
        if self.checkpoints is None:
            return ""
        with self._clock.saving():
            state.seconds = self._clock.seconds
            tensors = state.tensors()
            guards.require_finite(tensors)
            self.checkpoints.save(state.record(self.machine), tensors)
        return f"Step {state.step:,} is kept in {self.checkpoints.place}."

    def save_if_due(self, state: State) -> None:
        """A disk that is full now may have room later: told once, and tried again."""
        if self.checkpoints is None or not self.checkpoints.is_due():
            return
        try:
            self.save(state)
        except guards.NotFiniteError:
            raise
        except EyespotError as error:
            if not self._has_warned:
                self._note(f"No checkpoint of step {state.step:,}; the training goes on. {error}")
            self._has_warned = True
        else:
            self._has_warned = False

    def write_history(self, state: State) -> None:
        if self.checkpoints is None:
            return
        try:
            write_history(self.checkpoints.place, state.history)
        except EyespotError as error:
            if not self._has_warned:
                self._note(str(error))
            self._has_warned = True
