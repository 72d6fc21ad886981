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

from eyespot.audit.similarity import Indices, Space, alike, sampled_pairs
from eyespot.images.fingerprint import NEAR

# Cosines, measured on real photos: docs/audit.md, "How the limits were chosen".
SAME = 0.97  # about the data set's mean: no two photos that differ reach it, whatever the data set
COPY = 0.80  # two photos are copies or frames of one scene, by the embeddings alone
CONFIRMED = 0.50  # with hashes within NEAR bits
CONFIRMED_LOW = 0.20  # with hashes so near that chance hardly gives it in this data set
CONFIRMED_ALIKE = 0.95  # about the data set's mean, with hashes within NEAR bits
NEVER_CHANCE = 2  # bits that a copy saved again differs in at most
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
    """Pairs of photos that show the same picture or scene, closest first."""
    packed = np.array(hashes, np.uint64)
    i, j = alike(space.directions, COPY - 0.1)
    by_look = _by_look(space, i, j)
    hash_i, hash_j, bits = close_hashes(packed, NEAR)
    by_hash = _confirmed(space, packed, hash_i, hash_j, bits)
    both_i = np.concatenate([hash_i[by_hash], i[by_look]])
    both_j = np.concatenate([hash_j[by_hash], j[by_look]])
    is_hashed = np.arange(len(both_i)) < by_hash.sum()
    keys = both_i * np.int64(len(packed)) + both_j
    _, first = np.unique(keys, return_index=True)  # the hash's finding counts where both found it
    links = Links(
        both_i[first], both_j[first], is_hashed[first], space.overall(both_i[first], both_j[first])
    )
    order = np.lexsort((links.j, links.i, -links.cosine, ~links.is_hashed))
    return Links(links.i[order], links.j[order], links.is_hashed[order], links.cosine[order])


def close_hashes(
    hashes: NDArray[np.uint64], most: int
) -> tuple[Indices, Indices, NDArray[np.uint8]]:
    """All pairs i < j whose hashes differ in at most `most` bits, and in how many."""
    found: list[tuple[Indices, Indices, NDArray[np.uint8]]] = []
    for start in range(0, len(hashes), HASHES_AT_ONCE):
        block = hashes[start : start + HASHES_AT_ONCE, None] ^ hashes[None, start:]
        bits = np.bitwise_count(block)
        row, column = np.nonzero(np.triu(bits <= most, 1))
        found.append((row + start, column + start, bits[row, column]))
    i, j, distance = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return i, j, distance


def _by_look(space: Space, i: Indices, j: Indices) -> NDArray[np.bool_]:
    needed = np.maximum(COPY, space.levels(i, j))
    return (space.within(i, j) >= needed) | (space.overall(i, j) >= SAME)


def _confirmed(
    space: Space,
    hashes: NDArray[np.uint64],
    i: Indices,
    j: Indices,
    bits: NDArray[np.uint8],
) -> NDArray[np.bool_]:
    within, level = space.within(i, j), space.levels(i, j)
    confirmed = within >= np.maximum(CONFIRMED, level)
    confirmed |= space.overall(i, j) >= CONFIRMED_ALIKE
    return confirmed | ((bits <= _beyond_chance(space, hashes)) & (within >= CONFIRMED_LOW))


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
