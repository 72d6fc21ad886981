"""AlexNet's colour noise against an eigen-decomposition of all pixels at once."""

import json
import math

import numpy as np
import pytest
from PIL import Image
from scripted import Scripted, noise

from eyespot.errors import InputError
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.values import from_json, to_json

FACEBOOK = PCAColour(  # fb.resnet.torch's numbers for ImageNet, used there as they are
    0.1,
    components=((-0.5675, -0.5808, -0.5836), (0.7192, -0.0045, -0.6948), (0.4009, -0.8140, 0.4203)),
    deviations=(0.2175, 0.0188, 0.0045),
)


def tinted(seed: int, width: int, height: int) -> Image.Image:
    """Colours that are spread differently in three skew directions."""
    generator = np.random.default_rng(seed)
    skew = np.array([[60, 55, 50], [12, -3, -11], [2, -5, 4]])
    pixels = 120 + generator.standard_normal((height, width, 3)) @ skew
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


PICTURES = [tinted(seed, 20 + seed, 31 - seed) for seed in range(12)]


def stacked() -> np.ndarray:
    return np.concatenate([np.asarray(p).reshape(-1, 3) for p in PICTURES]) / 255


def test_components_and_deviations_are_those_of_all_pixels_stacked():
    pixels = stacked()
    values, vectors = np.linalg.eigh(np.cov(pixels.T, bias=True))
    fitted = PCAColour().fitted(iter(PICTURES))
    assert np.allclose(np.square(fitted.deviations), values[::-1], rtol=1e-10, atol=0)
    for mine, theirs in zip(fitted.components, vectors.T[::-1], strict=True):
        assert abs(abs(np.dot(mine, theirs)) - 1) < 1e-9
        assert max(mine, key=abs) > 0  # the sign is settled
    assert fitted.deviations[0] > fitted.deviations[1] > fitted.deviations[2] > 0


def test_they_are_the_directions_and_sizes_of_the_largest_spread():
    """No direction spreads more than the first component, by its deviation."""
    pixels, fitted = stacked(), PCAColour().fitted(PICTURES)
    directions = np.random.default_rng(0).standard_normal((500, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    spreads = (pixels @ directions.T).std(axis=0)
    assert spreads.max() <= fitted.deviations[0] + 1e-12
    assert spreads.min() >= fitted.deviations[2] - 1e-12
    assert math.isclose((pixels @ fitted.components[0]).std(), fitted.deviations[0], rel_tol=1e-9)


def test_the_way_that_pixels_come_does_not_matter():
    arrays = [np.asarray(p).reshape(1, -1, 3) for p in reversed(PICTURES)]
    one = np.concatenate(arrays, axis=1)
    assert PCAColour().fitted([one]) == PCAColour().fitted(PICTURES)
    assert PCAColour().fitted(arrays) == PCAColour().fitted(PICTURES)


def test_all_pixels_get_the_sum_of_components_by_deviations_and_draws():
    """Sigma 0.1, draws 1, -2 and 0.5: 255 (0.1 d1 p1 - 0.2 d2 p2 + 0.05 d3 p3)."""
    colour = PCAColour().fitted(PICTURES)
    p, d = np.array(colour.components), colour.deviations
    moved = 255 * (0.1 * d[0] * p[0] - 0.2 * d[1] * p[1] + 0.05 * d[2] * p[2])
    pixels = np.asarray(noise(33, 29)).astype(float)
    shown = np.asarray(colour(noise(33, 29), Scripted(1, -2, 0.5)))
    assert np.array_equal(shown, np.rint(pixels + moved).clip(0, 255))
    assert np.abs(moved).max() > 3  # a change that is seen


def test_the_noise_has_the_data_s_covariance_times_the_square_of_sigma():
    colour = PCAColour(0.3).fitted(PICTURES)
    grey, generator = Image.new("RGB", (1, 1), (128, 128, 128)), np.random.default_rng(0)
    moved = [np.asarray(colour(grey, generator))[0, 0] / 255.0 for _ in range(8000)]
    seen = np.cov(np.array(moved).T)
    rounding = np.eye(3) / 12 / 255**2
    expected = 0.09 * np.cov(stacked().T) + rounding
    assert np.abs(seen - expected).max() < 0.07 * expected.max()  # 4 sqrt(2 / 8000) = 0.063


def test_sigma_0_leaves_every_picture_as_it_was():
    colour = PCAColour(sigma=0.0).fitted(PICTURES)
    for picture in PICTURES:
        assert colour(picture, np.random.default_rng(0)).tobytes() == picture.tobytes()


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (10, 200, 30)])
def test_pictures_of_one_colour_stay_finite_and_as_they_were(colour):
    picture = Image.new("RGB", (7, 5), colour)
    fitted = PCAColour().fitted([picture, picture])
    assert fitted.deviations == (0.0, 0.0, 0.0)
    assert np.isfinite(fitted.components).all()
    assert fitted(picture, np.random.default_rng(0)).tobytes() == picture.tobytes()


def test_of_grey_pictures_the_one_direction_is_grey():
    values = np.random.default_rng(0).integers(0, 256, (28, 28, 1)).astype(np.uint8)
    fitted = PCAColour().fitted([Image.fromarray(values.repeat(3, axis=2))])
    for grey in (values, values[:, :, 0], Image.fromarray(values[:, :, 0])):
        assert PCAColour().fitted([grey]) == fitted
    assert np.allclose(fitted.components[0], 1 / math.sqrt(3))
    spread = math.sqrt(3) * (values / 255).std()
    assert math.isclose(fitted.deviations[0], spread, rel_tol=1e-9)
    assert max(fitted.deviations[1:]) < 1e-7


def test_a_single_pixel_and_a_strip_are_pictures():
    for size in [(1, 1), (1, 500), (28, 28)]:
        fitted = PCAColour().fitted([noise(*size)])
        assert fitted(noise(*size), np.random.default_rng(0)).size == size


def test_it_is_told_what_is_missing():
    with pytest.raises(InputError, match="fitted"):
        PCAColour()(noise(4, 4), np.random.default_rng(0))
    with pytest.raises(InputError, match="there is none"):
        PCAColour().fitted([])


def test_numbers_that_others_computed_can_be_given():
    shown = FACEBOOK(Image.new("RGB", (1, 1), (100, 100, 100)), Scripted(1, 0, 0)).getpixel((0, 0))
    # 100 + 255 * 0.1 * 0.2175 * (-0.5675, -0.5808, -0.5836) = 100 - (3.15, 3.22, 3.24)
    assert shown == (97, 97, 97)
    assert from_json(PCAColour, json.loads(json.dumps(to_json(FACEBOOK)))) == FACEBOOK
