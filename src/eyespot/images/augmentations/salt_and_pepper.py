"""Single pixels white or black, as a faulty sensor gives them.

R. Gonzalez, R. Woods: Digital Image Processing, sect. 5.2 (impulse noise, of two equal halves).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require


@dataclass(frozen=True)
class SaltAndPepper:
    """Each pixel becomes white with probability `share` / 2, black with the same."""

    KIND: ClassVar[str] = "salt_and_pepper"

    share: float

    def __post_init__(self) -> None:
        """Raises `InputError` for a share that is none."""
        require(0 <= self.share <= 1, "The share of salt and pepper is from 0 to 1", self.share)

    @property
    def words(self) -> str:
        return f"{100 * self.share:g} % of the pixels black or white"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        pixels = np.array(picture)
        draws = generator.random(pixels.shape[:2], dtype=np.float32)
        pixels[draws < self.share / 2] = 0
        pixels[draws >= 1 - self.share / 2] = 255
        return Image.fromarray(pixels)
