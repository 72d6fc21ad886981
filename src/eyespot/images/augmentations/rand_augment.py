"""A few operations drawn from fourteen, all at one strength: two numbers instead of a search.

E. Cubuk et al.: RandAugment: Practical Automated Data Augmentation with a Reduced Search Space,
NeurIPS 2020 (arXiv:1909.13719), fig. 2 (the operations), sect. 3 (the scale: 10 is full strength).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require, signed, whole
from eyespot.images.augmentations.operations import OPERATIONS

FILL = (128, 128, 128)  # the released code's
FULL, MOST = 10, 30  # full strength; the paper goes beyond it for its largest networks (28 for B7)

Number = Callable[[float, Image.Image, np.random.Generator], float]


def _enhanced(share: float, picture: Image.Image, generator: np.random.Generator) -> float:
    return max(0.0, 1 + signed(generator, 0.9 * share))


def _sheared(share: float, picture: Image.Image, generator: np.random.Generator) -> float:
    return signed(generator, 0.3 * share)


# operation: its number at a share of full strength (AutoAugment's ranges)
NUMBERS: Mapping[str, Number] = {
    "identity": lambda share, picture, generator: 0.0,
    "autocontrast": lambda share, picture, generator: 0.0,
    "equalize": lambda share, picture, generator: 0.0,
    "rotate": lambda share, picture, generator: signed(generator, 30 * share),
    "solarize": lambda share, picture, generator: max(0.0, 256 * (1 - share)),
    "color": _enhanced,
    "posterize": lambda share, picture, generator: max(1.0, 8 - 4 * share),
    "contrast": _enhanced,
    "brightness": _enhanced,
    "sharpness": _enhanced,
    "shear_x": _sheared,
    "shear_y": _sheared,
    "translate_x": lambda share, picture, generator: signed(
        generator, 150 / 331 * picture.width * share
    ),
    "translate_y": lambda share, picture, generator: signed(
        generator, 150 / 331 * picture.height * share
    ),
}


@dataclass(frozen=True)
class RandAugment:
    """`operations` of the fourteen in turn, at `magnitude` of 10; grey where uncovered.

    A stronger magnitude changes more, in every operation. In the released code posterize and
    solarize change most at the weakest, and enhancements weaken below 5 and strengthen above.
    Shifts are shares of the picture (150 of 331 pixels), for pictures of any size.
    """

    KIND: ClassVar[str] = "rand_augment"

    operations: int = 2
    magnitude: int = 9

    def __post_init__(self) -> None:
        """Raises `InputError` for numbers that cannot be."""
        expected = "RandAugment needs 1 to 14 operations"
        require(1 <= self.operations <= len(NUMBERS), expected, self.operations)
        expected = f"RandAugment needs a magnitude from 0 to {MOST}; {FULL} is full strength"
        require(0 <= self.magnitude <= MOST, expected, self.magnitude)

    @property
    def words(self) -> str:
        return f"{self.operations} random operations at magnitude {self.magnitude} (RandAugment)"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        names = tuple(NUMBERS)
        for _ in range(self.operations):
            name = names[whole(generator, 0, len(names) - 1)]
            number = NUMBERS[name](self.magnitude / FULL, picture, generator)
            picture = OPERATIONS[name](picture, number, FILL)
        return picture
