"""A little added to every value, as a sensor does in the dark.

R. Gonzalez, R. Woods: Digital Image Processing, sect. 5.2 (Gaussian noise); as a regulariser:
C. Bishop: Training with Noise is Equivalent to Tikhonov Regularization, Neural Computation 1995.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require


@dataclass(frozen=True)
class GaussianNoise:
    """To each of R, G and B of each pixel N(0, `sigma`), on the [0, 1] scale; cut and rounded."""

    KIND: ClassVar[str] = "gaussian_noise"

    sigma: float

    def __post_init__(self) -> None:
        """Raises `InputError` for a deviation that cannot be."""
        require(0 <= self.sigma <= 1, "The sigma of Gaussian noise is from 0 to 1", self.sigma)

    @property
    def words(self) -> str:
        return f"Gaussian noise, sigma {self.sigma:g} of the full range"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        pixels = np.asarray(picture)
        noise = generator.standard_normal(pixels.shape, dtype=np.float32)
        noise *= 255 * self.sigma
        noise += pixels
        return Image.fromarray(np.rint(noise).clip(0, 255).astype(np.uint8))
