"""What a new classifier would say of the measured photos besides their labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.evaluation.answers import Doubt, Row
from eyespot.evaluation.limits_asked import doubts
from eyespot.transfer.knowing import Making, known_photos, sets_in_turn
from eyespot.transfer.measuring import answer_rows
from eyespot.transfer.taken import Taken
from eyespot.trust import novelty


def measured_rows(
    taken: Taken, classifier: Classifier, *, coverage: float | None, seed: int
) -> tuple[Row, ...]:
    """One row for each measured photo: its answers, whether it is refused, and its label set.

    On the test part as `classifier` says it; without one as whoever had not seen the photo or its
    group. The last two are empty where nobody can tell.
    """
    making = taken.making(coverage=coverage, seed=seed)
    said = _held_out if taken.material.is_held_out.any() else _in_turn
    return answer_rows(
        taken.material, taken.examples, taken.answers, doubts=said(taken, classifier, making)
    )


def _held_out(taken: Taken, classifier: Classifier, making: Making) -> tuple[Doubt, ...]:
    asked = taken.answers.probabilities
    away = classifier.novelty_distances(taken.material.vectors[list(taken.answers.part)])
    sets = None if classifier.coverage is None else classifier.coverage.sets(asked)
    return doubts(classifier, away, sets=sets, probabilities=asked)


def _in_turn(taken: Taken, classifier: Classifier, making: Making) -> tuple[Doubt, ...]:
    """Distances to the photos of all other groups, as when the threshold was fitted."""
    known, reference = known_photos(taken.material, held_out=False), classifier.reference
    asked = taken.answers.probabilities
    if making.unseen is not None or making.answered is None or len(asked) > novelty.ASKED:
        return ()
    rows = making.answered.rows
    assert known is not None and reference is not None, "there are photos to learn from"
    away = novelty.fit(known, negatives=reference.negatives, seed=making.seed).distances[rows]
    sets: NDArray[np.bool_] | None = None
    if classifier.coverage is not None and classifier.card.coverage is not None:
        sets = sets_in_turn(making, coverage=classifier.coverage.coverage)[rows]
    return doubts(classifier, away, sets=sets, probabilities=asked)
