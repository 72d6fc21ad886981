"""What several augmentations do to a picture's shape: resize, make large enough, cut, warp."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from PIL import Image

from eyespot.images.preprocessing import RATIO_LIMIT, resized_size

BLACK = (0, 0, 0)
Interpolation = Literal["bilinear", "bicubic"]
FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def with_short_side(
    picture: Image.Image, size: int, interpolation: Interpolation = "bilinear"
) -> Image.Image:
    """The picture with its short side `size` pixels long and its shape kept, as at evaluation.

    Of a strip longer than `RATIO_LIMIT` times its width only the middle stays, to fit in memory.
    """
    width, height = picture.size
    longest = RATIO_LIMIT * min(width, height)
    if max(width, height) > longest:
        picture = cut(picture, min(width, longest), min(height, longest))
        width, height = picture.size
    if min(width, height) == size:
        return picture
    return picture.resize(resized_size(width, height, size), FILTERS[interpolation])


def large_enough(picture: Image.Image, size: int) -> Image.Image:
    """The picture, enlarged until its short side is `size` if it was shorter (bilinear)."""
    return with_short_side(picture, size) if min(picture.size) < size else picture


def cut(picture: Image.Image, width: int, height: int) -> Image.Image:
    """The central `width` x `height`; halves of a pixel are rounded to even, as at evaluation."""
    left, top = round((picture.width - width) / 2), round((picture.height - height) / 2)
    return picture.crop((left, top, left + width, top + height))


def warped(picture: Image.Image, matrix: Sequence[float]) -> Image.Image:
    """The picture through a linear map about its centre, bilinear, black where it was not.

    `matrix` (a, b, c, d) leads from a place of the result to its place in the picture:
    x = a x' + b y', y = c x' + d y', both from the centre.
    """
    a, b, c, d = matrix
    x, y = picture.width / 2, picture.height / 2
    return picture.transform(
        picture.size,
        Image.Transform.AFFINE,
        (a, b, x - a * x - b * y, c, d, y - c * x - d * y),
        Image.Resampling.BILINEAR,
        fillcolor=BLACK,
    )
