"""How sure a classifier may be: one temperature that divides all of its scores.

C. Guo et al.: On Calibration of Modern Neural Networks, ICML 2017, arXiv:1706.04599, sect. 4.2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import Labels, Vectors

TEMPERATURES = np.geomspace(0.05, 20, 121)  # 5 % apart


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
