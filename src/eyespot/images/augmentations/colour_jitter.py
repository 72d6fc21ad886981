"""Brightness, contrast, saturation and perhaps hue, one after the other in random order.

S. Gross, M. Wilber: Training and investigating Residual Nets, 2016 (fb.resnet.torch,
datasets/transforms.lua, `ColorJitter`, 0.4 for each), after A. Howard: Some Improvements on Deep
Convolutional Neural Network Based Image Classification, ICLR 2014, sect. 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.brightness import Brightness
from eyespot.images.augmentations.contrast import Contrast
from eyespot.images.augmentations.drawing_numbers import shuffled
from eyespot.images.augmentations.hue import Hue
from eyespot.images.augmentations.saturation import Saturation


@dataclass(frozen=True)
class ColourJitter:
    """Amounts as in the four alone; one of 0 does nothing."""

    KIND: ClassVar[str] = "colour_jitter"

    brightness: float
    contrast: float
    saturation: float
    hue: float = 0.0

    def __post_init__(self) -> None:
        """Raises `InputError` for an amount that cannot be."""
        _ = self.steps

    @property
    def steps(self) -> tuple[Brightness | Contrast | Saturation | Hue, ...]:
        """Those that do something, before they are put in random order."""
        steps = (
            Brightness(self.brightness),
            Contrast(self.contrast),
            Saturation(self.saturation),
            Hue(self.hue),
        )
        return tuple(step for step in steps if step.amount)

    @property
    def words(self) -> str:
        steps = ", ".join(step.words for step in self.steps)
        return f"{steps}, in random order" if steps else "no change of colour"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        steps = self.steps
        for place in shuffled(generator, len(steps)):
            picture = steps[place](picture, generator)
        return picture
