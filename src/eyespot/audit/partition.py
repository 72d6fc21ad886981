"""Which photos belong together: sets that are joined, and joined only as far as they stay alike.

Disjoint sets after B. A. Galler, M. J. Fischer: An improved equivalence algorithm, 1964. Joining
by average similarity (R. R. Sokal, C. D. Michener: A statistical method for evaluating systematic
relationships, 1958) keeps a chain of look-alikes from swallowing a class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray


class Partition:
    """`size` things, each alone at first; a set is known by its smallest member."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def find(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        low, high = sorted((self.find(i), self.find(j)))
        self._parent[high] = low

    def join_all(self, sets: Iterable[Sequence[int]]) -> None:
        for members in sets:
            for other in members[1:]:
                self.join(members[0], other)

    def join_pairs(self, i: NDArray[np.int64], j: NDArray[np.int64]) -> None:
        """Join `i[k]` with `j[k]` for every k: millions of pairs at once."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        size = len(self._parent)
        graph = coo_array((np.ones(len(i), np.int8), (i, j)), (size, size))
        _, number = connected_components(graph, directed=False)
        _, first = np.unique(number, return_index=True)
        for member, root in enumerate(first[number].tolist()):
            if member != root:
                self.join(member, root)

    def sets(self, *, at_least: int = 2) -> list[list[int]]:
        """The sets with enough members, each ascending, in the order of their first members."""
        members: dict[int, list[int]] = defaultdict(list)
        for i in range(len(self._parent)):
            members[self.find(i)].append(i)
        return [found for found in members.values() if len(found) >= at_least]

    def numbers(self) -> list[int]:
        """For every thing the number of its set, counted from 0 by first members."""
        order: dict[int, int] = {}
        return [order.setdefault(self.find(i), len(order)) for i in range(len(self._parent))]


def join_alike(
    partition: Partition,
    links: Sequence[tuple[int, int]],
    directions: NDArray[np.float32],
    *,
    floor: float,
) -> None:
    """Join along `links`, closest first, where the mean cosine between the two sets is >= `floor`.

    `directions` (N, D) have unit length, so the mean over all pairs is one product of two sums.
    """
    sums: dict[int, NDArray[np.float32]] = {}
    sizes: dict[int, int] = {}
    refused: set[tuple[int, int, int, int]] = set()  # two sets, and their sizes at the time
    for members in partition.sets():
        root = partition.find(members[0])
        sums[root] = directions[members].sum(0)
        sizes[root] = len(members)
    for i, j in links:
        low, high = sorted((partition.find(i), partition.find(j)))
        low_size, high_size = sizes.get(low, 1), sizes.get(high, 1)
        key = (low, high, low_size, high_size)
        if low == high or key in refused:
            continue
        first, second = sums.get(low, directions[low]), sums.get(high, directions[high])
        if float(first @ second) < floor * low_size * high_size:
            refused.add(key)
            continue
        partition.join(low, high)
        sums[low] = first + second
        sizes[low] = low_size + high_size
