"""What training works on: photos that can be read, each picture once, and which belong together."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eyespot.audit import Audit
from eyespot.datasets.checks import check_trainable
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.splits import grouped_folds
from eyespot.embeddings import Embedded
from eyespot.transfer.candidates import Examples

FOLDS = 5


@dataclass(frozen=True)
class Material:
    """Photos row by row, with their embeddings and groups; `is_held_out` marks the given test."""

    classes: tuple[str, ...]
    photos: tuple[Photo, ...]
    contents: tuple[str, ...]  # SHA-256 of each file
    vectors: NDArray[np.float32]  # (N, D)
    mirrored: NDArray[np.float32]  # (N, D)
    labels: NDArray[np.int64]  # (N,)
    groups: tuple[int, ...]
    is_held_out: NDArray[np.bool_]  # (N,)
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...] = ()  # what was found besides, one sentence each

    def examples(self, *, seed: int, grouped: bool = True) -> tuple[Examples, tuple[str, ...]]:
        """The photos to learn from in folds, and what could not be as asked, in sentences.

        With `grouped` false, photos that belong together may be separated, as by a random split.
        """
        rows = np.flatnonzero(~self.is_held_out)
        names = [self.contents[i] for i in rows]
        folds = grouped_folds(
            [self.classes[self.labels[i]] for i in rows],
            [self.groups[i] if grouped else None for i in rows],
            folds=FOLDS,
            seed=seed,
            names=names,
        )
        number = folds.number.astype(np.int64)
        parts = (self.vectors[rows], self.mirrored[rows], self.labels[rows], number)
        return Examples(*parts, len(self.classes)), folds.notes

    def measured_out_of_fold(self) -> NDArray[np.bool_]:
        """(M,) of the photos to learn from: those that are measured, too, without a test part.

        Added ones are not: they were sorted by a classifier that was sure of them, for the most
        part, and would flatter.
        """
        return np.array([not self.photos[i].is_added for i in self.part(held_out=False)])

    def part(self, held_out: bool) -> tuple[int, ...]:
        """The rows that are held out, or the ones to learn from."""
        return tuple(np.flatnonzero(self.is_held_out == held_out).tolist())


def gather(dataset: ImageDataset, embedded: Embedded, audit: Audit, *, flip: bool) -> Material:
    """Each picture once. Copies within a class leave one, held out if any of them is.

    A picture that stands under two labels is left out everywhere: one of the labels is wrong, and
    only its owner knows which. With `flip` a photo is the mean of its two views. Raises
    `InputError` where what remains cannot be trained on.
    """
    seen = embedded.averaged(flip=flip)
    test = dataset.held_out_part
    held_out = [photo.part == test for photo in embedded.photos] if test else []
    reasons = _copies(embedded, held_out or [False] * len(embedded))
    left_out = tuple(LeftOut(embedded.photos[i].file, why) for i, why in reasons.items())
    rows = [i for i in range(len(embedded)) if i not in reasons]
    photos = tuple(embedded.photos[i] for i in rows)
    classes = tuple(sorted({str(photo.label) for photo in photos}))
    check_trainable(replace(dataset.only(photos, left_out=left_out), classes=classes))
    return Material(
        classes=classes,
        photos=photos,
        contents=tuple(embedded.facts[i].sha256 for i in rows),
        vectors=seen.vectors[rows],
        mirrored=seen.mirrored[rows],
        labels=np.array([classes.index(str(photo.label)) for photo in photos]),
        groups=tuple(audit.groups[i] for i in rows),
        is_held_out=np.array([bool(test) and photo.part == test for photo in photos]),
        left_out=left_out,
        notes=tuple(
            f"The class {label!r} has no photo that is not under another label too: it is left out."
            for label in dataset.classes
            if label not in classes
        ),
    )


def _copies(embedded: Embedded, held_out: list[bool]) -> dict[int, str]:
    """Row -> why it is left out, for all but one of several files with the same bytes."""
    same = defaultdict(list)
    for i, facts in enumerate(embedded.facts):
        same[facts.sha256].append(i)
    reasons: dict[int, str] = {}
    for rows in same.values():
        ordered = sorted(rows, key=lambda i: (not held_out[i], embedded.photos[i].file))
        first = embedded.photos[ordered[0]]
        labels = sorted({str(embedded.photos[i].label) for i in rows})
        if len(labels) > 1:
            why = f"the same picture stands under {' and '.join(labels)}: decide in labels.csv"
            reasons |= dict.fromkeys(rows, why)
        else:
            reasons |= dict.fromkeys(ordered[1:], f"the same picture as {first.file}")
    return dict(sorted(reasons.items()))
