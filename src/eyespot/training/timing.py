"""Where the time of a training goes: computing, waiting for pictures, validating, saving."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


class Clock:
    """Begins when it is made. What went before, in other processes, is added by the state."""

    def __init__(self, before: float) -> None:
        self._start = time.monotonic() - before
        self._first = time.monotonic()
        self.waited = 0.0  # seconds without a batch to compute on
        self.aside = 0.0  # seconds of validation and saving
        self.photos = 0
        self.steps = 0
        self._validations = 0
        self._validating = 0.0

    @property
    def seconds(self) -> float:
        """Of the whole training so far."""
        return time.monotonic() - self._start

    @property
    def own(self) -> float:
        """Seconds of this process."""
        return time.monotonic() - self._first

    def arrivals(self, batches: Iterable[Item]) -> Iterator[Item]:
        """The batches, with the time measured until each is there."""
        iterator = iter(batches)
        while True:
            begin = time.monotonic()
            try:
                batch = next(iterator)
            except StopIteration:
                return
            self.waited += time.monotonic() - begin
            yield batch

    @contextmanager
    def validation(self) -> Iterator[None]:
        begin = time.monotonic()
        yield
        self._validations += 1
        self._validating += time.monotonic() - begin
        self.aside += time.monotonic() - begin

    @contextmanager
    def saving(self) -> Iterator[None]:
        begin = time.monotonic()
        yield
        self.aside += time.monotonic() - begin

    def count(self, photos: int) -> None:
        self.photos += photos
        self.steps += 1

    @property
    def learning(self) -> float:
        """Seconds of steps and of waiting for their pictures."""
        return max(1e-9, self.own - self.aside)

    @property
    def images_per_second(self) -> float:
        return self.photos / self.learning

    @property
    def waiting(self) -> float:
        return min(1.0, self.waited / self.learning)

    def left(self, *, steps: int, epochs: int) -> float:
        """Seconds that so many steps and validations will take, as things have gone."""
        validation = self._validating / self._validations if self._validations else 0.0
        return steps * self.learning / max(1, self.steps) + epochs * validation
