"""Noise and erased rectangles: how many, how much, where."""

import math

import numpy as np
import pytest
from PIL import Image
from scripted import Scripted, chi_square, noise, nth

from eyespot.images.augmentations.gaussian_noise import GaussianNoise
from eyespot.images.augmentations.random_erasing import RandomErasing
from eyespot.images.augmentations.salt_and_pepper import SaltAndPepper

GREY = Image.new("RGB", (200, 200), (128, 128, 128))


@pytest.mark.parametrize("share", [0.01, 0.1, 0.6])
def test_salt_and_pepper_are_equal_halves_of_the_share_in_whole_pixels(share):
    pixels = np.asarray(SaltAndPepper(share)(GREY, np.random.default_rng(0))).reshape(-1, 3)
    black, white = (int((pixels == value).all(axis=1).sum()) for value in (0, 255))
    assert black + white + int((pixels == 128).all(axis=1).sum()) == 40_000  # nothing between
    for seen in (black, white):
        deviation = math.sqrt(40_000 * share / 2 * (1 - share / 2))
        assert abs(seen - 40_000 * share / 2) < 4 * deviation


def test_no_salt_leaves_the_picture_and_nothing_but_salt_leaves_none_of_it():
    picture = noise(33, 29)
    assert SaltAndPepper(0)(picture, np.random.default_rng(0)).tobytes() == picture.tobytes()
    assert set(SaltAndPepper(1)(GREY, np.random.default_rng(0)).tobytes()) == {0, 255}


def test_gaussian_noise_has_its_deviation_in_every_value_alone():
    """128 levels away from both ends at a deviation of 12.75: nothing is cut off."""
    noise_ = np.asarray(GaussianNoise(0.05)(GREY, np.random.default_rng(0))).astype(float) - 128
    deviation = math.sqrt(12.75**2 + 1 / 12)  # and a rounding
    assert abs(noise_.mean()) < 4 * deviation / math.sqrt(noise_.size)
    assert abs(noise_.std() / deviation - 1) < 4 / math.sqrt(2 * noise_.size)
    channels = np.corrcoef(noise_.reshape(-1, 3).T)
    assert np.abs(channels - np.eye(3)).max() < 4 / 200
    assert abs(np.mean(noise_**4) / deviation**4 - 3) < 0.1  # a Gaussian's kurtosis


def test_no_noise_leaves_the_picture_and_much_is_cut_at_black_and_white():
    picture = noise(33, 29)
    assert GaussianNoise(0)(picture, np.random.default_rng(0)).tobytes() == picture.tobytes()
    pixels = np.asarray(GaussianNoise(1)(GREY, np.random.default_rng(0)))
    beyond = math.erfc(127 / 255 / math.sqrt(2)) / 2  # P(128 + 255 z > 255) = 0.309
    assert abs((pixels == 255).mean() - beyond) < 0.01


def test_what_is_erased_is_where_the_draws_put_it():
    """Of 50 x 40: 2000 (0.02 + 0.38 / 2) = 420; ratio 0.3 + (3.333 - 0.3) / 4 = 1.0583.

    Height sqrt(420 * 1.0583) = 21.08, width sqrt(420 / 1.0583) = 19.92, so 21 x 20; left is place
    7 of 31, top place 3 of 20.
    """
    draws = Scripted(0.4, 0.5, 0.25, nth(7, 31), nth(3, 20), 99)
    picture = noise(50, 40)
    shown = np.asarray(RandomErasing(0.5)(picture, draws))
    expected = np.array(picture)
    expected[3:24, 7:27] = 99
    assert draws.is_over
    assert np.array_equal(shown, expected)
    assert RandomErasing(0.5)(picture, Scripted(0.5)) is picture


def test_what_does_not_fit_is_drawn_again_and_after_a_hundred_draws_nothing_is_erased():
    erasing = RandomErasing(1.0, area=(0.9, 0.9), ratio=(1.0, 4.0))
    draws = Scripted(0, 0, 1.0, 0, 0, nth(1, 6), nth(0, 6), 5)  # 184 x 46 first, then 92 x 92
    shown = np.asarray(erasing(Image.new("RGB", (97, 97)), draws))
    assert draws.is_over
    assert (shown[0:92, 1:93] == 5).all()  # sqrt(0.9) 97 = 92.02
    assert shown.sum() == 5 * 3 * 92 * 92
    wide = RandomErasing(1.0, area=(0.9, 0.9), ratio=(4.0, 4.0))
    picture = noise(20, 20)
    assert wide(picture, generator := Scripted(0, *[0.5] * 200)) is picture
    assert generator.is_over


def test_the_erased_share_is_uniform_where_every_rectangle_fits():
    """Ratios to 2: sqrt(0.4 * 2) = 0.89 of a side at most. Mean 0.21, deviation 0.38 / sqrt 12."""
    erasing, generator, n = RandomErasing(ratio=(0.5, 2.0)), np.random.default_rng(0), 4000
    boxes = [erasing.box(200, 200, generator) for _ in range(n)]
    shares = np.array([width * height / 40_000 for _, _, width, height in boxes])
    assert abs(shares.mean() - 0.21) < 4 * 0.1097 / math.sqrt(n)
    assert chi_square(np.histogram(shares, 10, (0.02, 0.4))[0]) < 27.9  # 9 degrees, once in 1,000
    for left, top, width, height in boxes:
        assert 0 <= left <= 200 - width
        assert 0 <= top <= 200 - height


def test_erased_pixels_are_random_and_half_of_the_pictures_are_left():
    generator = np.random.default_rng(0)
    shown = [np.asarray(RandomErasing()(GREY, generator)) for _ in range(400)]
    changed = [pixels for pixels in shown if (pixels != 128).any()]
    assert abs(len(changed) - 200) < 40
    erased = np.concatenate([pixels[(pixels != 128).any(axis=2)] for pixels in changed])
    assert abs(erased.mean() - 127.5) < 1
    assert set(np.unique(erased)) == set(range(256))
