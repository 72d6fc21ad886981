"""Ctrl-C and SIGTERM as a question that the work asks itself: should I stop here?

A signal only sets a flag. Whoever works in small steps asks between two of them, saves what there
is to save, and leaves by `Interrupted`. A second signal is not ours any more: the system ends the
process at once, and since every file is written whole or not at all, nothing is damaged.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from eyespot.errors import EyespotError

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(EyespotError):  # noqa: N818 - no error, somebody's wish
    """Somebody asked us to stop, and we did, with everything kept."""

    def __init__(self, number: int, where: str = "") -> None:
        name = "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
        kept = f" {where}" if where else ""
        super().__init__(f"Stopped by {name}.{kept} Run the same command again to go on.")
        self.signal = number

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that ended by this signal: 130 or 143."""
        return 128 + self.signal


class Stop:
    """The flag. Safe to ask from any thread."""

    def __init__(self) -> None:
        self.signal = 0  # 0: nobody has asked us to stop

    def check(self) -> None:
        """Raise `Interrupted` if somebody has asked us to stop: between two pieces of work."""
        if self.signal:
            raise Interrupted(self.signal)


@contextmanager
def listening() -> Iterator[Stop]:
    """Within, the first SIGINT or SIGTERM sets the flag, the second one ends the process.

    Python tells signals to the main thread only; in another one the flag is never set.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(number: int, frame: FrameType | None) -> None:
        stop.signal = number
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)

    before = {each: signal.signal(each, ask) for each in SIGNALS}
    try:
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
