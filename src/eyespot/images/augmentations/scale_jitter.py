"""The short side to a random number of pixels, the shape kept: VGG's training scale S.

K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition,
ICLR 2015, sect. 3.1: "each training image is individually rescaled by randomly sampling S from a
certain range [Smin, Smax] (we used Smin = 256 and Smax = 512)". ResNet: [256, 480].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require, whole
from eyespot.images.augmentations.geometry import FILTERS, Interpolation, with_short_side
from eyespot.images.preprocessing import SIDE_LIMIT


@dataclass(frozen=True)
class ScaleJitter:
    """The short side is a whole number of pixels from `shortest` to `longest`, all equally likely.

    Of a strip longer than 16 times its width only the middle stays.
    """

    KIND: ClassVar[str] = "scale_jitter"

    shortest: int
    longest: int
    interpolation: Interpolation = "bilinear"

    def __post_init__(self) -> None:
        """Raises `InputError` for sizes or a filter that cannot be."""
        expected = f"A scale jitter needs 1 <= shortest <= longest <= {SIDE_LIMIT} pixels"
        is_right = 1 <= self.shortest <= self.longest <= SIDE_LIMIT
        require(is_right, expected, f"{self.shortest} and {self.longest}")
        expected = "A scale jitter is bilinear or bicubic"
        require(self.interpolation in FILTERS, expected, repr(self.interpolation))

    @property
    def words(self) -> str:
        return f"short side to {self.shortest} to {self.longest} pixels"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        size = whole(generator, self.shortest, self.longest)
        return with_short_side(picture, size, self.interpolation)
