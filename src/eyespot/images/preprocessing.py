"""From a photo to the pixels that a network sees: one rule, saved with the weights.

The evaluation rule of the field (A. Krizhevsky et al.: ImageNet Classification with Deep
Convolutional Neural Networks, NIPS 2012, sect. 2, as torchvision and timm write it today): the
short side to `resize` pixels with the picture's shape kept, then the central square of `crop`.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.errors import ImageError, InputError
from eyespot.images.decode import DECODER, PIXEL_LIMIT, Decoded, decode

SIDE_LIMIT = 2048  # pixels that a network may ask for
RATIO_LIMIT = 16  # long to short; the ends of a longer strip lie outside every central crop
_FILTERS = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
_CHANNELS = {"RGB": 3, "L": 1}
_PNG_KIND = {"RGB": b"\x08\x02", "L": b"\x08\x00"}  # bits of a channel, kind of colour
_PNG_KIND_AT = slice(24, 26)


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
    mean: tuple[float, ...]  # one number for each channel
    std: tuple[float, ...]
    channel_order: Literal["RGB", "L"] = "RGB"  # "L": one channel, the luma of ITU-R BT.601
    decoder: str = DECODER  # the pixels of a JPEG are its decoder's; recorded, not chosen
    padding: int = 0  # black pixels put around the crop: LeNet-5's 28 become 32
    mean_image: str | None = None  # PNG of 8 bits in base64, taken from the pixels instead of mean

    def __post_init__(self) -> None:
        """Raises `InputError` for numbers that no network can have meant."""
        if not 1 <= self.crop <= self.resize <= SIDE_LIMIT:
            raise InputError(
                f"A preprocessing needs 1 <= crop <= resize <= {SIDE_LIMIT} pixels, "
                f"not crop {self.crop} and resize {self.resize}"
            )
        if not 0 <= self.padding <= self.crop:
            raise InputError(
                f"A padding is 0 to {self.crop} pixels, as the crop has, not {self.padding}"
            )
        if self.interpolation not in _FILTERS:
            raise InputError(f"Interpolation is bicubic or bilinear, not {self.interpolation!r}")
        if self.channel_order not in _CHANNELS:
            raise InputError(f"The channel order is RGB or L, not {self.channel_order!r}")
        numbers, count = (*self.mean, *self.std), self.channels
        is_right = len(self.mean) == len(self.std) == count and min(self.std) > 0
        if not is_right or not all(map(math.isfinite, numbers)):
            raise InputError(
                f"mean and std are {count} finite numbers each for {self.channel_order}, std above "
                f"0; not {self.mean} and {self.std}"
            )
        _ = self._mean_pixels

    @property
    def channels(self) -> int:
        """C: three, or one where pictures are seen in grey."""
        return _CHANNELS[self.channel_order]

    @property
    def size(self) -> int:
        """Pixels of the square that the network sees, padding included."""
        return self.crop + 2 * self.padding

    def read(
        self, source: Path | bytes, *, pixel_limit: int = PIXEL_LIMIT
    ) -> tuple[Decoded, NDArray[np.uint8]]:
        """What is known of a photo, and its pixels (size, size, C). Raises only `ImageError`.

        The way of every photo to every network. Large JPEGs are decoded at a half, a quarter or an
        eighth, with at least twice the pixels that `resize` asks for.
        """
        decoded = decode(source, short_side=2 * self.resize, pixel_limit=pixel_limit)
        return decoded, self(decoded.picture)

    def __call__(self, picture: Image.Image) -> NDArray[np.uint8]:
        """The pixels (size, size, C) of an upright RGB picture."""
        picture = self.prepared(picture)
        size = resized_size(picture.width, picture.height, self.resize)
        picture = self.resized(picture, size)
        left, top = (round((side - self.crop) / 2) for side in size)  # half to even, as the field
        return self.of_crop(picture.crop((left, top, left + self.crop, top + self.crop)))

    def prepared(self, picture: Image.Image) -> Image.Image:
        """What is resized of an upright RGB picture: its colours, without the ends of a strip."""
        return self._in_colours(_without_ends(picture))

    def resized(self, picture: Image.Image, size: tuple[int, int]) -> Image.Image:
        """A prepared picture with (width, height) `size`."""
        return picture.resize(size, _FILTERS[self.interpolation])

    def of_crop(self, picture: Image.Image) -> NDArray[np.uint8]:
        """The pixels (size, size, C) of what a crop left: a picture of `crop` x `crop` pixels.

        The end of the way, and the whole of it for a picture that an augmentation has cut.
        """
        pixels = np.asarray(self._in_colours(picture))
        if pixels.shape[:2] != (self.crop, self.crop):
            raise InputError(
                f"Expected a crop of {self.crop} x {self.crop} pixels, not {picture.width} x "
                f"{picture.height}: resize it"
            )
        pixels = pixels.reshape(self.crop, self.crop, self.channels)
        if not self.padding:
            return pixels
        padded = np.zeros((self.size, self.size, self.channels), np.uint8)
        inside = slice(self.padding, -self.padding)
        padded[inside, inside] = pixels
        return padded

    def normalise(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, H, W, C) -> (N, C, H, W) float32: `(float32(pixel) - shift) * scale`, rounded twice.

        A difference and a product, each in float32: no fused multiply-add and no division, so
        numpy, torch and an ONNX graph (Sub, Mul) agree in every bit.
        """
        shift = self.shift
        channels = pixels.transpose(0, 3, 1, 2).astype(np.float32, order="C")
        channels -= shift if shift.ndim == 3 else shift[:, None, None]
        channels *= self.scale[:, None, None]
        return channels

    @property
    def shift(self) -> NDArray[np.float32]:
        """(C,) what is taken from a pixel in [0, 255]: `float32(255 * mean)`.

        With a mean image (C, size, size), its pixels.
        """
        if (image := self._mean_pixels) is not None:
            return image.transpose(2, 0, 1).astype(np.float32, order="C")
        return np.array([255 * mean for mean in self.mean], dtype=np.float32)

    @property
    def scale(self) -> NDArray[np.float32]:
        """(C,) what the difference is multiplied with: `float32(1 / (255 * std))`."""
        return np.array([1 / (255 * std) for std in self.std], dtype=np.float32)

    def _in_colours(self, picture: Image.Image) -> Image.Image:
        """In grey where grey is asked: (299 R + 587 G + 114 B) / 1000, in Pillow's 16 bits.

        Its three weights are 19595, 38470 and 7471 of 65536, so a grey (v, v, v) is v exactly.
        """
        is_asked = self.channel_order == "L" and picture.mode != "L"
        return picture.convert("L") if is_asked else picture

    @cached_property
    def _mean_pixels(self) -> NDArray[np.uint8] | None:
        """(size, size, C) of the mean image. Raises `InputError` where it is none of ours."""
        if self.mean_image is None:
            return None
        expected = (
            f"A mean image is a PNG of {self.size} x {self.size} pixels, {self.channel_order} of "
            "8 bits, in base64"
        )
        try:
            data = base64.b64decode(self.mean_image, validate=True)
            decoded = decode(data, pixel_limit=self.size**2)
        except (ValueError, ImageError) as error:
            raise InputError(f"{expected}: {error}") from error
        is_kind = decoded.format == "PNG" and data[_PNG_KIND_AT] == _PNG_KIND[self.channel_order]
        if not is_kind or (decoded.width, decoded.height) != (self.size, self.size):
            came = f"{decoded.format} of {decoded.width} x {decoded.height} pixels"
            raise InputError(f"{expected}; not a {came}, or one of other colours")
        pixels = np.asarray(self._in_colours(decoded.picture))
        return pixels.reshape(self.size, self.size, self.channels)


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
