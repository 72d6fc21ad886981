"""Sets of labels that hold the truth in a stated share of photos: split conformal prediction.

H. Papadopoulos, K. Proedrou, V. Vovk, A. Gammerman: Inductive Confidence Machines for Regression,
ECML 2002; for classes, one threshold for each: V. Vovk: Conditional Validity of Inductive Conformal
Predictors, ACML 2012, arXiv:1209.2673. A label's score is 1 - its probability. How the thresholds
are found is for `eyespot.trust`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.errors import InputError


@dataclass(frozen=True)
class Coverage:
    """From which probability on a label is in the set, class by class.

    Raises `InputError` where the numbers are none that a calibration can give.
    """

    coverage: float  # the share of new photos whose set holds the truth, or more
    thresholds: tuple[float, ...]  # (K,): in the set where 1 - probability is not above it
    n: tuple[int, ...]  # (K,): calibration photos that each threshold comes from
    is_pooled: tuple[bool, ...]  # (K,): from the photos of all classes, its own were too few

    def __post_init__(self) -> None:
        if not 0 < self.coverage < 1:
            raise InputError(f"coverage is a share between 0 and 1, not {self.coverage}")
        if not len(self.thresholds) == len(self.n) == len(self.is_pooled) > 1:
            raise InputError("coverage has a threshold, a number and a kind for each class")
        if not all(0 <= threshold <= 1 for threshold in self.thresholds) or min(self.n) < 0:
            raise InputError("coverage has thresholds between 0 and 1, of 0 photos or more")

    def sets(self, probabilities: NDArray[np.floating]) -> NDArray[np.bool_]:
        """(N, K) -> (N, K): which labels are in each photo's set; the most probable always is."""
        scores = 1 - np.asarray(probabilities, np.float32)
        inside = scores <= np.array(self.thresholds, np.float32)
        inside[np.arange(len(inside)), probabilities.argmax(axis=1)] = True
        return np.asarray(inside)


@dataclass(frozen=True)
class ClassCoverage:
    """How often the truth was in the set, for photos of one class."""

    label: str
    n: int  # photos
    covered: float | None  # share of them; None: no photo


@dataclass(frozen=True)
class CoverageFigures:
    """How the sets did on photos that neither the head nor the thresholds had seen."""

    n: int  # photos
    covered: float  # share whose set holds the truth
    interval: tuple[float, float]  # 95 %, of that share
    mean_size: float  # labels in a set
    single: float  # share of photos whose set has one label
    per_class: tuple[ClassCoverage, ...]
