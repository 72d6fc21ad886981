"""Whole processes side by side: A B A B, and the median of the pairwise ratios."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

EYESPOT = Path(sysconfig.get_path("scripts"), "eyespot")


@dataclass(frozen=True)
class Run:
    """One process from its start to its end."""

    seconds: float  # wall time
    cpu_seconds: float  # of the process and its children
    peak_mb: float  # largest resident memory, in 10^6 bytes
    output: str  # what it wrote to stdout


@dataclass(frozen=True)
class Pairs:
    """Runs of ours and of the peer's, one after the other in turn."""

    ours: tuple[Run, ...]
    peers: tuple[Run, ...]

    @property
    def ratios(self) -> list[float]:
        """The peer's time over ours, pair by pair: above 1, ours is faster."""
        both = zip(self.ours, self.peers, strict=True)
        return [peer.seconds / our.seconds for our, peer in both]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def alternate(ours: Callable[[], Run], peers: Callable[[], Run], *, repeats: int) -> Pairs:
    """Measure both in turn, after one turn that is not counted: files are in memory then."""
    both = [(ours(), peers()) for _ in range(repeats + 1)][1:]
    return Pairs(tuple(our for our, _ in both), tuple(peer for _, peer in both))


def run(
    command: Sequence[str | Path], *, cache: Path | None = None, paths: Sequence[Path] = ()
) -> Run:
    """Run `command` to its end, with `cache` as eyespot's cache folder and `paths` to import from.

    Ends the benchmark with what the process said where it failed.
    """
    environment = dict(os.environ)
    environment |= {"XDG_CACHE_HOME": str(cache)} if cache else {}
    environment |= {"PYTHONPATH": os.pathsep.join(map(str, paths))} if paths else {}
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], stdout=output, stderr=errors, env=environment
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    if process.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}\nended with {process.returncode}: {texts[1]}")
    peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6
    return Run(seconds, usage.ru_utime + usage.ru_stime, peak, texts[0])


def median(runs: Sequence[Run]) -> float:
    """The median wall time in seconds."""
    return statistics.median(run.seconds for run in runs)
