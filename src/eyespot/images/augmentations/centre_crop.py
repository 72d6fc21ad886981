"""The central square, where evaluation looks.

A. Krizhevsky et al.: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012,
sect. 2: "and then cropped out the central 256x256 patch from the resulting image".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require
from eyespot.images.augmentations.geometry import cut, large_enough
from eyespot.images.preprocessing import SIDE_LIMIT


@dataclass(frozen=True)
class CentreCrop:
    """Nothing is drawn. A smaller picture is first enlarged until its short side is `size`."""

    KIND: ClassVar[str] = "centre_crop"

    size: int

    def __post_init__(self) -> None:
        """Raises `InputError` for a size that cannot be."""
        expected = f"A central crop needs 1 to {SIDE_LIMIT} pixels"
        require(1 <= self.size <= SIDE_LIMIT, expected, self.size)

    @property
    def words(self) -> str:
        return f"central crop of {self.size} pixels"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        return cut(large_enough(picture, self.size), self.size, self.size)
