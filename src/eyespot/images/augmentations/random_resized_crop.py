"""A patch of random size and shape, resized to a square: the crop of the Inception networks.

C. Szegedy et al.: Going Deeper with Convolutions, CVPR 2015, sect. 6: "various sized patches of the
image whose size is distributed evenly between 8 % and 100 % of the image area", with an aspect
ratio from 3/4 to 4/3. How the ratio is drawn and what happens if no patch fits is torchvision's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from PIL import Image

from eyespot.images.augmentations.drawing_numbers import between, log_between, require, whole
from eyespot.images.augmentations.geometry import FILTERS, cut
from eyespot.images.preprocessing import SIDE_LIMIT

TRIES = 10
_ANY = (  # sect. 6: "bilinear, area, nearest neighbor and cubic, with equal probability"
    Image.Resampling.BILINEAR,
    Image.Resampling.BOX,
    Image.Resampling.NEAREST,
    Image.Resampling.BICUBIC,
)


@dataclass(frozen=True)
class RandomResizedCrop:
    """A patch with a share `area` of the picture and width to height `ratio`, to `size` pixels.

    The share is uniform, the logarithm of the ratio too. A patch that would not fit is drawn
    again; after 10 draws it is the largest central one whose shape is allowed.
    """

    KIND: ClassVar[str] = "random_resized_crop"

    size: int
    area: tuple[float, float] = (0.08, 1.0)
    ratio: tuple[float, float] = (3 / 4, 4 / 3)
    interpolation: Literal["bilinear", "bicubic", "random"] = "bilinear"

    def __post_init__(self) -> None:
        """Raises `InputError` for a size, a range or a filter that cannot be."""
        expected = f"A random-resized crop needs 1 to {SIDE_LIMIT} pixels"
        require(1 <= self.size <= SIDE_LIMIT, expected, self.size)
        low, high = self.area
        expected = "The area of a random-resized crop is two shares of the picture, 0 < a <= b <= 1"
        require(0 < low <= high <= 1, expected, self.area)
        low, high = self.ratio
        expected = "The ratio of a random-resized crop is two numbers, 0 < a <= b"
        require(0 < low <= high < math.inf, expected, self.ratio)
        expected = "A random-resized crop is bilinear, bicubic or random"
        known = ("bilinear", "bicubic", "random")
        require(self.interpolation in known, expected, repr(self.interpolation))

    @property
    def words(self) -> str:
        low, high = (f"{100 * share:g}" for share in self.area)
        return f"patch of {low} to {high} % of the photo, resized to {self.size} pixels"

    def __call__(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        patch = self.patch(picture, generator)
        is_any = self.interpolation == "random"
        kind = _ANY[whole(generator, 0, 3)] if is_any else FILTERS[self.interpolation]
        return patch.resize((self.size, self.size), kind)

    def patch(self, picture: Image.Image, generator: np.random.Generator) -> Image.Image:
        """What is seen, at its own size."""
        for _ in range(TRIES):
            area = picture.width * picture.height * between(generator, *self.area)
            ratio = log_between(generator, *self.ratio)
            width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < width <= picture.width and 0 < height <= picture.height:
                left = whole(generator, 0, picture.width - width)
                top = whole(generator, 0, picture.height - height)
                return picture.crop((left, top, left + width, top + height))
        low, high = self.ratio
        width = min(picture.width, max(1, round(picture.height * high)))
        height = min(picture.height, max(1, round(picture.width / low)))
        return cut(picture, width, height)
