"""Photos answered out of fold: how often label sets hold the truth, asked without another training.

A fold's sets have thresholds from the scores of the next one. Both were answered by networks that
had not seen the photos they answered (V. Vovk: Cross-Conformal Predictors, Annals of Mathematics
and Artificial Intelligence 74, 2015). The networks differ from fold to fold, so that the guarantee
of split conformal prediction holds for these sets nearly, and not exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import Labels, Vectors
from eyespot.trust import coverage as label_sets

TURNS = 2  # folds: one for the thresholds, one that is asked


@dataclass(frozen=True)
class Answered:
    """What networks said of some of the examples, each of photos that it had not seen."""

    rows: NDArray[np.int64]  # (M,), places among the examples
    probabilities: Vectors  # (M, K)


def sets_out_of_fold(
    answered: Answered,
    labels: Labels,
    folds: Labels,
    *,
    classes: Sequence[str],
    groups: NDArray[np.int64],
    coverage: float,
    seed: int,
) -> NDArray[np.bool_] | None:
    """(M, K); `labels`, `folds` and `groups` are of the answered photos. None: too few folds."""
    every = np.unique(folds)
    if len(every) < TURNS:
        return None
    sets = np.zeros(answered.probabilities.shape, bool)
    for fold, following in zip(every, np.roll(every, -1), strict=True):
        is_asked, is_calibrating = folds == fold, folds == following
        found, _ = label_sets.fit(
            answered.probabilities[is_calibrating],
            labels[is_calibrating],
            classes=classes,
            groups=groups[is_calibrating],
            coverage=coverage,
            seed=seed,
        )
        sets[is_asked] = found.sets(answered.probabilities[is_asked])
    return sets
