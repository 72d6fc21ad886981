"""Photos in, answers out, in order: reading, decoding and the network overlap in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from eyespot.engines.start import Engine, available_cores
from eyespot.errors import ImageError
from eyespot.images.decode import Decoded
from eyespot.images.preprocessing import Preprocessing
from eyespot.images.source import file_bytes

AHEAD = 8  # photos in the air for each thread: bounds the memory, whatever the folder's size

Item = TypeVar("Item")
Result = TypeVar("Result")
Extra = TypeVar("Extra")


@dataclass(frozen=True)
class Answer(Generic[Extra]):
    """What one photo gave: the engine's answers, and what was asked of the picture besides."""

    vectors: NDArray[np.float32]  # (views, D): of the photo, and of its mirror image if asked
    extra: Extra


def run(
    engine: Engine,
    preprocessing: Preprocessing,
    sources: Iterable[Path | bytes],
    *,
    mirrored: bool,
    also: Callable[[bytes, Decoded], Extra],
) -> Iterator[Answer[Extra] | ImageError]:
    """One result for each photo, in order: an answer, or why the photo cannot be read.

    With `mirrored`, the engine sees each photo twice, the second time left to right.
    `also(content, decoded)` runs in the decoding thread, for what else the picture should tell.
    """

    def look(source: Path | bytes) -> Answer[Extra] | _Pixels[Extra] | ImageError:
        try:
            content = source if isinstance(source, bytes) else file_bytes(source)
            decoded, pixels = preprocessing.read(content)
        except ImageError as error:
            return error
        views = np.stack([pixels, pixels[:, ::-1]] if mirrored else [pixels])
        extra = also(content, decoded)
        if engine.batch_size > 1:
            return _Pixels(views, extra)
        return Answer(np.concatenate([engine(view[None]) for view in views]), extra)

    looks = in_threads(look, sources)
    if engine.batch_size == 1:
        yield from looks  # type: ignore[misc]  # no pixels are left over
    else:
        yield from _batched(engine, looks, photos=engine.batch_size // (1 + mirrored))


@dataclass(frozen=True)
class _Pixels(Generic[Extra]):
    """A photo that waits for a batch to fill up."""

    views: NDArray[np.uint8]  # (views, H, W, 3)
    extra: Extra


def _batched(
    engine: Engine,
    looks: Iterator[Answer[Extra] | _Pixels[Extra] | ImageError],
    *,
    photos: int,
) -> Iterator[Answer[Extra] | ImageError]:
    """The answers of an engine that takes many photos per call."""
    while batch := list(islice(looks, photos)):
        waiting = [look for look in batch if isinstance(look, _Pixels)]
        answers = iter(())
        if waiting:
            vectors = engine(np.concatenate([look.views for look in waiting]))
            answers = iter(vectors.reshape(len(waiting), -1, vectors.shape[-1]))
        for look in batch:
            yield Answer(next(answers), look.extra) if isinstance(look, _Pixels) else look


def in_threads(task: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`task` of each item, in order, computed ahead in threads; at most `AHEAD` each wait."""
    threads = available_cores() + 2  # two decode while every core's stream is computing
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="eyespot") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(task, item))
                if len(waiting) >= threads * AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
