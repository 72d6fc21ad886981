"""A classifier against photos whose truth is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import probabilities
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.errors import ImageError, InputError
from eyespot.evaluation.answers import known, rows, truths
from eyespot.evaluation.findings import Report
from eyespot.evaluation.metrics import measure

Progress = Callable[[int, int], None]  # photos done, photos in all


def evaluate(
    classifier: Classifier,
    dataset: ImageDataset,
    *,
    seed: int = 0,
    command: str = "",
    progress: Progress = lambda done, total: None,
) -> Report:
    """Measure on the test part of `dataset`, else on its validation part, else on all of it.

    Photos that cannot be read, and photos of classes that the classifier does not have, are left
    out with their reasons. Raises `InputError` where none remains.
    """
    photos, foreign = known(_part(dataset), classifier.classes)
    whole, vectors, unreadable = [], [], []
    for photo, vector in zip(photos, classifier.embeddings(photos), strict=True):
        if isinstance(vector, ImageError):
            unreadable.append(LeftOut(photo.file, str(vector)))
        else:
            whole.append(photo)
            vectors.append(vector)
        progress(len(whole) + len(unreadable), len(photos))
    left_out = (*dataset.left_out, *foreign, *unreadable)
    if not whole:
        raise InputError(_nothing_left(classifier, dataset, left_out))
    found = probabilities(classifier.head, np.stack(vectors))
    metrics = measure(
        classifier.classes,
        truths(whole, classifier.classes),
        found,
        groups=[photo.group for photo in whole],
        seed=seed,
    )
    return Report(
        dataset=dataset.name,
        metrics=metrics,
        rows=rows(whole, classifier.classes, found),
        protocol="held out",
        command=command,
        trained_on=tuple((classifier.card.trained_on or {}).items()),
        left_out=left_out,
        making=(
            ("network", f"{classifier.backbone.architecture}, {classifier.backbone.source}"),
            ("head", classifier.head.kind),
            ("engine", classifier.engine.name),
            ("decoder", classifier.backbone.preprocessing.decoder),
        ),
    )


def _part(dataset: ImageDataset) -> tuple[Photo, ...]:
    parts = {photo.part for photo in dataset.photos}
    wanted = next((part for part in ("test", "validation") if part in parts), None)
    return tuple(photo for photo in dataset.photos if wanted is None or photo.part == wanted)


def _nothing_left(
    classifier: Classifier, dataset: ImageDataset, left_out: Sequence[LeftOut]
) -> str:
    reason = f" ({left_out[0].file}: {left_out[0].reason})" if left_out else ""
    known_classes = ", ".join(classifier.classes[:5])
    return (
        f"{dataset.name} has no photo to measure on{reason}: expected photos in folders named like "
        f"the classes of the classifier ({known_classes}). Rename the folders."
    )
