"""Are the probabilities right as often as they say? Measured, beside what chance alone would show.

C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On Calibration of Modern Neural Networks, ICML 2017,
arXiv:1706.04599, Sect. 2 (expected calibration error); bins of equal mass, as in K. Nguyen,
B. O'Connor: Posterior calibration and exploratory analysis for natural language processing models,
EMNLP 2015, Sect. 3.1. The error of a finite number of photos is never 0, even of the best: how
large it then is is simulated, as in J. Vaicenavicius et al.: Evaluating model calibration in
classification, AISTATS 2019, Sect. 4 (consistency resampling).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.calibration import Calibration, Errors, Reliable
from eyespot.errors import InputError
from eyespot.evaluation.intervals import numbered

BINS = 15
SIMULATIONS = 1_000
DRAWN_AT_ONCE = 4_000_000  # answers: 32 MB of them
LEAST = 1e-7  # of a probability, so that one wrong answer does not outweigh all others
SUM_WITHIN = 1e-3  # of 1: float32 sums over a thousand classes

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]
Ints = NDArray[np.integer]


def measure_calibration(
    probabilities: Floats,
    truth: Ints,
    *,
    seed: int = 0,
    groups: Sequence[str | int | None] | None = None,
    before: Floats | None = None,
) -> Calibration:
    """Measure (N, K) `probabilities` of photos whose true places are `truth` (N,).

    Chance treats the photos of one of `groups` (N,) alike, as if they were one photo; a group of
    None is a photo by itself. `before` (N, K) are the probabilities before temperature scaling;
    they only bring their errors. Raises `InputError` on no photos, on shapes that do not fit and
    on numbers that are no probabilities.
    """
    _check(probabilities, truth)
    sure = _sure(probabilities)
    is_right = probabilities.argmax(axis=1) == truth
    order = np.argsort(sure, kind="stable")
    starts = _starts(sure[order])
    ordered = None if groups is None else [groups[i] for i in order]  # lots by no order of files
    drawn = _if_perfect(sure[order], starts, numbered(ordered, len(sure)), seed=seed)
    counts = np.diff([*starts, len(sure)])
    means = np.add.reduceat(sure[order], starts) / counts
    away = np.abs(drawn / counts - means) @ counts / len(sure)
    if before is not None:
        _check(before, truth)
    return Calibration(
        n=len(sure),
        sure=float(sure.mean()),
        right=float(is_right.mean()),
        errors=_errors(probabilities, truth),
        ece_if_perfect=(float(np.median(away)), float(np.quantile(away, 0.95))),
        bins=_bins(sure[order], is_right[order], starts, drawn),
        before=None if before is None else _errors(before, truth),
    )


def calibration_error(probabilities: Floats, truth: Ints) -> float:
    """The expected calibration error of the first answers, in `BINS` bins of equal mass."""
    sure = _sure(probabilities)
    order = np.argsort(sure, kind="stable")
    off = (sure - (probabilities.argmax(axis=1) == truth))[order]
    return float(np.abs(np.add.reduceat(off, _starts(sure[order]))).sum() / len(sure))


def brier_score(probabilities: Floats, truth: Ints) -> float:
    """The mean over photos of the squared distance from the truth, summed over all classes.

    In [0, 2]. G. W. Brier: Verification of forecasts expressed in terms of probability, Monthly
    Weather Review 78, 1950, Eq. 2.
    """
    true = _true(probabilities, truth)
    squares = np.einsum("nk,nk->n", probabilities, probabilities, dtype=np.float64)
    return float(np.mean(squares - true**2 + (1 - true) ** 2))


def log_loss(probabilities: Floats, truth: Ints) -> float:
    """The mean of -log of the true label's probability, in nats; `LEAST` is the least of these."""
    return float(-np.log(np.maximum(_true(probabilities, truth), LEAST)).mean())


def _errors(probabilities: Floats, truth: Ints) -> Errors:
    return Errors(
        ece=calibration_error(probabilities, truth),
        brier=brier_score(probabilities, truth),
        log_loss=log_loss(probabilities, truth),
    )


def _sure(probabilities: Floats) -> Doubles:
    """(N,) probabilities of the first answers; 1.0000001 of float32 is 1."""
    found: Doubles = np.minimum(probabilities.max(axis=1).astype(np.float64), 1.0)
    return found


def _true(probabilities: Floats, truth: Ints) -> Doubles:
    found: Doubles = probabilities[np.arange(len(truth)), truth].astype(np.float64)
    return found


def _starts(ordered: Doubles) -> NDArray[np.int64]:
    """Where the bins of sorted (N,) values begin, each with as many values, up to `BINS` of them.

    Equal values stay together, whatever order they came in, even if a bin is left empty by that.
    """
    wanted = np.linspace(0, len(ordered), min(BINS, len(ordered)) + 1)[:-1].round().astype(int)
    return np.unique(np.searchsorted(ordered, ordered[wanted], side="left"))


def _if_perfect(sure: Doubles, starts: NDArray[np.int64], groups: Ints, *, seed: int) -> Doubles:
    """(SIMULATIONS, bins): right answers, each as likely as its probability says.

    One lot is drawn for each group: it is right on those of its photos where the lot is below how
    sure it was, so that equally sure ones are right or wrong together.
    """
    generator = np.random.default_rng(seed)
    portion, number = max(1, DRAWN_AT_ONCE // len(sure)), int(groups.max()) + 1
    found = []
    for done in range(0, SIMULATIONS, portion):
        lots = generator.random((min(portion, SIMULATIONS - done), number))
        is_right = lots[:, groups] < sure
        found.append(np.add.reduceat(is_right, starts, axis=1, dtype=np.float64))
    return np.concatenate(found)


def _bins(
    sure: Doubles, is_right: NDArray[np.bool_], starts: NDArray[np.int64], drawn: Doubles
) -> tuple[Reliable, ...]:
    ends = [*starts[1:].tolist(), len(sure)]
    found = []
    for place, (start, end) in enumerate(zip(starts.tolist(), ends, strict=True)):
        n = end - start
        low, high = np.quantile(drawn[:, place] / n, (0.025, 0.975))
        found.append(
            Reliable(
                n=n,
                low=float(sure[start]),
                high=float(sure[end - 1]),
                sure=float(sure[start:end].mean()),
                right=float(is_right[start:end].mean()),
                if_perfect=(float(low), float(high)),
            )
        )
    return tuple(found)


def _check(probabilities: Floats, truth: Ints) -> None:
    if probabilities.ndim != 2 or len(probabilities) != len(truth) or not len(truth):
        raise InputError(
            "Calibration is measured on (N, K) probabilities and N truths, one or more; "
            f"{probabilities.shape} and {len(truth)} came."
        )
    sums = probabilities.sum(axis=1, dtype=np.float64)
    if not (probabilities.min() >= 0 and np.abs(sums - 1).max() < SUM_WITHIN):
        raise InputError(
            "Calibration is measured on probabilities from 0 to 1 whose sum is 1 for each photo: "
            "turn margins into them first."
        )
    if truth.min() < 0 or truth.max() >= probabilities.shape[1]:
        raise InputError(
            f"Truths are places from 0 to {probabilities.shape[1] - 1}, "
            f"but {truth.min()} to {truth.max()} came."
        )
