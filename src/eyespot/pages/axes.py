"""The axes of a chart: where a value stands, and round numbers to mark them with."""

import math
from dataclasses import dataclass

ROOM = 0.08  # share of an axis that is free at either end
UNITS = (("G", 10**9), ("M", 10**6), ("k", 10**3))


@dataclass(frozen=True)
class Axis:
    """Values from `low` to `high` on pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def at(self, value: float) -> float:
        """Where a value stands, in pixels."""
        low, high, value = (
            map(math.log10, (self.low, self.high, value))
            if self.is_log
            else (self.low, self.high, value)
        )
        return self.start + (self.end - self.start) * (value - low) / (high - low)

    def ticks(self) -> list[float]:
        """Round numbers within the axis, few enough to be read."""
        return _decades(self.low, self.high) if self.is_log else _steps(self.low, self.high)


def spanning(
    values: list[float],
    start: float,
    end: float,
    *,
    is_log: bool = False,
    most: float = math.inf,
) -> Axis:
    """An axis that shows all values, with a share of its length free at either end.

    No value can be over `most`: there the axis ends.
    """
    low, high = min(values), max(values)
    if is_log:
        low, high = math.log10(low), math.log10(high)
    least = 0.6 if is_log else 2.0  # one value alone still needs a scale: a factor of 4, two points
    missing = max(0.0, least - (high - low)) / 2
    low, high = low - missing, high + missing
    low, high = low - ROOM * (high - low), high + ROOM * (high - low)
    if is_log:
        low, high = 10**low, 10**high
    return Axis(low, min(high, most), start, end, is_log)


def _steps(low: float, high: float) -> list[float]:
    rough = (high - low) / 6
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * each for each in (1, 2, 5, 10) if power * each >= rough)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 10) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside: list[float] = []
    for digits, least in (((1,), 3), ((1, 3), 3), ((1, 2, 5), 2), (range(1, 10), 0)):
        found = [digit * 10.0**power for power in powers for digit in digits]
        inside = [value for value in found if low <= value <= high]
        if len(inside) >= least:
            break
    return inside


def short(value: float) -> str:
    """20,000,000 -> "20 M"."""
    for unit, size in UNITS:
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"
