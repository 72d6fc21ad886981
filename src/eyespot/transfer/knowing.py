"""What a new classifier is given to know of itself: what is none of its classes, and label sets."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.coverage import Coverage, CoverageFigures
from eyespot.classifier.heads import Head, probabilities
from eyespot.datasets.names import counted
from eyespot.embeddings import embed
from eyespot.evaluation.limits import covered
from eyespot.evaluation.unrelated import unrelated
from eyespot.pages.words import percent
from eyespot.transfer.answered import Answered, sets_out_of_fold
from eyespot.transfer.candidates import Candidate, Examples
from eyespot.transfer.material import Material
from eyespot.transfer.negatives import Negatives
from eyespot.transfer.probes import fit
from eyespot.trust import coverage as label_sets
from eyespot.trust import novelty
from eyespot.trust.novelty import Known, Strangers

TURNS = 3  # folds that measuring label sets needs: to learn, to calibrate, to measure


@dataclass(frozen=True)
class Making:
    """What a head was made of, as far as the classifier's knowledge of itself depends on it."""

    material: Material
    examples: Examples  # all photos but the test part, in folds
    is_calibrating: NDArray[np.bool_]  # (N,) of the examples; the head learned from the others
    chosen: Candidate
    coverage: float | None
    seed: int
    unseen: NDArray[np.bool_] | None = None  # (N,) that the network itself has not learned from;
    # None: it has learned from none
    answered: Answered | None = None  # by networks in folds, where this one has learned from them


def with_trust(
    classifier: Classifier, making: Making, negatives: Negatives
) -> tuple[Classifier, tuple[str, ...]]:
    """The classifier with all that it can know of itself, and what to know of that."""
    material, seed = making.material, making.seed
    known = known_photos(material, held_out=False)
    assert known is not None, "there are photos to learn from"
    held_out = known_photos(material, held_out=True)
    asked = None if making.unseen is None else known.where(np.flatnonzero(making.unseen))
    found = with_novelty(
        classifier, known, asked=asked, held_out=held_out, negatives=negatives.strangers, seed=seed
    )
    if making.coverage is None:
        return found, negatives.notes
    sets, notes = label_sets_of(classifier.head, making, coverage=making.coverage)
    figures = label_sets_measured(sets, classifier.head, making)
    card = replace(found.card, coverage=figures)
    told = (*negatives.notes, *notes, *_told(figures, making))
    return replace(found, coverage=sets, card=card), told


def _told(figures: CoverageFigures | None, making: Making) -> tuple[str, ...]:
    """How the label sets were measured, where that is not plain, or that they were not."""
    if figures is None:
        return (
            "How often the label sets hold the truth was not measured: that takes a test part, or "
            "more photos out of fold.",
        )
    if making.unseen is None or making.material.part(held_out=True):
        return ()
    return (
        f"The label sets were measured on {counted(figures.n, 'photo')} out of fold, each fold "
        "with thresholds from the next one: networks answered that had not seen them.",
    )


def trust_told(classifier: Classifier) -> str:
    """The figure of the stage: what share of unrelated pictures is refused.

    >>> trust_told(classifier)
    'none of these: 96.9 % of 66 unrelated pictures refused'
    """
    figures = classifier.card.novelty
    if figures is None:
        return ""
    every = figures.unrelated[0]
    return f"none of these: {percent(every.refused)} of {every.n} unrelated pictures refused"


def with_novelty(
    classifier: Classifier,
    known: Known,
    *,
    asked: Known | None = None,
    held_out: Known | None = None,
    negatives: Strangers | None = None,
    seed: int,
) -> Classifier:
    """The classifier with a threshold for "none of these", and with its figures on the card.

    `known` are the photos of its reference, in their order; `asked` are others of known classes,
    where the backbone itself has learned from `known`; `held_out` those of a test part.
    """
    assert classifier.reference is not None, "a classifier that was trained here has a reference"
    vectors = None if negatives is None else negatives.vectors
    fitted = novelty.fit(known, asked=asked, negatives=vectors, seed=seed)
    figures = novelty.figures(
        fitted,
        known,
        classifier.classes,
        unrelated=_unrelated(classifier),
        held_out=held_out,
        negatives=negatives,
        seed=seed,
    )
    return replace(
        classifier,
        reference=replace(classifier.reference, negatives=vectors),
        novelty=fitted.novelty,
        card=replace(classifier.card, novelty=figures),
    )


