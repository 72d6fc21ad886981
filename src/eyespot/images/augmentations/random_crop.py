"""A square cut out at a random place, perhaps from a picture with a rim put around it.

A. Krizhevsky et al.: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012,
sect. 4.1 (224 of 256 pixels); with 4 pixels of padding: C.-Y. Lee et al.: Deeply-Supervised Nets,
AISTATS 2015, and K. He et al.: Deep Residual Learning, CVPR 2016, sect. 4.2; with reflected pixels:
S. Zagoruyko, N. Komodakis: Wide Residual Networks, BMVC 2016, sect. 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import require, whole
from eyespot.images.augmentations.geometry import with_short_side
from eyespot.images.preprocessing import SIDE_LIMIT


@dataclass(frozen=True)
class RandomCrop:
    """`size` x `size` pixels, every place equally likely.

    A picture that is too small even with its rim is first enlarged until it is just large enough
    (bilinear, its shape kept). The rim is black, or the picture's own pixels mirrored at its edge.
    """

    KIND: ClassVar[str] = "random_crop"

    size: int
    padding: int = 0  # pixels on each side
    mode: Literal["zero", "reflect"] = "zero"

    def __post_init__(self) -> None:
        """Raises `InputError` for a size, a padding or a mode that cannot be."""
        expected = f"A random crop needs 1 to {SIDE_LIMIT} pixels"
        require(1 <= self.size <= SIDE_LIMIT, expected, self.size)
        expected = "The padding of a random crop is at least 0 and less than its size"
        require(0 <= self.padding < self.size, expected, self.padding)
        expected = "The rim of a random crop is zero or reflect"
        require(self.mode in ("zero", "reflect"), expected, repr(self.mode))

    @property
    def words(self) -> str:
        rim = "black" if self.mode == "zero" else "mirrored"
        padded = f", with {self.padding} {rim} pixels around the photo" if self.padding else ""
        return f"random crop of {self.size} pixels{padded}"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        rim, size = self.padding, self.size
        if min(picture.size) + 2 * rim < size:
            picture = with_short_side(picture, size - 2 * rim)
        left = whole(generator, -rim, picture.width + rim - size)
        top = whole(generator, -rim, picture.height + rim - size)
        right, bottom = left + size, top + size
        is_inside = min(left, top) >= 0 and right <= picture.width and bottom <= picture.height
        if self.mode == "zero" or is_inside:
            return picture.crop((left, top, right, bottom))  # Pillow gives black outside
        pixels = np.asarray(picture)
        rows, columns = (
            _mirrored(top, bottom, picture.height),
            _mirrored(left, right, picture.width),
        )
        return Image.fromarray(pixels.take(rows, axis=0).take(columns, axis=1))


def _mirrored(start: int, stop: int, length: int) -> NDArray[np.int64]:
    """Places `start` to `stop`; those outside 0 to `length` - 1 mirrored at the first and last."""
    period = max(1, 2 * (length - 1))
    places = np.arange(start, stop) % period
    return np.minimum(places, period - places) if length > 1 else places
