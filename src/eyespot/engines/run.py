"""Photos in, answers out, in order: reading, decoding and the network overlap in threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.dataset import Photo
from eyespot.engines.start import Engine, available_cores
from eyespot.errors import ImageError
from eyespot.images.decode import Decoded
from eyespot.images.preprocessing import Preprocessing
from eyespot.images.source import file_bytes

AHEAD = 8  # photos in the air for each thread: bounds the memory, whatever the folder's size

Item = TypeVar("Item")
Result = TypeVar("Result")
Extra = TypeVar("Extra")


Read = Callable[[bytes], tuple[Decoded, Iterable[NDArray[np.uint8]]]]


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

    def read(content: bytes) -> tuple[Decoded, list[NDArray[np.uint8]]]:
        decoded, pixels = preprocessing.read(content)
        return decoded, [pixels, pixels[:, ::-1]] if mirrored else [pixels]

    return run_views(engine, read, sources, views=1 + mirrored, also=also)


def run_views(
    engine: Engine,
    read: Read,
    sources: Iterable[Path | bytes],
    *,
    views: int,
    also: Callable[[bytes, Decoded], Extra],
) -> Iterator[Answer[Extra] | ImageError]:
    """As `run`, for photos seen in any number of views: `read(content)` decodes and gives them.

    `views` is the most that a photo has. Of an engine that takes one picture per call, each view is
    asked for when the one before it has been answered, and views may differ in size.
    """

    def look(source: Path | bytes) -> Answer[Extra] | _Pixels[Extra] | ImageError:
        try:
            content = source if isinstance(source, bytes) else file_bytes(source)
            decoded, seen = read(content)
        except ImageError as error:
            return error
        extra = also(content, decoded)
        if engine.batch_size > 1:
            return _Pixels(np.stack(list(seen)), extra)
        vectors = [engine(np.ascontiguousarray(view)[None]) for view in seen]
        return Answer(np.concatenate(vectors), extra)

    if engine.batch_size == 1:
        yield from in_threads(look, sources)  # type: ignore[misc]  # no pixels are left over
    else:
        ahead = max(1, min(AHEAD, 2 * AHEAD // views))
        yield from _batched(engine, in_threads(look, sources, ahead=ahead))


@dataclass(frozen=True)
class _Pixels(Generic[Extra]):
    """A photo that waits for a batch to fill up."""

    views: NDArray[np.uint8]  # (views, H, W, C)
    extra: Extra


Look = Answer[Extra] | _Pixels[Extra] | ImageError


def _batched(engine: Engine, looks: Iterator[Look[Extra]]) -> Iterator[Answer[Extra] | ImageError]:
    """The answers of an engine that takes many pictures per call, whole photos at a time."""
    batch: list[Look[Extra]] = []
    for look in looks:
        batch.append(look)
        waiting = sum(len(each.views) for each in batch if isinstance(each, _Pixels))
        if waiting >= engine.batch_size or len(batch) >= engine.batch_size:
            yield from _answered(engine, batch)
            batch = []
    yield from _answered(engine, batch)


def _answered(engine: Engine, batch: Sequence[Look[Extra]]) -> Iterator[Answer[Extra] | ImageError]:
    """What the engine says of the photos of a batch, in as few calls as they need."""
    pixels = [look.views for look in batch if isinstance(look, _Pixels)]
    rows: Iterator[NDArray[np.float32]] = iter(())
    if pixels:
        together = np.concatenate(pixels)
        starts = range(0, len(together), engine.batch_size)
        rows = iter(np.concatenate([engine(together[i : i + engine.batch_size]) for i in starts]))
    for look in batch:
        if isinstance(look, _Pixels):
            yield Answer(np.stack(list(islice(rows, len(look.views)))), look.extra)
        else:
            yield look


def in_threads(
    task: Callable[[Item], Result], items: Iterable[Item], *, ahead: int = AHEAD
) -> Iterator[Result]:
    """`task` of each item, in order, computed ahead in threads; at most `ahead` each wait."""
    threads = available_cores() + 2  # two decode while every core's stream is computing
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="eyespot") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(task, item))
                if len(waiting) >= threads * ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def in_threads_if_files(
    task: Callable[[Item], Result], items: Iterable[Item], *, of: Sequence[Photo]
) -> Iterator[Result]:
    """`task` of each item, in order: what lies in memory already is not worth a thread."""
    is_in_memory = all(photo.content is not None for photo in of)
    return map(task, items) if is_in_memory else in_threads(task, items)
