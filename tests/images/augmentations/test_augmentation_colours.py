"""Colours against fb.resnet.torch's formulas in numpy, and hue against Python's colorsys."""

import colorsys
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scripted import SIZES, Scripted, chi_square, noise

from eyespot.images.augmentations.brightness import Brightness
from eyespot.images.augmentations.colour_jitter import ColourJitter
from eyespot.images.augmentations.contrast import Contrast
from eyespot.images.augmentations.hue import Hue
from eyespot.images.augmentations.saturation import Saturation

GREY = np.array([0.299, 0.587, 0.114])


def blended(pixels: np.ndarray, other: np.ndarray, alpha: float) -> np.ndarray:
    """fb.resnet.torch: `img1:mul(alpha):add(1 - alpha, img2)`, here cut to what 8 bits hold."""
    return (alpha * pixels + (1 - alpha) * other).clip(0, 255)


def brightness(pixels: np.ndarray, alpha: float) -> np.ndarray:
    return blended(pixels, np.zeros_like(pixels), alpha)


def contrast(pixels: np.ndarray, alpha: float) -> np.ndarray:
    return blended(pixels, np.full_like(pixels, (pixels @ GREY).mean()), alpha)


def saturation(pixels: np.ndarray, alpha: float) -> np.ndarray:
    return blended(pixels, np.broadcast_to((pixels @ GREY)[:, :, None], pixels.shape), alpha)


@pytest.mark.parametrize(
    ("kind", "formula"),
    [(Brightness, brightness), (Contrast, contrast), (Saturation, saturation)],
)
@pytest.mark.parametrize("draw", [0.0, 0.25, 0.5, 0.8, 1.0])
def test_it_is_the_formula_of_fb_resnet_torch(kind, formula, draw):
    """The factor is 0.4 + 1.2 draw; Pillow's grey is rounded and its sum cut: 2 levels."""
    factor = 0.4 + 1.2 * draw
    for size in SIZES:
        picture = noise(*size)
        pixels = np.asarray(picture).astype(float)
        shown = np.asarray(kind(0.6)(picture, Scripted(draw))).astype(float)
        assert np.abs(shown - formula(pixels, factor)).max() <= 2.01
        if draw != 0.5 and pixels.size > 100:
            assert np.abs(shown - pixels).max() > 20  # a test that sees a change


def test_an_amount_of_nothing_changes_nothing():
    picture = noise(33, 29)
    for kind in (Brightness, Contrast, Saturation, Hue):
        assert kind(0.0)(picture, Scripted(0.7)).tobytes() == picture.tobytes()
    assert ColourJitter(0, 0, 0)(picture, Scripted()) is picture


def test_hue_turns_colours_as_colorsys_does():
    """Pillow's hue has 255 levels, and its saturation and value are rounded: some 5 levels."""
    picture = noise(12, 12)
    for draw, turn in [(1.0, 0.25), (0.0, -0.25), (0.75, 0.125)]:
        shown = np.asarray(Hue(0.25)(picture, Scripted(draw))).reshape(-1, 3) / 255
        for before, after in zip(np.asarray(picture).reshape(-1, 3) / 255, shown, strict=True):
            hue, strength, value = colorsys.rgb_to_hsv(*before)
            expected = colorsys.hsv_to_rgb((hue + turn) % 1, strength, value)
            assert np.abs(np.array(expected) - after).max() < 7 / 255


def test_red_turns_to_green_and_to_blue():
    red = Image.new("RGB", (1, 1), (255, 0, 0))
    green = Hue(0.5)(red, Scripted(0.5 + 1 / 3)).getpixel((0, 0))  # a third of the circle
    blue = Hue(0.5)(red, Scripted(0.5 - 1 / 3)).getpixel((0, 0))
    assert green[1] == 255
    assert max(green[0], green[2]) <= 2
    assert blue[2] == 255
    assert max(blue[0], blue[1]) <= 2


def test_a_jitter_is_its_steps_in_the_order_of_the_draws():
    picture = noise(33, 29)
    draws = (0.9, 0.1, 0.5)  # the smallest first: contrast, saturation, brightness
    shown = ColourJitter(0.4, 0.3, 0.2)(picture, Scripted(*draws, 0.2, 0.7, 0.9))
    expected = Contrast(0.3)(picture, Scripted(0.2))
    expected = Saturation(0.2)(expected, Scripted(0.7))
    expected = Brightness(0.4)(expected, Scripted(0.9))
    assert shown.tobytes() == expected.tobytes()
    other = Brightness(0.4)(picture, Scripted(0.9))
    other = Saturation(0.2)(Contrast(0.3)(other, Scripted(0.2)), Scripted(0.7))
    assert shown.tobytes() != other.tobytes()  # the order matters


def test_every_order_is_as_likely():
    from eyespot.images.augmentations.drawing_numbers import shuffled

    generator = np.random.default_rng(0)
    seen = Counter(tuple(shuffled(generator, 3)) for _ in range(6000))
    assert len(seen) == 6
    assert chi_square(seen.values()) < 20.5  # 5 degrees, once in 1,000
