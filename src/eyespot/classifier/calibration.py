"""How sure a classifier may be: one temperature that divides all of its scores, and what is known
of the probabilities that come of it.

C. Guo et al.: On Calibration of Modern Neural Networks, ICML 2017, arXiv:1706.04599, sect. 4.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import Labels, Vectors

TEMPERATURES = np.geomspace(0.05, 20, 121)  # 5 % apart


@dataclass(frozen=True)
class Reliable:
    """A bin of photos that were answered about as surely; all shares are in [0, 1]."""

    n: int  # photos
    low: float  # the least probability of a first answer among them
    high: float  # and the greatest
    sure: float  # their mean
    right: float  # the share of these answers that is the truth
    if_perfect: tuple[float, float]  # where that share lies in 95 of 100, were they calibrated


@dataclass(frozen=True)
class Errors:
    """How far probabilities are from what came true; 0 is best."""

    ece: float  # mean distance of sure from right over the bins, weighted by their photos
    brier: float  # mean squared distance of a photo's probabilities from its truth, in [0, 2]
    log_loss: float  # mean of -log of the true label's probability, in nats


@dataclass(frozen=True)
class Calibration:
    """Are the probabilities right as often as they say: measured on photos of known truth."""

    n: int  # photos
    sure: float  # mean probability of the first answer
    right: float  # the share of first answers that is the truth
    errors: Errors
    ece_if_perfect: tuple[float, float]  # median and 95th percentile, were they calibrated
    bins: tuple[Reliable, ...]  # from unsure to sure
    before: Errors | None = None  # of the same answers before temperature scaling

    @property
    def is_as_good_as_perfect(self) -> bool:
        """Whether a perfectly calibrated classifier would often show an error as large."""
        return self.errors.ece <= self.ece_if_perfect[1]


def fit_temperature(scores: Vectors, truth: Labels) -> float:
    """The temperature for scores (N, K) of photos that nothing was learned from; truth (N,)."""
    return calibrated(scores, truth)[0]


def calibrated(scores: Vectors, truth: Labels) -> tuple[float, NDArray[np.float64]]:
    """The temperature with the least mean log loss, and each photo's log loss in nats.

    Against blurred labels, as if two more photos had theirs by lot: few photos, all answered
    rightly, are no reason to be sure (Platt: Probabilistic outputs for support vector machines,
    1999, Sect. 2.2, whose targets these are for two classes).
    """
    shifted = (scores - scores.max(axis=1, keepdims=True)).astype(np.float64)
    right = shifted[np.arange(len(truth)), truth]
    blur = 2 / (len(truth) + 2)
    aim = (1 - blur) * right + blur * shifted.mean(axis=1)
    totals = [np.log(np.exp(shifted / t).sum(axis=1)) for t in TEMPERATURES]
    pairs = zip(totals, TEMPERATURES, strict=True)
    best = int(np.argmin([(total - aim / t).mean() for total, t in pairs]))
    return float(TEMPERATURES[best]), totals[best] - right / TEMPERATURES[best]
