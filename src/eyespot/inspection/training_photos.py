"""The training photos most like a photo: a classifier knows them by content, a folder holds them.

Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks,
NIPS 2012, Fig. 4 right.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.classifier.classifier import Classifier
from eyespot.datasets.catalogue import find_photos
from eyespot.datasets.dataset import Photo
from eyespot.datasets.names import counted, shown
from eyespot.embeddings import nearest
from eyespot.engines.run import in_threads
from eyespot.errors import ImageError, InputError


@dataclass(frozen=True)
class Near:
    """A training photo that is like a photo in question."""

    label: str  # empty: not known
    similarity: float  # cosine of the embeddings, up to 1
    content: str  # SHA-256 of its file
    photo: Photo | None  # None where no folder that was looked into has it


@dataclass(frozen=True)
class Neighbours:
    """The nearest training photos, nearest first, and what their reader should know."""

    nearest: tuple[Near, ...]
    was_learned: bool  # the photo in question is one of the training photos, and not among them
    notes: tuple[str, ...] = ()  # one sentence each

    def of(self, label: str) -> int:
        """How many of them have this label."""
        return sum(near.label == label for near in self.nearest)


def neighbours(
    classifier: Classifier,
    vector: NDArray[np.float32],
    content: str,
    *,
    k: int,
    folder: Path | None,
) -> Neighbours:
    """The `k` training photos nearest to the embedding (D,) of a file with the SHA-256 `content`.

    Their files are looked for in `folder`, by content, whatever they are called by now. Without a
    folder they stay without pictures. A classifier that was not trained here has no neighbours.
    """
    known = classifier.reference
    if known is None:
        return Neighbours((), was_learned=False, notes=(NOT_TRAINED_HERE,))
    places, cosines = nearest(vector[None], known.vectors, k + 1)
    pairs = [
        (int(place), float(cosine))
        for place, cosine in zip(places[0], cosines[0], strict=True)
        if known.contents[place] != content
    ][:k]
    here = {} if folder is None else _here({known.contents[place] for place, _ in pairs}, folder)
    found = tuple(
        Near(
            classifier.classes[known.labels[place]],
            min(cosine, 1.0),
            known.contents[place],
            here.get(known.contents[place]),
        )
        for place, cosine in pairs
    )
    return Neighbours(found, content in known.contents, _notes(found, folder))


NOT_TRAINED_HERE = "This classifier was not trained here: there are no training photos to show."


def _here(contents: Collection[str], folder: Path) -> dict[str, Photo]:
    """Content -> the first photo of the folder that has it."""
    try:
        photos, _ = find_photos([folder])
    except InputError as error:
        raise InputError(f"--photos: {error}") from error
    found: dict[str, Photo] = {}
    for photo, content in zip(photos, in_threads(_content, photos), strict=True):
        if content in contents:
            found.setdefault(str(content), photo)
    return found


def _content(photo: Photo) -> str | None:
    try:
        return files.sha256(photo.read())
    except ImageError:
        return None


def _notes(found: tuple[Near, ...], folder: Path | None) -> tuple[str, ...]:
    missing = sum(near.photo is None for near in found)
    if not missing:
        return ()
    if folder is None:
        return (
            "The training photos are known by their content only: name the folder that they lie in "
            "with --photos to see them.",
        )
    are = "is" if missing == 1 else "are"
    return (
        f"{counted(missing, 'training photo')} of these {len(found)} {are} not in "
        f"{shown(str(folder))}: they stand without a picture. --photos names another folder.",
    )
