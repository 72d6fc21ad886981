"""The stages of a long piece of work: how long each took, and somebody who may want to watch."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Watcher(Protocol):
    """Whoever shows how the work goes on; the command line does, Python does not."""

    def begin(self, stage: str) -> None:
        """A stage begins."""
        ...

    def advance(self, done: int, total: int) -> None:
        """The stage has come so far."""
        ...

    def end(self, figure: str, seconds: float) -> None:
        """The stage is over; `figure` is what it gave, in words."""
        ...

    def note(self, sentence: str) -> None:
        """Something the user should know."""
        ...


class Unwatched:
    """Nobody looks."""

    def begin(self, stage: str) -> None: ...
    def advance(self, done: int, total: int) -> None: ...
    def end(self, figure: str, seconds: float) -> None: ...
    def note(self, sentence: str) -> None: ...


class Stage:
    """The stage that is going on; the work says what came out of it."""

    figure = ""


class Stages:
    """Measures stage after stage and tells the watcher."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """Time the block under `name`; set `.figure` in it."""
        stage = Stage()
        self.watcher.begin(name)
        start = time.perf_counter()
        yield stage
        self.seconds[name] = time.perf_counter() - start
        self.watcher.end(stage.figure, self.seconds[name])
