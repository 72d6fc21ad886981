"""A rectangle of the picture replaced by random pixels, so that no single part decides.

Z. Zhong et al.: Random Erasing Data Augmentation, AAAI 2020 (arXiv:1708.04896), algorithm 1, with
the random values that did best there. As in the authors' program a rectangle that fits nowhere is
drawn again, 100 times at most, and each place where one fits is as likely.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import between, require, whole

TRIES = 100


@dataclass(frozen=True)
class RandomErasing:
    """With `probability` a share `area` of the picture, height to width `ratio`, both uniform.

    The picture stays as it is where nothing fits, such as in a single pixel.
    """

    KIND: ClassVar[str] = "random_erasing"

    probability: float = 0.5
    area: tuple[float, float] = (0.02, 0.4)
    ratio: tuple[float, float] = (0.3, 1 / 0.3)

    def __post_init__(self) -> None:
        """Raises `InputError` for ranges that cannot be."""
        is_right = 0 <= self.probability <= 1
        require(is_right, "The probability of erasing is from 0 to 1", self.probability)
        low, high = self.area
        expected = "The area of erasing is two shares of the picture, 0 < a <= b <= 1"
        require(0 < low <= high <= 1, expected, self.area)
        low, high = self.ratio
        expected = "The ratio of erasing is two numbers, 0 < a <= b"
        require(0 < low <= high < math.inf, expected, self.ratio)

    @property
    def words(self) -> str:
        low, high = (f"{100 * share:g}" for share in self.area)
        return f"{low} to {high} % of the photo erased with probability {self.probability:g}"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        if generator.random() >= self.probability:
            return picture
        box = self.box(picture.width, picture.height, generator)
        if box is None:
            return picture
        left, top, width, height = box
        pixels = np.array(picture)
        noise = generator.integers(0, 256, (height, width, 3), np.uint8)
        pixels[top : top + height, left : left + width] = noise
        return Image.fromarray(pixels)

    def box(
        self, width: int, height: int, generator: np.random.Generator
    ) -> tuple[int, int, int, int] | None:
        """Left, top, width and height of what is erased; None where nothing fits."""
        for _ in range(TRIES):
            area = width * height * between(generator, *self.area)
            ratio = between(generator, *self.ratio)
            high, wide = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < wide < width and 0 < high < height:
                left = whole(generator, 0, width - wide)
                return left, whole(generator, 0, height - high), wide, high
        return None
