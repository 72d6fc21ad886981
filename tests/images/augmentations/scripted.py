"""Pictures to change, and a generator that gives the numbers that a test wrote down."""

from collections.abc import Iterable

import numpy as np
from PIL import Image

SIZES = [(1, 1), (1, 500), (500, 1), (2, 3), (28, 28), (33, 29), (32, 32), (61, 40)]


def noise(width: int, height: int) -> Image.Image:
    generator = np.random.default_rng(width * 10_000 + height)
    return Image.fromarray(generator.integers(0, 256, (height, width, 3)).astype(np.uint8))


def smooth(width: int, height: int) -> Image.Image:
    """Slow waves, so that interpolations differ little."""
    y, x = np.mgrid[:height, :width]
    waves = [127 + 100 * np.sin(x / 9 + phase) * np.cos(y / 11) for phase in (0, 1, 2)]
    return Image.fromarray(np.stack(waves, axis=-1).astype(np.uint8))


class Scripted:
    """Gives the listed numbers in turn, whichever method is asked, and no more."""

    def __init__(self, *numbers: float) -> None:
        self._numbers = list(numbers)

    def random(self) -> float:
        return self._numbers.pop(0)

    def beta(self, a: float, b: float) -> float:
        return self._numbers.pop(0)

    def standard_normal(self, size: int) -> np.ndarray:
        return np.array([self._numbers.pop(0) for _ in range(size)])

    def integers(self, low: int, high: int, size: tuple[int, ...], kind: type) -> np.ndarray:
        return np.full(size, self._numbers.pop(0), kind)

    @property
    def is_over(self) -> bool:
        return not self._numbers


def nth(place: int, of: int) -> float:
    """The draw that chooses place `place` of `of` equally likely ones."""
    return (place + 0.5) / of


def chi_square(counts: Iterable[int]) -> float:
    """Of equally likely cells."""
    seen = np.array(list(counts), float)
    return float(((seen - seen.mean()) ** 2 / seen.mean()).sum())
