"""One operation at one strength, both drawn for each picture: nothing to tune at all.

S. Müller, F. Hutter: TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation, ICCV 2021
(arXiv:2103.10158), algorithm 1, with the ranges of "TA (Wide)" as the authors' aug_lib.py has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import signed, whole
from eyespot.images.augmentations.geometry import BLACK
from eyespot.images.augmentations.operations import OPERATIONS

STRENGTHS = 30  # 0 to 30

# operation: its number at a share of the strongest, and whether its sign is drawn
NUMBERS: Mapping[str, tuple[Callable[[float], float], bool]] = {
    "identity":     (lambda share: 0.0,                    False),
    "autocontrast": (lambda share: 0.0,                    False),
    "equalize":     (lambda share: 0.0,                    False),
    "rotate":       (lambda share: int(135 * share),       True),
    "solarize":     (lambda share: 256 - int(256 * share), False),
    "color":        (lambda share: 0.01 + 1.99 * share,    False),
    "posterize":    (lambda share: 8 - int(6 * share),     False),
    "contrast":     (lambda share: 0.01 + 1.99 * share,    False),
    "brightness":   (lambda share: 0.01 + 1.99 * share,    False),
    "sharpness":    (lambda share: 0.01 + 1.99 * share,    False),
    "shear_x":      (lambda share: 0.99 * share,           True),
    "shear_y":      (lambda share: 0.99 * share,           True),
    "translate_x":  (lambda share: int(32 * share),        True),
    "translate_y":  (lambda share: int(32 * share),        True),
}  # fmt: skip


@dataclass(frozen=True)
class TrivialAugment:
    """One of fourteen operations at one of 31 strengths, each as likely; black where uncovered."""

    KIND: ClassVar[str] = "trivial_augment"

    @property
    def words(self) -> str:
        return "one random operation at a random strength (TrivialAugment)"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        names = tuple(NUMBERS)
        name = names[whole(generator, 0, len(names) - 1)]
        number, has_sign = NUMBERS[name]
        value = number(whole(generator, 0, STRENGTHS) / STRENGTHS)
        return OPERATIONS[name](picture, signed(generator, value) if has_sign else value, BLACK)