def calibrating(examples: Examples, coverage: float | None) -> NDArray[np.bool_]:
    """(N,) the photos that only calibrate label sets: one fold, or none where none are asked for.

    A class stays with those to learn from where it would have none there.
    """
    if coverage is None:
        return np.zeros(len(examples.labels), bool)
    return _held_back(examples, int(examples.folds.min()))


def label_sets_of(
    head: Head, making: Making, *, coverage: float
) -> tuple[Coverage, tuple[str, ...]]:
    """The thresholds from the photos that the head has not learned from, and what to know."""
    found, notes = _thresholds(head, making.is_calibrating, making, coverage=coverage)
    number = counted(int(making.is_calibrating.sum()), "photo")
    sentence = f"{number} were not learned from: they calibrate the label sets."
    return found, (sentence, *notes)


def _thresholds(
    head: Head, is_calibrating: NDArray[np.bool_], making: Making, *, coverage: float
) -> tuple[Coverage, tuple[str, ...]]:
    """From the examples that calibrate (N,), of which `head` has learned nothing."""
    material, part = making.material, making.examples.where(is_calibrating)
    groups = np.array(material.groups)[list(material.part(held_out=False))]
    return label_sets.fit(
        probabilities(head, part.vectors),
        part.labels,
        classes=material.classes,
        groups=groups[is_calibrating],
        coverage=coverage,
        seed=making.seed,
    )


def label_sets_measured(found: Coverage, head: Head, making: Making) -> CoverageFigures | None:
    """How often they hold the truth: on the test part, without one with folds that take turns.

    None where there are too few folds for that.
    """
    examples, material = making.examples, making.material
    part = material.part(held_out=True)
    if part:
        rows, sets = list(part), found.sets(probabilities(head, material.vectors[list(part)]))
    elif making.unseen is not None:
        found_sets = _sets_as_answered(making, coverage=found.coverage)
        if found_sets is None or making.answered is None:
            return None
        sets = found_sets
        rows = np.array(material.part(held_out=False))[making.answered.rows].tolist()
    elif len(np.unique(examples.folds)) < TURNS:
        return None
    else:
        is_asked = material.measured_out_of_fold()
        rows = np.array(material.part(held_out=False))[is_asked].tolist()
        sets = sets_in_turn(making, coverage=found.coverage)[is_asked]
    return covered(
        sets,
        material.labels[rows],
        classes=material.classes,
        groups=[material.groups[row] for row in rows],
        seed=making.seed,
    )


def known_photos(material: Material, *, held_out: bool) -> Known | None:
    """The photos of one side of the material; None: there are none."""
    rows = list(material.part(held_out=held_out))
    if not rows:
        return None
    return Known(material.vectors[rows], material.labels[rows], np.array(material.groups)[rows])


def sets_in_turn(making: Making, *, coverage: float) -> NDArray[np.bool_]:
    """(N, K): each fold's sets by a head and thresholds that have seen nothing of it."""
    examples = making.examples
    sets = np.zeros((len(examples.labels), examples.num_classes), bool)
    folds = np.unique(examples.folds)
    for fold, following in zip(folds, np.roll(folds, -1), strict=True):
        is_asked = examples.folds == fold
        is_calibrating = _held_back(examples, int(following), but=is_asked)
        head = fit(examples.where(~is_asked & ~is_calibrating), making.chosen)
        found, _ = _thresholds(head, is_calibrating, making, coverage=coverage)
        sets[is_asked] = found.sets(probabilities(head, examples.vectors[is_asked]))
    return sets


def _sets_as_answered(making: Making, *, coverage: float) -> NDArray[np.bool_] | None:
    """(M, K) of the photos that networks answered in folds; None: too few of these did."""
    material, answered = making.material, making.answered
    if answered is None:
        return None
    groups = np.array(material.groups)[list(material.part(held_out=False))]
    return sets_out_of_fold(
        answered,
        making.examples.labels[answered.rows],
        making.examples.folds[answered.rows],
        classes=material.classes,
        groups=groups[answered.rows],
        coverage=coverage,
        seed=making.seed,
    )


def _held_back(
    examples: Examples, fold: int, *, but: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    is_held = examples.folds == fold
    others = ~is_held if but is None else ~is_held & ~but
    return np.asarray(is_held & np.isin(examples.labels, examples.labels[others]))


def _unrelated(classifier: Classifier) -> Strangers:
    pictures = unrelated()
    embedded = embed(pictures, classifier.backbone, device=classifier.device)
    kinds = [str(photo.label) for photo in embedded.photos]
    vectors = embedded.averaged(flip=classifier.flip).vectors
    return Strangers(vectors, kinds, np.arange(len(kinds)))
