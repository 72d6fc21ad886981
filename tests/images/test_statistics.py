"""Statistics of the training pictures, against numpy on all of them at once."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from eyespot.errors import InputError
from eyespot.images.preprocessing import Preprocessing
from eyespot.images.statistics import with_statistics

COLOUR = Preprocessing(16, 12, "bilinear", mean=(0.9,) * 3, std=(0.1,) * 3, padding=2)
GREY = dataclasses.replace(COLOUR, mean=(0.9,), std=(0.1,), channel_order="L")
RULES = pytest.mark.parametrize("rule", [COLOUR, GREY], ids=["colour", "grey"])


def pictures(rule, count=50):
    """Darker channels first, so that none can be taken for another."""
    generator = np.random.default_rng(0)
    shape = (count, rule.size, rule.size, rule.channels)
    brightest = np.array([90, 160, 256])[: rule.channels]
    return generator.integers(0, brightest, shape).astype(np.uint8)


@RULES
def test_standardised_pictures_have_mean_0_and_deviation_1_in_each_channel(rule):
    every = pictures(rule)
    seen = with_statistics(rule, iter(every), "standardise")
    assert np.allclose(seen.mean, every.mean((0, 1, 2)) / 255, rtol=1e-12, atol=0)
    assert np.allclose(seen.std, every.std((0, 1, 2)) / 255, rtol=1e-12, atol=0)
    images = seen.normalise(every).astype(np.float64)
    assert np.abs(images.mean((0, 2, 3))).max() < 1e-6
    assert np.abs(images.std((0, 2, 3)) - 1).max() < 1e-6


@RULES
def test_a_channel_mean_leaves_levels_of_0_to_255(rule):
    every = pictures(rule)
    seen = with_statistics(rule, every, "channel_mean")
    assert seen.scale.tolist() == [1.0] * rule.channels
    expected = every.astype(np.float64) - every.mean((0, 1, 2))
    came = seen.normalise(every).transpose(0, 2, 3, 1)
    assert np.abs(came - expected).max() < 2e-5  # one rounding to float32 at 255


@RULES
def test_a_mean_image_is_the_mean_of_each_pixel_to_the_nearest_level(rule):
    every = pictures(rule)
    seen = with_statistics(rule, every, "mean_image")
    assert seen.shift.shape == (rule.channels, rule.size, rule.size)
    difference = seen.shift - every.mean(axis=0).transpose(2, 0, 1)
    assert np.abs(difference).max() <= 0.5
    whole = every.astype(np.float32) - np.floor(every.mean(axis=0) + 0.5)
    assert np.array_equal(seen.normalise(every), whole.transpose(0, 3, 1, 2))  # no digit is lost


def test_a_mean_between_two_levels_is_the_upper_one():
    rule = dataclasses.replace(GREY, resize=1, crop=1, padding=0)
    two = [np.array([[[level]]], np.uint8) for level in (4, 5)]
    assert with_statistics(rule, two, "mean_image").shift.tolist() == [[[5.0]]]  # of 4.5


def test_lenet_s_paper_is_minus_a_tenth_and_its_ink_1_175():
    seen = with_statistics(GREY, [], "lenet")
    black_and_white = np.zeros((1, 16, 16, 1), np.uint8)
    black_and_white[0, 0, 0] = 255
    images = seen.normalise(black_and_white)
    assert images[0, 0, 0, 0] == pytest.approx(1.175, abs=1e-6)
    assert images[0, 0, 1, 1] == pytest.approx(-0.1, abs=1e-6)
    assert seen.mean == pytest.approx((0.1 / 1.275,)) and seen.std == pytest.approx((1 / 1.275,))


def test_without_normalisation_pictures_are_read_by_nobody_and_lie_between_0_and_1():
    def read():
        pytest.fail("a picture was read")
        yield

    seen = with_statistics(COLOUR, read(), "none")
    images = seen.normalise(pictures(COLOUR))
    assert images.min() == 0 and images.max() == 1


@RULES
def test_signed_pictures_reach_from_minus_1_to_1_and_nothing_is_measured(rule):
    seen = with_statistics(rule, [], "signed")
    black, white = (
        np.full((1, rule.size, rule.size, rule.channels), v, np.uint8) for v in (0, 255)
    )
    assert (seen.normalise(black) == -1).all() and (seen.normalise(white) == 1).all()


@pytest.mark.parametrize(
    "first", ["none", "signed", "channel_mean", "mean_image", "standardise", "lenet"]
)
def test_nothing_of_an_earlier_normalisation_remains(first):
    every = pictures(COLOUR)
    before = with_statistics(COLOUR, every, first)
    for then in ("none", "signed", "channel_mean", "mean_image", "standardise"):
        assert with_statistics(before, every, then) == with_statistics(COLOUR, every, then)


def test_sums_are_exact_where_floats_would_drift():
    """One bright picture among 999 black ones: mean and variance as fractions of whole numbers."""
    rule = dataclasses.replace(GREY, resize=28, crop=28, padding=0)
    black, bright = np.zeros((28, 28, 1), np.uint8), np.full((28, 28, 1), 255, np.uint8)
    bright[0, 0] = 254
    seen = with_statistics(
        rule, (bright if i == 500 else black for i in range(1000)), "standardise"
    )
    n, total, squares = 784_000, 784 * 255 - 1, 783 * 255**2 + 254**2
    mean, variance = Fraction(total, n), Fraction(squares, n) - Fraction(total, n) ** 2
    assert seen.mean == (float(mean / 255),)
    assert seen.std[0] == pytest.approx(float(variance) ** 0.5 / 255, rel=1e-15)


def test_the_order_of_the_pictures_does_not_matter():
    every = pictures(COLOUR)
    for normalisation in ("channel_mean", "mean_image", "standardise"):
        forwards = with_statistics(COLOUR, every, normalisation)
        assert with_statistics(COLOUR, every[::-1], normalisation) == forwards


def test_a_channel_that_is_the_same_everywhere_is_not_scaled():
    every = pictures(COLOUR)
    every[..., 2] = 51
    seen = with_statistics(COLOUR, every, "standardise")
    assert seen.mean[2] == pytest.approx(0.2) and seen.std[2] == 1.0
    assert np.abs(seen.normalise(every)[:, 2]).max() < 1e-6


def test_no_picture_and_pictures_of_another_kind_are_told():
    with pytest.raises(InputError, match="no training picture"):
        with_statistics(COLOUR, [], "standardise")
    for wrong in (pictures(GREY), pictures(COLOUR)[:, :15], pictures(COLOUR).astype(np.float32)):
        with pytest.raises(InputError, match=r"Expected pictures of shape \(16, 16, 3\)"):
            with_statistics(COLOUR, wrong, "mean_image")
