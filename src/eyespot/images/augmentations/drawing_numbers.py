"""Numbers drawn for one picture, and the checks of the ranges that they are drawn from.

Only `random()` and `standard_normal()` of a generator are called: they are the cheapest, and the
ones whose stream numpy has kept the longest.
"""

import math

import numpy as np

from eyespot.errors import InputError


def between(generator: np.random.Generator, low: float, high: float) -> float:
    """A number in [low, high), all equally likely."""
    return low + (high - low) * generator.random()


def log_between(generator: np.random.Generator, low: float, high: float) -> float:
    """A number in [low, high) whose logarithm is uniform: a half as likely as a double."""
    return math.exp(between(generator, math.log(low), math.log(high)))


def whole(generator: np.random.Generator, low: int, high: int) -> int:
    """A whole number from `low` to `high`, both among them, all equally likely."""
    return low + int((high - low + 1) * generator.random())


def signed(generator: np.random.Generator, value: float) -> float:
    """`value` or `-value`."""
    return value if generator.random() < 0.5 else -value


def shuffled(generator: np.random.Generator, number: int) -> list[int]:
    """0 to `number` - 1 in random order."""
    draws = [generator.random() for _ in range(number)]
    return sorted(range(number), key=draws.__getitem__)


def require(is_right: bool, expected: str, came: object) -> None:
    """Raise `InputError` unless `is_right`."""
    if not is_right:
        raise InputError(f"{expected}, not {came}")
