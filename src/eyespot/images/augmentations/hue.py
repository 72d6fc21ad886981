"""The colours turned round the colour circle: red towards yellow, or towards violet.

The released preprocessing of the Inception networks (TF-Slim, inception_preprocessing.py) turns it
by up to 0.2 of the circle: the "photometric distortions" of their papers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import between, require

CIRCLE = 255  # Pillow's levels of hue: 0 and 255 are the same red


@dataclass(frozen=True)
class Hue:
    """By -`amount` to `amount` of the whole circle; brightness (HSV) and greys stay."""

    KIND: ClassVar[str] = "hue"

    amount: float

    def __post_init__(self) -> None:
        """Raises `InputError` for an amount that cannot be."""
        require(0 <= self.amount <= 0.5, "The amount of hue is from 0 to 0.5", self.amount)

    @property
    def words(self) -> str:
        return f"hue turned by up to {360 * self.amount:g} degrees"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        levels = round(CIRCLE * between(generator, -self.amount, self.amount))
        if not levels:
            return picture
        hue, saturation, value = picture.convert("HSV").split()
        hue = hue.point([(level + levels) % CIRCLE for level in range(256)])
        return Image.merge("HSV", (hue, saturation, value)).convert("RGB")
