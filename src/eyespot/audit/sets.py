"""Which photos are duplicates, near-duplicates and bursts, and what must not be divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from eyespot.audit.bursts import FRAMES, Shots, shots
from eyespot.audit.partition import Partition, join_alike
from eyespot.audit.pictures import BETWEEN, Links, equal_bytes, near_copies
from eyespot.audit.similarity import HALF, Indices, Space, space_of
from eyespot.datasets.dataset import Photo
from eyespot.embeddings.embedded import Embedded

Sets = list[list[int]]  # rows of photos, ascending


@dataclass(frozen=True)
class Belonging:
    """Sets of rows by why they belong together, and the number of the union for every row."""

    duplicates: Sets
    near_duplicates: Sets  # with their duplicates
    bursts: Sets
    given: Sets  # the user's own groups
    groups: list[int]


def belonging(embedded: Embedded) -> Belonging:
    """Look at every photo once: equal bytes count as one picture."""
    digests = [facts.sha256 for facts in embedded.facts]
    duplicates = equal_bytes(digests)
    copies = {i for members in duplicates for i in members[1:]}
    rows = [i for i in range(len(embedded)) if i not in copies]  # one of each picture
    near, bursts = _among(embedded, rows)
    everything = _widened(near, duplicates), _widened(bursts, duplicates)
    given = _given(embedded.photos)
    union = Partition(len(embedded))
    for sets in (duplicates, *everything, given):
        union.join_all(sets)
    return Belonging(duplicates, *everything, given, union.numbers())


def _among(embedded: Embedded, rows: list[int]) -> tuple[Sets, Sets]:
    """Near-duplicates and bursts among different pictures."""
    if len(rows) < 2:
        return [], []
    photos = [embedded.photos[i] for i in rows]
    facts = [embedded.facts[i] for i in rows]
    both_sides = (embedded.vectors[rows] + embedded.mirrored[rows]) * HALF  # flips are near, too
    space = space_of(both_sides, [photo.label for photo in photos])
    links = near_copies(space, [known.perceptual_hash for known in facts])
    bursts = _bursts(space, links, shots(space, photos, facts))
    near = _near(space, links, bursts)
    return _sets(near, rows), _sets(bursts, rows)


def _sets(partition: Partition, rows: list[int]) -> Sets:
    return [[rows[k] for k in members] for members in partition.sets()]


def _bursts(space: Space, links: Links, found: Shots) -> Partition:
    """Photos taken one after the other, and scenes that `FRAMES` or more pictures show."""
    bursts, scenes = Partition(len(space.label)), Partition(len(space.label))
    join_alike(scenes, _pairs(links.i, links.j), space.directions, floor=BETWEEN)
    bursts.join_all(scenes.sets(at_least=FRAMES))
    bursts.join_pairs(found.i, found.j)
    is_inside = np.zeros(len(space.label), bool)
    is_inside[[i for members in bursts.sets() for i in members]] = True
    between = links.is_hashed & is_inside[links.i] & is_inside[links.j]
    bursts.join_pairs(links.i[between], links.j[between])
    return bursts


def _near(space: Space, links: Links, bursts: Partition) -> Partition:
    """One picture, changed. What the look alone proposes is no copy within a burst."""
    near = Partition(len(space.label))
    near.join_pairs(links.i[links.is_hashed], links.j[links.is_hashed])
    seen = [
        (i, j)
        for i, j in _pairs(links.i[~links.is_hashed], links.j[~links.is_hashed])
        if bursts.find(i) != bursts.find(j)
    ]
    join_alike(near, seen, space.directions, floor=BETWEEN)
    return near


def _pairs(i: Indices, j: Indices) -> list[tuple[int, int]]:
    return list(zip(i.tolist(), j.tolist(), strict=True))


def _widened(sets: Sets, duplicates: Sets) -> Sets:
    """The sets with the duplicates of their members."""
    same = {members[0]: members for members in duplicates}
    return sorted(sorted(i for k in members for i in same.get(k, [k])) for members in sets)


def _given(photos: Sequence[Photo]) -> Sets:
    named: dict[str, list[int]] = {}
    for i, photo in enumerate(photos):
        if photo.group is not None:
            named.setdefault(photo.group, []).append(i)
    return [members for members in named.values() if len(members) > 1]
