"""Is it right as often as it is sure: photos sorted into bins by the first answer's probability.

C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On Calibration of Modern Neural Networks. ICML 2017,
Sect. 2 (reliability diagrams, expected calibration error).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.evaluation.intervals import Interval, wilson

BINS = 10


@dataclass(frozen=True)
class Bin:
    """The photos whose first answer had a probability above `low`, up to `high`."""

    low: float
    high: float
    n: int
    sure: float  # their mean probability
    right: float  # the share of them that was right
    interval: Interval  # of `right`: Wilson, each photo by itself


def sureness(answers: Sequence[tuple[float, bool]], *, bins: int = BINS) -> tuple[Bin, ...]:
    """(probability, is right) of each photo -> the bins that hold any, from unsure to sure."""
    held: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for probability, is_right in answers:
        # Upper ends belong to the bin; rounding first keeps 0.3 out of (0.3, 0.4].
        place = -int(-round(probability * bins, 9) // 1) - 1
        held[min(max(place, 0), bins - 1)].append((probability, is_right))
    return tuple(_bin(place / bins, (place + 1) / bins, held[place]) for place in _filled(held))


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: the mean distance of sure from right over the photos."""
    n = sum(b.n for b in bins)
    return sum(b.n * abs(b.sure - b.right) for b in bins) / n


def _filled(held: list[list[tuple[float, bool]]]) -> list[int]:
    return [place for place, photos in enumerate(held) if photos]


def _bin(low: float, high: float, photos: list[tuple[float, bool]]) -> Bin:
    n = len(photos)
    right = sum(is_right for _, is_right in photos) / n
    return Bin(low, high, n, sum(p for p, _ in photos) / n, right, wilson(right, n))
