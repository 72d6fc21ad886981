"""From a folder of photos to a fine-tuned network, on the loop that trains from scratch.

Read, look at every photo, divide, fit a head, let the last stages learn. What came out is measured
and written as what was trained from scratch is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot import audit as auditing
from eyespot.classifier.classifier import Classifier
from eyespot.datasets.checks import check_trainable, without
from eyespot.datasets.dataset import Photo
from eyespot.datasets.splits import grouped_folds
from eyespot.embeddings import Embedded, embed
from eyespot.engines import pretrained
from eyespot.errors import InputError
from eyespot.networks import catalogue as networks
from eyespot.training import facts, scratch
from eyespot.training.distributed import World
from eyespot.training.fine_tuning import WithHead
from eyespot.training.looking import grouped
from eyespot.training.measuring import Trained, measured, readable
from eyespot.training.parts import Looked, Parts, divided
from eyespot.training.recipe import Recipe, lasting
from eyespot.training.scratch import Beginning, Learned, opened
from eyespot.training.stages import Stages
from eyespot.transfer.knowing import trust_told, with_novelty
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
from eyespot.transfer.probes import Examples
from eyespot.trust.novelty import Known
from eyespot.weights import catalogue


def begin(tuning: Tuning, order: scratch.Order, stages: Stages) -> Beginning:
    """Look at the photos, divide them, fit the head.

    Raises `InputError` where the photos and the network do not go together.
    """
    checkpoint = catalogue.find(tuning.weights)
    recipe_for(tuning, photos=1, has_mirrored=False)  # refused before the work
    dataset, found = opened(order, stages)
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


def measured_with_trust(order: scratch.Order, learned: Learned) -> Trained:
    """The measurement, and a classifier that can tell what is none of its classes.

    The distances that known photos have are those of the validation photos: the network has
    brought together the ones that it learned from.
    """
    trained = measured(order, learned)
    stages, parts = learned.stages, learned.begun.parts
    classifier = trained.classifier
    assert classifier.reference is not None
    numbers: dict[str, int] = {}
    by_content = dict(zip(parts.contents, parts.train, strict=True))
    remembered = classifier.reference.contents[: len(classifier.reference.labels)]
    with stages.stage("trust") as stage:
        classifier = with_novelty(
            classifier,
            Known(
                classifier.reference.vectors,
                classifier.reference.labels,
                _groups([by_content[content] for content in remembered], numbers),
            ),
            asked=_seen(classifier, parts.validation, parts, numbers),
            held_out=_seen(classifier, parts.test, parts, numbers),
            seed=order.seed,
        )
        stage.figure = trust_told(classifier)
    report = replace(trained.report, novelty=classifier.card.novelty)
    return replace(trained, classifier=classifier, report=report)


def _seen(
    classifier: Classifier, photos: Sequence[Photo], parts: Parts, numbers: dict[str, int]
) -> Known:
    """Photos of one part as the classifier sees them."""
    vectors = np.stack([readable(answer) for answer in classifier.embeddings(photos)])
    labels = np.array(parts.labels(photos), np.int64)
    return Known(vectors, labels, _groups(photos, numbers))


def _groups(photos: Sequence[Photo], numbers: dict[str, int]) -> NDArray[np.int64]:
    """The number of each photo's group, given to new ones; without one, a number of its own."""
    names = [f"group {photo.group}" if photo.group else f"file {photo.file}" for photo in photos]
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], np.int64)


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
    stages: Stages,
    *,
    tuning: Tuning,
    place: Path | None = None,
    progress: facts.Watcher | None = None,
    world: World | None = None,
) -> Learned:
    """Fine-tune; with a `place` for checkpoints, go on where it stood. Raises as `scratch.learn`.

    Where `order` has no time limit, `TIME_LIMIT` is taken.
    """
    begun = begin(tuning, order, stages)
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
