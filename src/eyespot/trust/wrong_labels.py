"""How many labels are wrong, and with what chance each: a classifier errs, and so do labels.

A classifier that is often wrong suspects many labels that are right. What tells the two apart is
how sure it was: true probabilities err as often as they say, wrong labels contradict the surest
answers as often as any. Two numbers are fitted by maximum likelihood to photos answered by who had
not seen them: a temperature, as wrong labels make a classifier less sure than it should be (C. Guo
et al.: On Calibration of Modern Neural Networks, ICML 2017, Sect. 4.2), and the share of labels
that are wrong completely at random (B. Frénay, M. Verleysen: Classification in the Presence of
Label Noise: a Survey, IEEE Transactions on Neural Networks and Learning Systems 25, 2014).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHARES = np.concatenate([[0.0], np.geomspace(0.001, 0.5, 60)])  # of labels, that may be wrong
SHARPER = np.geomspace(0.25, 4, 33)  # how many times a temperature may be too high
FITTED_ON = 5_000  # photos at most, evenly taken: two numbers need no more
LEAST = 1e-12  # of a probability

Reals = NDArray[np.floating]
Labels = NDArray[np.int64]
Doubles = NDArray[np.float64]


def chances(probabilities: Reals, labels: Labels) -> Doubles:
    """(N,): the chance that each label (N,) is wrong, from out-of-fold probabilities (N, K)."""
    others = probabilities.shape[1] - 1
    if len(labels) == 0 or others == 0:
        return np.zeros(len(labels))
    some = slice(None, None, -(-len(labels) // FITTED_ON))
    sharper, share = _fitted(probabilities[some], labels[some], others)
    own = _of_label(probabilities, labels, sharper)
    right, wrong = (1 - share) * own, share * (1 - own) / others
    return np.asarray(wrong / np.maximum(right + wrong, LEAST))


def _fitted(probabilities: Reals, labels: Labels, others: int) -> tuple[float, float]:
    """How many times sharper the answers should be, and the share of labels that are wrong."""
    best = (-np.inf, 1.0, 0.0)
    for sharper in SHARPER.tolist():
        own = _of_label(probabilities, labels, sharper)[:, None]
        each = np.log(np.maximum((1 - SHARES) * own + SHARES * (1 - own) / others, LEAST))
        likelihood = each.sum(axis=0)
        place = int(likelihood.argmax())
        best = max(best, (float(likelihood[place]), sharper, float(SHARES[place])))
    return best[1], best[2]


def _of_label(probabilities: Reals, labels: Labels, sharper: float) -> Doubles:
    """(N,) the probability of the given label, all (N, K) raised to a power and made 1 again."""
    powers = np.maximum(np.asarray(probabilities, np.float64), LEAST) ** sharper
    return np.asarray(powers[np.arange(len(labels)), labels] / powers.sum(axis=1))
