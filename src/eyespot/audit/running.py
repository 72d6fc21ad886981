"""Running numbers in file names, and whether in this data set they tell the order of shooting.

IMG_0012 and IMG_0013 may be two frames of one scene, or two digits that somebody numbered. Where
photos are closest to their neighbours by number far more often than chance gives, numbers tell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from eyespot.audit.similarity import Indices, Reals, Space
from eyespot.datasets.dataset import Photo

NUMBERS_APART = 3  # IMG_0012 and IMG_0015: a few may have been deleted
SAME_NUMBER = 4  # files of one name and number in different folders; more is a way of numbering
RIVALS = 2048  # other photos that a neighbour by number is compared with
PLACE = 3  # among the rivals: closer than all but two of them
TELLING = 0.2  # share of photos closest to a neighbour by number, above one and a half times chance
ROWS_AT_ONCE = 1024

_NUMBER = re.compile(r"(\d{1,12})(?!.*\d)", re.DOTALL)  # the last one in a name


def telling(space: Space, i: Indices, j: Indices) -> NDArray[np.bool_]:
    """Of pairs that are neighbours by number, those that are close for each other.

    None is where numbers do not tell the order of shooting in this data set.
    """
    if len(i) == 0:
        return np.zeros(0, bool)
    first, bar = _bars(space, i, j)
    cosine = space.overall(i, j)
    best = np.full(len(space.label), -2.0, np.float32)
    np.maximum.at(best, i, cosine)
    np.maximum.at(best, j, cosine)
    numbered = best > -2
    share = float((best >= first)[numbered].mean())
    if share < TELLING + 1.5 * _by_chance(space, i, j, numbered):
        return np.zeros(len(i), bool)
    close: NDArray[np.bool_] = (cosine >= bar[i]) & (cosine >= bar[j])
    return close


def _bars(space: Space, i: Indices, j: Indices) -> tuple[Reals, Reals]:
    """For every photo its cosine with the closest of its rivals, and with the one at `PLACE`."""
    count = len(space.label)
    rivals = np.unique(np.linspace(0, count - 1, RIVALS).round().astype(np.int64))
    column = np.full(count, -1)
    column[rivals] = np.arange(len(rivals))
    first, bar = np.full(count, -2.0, np.float32), np.full(count, -2.0, np.float32)
    for start in range(0, count, ROWS_AT_ONCE):
        stop = min(start + ROWS_AT_ONCE, count)
        block = space.directions[start:stop] @ space.directions[rivals].T
        for here, there in ((i, j), (j, i), (np.arange(count), np.arange(count))):
            is_inside = (here >= start) & (here < stop) & (column[there] >= 0)
            block[here[is_inside] - start, column[there[is_inside]]] = -2  # no rival of itself
        first[start:stop] = block.max(1)
        if block.shape[1] >= PLACE:
            bar[start:stop] = -np.partition(-block, PLACE - 1, axis=1)[:, PLACE - 1]
    return first, bar


def _by_chance(space: Space, i: Indices, j: Indices, numbered: NDArray[np.bool_]) -> float:
    """The share to expect if a photo were closest to any photo of its class alike."""
    count = len(space.label)
    neighbours = np.bincount(i, minlength=count) + np.bincount(j, minlength=count)
    others = np.bincount(space.label)[space.label] * min(1.0, RIVALS / count)
    return float((neighbours / np.maximum(others, neighbours))[numbered].mean())


def neighbours_by_number(photos: Sequence[Photo]) -> Iterator[tuple[int, int]]:
    """Pairs whose names differ in a running number, by a few."""
    runs: dict[tuple[str, str], dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for i, photo in enumerate(photos):
        name = photo.file.rpartition("/")[2]
        if found := _NUMBER.search(name.rpartition(".")[0] or name):
            rest = name[: found.start()].casefold(), name[found.end() :].casefold()
            runs[rest][int(found[1])].append(i)
    for numbers in runs.values():
        for number, here in numbers.items():
            for step in range(1, NUMBERS_APART + 1):
                yield from _across(photos, here, numbers.get(number + step, []))


def _across(
    photos: Sequence[Photo], here: Sequence[int], there: Sequence[int]
) -> Iterator[tuple[int, int]]:
    """Pairs in one folder; across folders only where few files have the number."""
    is_few = len(here) <= SAME_NUMBER and len(there) <= SAME_NUMBER
    folders: dict[str, list[int]] = defaultdict(list)
    for j in there:
        folders[photos[j].file.rpartition("/")[0]].append(j)
    for i in here:
        others = there if is_few else folders.get(photos[i].file.rpartition("/")[0], [])
        yield from ((min(i, j), max(i, j)) for j in others)
