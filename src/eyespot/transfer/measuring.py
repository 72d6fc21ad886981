"""How good the head is, on photos that neither it nor the choice of it has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.calibration import Calibration
from eyespot.classifier.heads import probabilities
from eyespot.embeddings import nearest
from eyespot.evaluation.answers import Doubt, Neighbour, Row, rows
from eyespot.evaluation.metrics import Metrics, measure
from eyespot.evaluation.reliability import measure_calibration
from eyespot.transfer.candidates import Candidate, Examples
from eyespot.transfer.material import Material
from eyespot.transfer.probes import choose, cross_validate, cross_validated, fit

NESTED_IN_FULL = 1_000  # photos up to which the inner choice, too, tries every fold
NEIGHBOURS = 3  # training photos shown beside an error


@dataclass(frozen=True)
class Answers:
    """What the measured photos were answered."""

    part: tuple[int, ...]  # rows of the material that were measured
    probabilities: NDArray[np.float32]  # (len(part), K)
    metrics: Metrics
    random_split: Metrics | None  # had photos that belong together been separated
    is_cross_validation: bool
    calibration: Calibration


def measured(material: Material, examples: Examples, chosen: Candidate, *, seed: int) -> Answers:
    """On the held-out part, once; without one by cross-validation, the choice made in each fold."""
    part = material.part(held_out=True)
    if part:
        head, vectors = fit(examples, chosen), material.vectors[list(part)]
        found = probabilities(head, vectors)
        before = probabilities(replace(head, temperature=1.0), vectors)
        return answers_to(material, part, found, before, None, seed=seed)
    is_asked = material.measured_out_of_fold()
    part = tuple(np.array(material.part(held_out=False))[is_asked].tolist())
    found, before = cross_validated(examples, lambda inner: choice_of(inner, chosen))
    found, before = found[is_asked], before[is_asked]
    random_split = None
    if len({material.groups[row] for row in part}) < len(part):
        separated, _ = material.examples(seed=seed, grouped=False)
        naive = choose(separated, held_out=int(separated.folds[0]))[0]  # by near-copies, too
        by_chance = cross_validate(separated, lambda _: naive)
        labels = material.labels[list(part)]
        random_split = measure(material.classes, labels, by_chance[is_asked], seed=seed)
    return answers_to(material, part, found, before, random_split, seed=seed)


def answer_rows(
    material: Material, examples: Examples, answers: Answers, *, doubts: Sequence[Doubt] = ()
) -> tuple[Row, ...]:
    """One row for each measured photo; the wrong ones with the training photos most like them."""
    labels = material.labels[list(answers.part)]
    wrong = np.flatnonzero(answers.probabilities.argmax(axis=1) != labels)
    near: list[tuple[Neighbour, ...]] = [()] * len(answers.part)
    for i in wrong.tolist():
        near[i] = _nearest(material, examples, answers, i)
    photos = [material.photos[row] for row in answers.part]
    return rows(photos, material.classes, answers.probabilities, nearest=near, doubts=doubts)


def _nearest(
    material: Material, examples: Examples, answers: Answers, i: int
) -> tuple[Neighbour, ...]:
    """The nearest photos among those that the head which answered photo `i` had learned from."""
    learned = np.array(material.part(held_out=False))
    if answers.is_cross_validation:
        own = examples.folds[np.searchsorted(learned, answers.part[i])]
        learned = learned[examples.folds != own]
    query = material.vectors[[answers.part[i]]]
    places, cosines = nearest(query, material.vectors[learned], NEIGHBOURS)
    found = [material.photos[learned[place]] for place in places[0]]
    return tuple(
        Neighbour(photo.file, str(photo.label), float(cosine), photo.source)
        for photo, cosine in zip(found, cosines[0], strict=True)
    )


def choice_of(examples: Examples, chosen: Candidate) -> Candidate:
    """The head that the inner folds choose. With fewer than two of them nothing can be chosen."""
    folds, sizes = np.unique(examples.folds, return_counts=True)
    if len(folds) < 2:
        return chosen
    small = len(examples.labels) <= NESTED_IN_FULL
    return choose(examples, held_out=None if small else int(folds[np.argmin(sizes)]))[0]


def answers_to(
    material: Material,
    part: tuple[int, ...],
    found: NDArray[np.float32],
    before: NDArray[np.float32],
    random_split: Metrics | None,
    *,
    seed: int,
) -> Answers:
    """What was answered, measured: how often right, and how truly sure."""
    labels = material.labels[list(part)]
    groups = [material.groups[row] for row in part]
    return Answers(
        part=part,
        probabilities=found,
        metrics=measure(material.classes, labels, found, groups=groups, seed=seed),
        random_split=random_split,
        is_cross_validation=not material.is_held_out.any(),
        calibration=measure_calibration(found, labels, seed=seed, groups=groups, before=before),
    )
