"""Photos of one occasion: by camera and time, by running numbers in file names, or by their look.

A time or a running number alone proves little (clocks that were never set, files numbered class by
class), so the pictures have to agree: a little for a time, more for a number.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from eyespot.audit.pictures import SAME
from eyespot.audit.running import neighbours_by_number, telling
from eyespot.audit.similarity import Indices, Space
from eyespot.datasets.dataset import Photo
from eyespot.embeddings.embedded import Facts
from eyespot.images.fingerprint import NEAR, hamming

SECONDS = 5  # between two photos of one burst
FOLLOWING = 10  # photos that each one is compared with
MOST_PER_SECOND = 60  # photos of one camera; more of one second means a clock that was never set
LOOK_TIMED = 0.30  # cosine within the class that photos of one moment reach
LOOK_NUMBERED = 0.60  # the same for neighbours by number
LOOK_TELLING = 0.30  # and where numbers tell the order of shooting
LOOK_ALIKE = 0.90  # cosine about the data set's mean that is enough for a time
FRAMES = 6  # pictures that look like one scene are a burst from here on, else near-duplicates

_TIME_IN_NAME = re.compile(r"(?<!\d)(20\d{6})[-_T ]?([0-2]\d[0-5]\d[0-5]\d)(?!\d{4})")


@dataclass(frozen=True, eq=False)
class Shots:
    """Pairs of photos that were taken one after the other, by evidence other than their look."""

    i: Indices
    j: Indices


def shots(space: Space, photos: Sequence[Photo], facts: Sequence[Facts]) -> Shots:
    """The pairs that camera and time, or running numbers, say belong together, and look it."""
    i, j = _as_pairs(_timed(photos, facts))
    timed = (space.within(i, j) >= LOOK_TIMED) | (space.overall(i, j) >= LOOK_ALIKE)
    k, m = _as_pairs(neighbours_by_number(photos))
    look = space.within(k, m)
    numbered = look >= np.maximum(LOOK_NUMBERED, space.levels(k, m))
    numbered |= space.overall(k, m) >= SAME
    numbered |= (look >= LOOK_TELLING) & telling(space, k, m)
    return Shots(np.concatenate([i[timed], k[numbered]]), np.concatenate([j[timed], m[numbered]]))


def _timed(photos: Sequence[Photo], facts: Sequence[Facts]) -> Iterator[tuple[int, int]]:
    """Pairs of one camera within `SECONDS` of each other."""
    cameras: dict[str | None, list[tuple[datetime, int]]] = defaultdict(list)
    for i, (photo, known) in enumerate(zip(photos, facts, strict=True)):
        if moment := _moment(known.taken, photo.file):
            cameras[known.camera].append((moment, i))
    for taken in cameras.values():
        taken.sort()
        crowd = Counter(moment for moment, _ in taken)
        told = [(moment, i) for moment, i in taken if crowd[moment] <= MOST_PER_SECOND]
        for place, (moment, i) in enumerate(told):
            for later, j in told[place + 1 : place + 1 + FOLLOWING]:
                if (later - moment).total_seconds() > SECONDS:
                    break
                if later > moment or not _is_copy(facts[i], facts[j]):
                    yield min(i, j), max(i, j)


def _is_copy(first: Facts, second: Facts) -> bool:
    """Of two photos of one moment: the same one, saved twice?"""
    return hamming(first.perceptual_hash, second.perceptual_hash) <= NEAR


def _moment(taken: str | None, file: str) -> datetime | None:
    """When a photo was taken, from its EXIF or, as phones write it, from its name."""
    if taken is None and (written := _TIME_IN_NAME.search(file.rpartition("/")[2])):
        return _read(written[1] + written[2], "%Y%m%d%H%M%S")
    return _read(taken[:19], "%Y:%m:%d %H:%M:%S") if taken else None


def _read(text: str, form: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None


def _as_pairs(pairs: Iterator[tuple[int, int]]) -> tuple[Indices, Indices]:
    known = np.array(sorted(set(pairs)), np.int64).reshape(-1, 2)
    return known[:, 0], known[:, 1]
