"""How alike two photos are by their embeddings, measured against how alike photos of a class are.

Cosines about the data set's mean separate copies from other photos of natural scenes, and fail
where a whole class looks alike (digits, parts on a belt): there every photo would be a copy of
every other. So a second cosine is taken about the photos' own class, and what counts as close
rises with how close photos of that class are anyhow. `docs/audit.md` has the measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyespot.embeddings.neighbours import unit

Indices = NDArray[np.int64]
Reals = NDArray[np.float32]

SHRINK = 20  # photos' worth of pull on a mean: few photos say little about their centre
ROWS_AT_ONCE = 1024  # bounds the similarity matrix held at a time
PAIRS_AT_ONCE = 8192
MOST_PER_ROW = 256  # pairs kept for a photo: bounds the memory where everything looks alike
SAMPLED = 4000  # pairs of a class that say how alike its photos are
FEWEST = 40  # pairs below which a class is judged by all classes together
HALF = np.float32(0.5)
STEPS = 4.0  # robust standard deviations above the ordinary that make a pair extraordinary


@dataclass(frozen=True, eq=False)
class Space:
    """Photos as directions about the data set's mean, and as differences from their class's."""

    directions: Reals  # (N, D), unit length
    differences: Reals  # (N, D), from the mean of the photo's class
    means: Reals  # (K, D) of the classes
    label: Indices  # (N,) the number of a photo's class
    level: Reals  # (K,) what two photos of the class exceed by being more than ordinary alike

    def overall(self, i: Indices, j: Indices) -> Reals:
        """The cosines about the data set's mean, pair by pair."""
        return _in_parts(i, j, lambda a, b: _dots(self.directions[a], self.directions[b]))

    def within(self, i: Indices, j: Indices) -> Reals:
        """The cosines about the class's mean, or half way between the means of two classes."""
        return _in_parts(i, j, self._within)

    def levels(self, i: Indices, j: Indices) -> Reals:
        """What `within` has to exceed, pair by pair."""
        return np.maximum(self.level[self.label[i]], self.level[self.label[j]])

    def _within(self, i: Indices, j: Indices) -> Reals:
        apart = (self.means[self.label[i]] - self.means[self.label[j]]) * HALF
        return _dots(unit(self.differences[i] + apart), unit(self.differences[j] - apart))


def space_of(vectors: Reals, labels: Sequence[str | None]) -> Space:
    """(N, D) embeddings and their labels -> their `Space`."""
    names = sorted({str(label) for label in labels})
    label = np.array([names.index(str(name)) for name in labels], np.int64)
    centre = vectors.sum(0) / (len(vectors) + SHRINK)
    means = np.stack(
        [
            (vectors[label == k].sum(0) + SHRINK * centre) / (int((label == k).sum()) + SHRINK)
            for k in range(len(names))
        ]
    )
    differences = vectors - means[label]
    return Space(
        directions=unit(vectors - centre),
        differences=differences,
        means=means,
        label=label,
        level=_levels(differences, label, len(names)),
    )


def alike(directions: Reals, at_least: float) -> tuple[Indices, Indices, Reals]:
    """All pairs i < j with a cosine >= `at_least`, and the cosines, by blocks of the matrix.

    Of a photo with very many such pairs, the `MOST_PER_ROW` closest.
    """
    found_i, found_j, cosines = [], [], []
    for start in range(0, len(directions), ROWS_AT_ONCE):
        block = directions[start : start + ROWS_AT_ONCE] @ directions[start:].T
        row, column = np.nonzero(only_closest(np.triu(block >= at_least, 1), -block))
        found_i.append(row + start)
        found_j.append(column + start)
        cosines.append(block[row, column])
    return np.concatenate(found_i), np.concatenate(found_j), np.concatenate(cosines)


def only_closest(found: NDArray[np.bool_], distance: NDArray[Any]) -> NDArray[np.bool_]:
    """`found`, where a row with more than `MOST_PER_ROW` keeps those of least distance."""
    for row in np.flatnonzero(found.sum(1) > MOST_PER_ROW):
        others = np.flatnonzero(found[row])
        farthest = np.argsort(distance[row, others], kind="stable")[MOST_PER_ROW:]
        found[row, others[farthest]] = False
    return found


def sampled_pairs(label: Indices, number: int) -> tuple[Indices, Indices]:
    """Pairs within class `number`: all of them, or a fixed draw of `SAMPLED`."""
    members = np.flatnonzero(label == number)
    if len(members) * (len(members) - 1) // 2 <= SAMPLED:
        i, j = np.triu_indices(len(members), 1)
    else:
        generator = np.random.default_rng(0)
        i = generator.integers(len(members), size=SAMPLED)
        j = (i + generator.integers(1, len(members), size=SAMPLED)) % len(members)
    return members[i], members[j]


def _levels(differences: Reals, label: Indices, classes: int) -> Reals:
    """For every class the cosine that ordinary pairs stay below; -1 where too little is known."""
    directions = unit(differences)
    cosines = [
        _in_parts(*sampled_pairs(label, k), lambda i, j: _dots(directions[i], directions[j]))
        for k in range(classes)
    ]
    together = _level(np.concatenate(cosines))
    own = [_level(known) if len(known) >= FEWEST else together for known in cosines]
    return np.array(own, np.float32)


def _level(cosines: Reals) -> float:
    """The median and some steps of the spread below it: copies among the pairs do not move it."""
    if len(cosines) < FEWEST:
        return -1.0
    low, middle = np.quantile(cosines, [0.1587, 0.5])  # one standard deviation apart
    return float(middle + STEPS * (middle - low))


def _in_parts(i: Indices, j: Indices, measure: Callable[[Indices, Indices], Reals]) -> Reals:
    """`measure(i, j)`, a few thousand pairs at a time."""
    cuts = range(0, len(i), PAIRS_AT_ONCE)
    parts = [measure(i[s : s + PAIRS_AT_ONCE], j[s : s + PAIRS_AT_ONCE]) for s in cuts]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def _dots(first: Reals, second: Reals) -> Reals:
    cosines: Reals = np.einsum("nd,nd->n", first, second)
    return cosines
