"""The picture moved by whole pixels.

Y. LeCun et al.: Gradient-Based Learning Applied to Document Recognition, Proc. IEEE 1998,
sect. III.B ("horizontal and vertical translations"), and the CIFAR recipes of Network in Network
and Highway Networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require, whole
from eyespot.images.preprocessing import SIDE_LIMIT


@dataclass(frozen=True)
class Translation:
    """By -`pixels` to `pixels` to the right, and down; what is uncovered is black."""

    KIND: ClassVar[str] = "translation"

    pixels: int

    def __post_init__(self) -> None:
        """Raises `InputError` for a distance that cannot be."""
        expected = f"A translation needs 0 to {SIDE_LIMIT} pixels"
        require(0 <= self.pixels <= SIDE_LIMIT, expected, self.pixels)

    @property
    def words(self) -> str:
        return f"moved by up to {self.pixels} pixels"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        right = whole(generator, -self.pixels, self.pixels)
        down = whole(generator, -self.pixels, self.pixels)
        return picture.crop((-right, -down, picture.width - right, picture.height - down))
