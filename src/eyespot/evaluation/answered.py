"""Photos whose truth is known, answered in one way or several: the same photos in each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import probabilities
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.names import plain
from eyespot.engines.run import in_threads
from eyespot.errors import ImageError, InputError
from eyespot.evaluation.answers import known
from eyespot.evaluation.protocols import CENTER, Protocol
from eyespot.evaluation.views import asked

Progress = Callable[[int, int], None]  # answers done, answers in all

NEGATIVE = "an example of none of these, which has no label to be right about"
LEARNED = "the classifier learned from this photo"
ONE_LEARNED = "a classifier of these learned from this photo"


@dataclass(frozen=True)
class Way:
    """A classifier, and the protocol by which it is asked."""

    classifier: Classifier
    protocol: Protocol


@dataclass(frozen=True)
class _Said:
    """What one way says of one photo."""

    probabilities: NDArray[np.float32]  # (K,)
    distance: float | None = None


@dataclass(frozen=True)
class Answered:
    """Photos that could be read, what each way says of them, and the photos left out."""

    photos: tuple[Photo, ...]
    classes: tuple[str, ...]
    probabilities: tuple[NDArray[np.float32], ...]  # of each way (N, K), columns as in `classes`
    distances: tuple[NDArray[np.float32] | None, ...]  # of each way (N,): how new it finds them;
    # None: it cannot tell, or is not asked by the centre crop
    left_out: tuple[LeftOut, ...]  # but for the examples of none of these
    are_remembered: bool = False  # a classifier learned from each of them


def answered(ways: Sequence[Way], dataset: ImageDataset, progress: Progress) -> Answered:
    """The test part of `dataset`, else its validation part, else all of it, in all `ways`.

    Left out for all: photos that cannot be read, photos of classes that are not known, and photos
    that one of the classifiers learned from, unless none other remains. All have the classes of the
    first, in any order. Raises `InputError` where no photo remains.
    """
    first = ways[0].classifier
    photos, foreign = known(_named(_part(dataset), first), first.classes)
    found = _unseen(ways, photos, progress)
    left_out = (*dataset.left_out, *foreign, *found.left_out)
    if not found.photos:
        raise InputError(_nothing_left(first, dataset, (*left_out, *unasked(dataset))))
    return replace(found, left_out=left_out)


def unasked(dataset: ImageDataset) -> tuple[LeftOut, ...]:
    """The examples of none of these, where nobody asks of them."""
    return tuple(LeftOut(photo.file, NEGATIVE) for photo in dataset.negatives)


def _part(dataset: ImageDataset) -> tuple[Photo, ...]:
    wanted = dataset.held_out_part
    return tuple(photo for photo in dataset.photos if wanted is None or photo.part == wanted)


def _named(photos: Sequence[Photo], classifier: Classifier) -> tuple[Photo, ...]:
    """The photos, their folders' names put as the classifier calls its classes."""
    own = {label: label for label in classifier.classes}
    called = {str(photo.label): plain(str(photo.label)) for photo in photos}
    named = {text: own.get(text, classifier.synonyms.get(called[text], text)) for text in called}
    return tuple(replace(photo, label=named[str(photo.label)]) for photo in photos)


def _unseen(ways: Sequence[Way], photos: Sequence[Photo], progress: Progress) -> Answered:
    """The photos that no classifier learned from; where there is none, all of them."""
    references = [way.classifier.reference for way in ways]
    seen = {content for each in references if each for content in each.contents}
    unseen: list[Photo] = []
    learned: list[Photo] = []
    for photo, content in zip(photos, in_threads(_content, photos), strict=True):
        (learned if content in seen else unseen).append(photo)
    found = _asked(ways, unseen, progress)
    if found.photos or not learned:
        reason = LEARNED if len({id(way.classifier) for way in ways}) == 1 else ONE_LEARNED
        others = tuple(LeftOut(photo.file, reason) for photo in learned)
        return replace(found, left_out=found.left_out + others)
    remembered = _asked(ways, learned, progress)
    left_out = found.left_out + remembered.left_out
    return replace(remembered, left_out=left_out, are_remembered=True)


def _content(photo: Photo) -> str | None:
    """The hash of the file's bytes; None where it cannot be read, which is told when it is met."""
    try:
        return files.sha256(photo.read())
    except ImageError:
        return None


def _asked(ways: Sequence[Way], photos: Sequence[Photo], progress: Progress) -> Answered:
    """What each way says of the photos that all ways can read."""
    kept, rows, left_out = list(photos), list[list[_Said]](), list[LeftOut]()
    for place, way in enumerate(ways):
        done, row = place * len(photos), list[_Said]()
        could, unreadable = list[bool](), list[LeftOut]()
        for photo, answer in zip(kept, _said(way, kept), strict=True):
            could.append(not isinstance(answer, ImageError))
            if isinstance(answer, ImageError):
                unreadable.append(LeftOut(photo.file, str(answer)))
            else:
                row.append(answer)
            progress(done + len(could), len(ways) * len(photos))
        kept = list(compress(kept, could))
        rows = [*(list(compress(earlier, could)) for earlier in rows), row]
        left_out += unreadable
    classes = ways[0].classifier.classes
    found = [_columns(each, way, classes) for each, way in zip(rows, ways, strict=True)]
    new = tuple(map(_distances, rows))
    return Answered(tuple(kept), classes, tuple(found), new, tuple(left_out))


def _said(way: Way, photos: Sequence[Photo]) -> Iterator[_Said | ImageError]:
    """By the centre crop also how new a photo is: with other views nobody has fitted that."""
    classifier = way.classifier
    if way.protocol != CENTER:
        for answer in asked(classifier, way.protocol, photos):
            yield answer if isinstance(answer, ImageError) else _Said(answer)
        return
    for vector in classifier.embeddings(photos):
        if isinstance(vector, ImageError):
            yield vector
            continue
        new = classifier.novelty_distances(vector[None])
        row = probabilities(classifier.head, vector[None])[0]
        yield _Said(row, None if new is None else float(new[0]))


def _distances(rows: Sequence[_Said]) -> NDArray[np.float32] | None:
    found = [row.distance for row in rows if row.distance is not None]
    return np.array(found, np.float32) if rows and len(found) == len(rows) else None


def _columns(rows: Sequence[_Said], way: Way, classes: tuple[str, ...]) -> NDArray[np.float32]:
    """(N, K) with the columns in the order of `classes`."""
    order = [way.classifier.classes.index(label) for label in classes]
    found = np.array([row.probabilities for row in rows], np.float32)
    return found.reshape(len(rows), len(classes))[:, order]


def _nothing_left(
    classifier: Classifier, dataset: ImageDataset, left_out: Sequence[LeftOut]
) -> str:
    reason = f" ({left_out[0].file}: {left_out[0].reason})" if left_out else ""
    known_classes = ", ".join(classifier.classes[:5])
    return (
        f"{dataset.name} has no photo to measure on{reason}: expected photos in folders named like "
        f"the classes of the classifier ({known_classes}). Rename the folders."
    )
