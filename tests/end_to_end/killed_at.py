"""`python killed_at.py N WORDS`: eyespot WORDS, killed as by kill -9 before its N-th step on disk.

Steps are what can leave something half done: making a folder or a temporary, flushing, renaming.
Without being killed it prints the number of steps on the last line of stderr.
"""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import Any

STEPS = (
    (os, "mkdir"), (os, "fsync"), (os, "replace"), (os, "rename"),
    (tempfile, "mkdtemp"), (tempfile, "mkstemp"), (shutil, "rmtree"),
)  # fmt: skip
taken = 0


def counted(step: Callable[..., Any], last: int) -> Callable[..., Any]:
    """`step`, and the end of this process where it is the `last`-th."""

    def take(*arguments: Any, **options: Any) -> Any:
        global taken
        taken += 1
        if taken == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*arguments, **options)

    return take


def main() -> None:
    from eyespot.cli import train  # noqa: F401 - its imports come before the first step
    from eyespot.cli.main import main as eyespot

    last = int(sys.argv.pop(1))
    for module, name in STEPS:
        setattr(module, name, counted(getattr(module, name), last))
    try:
        eyespot()
    finally:
        sys.stderr.write(f"{taken}\n")


if __name__ == "__main__":
    main()
