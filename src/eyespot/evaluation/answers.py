"""One row per photo: its truth, what was answered, and the training photos most like it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.errors import InputError

LABELS = 5  # kept per photo


@dataclass(frozen=True)
class Neighbour:
    """A training photo that is like a photo in question. `similarity` is a cosine, up to 1."""

    file: str
    label: str
    similarity: float
    source: Path | bytes | None  # None where the photo is no longer at hand


@dataclass(frozen=True)
class Doubt:
    """What a classifier says of one photo besides its labels, as in a `Prediction`."""

    none_of_these: float | None = None  # share of known photos that look more familiar
    is_none_of_these: bool = False  # refused
    label_set: tuple[str, ...] | None = None  # the likeliest first


NO_DOUBT = Doubt()


@dataclass(frozen=True)
class Row:
    """One photo and its answer. `labels` are probabilities in [0, 1], the likeliest first."""

    file: str
    truth: str
    labels: tuple[tuple[str, float], ...]
    source: Path | bytes | None
    group: str | None = None
    none_of_these: float | None = None
    nearest: tuple[Neighbour, ...] = ()
    is_none_of_these: bool = False
    label_set: tuple[str, ...] | None = None

    @property
    def answer(self) -> str:
        return self.labels[0][0]

    @property
    def probability(self) -> float:
        return self.labels[0][1]

    @property
    def is_right(self) -> bool:
        return self.answer == self.truth


def rows(
    photos: Sequence[Photo],
    classes: Sequence[str],
    probabilities: NDArray[np.floating],
    *,
    nearest: Sequence[Sequence[Neighbour]] = (),
    doubts: Sequence[Doubt] = (),
) -> tuple[Row, ...]:
    """One row per photo, (N, K) probabilities; equal ones in the order of `classes`.

    Raises `InputError` for a photo without a label and for scores that are no probabilities.
    """
    if probabilities.shape != (len(photos), len(classes)):
        raise InputError(
            f"A report expects {len(photos)} x {len(classes)} probabilities, "
            f"but {' x '.join(map(str, probabilities.shape))} came."
        )
    if len(photos) and not (probabilities.min() >= 0 and probabilities.max() <= 1 + 1e-6):
        raise InputError("A report shows probabilities from 0 to 1: turn margins into them first.")
    best = np.argsort(-probabilities, axis=1, kind="stable")[:, :LABELS]
    each = zip(photos, doubts or [NO_DOUBT] * len(photos), strict=True)
    return tuple(
        Row(
            file=photo.file,
            truth=_label(photo),
            labels=tuple((classes[j], min(1.0, float(probabilities[i, j]))) for j in best[i]),
            source=photo.source,
            group=photo.group,
            none_of_these=doubt.none_of_these,
            nearest=tuple(nearest[i]) if nearest else (),
            is_none_of_these=doubt.is_none_of_these,
            label_set=doubt.label_set,
        )
        for i, (photo, doubt) in enumerate(each)
    )


def truths(photos: Sequence[Photo], classes: Sequence[str]) -> NDArray[np.int64]:
    """Each photo's place in `classes`, found by name. Raises `InputError` for an unknown one."""
    places = {label: place for place, label in enumerate(classes)}
    if unknown := sorted({_label(photo) for photo in photos} - set(places)):
        raise InputError(
            f"The classifier has no class {', '.join(map(repr, unknown[:3]))}"
            f"{' ...' if len(unknown) > 3 else ''}: it knows {', '.join(classes[:5])}"
            f"{' ...' if len(classes) > 5 else ''}. Rename the folders, or train on them."
        )
    return np.array([places[_label(photo)] for photo in photos], dtype=np.int64)


def known(
    photos: Sequence[Photo], classes: Sequence[str]
) -> tuple[tuple[Photo, ...], tuple[LeftOut, ...]]:
    """The photos whose class the classifier has, and the others as left out, with the reason."""
    has = set(classes)
    kept = tuple(photo for photo in photos if photo.label in has)
    others = tuple(
        LeftOut(photo.file, f"the classifier has no class {photo.label!r}")
        for photo in photos
        if photo.label not in has
    )
    return kept, others


def _label(photo: Photo) -> str:
    if photo.label is None:
        raise InputError(f"{photo.file} has no label: measuring needs photos with known labels.")
    return photo.label
