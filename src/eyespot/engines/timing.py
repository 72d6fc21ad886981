"""How long a network takes for one photo on this machine: torch itself, and OpenVINO as we use it.

Networks are timed in turns, A B A B, so that what slows the machine for a while slows all alike.
Weights are the fresh ones: a multiplication takes as long whatever its factors.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from eyespot.engines.start import available_cores
from eyespot.errors import EyespotError
from eyespot.networks import build, find
from eyespot.networks.architecture import Network

WARM_UP = 3  # runs that are not counted
ENGINES = ("torch", "openvino")
Advance = Callable[[int, int], None]  # (steps done, steps in all): networks made, and turns


@dataclass(frozen=True)
class Time:
    """Milliseconds that one photo takes a network on one engine."""

    network: str
    image_size: int
    engine: str  # "torch float32", "OpenVINO bfloat16"
    threads: int
    photos: int  # at once: the time is divided by them
    median_ms: float
    low_ms: float  # a quarter of the runs was faster
    high_ms: float  # and a quarter slower


@dataclass(frozen=True)
class _Task:
    network: str
    image_size: int
    engine: str
    threads: int
    photos: int
    run: Callable[[], object]


class _Photo(nn.Module):
    """(1, H, W, C) uint8 pixels -> the network's answer, as our engines are fed."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> Tensor:
        images = (pixels.permute(0, 3, 1, 2).to(torch.float32) - 127.5) / 64
        answer: Tensor = self.network(images)
        return answer


def measure(
    names: Sequence[str],
    engines: Sequence[str],
    *,
    runs: int,
    advance: Advance,
    tell: Callable[[str], None],
) -> list[Time]:
    """The times of networks by name, each on every engine, with one thread and with all cores.

    Torch gives all threads to one photo; OpenVINO takes a photo in each, as eyespot does. A network
    that OpenVINO cannot convert is left out there, which `tell` is told.
    """
    threads = torch.get_num_threads()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(available_cores()) as pool:
        tasks: list[_Task] = []
        steps = len(names) + WARM_UP + runs
        for i, name in enumerate(names):
            tasks += _tasks(name, engines, Path(folder, str(i)), pool, tell)
            advance(i + 1, steps)
        try:
            seconds = interleaved(
                [task.run for task in tasks],
                runs=runs,
                advance=lambda turn: advance(len(names) + turn, steps),
            )
        finally:
            torch.set_num_threads(threads)
    return [_summed(task, taken) for task, taken in zip(tasks, seconds, strict=True)]


def interleaved(
    tasks: Sequence[Callable[[], object]],
    *,
    runs: int,
    advance: Callable[[int], None],
    clock: Callable[[], float] = time.perf_counter,
) -> list[list[float]]:
    """Seconds of every run of every task: all in turn, `runs` times after a warm-up."""
    seconds: list[list[float]] = [[] for _ in tasks]
    for turn in range(WARM_UP + runs):
        for task, taken in zip(tasks, seconds, strict=True):
            start = clock()
            task()
            taken.append(clock() - start)
        advance(turn + 1)
    return [taken[WARM_UP:] for taken in seconds]


def _tasks(
    name: str,
    engines: Sequence[str],
    folder: Path,
    pool: ThreadPoolExecutor,
    tell: Callable[[str], None],
) -> Iterator[_Task]:
    """What is to be timed of one network."""
    size = find(name).image_size
    photo = _Photo(build(name)).eval()
    channels = photo.network.in_channels
    pixels = np.random.default_rng(0).integers(0, 256, (1, size, size, channels), np.uint8)
    cores = available_cores()
    if "torch" in engines:
        for threads in sorted({1, cores}):
            yield _Task(name, size, "torch float32", threads, 1, _eager(photo, pixels, threads))
    if "openvino" in engines:
        from eyespot.engines import openvino

        folder.mkdir()
        model = folder / "model.xml"
        try:
            with torch.inference_mode():
                openvino.save(openvino.from_torch(photo, torch.from_numpy(pixels)), model)
        except EyespotError:
            tell(f"{name} is not timed with OpenVINO, which cannot convert it.")
            return
        for precision in ("float32", "bfloat16") if openvino.has_bfloat16() else ("float32",):
            engine = openvino.OpenVinoEngine(model, precision, streams=cores)
            for photos in sorted({1, cores}):
                run = _at_once(engine, pixels, photos, pool)
                yield _Task(name, size, f"OpenVINO {precision}", photos, photos, run)


def _eager(photo: nn.Module, pixels: np.ndarray, threads: int) -> Callable[[], object]:
    images = torch.from_numpy(pixels)

    def run() -> object:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            return photo(images)

    return run


def _at_once(
    engine: Callable[[np.ndarray], object],
    pixels: np.ndarray,
    photos: int,
    pool: ThreadPoolExecutor,
) -> Callable[[], object]:
    if photos == 1:
        return lambda: engine(pixels)
    return lambda: list(pool.map(engine, [pixels] * photos))


def _summed(task: _Task, seconds: Sequence[float]) -> Time:
    each = [1000 * taken / task.photos for taken in seconds]
    low, median, high = statistics.quantiles(each, n=4, method="inclusive")
    return Time(
        task.network, task.image_size, task.engine, task.threads, task.photos, median, low, high
    )
