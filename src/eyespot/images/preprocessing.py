"""From a photo to the pixels that a network sees: one rule, saved with the weights.

The evaluation rule of the field (A. Krizhevsky et al.: ImageNet Classification with Deep
Convolutional Neural Networks, NIPS 2012, sect. 2, as torchvision and timm write it today): the
short side to `resize` pixels with the picture's shape kept, then the central square of `crop`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.errors import InputError
from eyespot.images.decode import DECODER, PIXEL_LIMIT, Decoded, decode

SIDE_LIMIT = 2048  # pixels that a network may ask for
RATIO_LIMIT = 16  # long to short; the ends of a longer strip lie outside every central crop
_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}


@dataclass(frozen=True)
class Preprocessing:
    """How photos become input. `mean` and `std` are on the [0, 1] scale, as the field gives them.

    >>> lite0 = Preprocessing(
    ...     resize=256, crop=224, interpolation="bicubic",
    ...     mean=(127 / 255,) * 3, std=(128 / 255,) * 3,
    ... )
    >>> decoded, pixels = lite0.read(Path("robin.jpg"))  # (224, 224, 3) uint8
    >>> images = lite0.normalise(pixels[None])  # (1, 3, 224, 224) float32
    """

    resize: int  # pixels of the short side
    crop: int  # pixels of the central square
    interpolation: Literal["bicubic", "bilinear"]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    channel_order: Literal["RGB"] = "RGB"
    decoder: str = DECODER  # the pixels of a JPEG are its decoder's; recorded, not chosen

    def __post_init__(self) -> None:
        """Raises `InputError` for numbers that no network can have meant."""
        if not 1 <= self.crop <= self.resize <= SIDE_LIMIT:
            raise InputError(
                f"A preprocessing needs 1 <= crop <= resize <= {SIDE_LIMIT} pixels, "
                f"not crop {self.crop} and resize {self.resize}"
            )
        if self.interpolation not in _FILTERS:
            raise InputError(f"Interpolation is bicubic or bilinear, not {self.interpolation!r}")
        if self.channel_order != "RGB":
            raise InputError(f"The channel order is RGB, not {self.channel_order!r}")
        numbers = (*self.mean, *self.std)
        if len(numbers) != 6 or not all(map(math.isfinite, numbers)) or min(self.std) <= 0:
            raise InputError(
                f"mean and std are three finite numbers each, std above 0; "
                f"not {self.mean} and {self.std}"
            )

    def read(
        self, source: Path | bytes, *, pixel_limit: int = PIXEL_LIMIT
    ) -> tuple[Decoded, NDArray[np.uint8]]:
        """What is known of a photo, and its pixels (crop, crop, 3). Raises only `ImageError`.

        The way of every photo to every network. Large JPEGs are decoded at a half, a quarter or an
        eighth, with at least twice the pixels that `resize` asks for.
        """
        decoded = decode(source, short_side=2 * self.resize, pixel_limit=pixel_limit)
        return decoded, self(decoded.picture)

    def __call__(self, picture: Image.Image) -> NDArray[np.uint8]:
        """The pixels (crop, crop, 3) of an upright RGB picture."""
        picture = _without_ends(picture)
        size = resized_size(picture.width, picture.height, self.resize)
        picture = picture.resize(size, _FILTERS[self.interpolation])
        left, top = (round((side - self.crop) / 2) for side in size)  # half to even, as the field
        return np.asarray(picture.crop((left, top, left + self.crop, top + self.crop)))

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, 3) -> (N, 3, H, W) float32: `(float32(pixel) - shift) * scale`, rounded twice.

        A difference and a product, each in float32: no fused multiply-add and no division, so
        numpy, an ONNX graph (Sub, Mul) and any float32 engine agree in every bit.
        """
        channels = pixels.transpose(0, 3, 1, 2).astype(np.float32, order="C")
        channels -= self.shift[:, None, None]
        channels *= self.scale[:, None, None]
        return channels

    @property
    def shift(self) -> NDArray[np.float32]:
        """(3,) what is taken from a pixel in [0, 255]: `float32(255 * mean)`."""
        return np.array([255 * mean for mean in self.mean], dtype=np.float32)

    @property
    def scale(self) -> NDArray[np.float32]:
        """(3,) what the difference is multiplied with: `float32(1 / (255 * std))`."""
        return np.array([1 / (255 * std) for std in self.std], dtype=np.float32)


def resized_size(width: int, height: int, resize: int) -> tuple[int, int]:
    """(width, height) with the short side `resize` and the long one rounded down (torchvision)."""
    if width <= height:
        return resize, int(resize * height / width)
    return int(resize * width / height), resize


def _without_ends(picture: Image.Image) -> Image.Image:
    """The middle of a strip longer than `RATIO_LIMIT` times its width, to fit in memory."""
    width, height = picture.size
    keep = RATIO_LIMIT * min(width, height)
    left, top = (max(0, (side - keep) // 2) for side in (width, height))
    if not left and not top:
        return picture
    return picture.crop((left, top, left + min(width, keep), top + min(height, keep)))
