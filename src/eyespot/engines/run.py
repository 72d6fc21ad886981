"""Photos in, answers out, in order: reading, decoding and the network overlap in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from eyespot.engines.start import Engine, available_cores
from eyespot.errors import ImageError
from eyespot.images.decode import Decoded, read_bytes
from eyespot.images.preprocessing import Preprocessing

AHEAD = 8  # photos in the air for each thread: bounds the memory, whatever the folder's size

Item = TypeVar("Item")
Result = TypeVar("Result")
Extra = TypeVar("Extra")


@dataclass(frozen=True)
class Answer(Generic[Extra]):
    """What one photo gave: the engine's answer, and what was asked of the picture besides."""

    vector: NDArray[np.float32]  # (D,)
    extra: Extra


def run(
    engine: Engine,
    preprocessing: Preprocessing,
    paths: Iterable[Path],
    *,
    also: Callable[[bytes, Decoded], Extra],
) -> Iterator[Answer[Extra] | ImageError]:
    """One result for each path, in order: an answer, or why the photo cannot be read.

    `also(content, decoded)` runs in the decoding thread, for what else the picture should tell.
    """

    def look(path: Path) -> tuple[NDArray[np.float32] | NDArray[np.uint8], Extra] | ImageError:
        try:
            content = read_bytes(path)
            decoded, pixels = preprocessing.read(content)
        except ImageError as error:
            return error
        extra = also(content, decoded)
        return (engine(pixels[None])[0] if engine.batch_size == 1 else pixels), extra

    looks = in_threads(look, paths)
    for batch in iter(lambda: list(islice(looks, engine.batch_size)), []):
        seen = [look for look in batch if not isinstance(look, ImageError)]
        vectors = iter(_answers(engine, [first for first, _ in seen]))
        for item in batch:
            yield item if isinstance(item, ImageError) else Answer(next(vectors), item[1])


def _answers(engine: Engine, seen: list[NDArray]) -> list[NDArray[np.float32]]:  # type: ignore[type-arg]
    """The answers of a batch; an engine of one photo per call has given them already."""
    if engine.batch_size == 1 or not seen:
        return seen
    return list(engine(np.stack(seen)))


def in_threads(task: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """`task` of each item, in order, computed ahead in threads; at most `AHEAD` each are waiting."""
    threads = available_cores() + 2  # two decode while every core's stream is computing
    waiting: deque = deque()  # type: ignore[type-arg]
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
