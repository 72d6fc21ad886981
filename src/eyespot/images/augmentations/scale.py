"""The picture larger or smaller in its own frame.

Y. LeCun et al.: Gradient-Based Learning Applied to Document Recognition, Proc. IEEE 1998,
sect. III.B ("scaling").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import between, require
from eyespot.images.augmentations.geometry import warped


@dataclass(frozen=True)
class Scale:
    """By a factor from `smallest` to `largest`, about the centre.

    Bilinear, so not below a half, where pixels would be passed over; what is uncovered is black.
    """

    KIND: ClassVar[str] = "scale"

    smallest: float
    largest: float

    def __post_init__(self) -> None:
        """Raises `InputError` for factors that cannot be."""
        expected = "A scale needs 0.5 <= smallest <= largest <= 4"
        is_right = 0.5 <= self.smallest <= self.largest <= 4
        require(is_right, expected, f"{self.smallest} and {self.largest}")

    @property
    def words(self) -> str:
        return f"{self.smallest:g} to {self.largest:g} times as large"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        factor = between(generator, self.smallest, self.largest)
        return warped(picture, (1 / factor, 0, 0, 1 / factor))
