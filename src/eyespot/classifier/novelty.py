"""Is a photo none of the classes? Asked of its distance to the nearest training photos.

Y. Sun, Y. Ming, X. Zhu, Y. Li: Out-of-Distribution Detection with Deep Nearest Neighbors, ICML
2022, arXiv:2204.06507; here by cosine distance, 1 - cosine, between embeddings. How it is fitted
and how well it tells is for `eyespot.trust`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from eyespot.embeddings.neighbours import unit
from eyespot.errors import InputError

STEPS = 100  # of the distances that known photos had: one for each percent
FLAT = 1e-9  # distance that counts as none between two quantiles
ROWS_AT_ONCE = 256  # photos whose distances to all training photos are held at a time

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Novelty:
    """How far known photos were from the others, and from where on a photo is refused.

    Raises `InputError` where the numbers are none that a fit can give.
    """

    neighbours: int  # the distance is to the k-th nearest training photo
    quantiles: tuple[float, ...]  # 101: the distance that 0 %, 1 %, ... 100 % of known photos had
    kept: float = 0.95  # share of known photos that is kept; the others are refused
    has_negatives: bool = False  # then examples of none of these count, too
    nearness: float = 0.0  # the distance within which they do; see `distances`

    def __post_init__(self) -> None:
        if self.neighbours < 1:
            raise InputError(f"novelty asks 1 neighbour or more, not {self.neighbours}")
        if len(self.quantiles) != STEPS + 1 or not np.isfinite(self.quantiles).all():
            raise InputError(f"novelty has {STEPS + 1} distances, not {len(self.quantiles)}")
        if list(self.quantiles) != sorted(self.quantiles):
            raise InputError("novelty's distances rise from the first to the last")
        if not 0 < self.kept < 1:
            raise InputError(f"novelty keeps a share between 0 and 1, not {self.kept}")

        if not np.isfinite(self.nearness):
            raise InputError(f"novelty's nearness is a distance, not {self.nearness}")

    @cached_property
    def threshold(self) -> float:
        """The distance above which a photo is refused."""
        return float(np.interp(self.kept, np.linspace(0, 1, STEPS + 1), self.quantiles))

    def shares(self, distances: NDArray[np.floating]) -> NDArray[np.float32]:
        """(N,) distances -> (N,): the share of known photos that are more familiar, in [0, 1]."""
        points = np.array(self.quantiles, np.float32)
        steps = np.maximum(np.diff(points), np.float32(FLAT))
        over = (np.asarray(distances, np.float32)[:, None] - points[:-1]) / steps
        shares: NDArray[np.float32] = np.clip(over, 0, 1).mean(axis=1, dtype=np.float32)
        return shares

    def refuses(self, shares: NDArray[np.float32]) -> NDArray[np.bool_]:
        """(N,) shares -> (N,): whether each photo is none of these."""
        return np.asarray(shares > np.float32(self.kept))


@dataclass(frozen=True)
class Told:
    """How well pictures of one kind are told from photos of the known classes."""

    name: str  # of the kind, or of the class that was left out
    n: int  # pictures
    refused: float  # share of them, in [0, 1]
    interval: tuple[float, float]  # 95 %, of that share
    auroc: float  # chance that one of them looks newer than a known photo; ties count a half


@dataclass(frozen=True)
class NoveltyFigures:
    """How well "none of these" works, measured on photos that it was not fitted on."""

    n: int  # known photos
    kept: float  # share of them, in [0, 1]
    interval: tuple[float, float]  # 95 %, of that share
    unrelated: tuple[Told, ...]  # pictures made by the program, all kinds together first
    left_out_classes: tuple[Told, ...]  # each class, asked of a classifier that does not know it
    negatives: Told | None = None  # the user's examples, each asked without itself


def distances(
    vectors: Vectors,
    known: Vectors,
    k: int,
    *,
    negatives: Vectors | None = None,
    nearness: float = 0.0,
) -> NDArray[np.float32]:
    """(N, D) -> (N,) cosine distances to the k-th nearest of `known` (M, D) of length 1.

    With `negatives` (M', D), of length 1, less the distance to the k-th nearest of them, or less
    `nearness` where that is smaller: a photo far from all of them is judged as without them, one
    among them is refused though it is near to a known one. Each photo's number is its own, in
    whatever company.
    """
    asked = unit(vectors)
    found = to_nearest(asked, known, k)
    if negatives is None:
        return found
    return found - np.minimum(to_nearest(asked, negatives, k), np.float32(nearness))


def to_nearest(asked: Vectors, points: Vectors, k: int) -> NDArray[np.float32]:
    """(N, D) and (M, D), both of length 1 -> (N,) cosine distances to the k-th nearest point."""
    place = min(k, len(points)) - 1
    found = np.empty(len(asked), np.float32)
    for start in range(0, len(asked), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        away = 1 - np.vecdot(asked[rows][:, None], points)
        found[rows] = np.partition(away, place, axis=1)[:, place]
    return found
