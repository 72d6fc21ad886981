"""How far known photos are from one another, and how well that tells what is none of the classes.

The distance to the k-th nearest training photo: Y. Sun, Y. Ming, X. Zhu, Y. Li: Out-of-Distribution
Detection with Deep Nearest Neighbors, ICML 2022, arXiv:2204.06507. The threshold is fitted on known
photos alone, each asked without the photos that belong together with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from eyespot.classifier.novelty import STEPS, Novelty, NoveltyFigures, Told, distances, to_nearest
from eyespot.embeddings.neighbours import unit
from eyespot.evaluation.intervals import numbered
from eyespot.evaluation.limits import kept, told, told_by_kind

NEIGHBOURS = 3  # 2 to 5 told unrelated pictures and left-out classes best; see docs
KEPT = 0.95  # share of known photos
ASKED = 5_000  # photos at most whose distances are measured; all others are compared with
ROWS_AT_ONCE = 512  # of the table of distances

Vectors = NDArray[np.float32]
Floats = NDArray[np.floating]
Ints = NDArray[np.integer]


@dataclass(frozen=True)
class Known:
    """Embedded photos of the classes. Photos of one group were taken together."""

    vectors: Vectors  # (N, D)
    labels: Ints  # (N,) from 0
    groups: Ints  # (N,)

    def where(self, rows: Ints) -> Known:
        """The photos of some rows."""
        return Known(self.vectors[rows], self.labels[rows], self.groups[rows])


@dataclass(frozen=True)
class Strangers:
    """Embedded pictures of none of the classes; `kinds` tells what each is, or where it is from."""

    vectors: Vectors  # (N, D)
    kinds: Sequence[str]  # (N,)
    groups: Ints  # (N,)


@dataclass(frozen=True)
class Fitted:
    """The threshold, and the distances that it comes from."""

    novelty: Novelty
    distances: NDArray[np.float32]  # (Q,) of the photos asked
    by_class: NDArray[np.float32]  # (Q, K, k) to the k nearest photos of each class, none so near
    to_negatives: NDArray[np.float32]  # (Q,) what is taken away; zeros without negatives
    asked: Known  # (Q)


def fit(
    known: Known, *, asked: Known | None = None, negatives: Vectors | None = None, seed: int = 0
) -> Fitted:
    """The threshold that keeps 95 % of known photos, from `known`, at the distances they have.

    Each photo is asked for its distance to the photos of all other groups. Where a network has
    learned from `known` itself, their distances are too small: give others as `asked`, of the same
    numbers for labels and groups. `negatives` (M', D): two or more examples of none of these.
    """
    photos = _some(known if asked is None else asked, seed)
    nearness, away = 0.0, np.zeros(len(photos.labels), np.float32)
    if negatives is not None:
        away = to_nearest(unit(photos.vectors), unit(negatives), NEIGHBOURS)
        nearness = float(np.median(away))
        away = np.minimum(away, np.float32(nearness))
    by_class = _by_class(photos, known)
    found = _kth(by_class) - away
    quantiles = np.quantile(found.astype(np.float64), np.linspace(0, 1, STEPS + 1))
    novelty = Novelty(
        neighbours=NEIGHBOURS,
        quantiles=tuple(np.maximum.accumulate(quantiles).tolist()),
        kept=KEPT,
        has_negatives=negatives is not None,
        nearness=nearness,
    )
    return Fitted(novelty, found, by_class, away, photos)


def figures(
    fitted: Fitted,
    known: Known,
    classes: Sequence[str],
    *,
    unrelated: Strangers,
    held_out: Known | None = None,
    negatives: Strangers | None = None,
    seed: int = 0,
) -> NoveltyFigures:
    """How well it tells. `held_out`: photos of the test part; without it, folds take turns."""
    novelty, directions = fitted.novelty, unit(known.vectors)
    others = None if negatives is None else unit(negatives.vectors)

    def distance(vectors: Vectors, examples: Vectors | None = others) -> NDArray[np.float32]:
        return distances(
            vectors, directions, novelty.neighbours, negatives=examples, nearness=novelty.nearness
        )

    photos = fitted.asked if held_out is None else held_out
    usual = fitted.distances if held_out is None else distance(held_out.vectors)
    is_kept = _kept_in_turn(fitted, seed) if held_out is None else usual <= novelty.threshold
    share, interval = kept(is_kept, photos.groups, seed=seed)
    return NoveltyFigures(
        n=len(is_kept),
        kept=share,
        interval=interval,
        unrelated=told_by_kind(
            unrelated.kinds,
            distance(unrelated.vectors),
            usual,
            limit=novelty.threshold,
            groups=unrelated.groups,
            seed=seed,
        ),
        left_out_classes=_left_out(fitted, classes, seed),
        negatives=None
        if negatives is None
        else told(
            "none of these",
            _without_itself(negatives, directions, novelty),
            usual,
            limit=novelty.threshold,
            groups=negatives.groups,
            seed=seed,
        ),
    )


def _some(photos: Known, seed: int) -> Known:
    """All of them, or as many as are asked at most, drawn from the seed."""
    if len(photos.labels) <= ASKED:
        return photos
    drawn = np.random.default_rng(seed).permutation(len(photos.labels))[:ASKED]
    return photos.where(np.sort(drawn))


def _by_class(asked: Known, known: Known) -> NDArray[np.float32]:
    """(Q, K, k) distances to the nearest photos of each class and of other groups, inf: fewer.

    With one thread, so that no number depends on the cores.
    """
    classes = int(known.labels.max()) + 1
    queries, points = unit(asked.vectors), unit(known.vectors)
    members = [np.flatnonzero(known.labels == place) for place in range(classes)]
    found = np.full((len(queries), classes, NEIGHBOURS), np.inf, np.float32)
    with threadpool_limits(limits=1, user_api="blas"):
        for start in range(0, len(queries), ROWS_AT_ONCE):
            rows = slice(start, start + ROWS_AT_ONCE)
            away = 1 - queries[rows] @ points.T
            away[asked.groups[rows, None] == known.groups] = np.inf
            for place, columns in enumerate(members):
                k = min(NEIGHBOURS, len(columns))
                if k:
                    nearest = np.partition(away[:, columns], k - 1, axis=1)[:, :k]
                    found[rows, place, :k] = np.sort(nearest, axis=1)
    return found


def _kth(by_class: NDArray[np.float32]) -> NDArray[np.float32]:
    """(Q, K, k) -> (Q,) the k-th nearest of all classes; the farthest there is, where fewer are."""
    flat = np.sort(by_class.reshape(len(by_class), -1), axis=1)[:, :NEIGHBOURS]
    flat = np.where(np.isfinite(flat), flat, -np.inf)
    farthest = flat.max(axis=1)
    return np.where(np.isfinite(farthest), farthest, np.float32(1))


def _kept_in_turn(fitted: Fitted, seed: int) -> NDArray[np.bool_]:
    """Whether each photo is kept by the threshold of the others: five parts, no group in two."""
    groups = numbered(fitted.asked.groups.tolist(), len(fitted.distances))
    count = int(groups.max()) + 1
    part = np.random.default_rng(seed).permutation(count)[groups] % min(5, count)
    is_kept = np.ones(len(groups), bool)
    for turn in np.unique(part) if count > 1 else []:
        limit = np.quantile(fitted.distances[part != turn], fitted.novelty.kept)
        is_kept[part == turn] = fitted.distances[part == turn] <= limit
    return is_kept


def _left_out(fitted: Fitted, classes: Sequence[str], seed: int) -> tuple[Told, ...]:
    """Each class in turn, asked as if no photo of it were known."""
    each = []
    for place, label in enumerate(classes):
        is_new = fitted.asked.labels == place
        if not is_new.any() or is_new.all():
            continue
        found = _kth(np.delete(fitted.by_class, place, axis=1)) - fitted.to_negatives
        usual = found[~is_new]
        limit = float(np.quantile(usual, fitted.novelty.kept))
        groups = fitted.asked.groups[is_new]
        each.append(told(label, found[is_new], usual, limit=limit, groups=groups, seed=seed))
    return tuple(each)


def _without_itself(negatives: Strangers, known: Vectors, novelty: Novelty) -> NDArray[np.float32]:
    """(M',) distances of the examples, each asked without those that belong together with it."""
    found = np.empty(len(negatives.vectors), np.float32)
    for i, group in enumerate(negatives.groups):
        others = negatives.vectors[negatives.groups != group]
        found[i] = distances(
            negatives.vectors[[i]],
            known,
            novelty.neighbours,
            negatives=unit(others) if len(others) else None,
            nearness=novelty.nearness,
        )[0] - (0 if len(others) else np.float32(novelty.nearness))
    return found
