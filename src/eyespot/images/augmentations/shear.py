"""The picture slanted, as writing is.

Y. LeCun et al.: Gradient-Based Learning Applied to Document Recognition, Proc. IEEE 1998,
sect. III.B ("horizontal shearing").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import between, require
from eyespot.images.augmentations.geometry import warped


@dataclass(frozen=True)
class Shear:
    """Uprights lean by -`degrees` to `degrees`; bilinear; what is uncovered is black."""

    KIND: ClassVar[str] = "shear"

    degrees: float

    def __post_init__(self) -> None:
        """Raises `InputError` for an angle that cannot be."""
        require(0 <= self.degrees <= 60, "A shear needs 0 to 60 degrees", self.degrees)

    @property
    def words(self) -> str:
        return f"slanted by up to {self.degrees:g} degrees"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        slope = math.tan(math.radians(between(generator, -self.degrees, self.degrees)))
        return warped(picture, (1, slope, 0, 1))
