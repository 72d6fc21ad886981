"""The same picture twice: equal bytes, or nearly equal to the eye.

The perceptual hash proposes copies that were saved again or resized, and the embeddings confirm;
crops, flips and changed light, which the hash misses, the embeddings propose by themselves.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.audit.similarity import Indices, Space, alike, only_closest, sampled_pairs
from eyespot.images.fingerprint import NEAR

# Cosines, measured on real photos: docs/audit.md, "How the limits were chosen".
SAME = 0.97  # about the data set's mean: no two photos that differ reach it, whatever the data set
COPY = 0.80  # two photos are copies or frames of one scene, by the embeddings alone
CONFIRMED = 0.50  # with hashes within NEAR bits
CONFIRMED_LOW = 0.20  # with hashes so near that chance hardly gives it in this data set
CONFIRMED_ALIKE = 0.95  # about the data set's mean, with hashes within NEAR bits
NEVER_CHANCE = 2  # bits that a copy saved again differs in at most
BELOW = 0.10  # how far the cosine about the data set's mean may lie below the class's
BETWEEN = 0.60  # mean cosine between two sets that are joined
BEYOND = 6  # bits beyond NEAR, where chance gives far more pairs than within it
RARE = 1e-4  # share of a class's pairs below which hashes so near are hardly chance

HASHES_AT_ONCE = 512


@dataclass(frozen=True, eq=False)
class Links:
    """Pairs of pictures i < j, and why they are linked."""

    i: Indices
    j: Indices
    is_hashed: NDArray[np.bool_]  # proposed by the hash; else by the embeddings alone
    cosine: NDArray[np.float32]  # about the data set's mean


def equal_bytes(digests: Sequence[str]) -> list[list[int]]:
    """The sets of files with equal bytes, each with two or more members."""
    same: dict[str, list[int]] = defaultdict(list)
    for i, digest in enumerate(digests):
        same[digest].append(i)
    return [members for members in same.values() if len(members) > 1]


def near_copies(space: Space, hashes: Sequence[int]) -> Links:
    """Pairs of photos that show the same picture or scene, the hash's first, then closest first."""
    packed = np.array(hashes, np.uint64)
    look_i, look_j, look = alike(space.directions, COPY - BELOW)
    hash_i, hash_j = close_hashes(packed, NEAR)
    count = np.int64(len(packed))
    keys, first = np.unique(
        np.concatenate([look_i * count + look_j, hash_i * count + hash_j]), return_index=True
    )
    i, j = keys // count, keys % count
    cosine = np.full(len(keys), -1, np.float32)
    known = first < len(look)
    cosine[known] = look[first[known]]
    cosine[~known] = space.overall(i[~known], j[~known])
    kept, is_hashed = _judged(space, packed, i, j, cosine)
    i, j, cosine, is_hashed = i[kept], j[kept], cosine[kept], is_hashed[kept]
    order = np.lexsort((j, i, -cosine, ~is_hashed))
    return Links(i[order], j[order], is_hashed[order], cosine[order])


def close_hashes(hashes: NDArray[np.uint64], most: int) -> tuple[Indices, Indices]:
    """All pairs i < j whose hashes differ in at most `most` bits; of a crowd the closest."""
    found_i, found_j = [], []
    for start in range(0, len(hashes), HASHES_AT_ONCE):
        block = hashes[start : start + HASHES_AT_ONCE, None] ^ hashes[None, start:]
        bits = np.bitwise_count(block)
        row, column = np.nonzero(only_closest(np.triu(bits <= most, 1), bits))
        found_i.append(row + start)
        found_j.append(column + start)
    return np.concatenate(found_i), np.concatenate(found_j)


def _judged(
    space: Space, hashes: NDArray[np.uint64], i: Indices, j: Indices, cosine: NDArray[np.float32]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of the proposed pairs are near copies, and of which the hash says so, too."""
    bits = np.bitwise_count(hashes[i] ^ hashes[j])
    is_hashed = (bits <= NEAR) & (cosine >= CONFIRMED_ALIKE)
    kept = is_hashed | (cosine >= SAME)
    open_ = np.flatnonzero(~kept)  # the class decides
    within, level = space.within(i[open_], j[open_]), space.levels(i[open_], j[open_])
    confirmed = (bits[open_] <= NEAR) & (within >= np.maximum(CONFIRMED, level))
    no_chance = bits[open_] <= _beyond_chance(space, hashes)
    confirmed |= no_chance & (within >= CONFIRMED_LOW)
    is_hashed[open_] = confirmed
    kept[open_] = confirmed | (within >= np.maximum(COPY, level))
    return kept, is_hashed


def _beyond_chance(space: Space, hashes: NDArray[np.uint64]) -> int:
    """The distance that hashes of different photos of a class hardly ever come within, here.

    `NEAR` bits among natural photos, fewer where all pictures of a class look alike.
    """
    pairs = [sampled_pairs(space.label, k) for k in range(len(space.means))]
    i, j = (np.concatenate(side) for side in zip(*pairs, strict=True))
    bits = np.bitwise_count(hashes[i] ^ hashes[j])
    counts = np.bincount(bits, minlength=2 * NEAR)
    if counts[: NEAR + 1].sum() > counts[NEAR + 1 : NEAR + 1 + BEYOND].sum():
        return NEAR  # a heap of their own: copies, not the tail of what chance gives
    share = np.cumsum(counts)[: NEAR + 1] / len(bits) if len(bits) else np.zeros(NEAR + 1)
    return max(NEVER_CHANCE, int(np.searchsorted(share, RARE, side="right")) - 1)
