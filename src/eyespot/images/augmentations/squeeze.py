"""The picture narrower and taller, or wider and lower.

Y. LeCun et al.: Gradient-Based Learning Applied to Document Recognition, Proc. IEEE 1998,
sect. III.B: "squeezing (simultaneous horizontal compression and vertical elongation, or the
reverse)".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import log_between, require
from eyespot.images.augmentations.geometry import warped


@dataclass(frozen=True)
class Squeeze:
    """Times f across and 1/f down, f from 1/`largest` to `largest`, its logarithm uniform.

    About the centre; bilinear; what is uncovered is black.
    """

    KIND: ClassVar[str] = "squeeze"

    largest: float

    def __post_init__(self) -> None:
        """Raises `InputError` for a factor that cannot be."""
        require(1 <= self.largest <= 2, "A squeeze needs a factor from 1 to 2", self.largest)

    @property
    def words(self) -> str:
        return f"squeezed by up to {self.largest:g}"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        factor = log_between(generator, 1 / self.largest, self.largest)
        return warped(picture, (1 / factor, 0, 0, factor))
