"""A classifier against photos whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import probabilities
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.names import plain
from eyespot.engines.run import in_threads
from eyespot.errors import ImageError, InputError
from eyespot.evaluation.answers import known, rows, truths
from eyespot.evaluation.findings import Note, Report
from eyespot.evaluation.metrics import measure

Progress = Callable[[int, int], None]  # photos done, photos in all

NEGATIVE = "an example of none of these: this version does not measure on it yet"
LEARNED = "the classifier learned from this photo"
REMEMBERED = Note(
    "The classifier learned from all of these photos.",
    "The figures say how well it remembers them, not how good it is on new ones: measure it on "
    "photos that it was not trained on.",
)


def evaluate(
    classifier: Classifier,
    dataset: ImageDataset,
    *,
    seed: int = 0,
    command: str = "",
    progress: Progress = lambda done, total: None,
) -> Report:
    """Measure on the test part of `dataset`, else on its validation part, else on all of it.

    Left out, with their reasons: photos that cannot be read, photos of classes that the classifier
    does not have, and photos it learned from. Where it learned from all of them, they are measured
    all the same and the report says what that is worth. Raises `InputError` where none remains.
    """
    photos, foreign = known(_named(_part(dataset), classifier), classifier.classes)
    answered = _answered(classifier, photos, progress)
    negatives = (LeftOut(photo.file, NEGATIVE) for photo in dataset.negatives)
    left_out = (*dataset.left_out, *foreign, *answered.left_out, *negatives)
    if not answered.photos:
        raise InputError(_nothing_left(classifier, dataset, left_out))
    found = probabilities(classifier.head, np.stack(answered.vectors))
    metrics = measure(
        classifier.classes,
        truths(answered.photos, classifier.classes),
        found,
        groups=[photo.group for photo in answered.photos],
        seed=seed,
    )
    return Report(
        dataset=dataset.name,
        metrics=metrics,
        rows=rows(answered.photos, classifier.classes, found),
        measured_by="training photos" if answered.are_remembered else "held out",
        command=command,
        trained_on=tuple((classifier.card.trained_on or {}).items()),
        left_out=left_out,
        notes=(REMEMBERED,) if answered.are_remembered else (),
        making=_making(classifier),
    )


def _part(dataset: ImageDataset) -> tuple[Photo, ...]:
    wanted = dataset.held_out_part
    return tuple(photo for photo in dataset.photos if wanted is None or photo.part == wanted)


def _named(photos: Sequence[Photo], classifier: Classifier) -> tuple[Photo, ...]:
    """The photos, their folders' names put as the classifier calls its classes."""
    own = {label: label for label in classifier.classes}
    called = {str(photo.label): plain(str(photo.label)) for photo in photos}
    named = {text: own.get(text, classifier.synonyms.get(called[text], text)) for text in called}
    return tuple(replace(photo, label=named[str(photo.label)]) for photo in photos)


@dataclass(frozen=True)
class _Answered:
    """Photos that could be read, with their embeddings, and the other ones."""

    photos: tuple[Photo, ...]
    vectors: tuple[NDArray[np.float32], ...]
    left_out: tuple[LeftOut, ...]
    are_remembered: bool = False  # the classifier learned from every one of them


def _answered(classifier: Classifier, photos: Sequence[Photo], progress: Progress) -> _Answered:
    """The photos that the classifier did not learn from; where there is none, all of them."""
    seen = set(classifier.reference.contents) if classifier.reference else set()
    unseen: list[Photo] = []
    learned: list[Photo] = []
    for photo, content in zip(photos, in_threads(_content, photos), strict=True):
        (learned if content in seen else unseen).append(photo)
    answered = _embedded(classifier, unseen, progress)
    if answered.photos or not learned:
        others = tuple(LeftOut(photo.file, LEARNED) for photo in learned)
        return replace(answered, left_out=answered.left_out + others)
    remembered = _embedded(classifier, learned, progress)
    left_out = answered.left_out + remembered.left_out
    return replace(remembered, left_out=left_out, are_remembered=True)


def _content(photo: Photo) -> str | None:
    """The hash of the file's bytes; None where it cannot be read, which is told when it is met."""
    try:
        return files.sha256(photo.read())
    except ImageError:
        return None


def _embedded(classifier: Classifier, photos: Sequence[Photo], progress: Progress) -> _Answered:
    whole: list[Photo] = []
    vectors: list[NDArray[np.float32]] = []
    unreadable: list[LeftOut] = []
    for photo, vector in zip(photos, classifier.embeddings(photos), strict=True):
        if isinstance(vector, ImageError):
            unreadable.append(LeftOut(photo.file, str(vector)))
        else:
            whole.append(photo)
            vectors.append(vector)
        progress(len(whole) + len(unreadable), len(photos))
    return _Answered(tuple(whole), tuple(vectors), tuple(unreadable))


def _making(classifier: Classifier) -> tuple[tuple[str, str], ...]:
    return (
        ("network", f"{classifier.backbone.architecture}, {classifier.backbone.source}"),
        ("head", classifier.head.kind),
        ("engine", classifier.engine.name),
        ("decoder", classifier.backbone.preprocessing.decoder),
    )


def _nothing_left(
    classifier: Classifier, dataset: ImageDataset, left_out: Sequence[LeftOut]
) -> str:
    reason = f" ({left_out[0].file}: {left_out[0].reason})" if left_out else ""
    known_classes = ", ".join(classifier.classes[:5])
    return (
        f"{dataset.name} has no photo to measure on{reason}: expected photos in folders named like "
        f"the classes of the classifier ({known_classes}). Rename the folders."
    )
