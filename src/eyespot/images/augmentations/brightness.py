"""A picture lighter or darker: blended with black, or away from it.

S. Gross, M. Wilber: Training and investigating Residual Nets, 2016 (fb.resnet.torch,
datasets/transforms.lua, `Brightness`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image, ImageEnhance

from eyespot.images.augmentations.drawing_numbers import between, require


@dataclass(frozen=True)
class Brightness:
    """Every value times a factor from 1 - `amount` to 1 + `amount`, cut at white."""

    KIND: ClassVar[str] = "brightness"

    amount: float

    def __post_init__(self) -> None:
        """Raises `InputError` for an amount that cannot be."""
        require(0 <= self.amount <= 1, "The amount of brightness is from 0 to 1", self.amount)

    @property
    def words(self) -> str:
        return f"brightness times {1 - self.amount:g} to {1 + self.amount:g}"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        factor = between(generator, 1 - self.amount, 1 + self.amount)
        return ImageEnhance.Brightness(picture).enhance(factor)
