"""Left and right exchanged.

A. Krizhevsky et al.: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012,
sect. 4.1 ("horizontal reflections"). Not for writing, whose mirror image means something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require


@dataclass(frozen=True)
class Flip:
    """The mirror image with this `probability`."""

    KIND: ClassVar[str] = "flip"

    probability: float = 0.5

    def __post_init__(self) -> None:
        """Raises `InputError` for a probability that is none."""
        is_right = 0 <= self.probability <= 1
        require(is_right, "The probability of a flip is from 0 to 1", self.probability)

    @property
    def words(self) -> str:
        return f"left and right exchanged with probability {self.probability:g}"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        if generator.random() >= self.probability:
            return picture
        return picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
