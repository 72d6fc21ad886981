"""The short side to a fixed number of pixels, the shape kept: what comes before AlexNet's crop.

A. Krizhevsky et al.: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012,
sect. 2: "we first rescaled the image such that the shorter side was of length 256".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require
from eyespot.images.augmentations.geometry import FILTERS, Interpolation, with_short_side
from eyespot.images.preprocessing import SIDE_LIMIT


@dataclass(frozen=True)
class ShortSide:
    """Nothing is drawn. Of a strip longer than 16 times its width only the middle stays."""

    KIND: ClassVar[str] = "short_side"

    size: int
    interpolation: Interpolation = "bilinear"

    def __post_init__(self) -> None:
        """Raises `InputError` for a size or a filter that cannot be."""
        expected = f"A short side needs 1 to {SIDE_LIMIT} pixels"
        require(1 <= self.size <= SIDE_LIMIT, expected, self.size)
        expected = "A short side is resized bilinear or bicubic"
        require(self.interpolation in FILTERS, expected, repr(self.interpolation))

    @property
    def words(self) -> str:
        return f"short side to {self.size} pixels"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        return with_short_side(picture, self.size, self.interpolation)
