"""What a classifier knows of its limits, asked of photos that it did not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.coverage import CoverageFigures
from eyespot.classifier.novelty import NoveltyFigures, Told, to_nearest
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.embeddings.neighbours import unit
from eyespot.errors import ImageError
from eyespot.evaluation.answered import LEARNED, Answered, unasked
from eyespot.evaluation.answers import NO_DOUBT, Doubt, truths
from eyespot.evaluation.intervals import numbered
from eyespot.evaluation.limits import covered, kept, told, told_by_kind
from eyespot.evaluation.unrelated import unrelated

SAME = 1e-6  # cosine distance of an example to itself: float32
EXAMPLES = "none of these"  # the name of the user's own, as a kind of picture

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Limits:
    """What was found; None and empty where the classifier cannot tell."""

    novelty: NoveltyFigures | None = None
    coverage: CoverageFigures | None = None
    doubts: tuple[Doubt, ...] = ()  # one for each photo
    left_out: tuple[LeftOut, ...] = ()  # examples of none of these that were not asked, and why


def limits_of(
    classifier: Classifier, dataset: ImageDataset, found: Answered, place: int, *, seed: int
) -> Limits:
    """By what the way at `place` of `found`, the centre crop by `classifier`, says of its photos.

    Also asked are the built-in unrelated pictures, and the examples of none of these in `dataset`
    but for those that the classifier learned from.
    """
    together = numbered([photo.group for photo in found.photos], len(found.photos))
    novelty, left_out = None, unasked(dataset)
    usual = found.distances[place]
    if usual is not None:
        examples, left_out = _examples(classifier, dataset)
        novelty = _novelty(classifier, usual, together, examples, seed=seed)
    coverage, sets = None, None
    if classifier.coverage is not None:
        sets = classifier.coverage.sets(found.probabilities[place])
        truth = truths(found.photos, found.classes)
        coverage = covered(sets, truth, classes=found.classes, groups=together, seed=seed)
    said = doubts(classifier, usual, sets=sets, probabilities=found.probabilities[place])
    return Limits(novelty, coverage, said, left_out)


def _novelty(
    classifier: Classifier,
    usual: Vectors,
    together: NDArray[np.int64],
    examples: tuple[list[Photo], Vectors],
    *,
    seed: int,
) -> NoveltyFigures:
    """From the distances (N,) of the photos, in the groups `together` (N,)."""
    fitted = classifier.novelty
    assert fitted is not None, "it gave distances"
    limit = fitted.threshold
    share, interval = kept(~fitted.refuses(fitted.shares(usual)), together, seed=seed)
    pictures, new = _distances(classifier, unrelated())
    alone = np.arange(len(pictures))
    kinds = [str(photo.label) for photo in pictures]
    return NoveltyFigures(
        n=len(usual),
        kept=share,
        interval=interval,
        unrelated=told_by_kind(kinds, new, usual, limit=limit, groups=alone, seed=seed),
        left_out_classes=(),
        negatives=_own(*examples, usual, limit, seed),
    )


def _own(photos: list[Photo], new: Vectors, usual: Vectors, limit: float, seed: int) -> Told | None:
    """How the user's examples are told; None without any."""
    if not photos:
        return None
    groups = numbered([photo.group for photo in photos], len(photos))
    return told(EXAMPLES, new, usual, limit=limit, groups=groups, seed=seed)


def _examples(
    classifier: Classifier, dataset: ImageDataset
) -> tuple[tuple[list[Photo], Vectors], tuple[LeftOut, ...]]:
    """The examples of none of these to ask of, their distances, and why the others are left out.

    Those of the part that is measured, and those of no part.
    """
    wanted, reference = dataset.held_out_part, classifier.reference
    assert reference is not None, "it gave distances"
    part = [p for p in dataset.negatives if wanted is None or p.part in (None, wanted)]
    learned, asked, left_out = set(reference.contents), list[Photo](), list[LeftOut]()
    for photo in part:
        try:
            is_learned = files.sha256(photo.read()) in learned
        except ImageError as error:
            left_out.append(LeftOut(photo.file, str(error)))
        else:
            (left_out.append(LeftOut(photo.file, LEARNED)) if is_learned else asked.append(photo))
    photos, vectors = _embedded(classifier, asked, left_out)
    if reference.negative_directions is not None and photos:
        is_new = to_nearest(unit(vectors), reference.negative_directions, 1) >= SAME
        left_out += [LeftOut(photo.file, LEARNED) for photo in compress(photos, ~is_new)]
        photos, vectors = list(compress(photos, is_new)), vectors[is_new]
    found = classifier.novelty_distances(vectors) if photos else np.empty(0, np.float32)
    assert found is not None
    return (photos, found), tuple(left_out)


def _embedded(
    classifier: Classifier, photos: Sequence[Photo], left_out: list[LeftOut]
) -> tuple[list[Photo], Vectors]:
    """The readable photos and their vectors (M, D); the others join `left_out`."""
    could, rows = list[Photo](), list[Vectors]()
    for photo, vector in zip(photos, classifier.embeddings(photos), strict=True):
        if isinstance(vector, ImageError):
            left_out.append(LeftOut(photo.file, str(vector)))
        else:
            could.append(photo)
            rows.append(vector)
    return could, np.stack(rows) if rows else np.empty((0, 0), np.float32)


def _distances(classifier: Classifier, pictures: Sequence[Photo]) -> tuple[list[Photo], Vectors]:
    """Pictures made here, which can all be read, and their distances (M,)."""
    photos, vectors = _embedded(classifier, pictures, [])
    found = classifier.novelty_distances(vectors)
    assert found is not None
    return photos, found


def doubts(
    classifier: Classifier,
    usual: Vectors | None,
    *,
    sets: NDArray[np.bool_] | None,
    probabilities: Vectors,
) -> tuple[Doubt, ...]:
    """What `Classifier.prediction` would say of photos besides their labels; empty: nothing.

    From their distances `usual` (N,), their label sets (N, K) and their probabilities (N, K).
    """
    novelty = classifier.novelty
    if usual is None or novelty is None:
        told = [NO_DOUBT] * (0 if sets is None else len(sets))
    else:
        shares = novelty.shares(usual)
        refused = novelty.refuses(shares)
        told = [Doubt(float(s), bool(r)) for s, r in zip(shares, refused, strict=True)]
    if sets is None:
        return tuple(told)
    orders = np.argsort(-probabilities, axis=1, kind="stable")
    return tuple(
        replace(doubt, label_set=tuple(classifier.classes[i] for i in order if row[i]))
        for doubt, order, row in zip(told, orders, sets, strict=True)
    )
