"""The picture turned about its centre.

D. Ciresan et al.: Multi-column Deep Neural Networks for Image Classification, CVPR 2012, sect. 3
(digits and traffic signs); retrained SENets turn by up to 10 degrees (their README).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import between, require
from eyespot.images.augmentations.geometry import BLACK


@dataclass(frozen=True)
class Rotation:
    """By -`degrees` to `degrees`, counter-clockwise; bilinear; what is uncovered is black."""

    KIND: ClassVar[str] = "rotation"

    degrees: float

    def __post_init__(self) -> None:
        """Raises `InputError` for an angle that cannot be."""
        require(0 <= self.degrees <= 180, "A rotation needs 0 to 180 degrees", self.degrees)

    @property
    def words(self) -> str:
        return f"turned by up to {self.degrees:g} degrees"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        angle = between(generator, -self.degrees, self.degrees)
        return picture.rotate(angle, Image.Resampling.BILINEAR, fillcolor=BLACK)
