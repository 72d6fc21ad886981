"""From a folder of photos to a fine-tuned network, on the loop that trains from scratch.

Read, look at every photo, divide, fit a head, let the last stages learn. What came out is measured
in `tuned_trust.py`, and written as what was trained from scratch is.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from eyespot import audit as auditing
from eyespot.datasets.checks import check_trainable, without
from eyespot.datasets.dataset import ImageDataset
from eyespot.datasets.splits import grouped_folds
from eyespot.embeddings import Embedded, embed
from eyespot.engines import pretrained
from eyespot.errors import InputError
from eyespot.networks import catalogue as networks
from eyespot.training import facts, scratch
from eyespot.training.distributed import World
from eyespot.training.fine_tuning import WithHead
from eyespot.training.looking import grouped
from eyespot.training.parts import Looked, Parts, divided
from eyespot.training.recipe import Recipe, lasting
from eyespot.training.scratch import Beginning, Learned
from eyespot.training.stages import Stages
from eyespot.transfer.candidates import Examples
from eyespot.transfer.learning_on import fine_tuned
from eyespot.transfer.lesson import (
    OPTIMISER,
    TIME_LIMIT,
    VALIDATION,
    Lesson,
    Tuning,
    lesson,
    recipe_for,
)
from eyespot.transfer.material import FOLDS
from eyespot.transfer.tuned_trust import with_calibration
from eyespot.weights import catalogue


def begin(
    tuning: Tuning,
    order: scratch.Order,
    dataset: ImageDataset,
    stages: Stages,
    *,
    coverage: float | None = None,
) -> Beginning:
    """Look at the photos, divide them, fit the head. For label sets, some only calibrate them.

    Raises `InputError` where the photos and the network do not go together.
    """
    checkpoint = catalogue.find(tuning.weights)
    recipe_for(tuning, photos=1, has_mirrored=False)  # refused before the work
    found = dataset.found
    with stages.stage("embedding") as stage:
        watch = stages.watcher.advance
        embedded = embed(dataset.photos, pretrained(checkpoint.name), progress=watch)
        dataset = without(dataset, embedded.left_out)
        check_trainable(dataset)
        stage.figure = f"{len(embedded):,} photos"
    with stages.stage("audit") as stage:
        audit = auditing.audit(dataset, embedded)
        contents = tuple(each.sha256 for each in embedded.facts)
        looked = Looked(grouped(dataset, audit.groups), contents)
        parts = divided(looked, validation=VALIDATION, seed=order.seed)
        if coverage is not None:
            parts = with_calibration(parts, seed=order.seed)
        stage.figure = ", ".join(f"{n:,} {part}" for part, n in parts.sizes.items() if n)
    with stages.stage("head") as stage:
        examples, notes = _examples(parts, embedded, seed=order.seed)
        tried = (parts.validation, parts.labels(parts.validation))
        begun = lesson(tuning, examples, parts.train, tried, seed=order.seed)
        recipe = _as_asked(begun.recipe, order, photos=len(parts.train))
        stage.figure = str(begun.candidate)
    notes = (*looked.dataset.notes, *parts.notes, *notes)
    for sentence in notes:
        stages.watcher.note(sentence)
    return Beginning(
        architecture=networks.find(checkpoint.network),
        network=begun.network,
        recipe=recipe,
        learned=begun.learned,
        tried=begun.tried,
        dataset=looked.dataset,
        parts=parts,
        found=found,
        notes=notes,
        weights=checkpoint.name,
    )


def _as_asked(recipe: Recipe, order: scratch.Order, *, photos: int) -> Recipe:
    """The recipe with the length, the batches and the rate that the order names."""
    if order.epochs is not None:
        recipe = lasting(recipe, order.epochs)
    if order.batch_size is not None:
        recipe = replace(recipe, batch_size=min(order.batch_size, photos))
    if order.learning_rate is not None:
        recipe = replace(recipe, optimiser=replace(OPTIMISER, learning_rate=order.learning_rate))
    return recipe


def _examples(parts: Parts, embedded: Embedded, *, seed: int) -> tuple[Examples, tuple[str, ...]]:
    """The training part's embeddings in folds, and what could not be as asked."""
    row = {photo.file: i for i, photo in enumerate(embedded.photos)}
    rows = [row[photo.file] for photo in parts.train]
    if not parts.validation:
        raise InputError("Fine-tuning needs photos to choose the epoch on: add photos")
    folds = grouped_folds(
        [str(photo.label) for photo in parts.train],
        [photo.group for photo in parts.train],
        folds=FOLDS,
        seed=seed,
        names=parts.contents,
    )
    labels = np.array(parts.labels(parts.train), np.int64)
    number = folds.number.astype(np.int64)
    vectors = (embedded.vectors[rows], embedded.mirrored[rows])
    return Examples(*vectors, labels, number, len(parts.classes)), folds.notes


def learn(
    order: scratch.Order,
    dataset: ImageDataset,
    stages: Stages,
    *,
    tuning: Tuning,
    coverage: float | None = None,
    place: Path | None = None,
    progress: facts.Watcher | None = None,
    world: World | None = None,
) -> Learned:
    """Fine-tune; with a `place` for checkpoints, go on where it stood. Raises as `scratch.learn`.

    Where `order` has no time limit, `TIME_LIMIT` is taken. With `coverage`, some photos are held
    out that only calibrate label sets.
    """
    begun = begin(tuning, order, dataset, stages, coverage=coverage)
    assert isinstance(begun.network, WithHead) and begun.tried is not None
    with stages.stage("training") as stage:
        fitted = fine_tuned(
            Lesson(begun.network, begun.recipe, begun.learned, begun.tried),
            order,
            time_limit=order.time_limit or TIME_LIMIT,
            place=place,
            progress=progress,
            world=world or World(device=order.torch_device),
        )
        stage.figure = scratch.told(fitted)
    for sentence in fitted.notes:
        stages.watcher.note(sentence)
    return Learned(begun, fitted, stages)
