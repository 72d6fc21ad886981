"""Flips, shifts and warps against numpy and scipy, on pictures whose pixels can be told apart."""

import math

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage
from scripted import SIZES, Scripted, noise, nth, smooth

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.rotation import Rotation
from eyespot.images.augmentations.scale import Scale
from eyespot.images.augmentations.shear import Shear
from eyespot.images.augmentations.squeeze import Squeeze
from eyespot.images.augmentations.translation import Translation


def scipy_s(picture: Image.Image, matrix: list[list[float]]) -> np.ndarray:
    """Bilinear, from the result's places (x, y) about the centre to the picture's by `matrix`."""
    pixels = np.asarray(picture).astype(float)
    turned = np.array(matrix)[::-1, ::-1]  # scipy counts rows first
    centre = (np.array(pixels.shape[:2]) - 1) / 2
    channels = [
        ndimage.affine_transform(
            pixels[:, :, c], turned, offset=centre - turned @ centre, order=1, mode="constant"
        )
        for c in range(3)
    ]
    return np.stack(channels, axis=-1)


def inner(pixels: np.ndarray) -> np.ndarray:
    """Without the rim, where interpolation with what is outside differs between libraries."""
    height, width = pixels.shape[:2]
    return pixels[height // 4 : -height // 4, width // 4 : -width // 4].astype(float)


@pytest.mark.parametrize("size", SIZES)
def test_a_flip_is_numpy_s(size):
    picture = noise(*size)
    assert np.array_equal(
        np.asarray(Flip(1.0)(picture, Scripted(0.99))), np.asarray(picture)[:, ::-1]
    )
    assert Flip(0.0)(picture, Scripted(0.0)).tobytes() == picture.tobytes()


def test_half_of_the_pictures_are_flipped():
    picture, generator = noise(3, 3), np.random.default_rng(0)
    flipped = sum(Flip()(picture, generator) is not picture for _ in range(10_000))
    assert abs(flipped - 5000) < 200  # 4 deviations of 50


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (28, 28)])
def test_a_translation_is_a_window_of_numpy_s_padding(size):
    picture = noise(*size)
    padded = np.pad(np.asarray(picture), [(4, 4), (4, 4), (0, 0)])
    for right in range(-4, 5):
        for down in range(-4, 5):
            shown = Translation(4)(picture, Scripted(nth(right + 4, 9), nth(down + 4, 9)))
            window = padded[4 - down :, 4 - right :][: size[1], : size[0]]
            assert np.array_equal(np.asarray(shown), window), (right, down)


@pytest.mark.parametrize("degrees", [0, 90, 180])
def test_quarter_turns_are_numpy_s_counter_clockwise(degrees):
    picture = noise(31, 31)
    shown = Rotation(degrees)(picture, Scripted(1.0))
    assert np.array_equal(np.asarray(shown), np.rot90(np.asarray(picture), degrees // 90))


ANGLE = math.radians(12)
WARPS = [  # augmentation, draw, and where a place of the result lies in the picture (y points down)
    (Rotation(12), 1.0, [[math.cos(ANGLE), -math.sin(ANGLE)], [math.sin(ANGLE), math.cos(ANGLE)]]),
    (Rotation(12), 0.0, [[math.cos(ANGLE), math.sin(ANGLE)], [-math.sin(ANGLE), math.cos(ANGLE)]]),
    (Scale(0.8, 1.25), 1.0, [[0.8, 0], [0, 0.8]]),
    (Scale(0.8, 1.25), 0.0, [[1.25, 0], [0, 1.25]]),
    (Squeeze(1.25), 1.0, [[0.8, 0], [0, 1.25]]),
    (Squeeze(1.25), 0.0, [[1.25, 0], [0, 0.8]]),
    (Shear(12), 1.0, [[1, math.tan(ANGLE)], [0, 1]]),
    (Shear(12), 0.0, [[1, -math.tan(ANGLE)], [0, 1]]),
]


@pytest.mark.parametrize(("each", "draw", "matrix"), WARPS, ids=str)
def test_warps_are_scipy_s_about_the_centre(each, draw, matrix):
    for size in [(40, 40), (61, 40), (33, 50)]:
        picture = smooth(*size)
        shown = inner(np.asarray(each(picture, Scripted(draw))))
        expected = inner(scipy_s(picture, matrix))
        assert np.abs(shown - expected).max() <= 1.01, size  # a rounding to 8 bits
        opposite = inner(scipy_s(picture, np.linalg.inv(matrix).tolist()))
        assert np.abs(shown - opposite).max() > 10  # the other direction would be seen


@pytest.mark.parametrize("each", [Rotation(30), Scale(0.6, 0.7), Squeeze(1.5), Shear(30)])
def test_what_a_warp_uncovers_is_black(each):
    white = Image.new("RGB", (40, 40), (255, 255, 255))
    shown = np.asarray(each(white, Scripted(0.0)))
    assert shown[[0, 0, -1, -1], [0, -1, 0, -1]].min() == 0  # a corner
    assert (shown[16:24, 16:24] == 255).all()


def test_numbers_that_mean_nothing_change_nothing():
    for picture in (noise(33, 29), noise(1, 7)):
        for each in (Rotation(0), Scale(1, 1), Squeeze(1), Shear(0), Translation(0)):
            draws = Scripted(0.3, 0.3)
            assert each(picture, draws).tobytes() == picture.tobytes(), each
