"""The operations that learned and random policies choose from, each with one number.

E. Cubuk et al.: AutoAugment: Learning Augmentation Strategies from Data, CVPR 2019
(arXiv:1805.09501), the list of transformations in the appendix. Pixels are taken from the
nearest place, as there; `fill` colours what is uncovered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PIL import Image, ImageEnhance, ImageOps

Colour = tuple[int, int, int]
Operation = Callable[[Image.Image, float, Colour], Image.Image]


def moved(picture: Image.Image, matrix: tuple[float, ...], fill: Colour) -> Image.Image:
    """Through a map from the result's places to the picture's, both from the top left corner."""
    affine = Image.Transform.AFFINE
    return picture.transform(picture.size, affine, matrix, Image.Resampling.NEAREST, fillcolor=fill)


# name: what it does with its number
OPERATIONS: Mapping[str, Operation] = {
    "identity": lambda picture, _, fill: picture,
    "autocontrast": lambda picture, _, fill: ImageOps.autocontrast(picture),
    "equalize": lambda picture, _, fill: ImageOps.equalize(picture),
    "rotate": lambda picture, degrees, fill: picture.rotate(degrees, fillcolor=fill),
    "solarize": lambda picture, least, fill: ImageOps.solarize(picture, round(least)),
    "color": lambda picture, factor, fill: ImageEnhance.Color(picture).enhance(factor),
    "posterize": lambda picture, bits, fill: ImageOps.posterize(picture, round(bits)),
    "contrast": lambda picture, factor, fill: ImageEnhance.Contrast(picture).enhance(factor),
    "brightness": lambda picture, factor, fill: ImageEnhance.Brightness(picture).enhance(factor),
    "sharpness": lambda picture, factor, fill: ImageEnhance.Sharpness(picture).enhance(factor),
    "shear_x": lambda picture, slope, fill: moved(picture, (1, slope, 0, 0, 1, 0), fill),
    "shear_y": lambda picture, slope, fill: moved(picture, (1, 0, 0, slope, 1, 0), fill),
    "translate_x": lambda picture, pixels, fill: moved(picture, (1, 0, pixels, 0, 1, 0), fill),
    "translate_y": lambda picture, pixels, fill: moved(picture, (1, 0, 0, 0, 1, pixels), fill),
}
