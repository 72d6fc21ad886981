"""Crops and resizings against numpy's padding, Pillow's filters and evaluation's own rule."""

import math
from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scripted import SIZES, Scripted, chi_square, noise, nth

from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.images.preprocessing import Preprocessing

NONE = np.random.default_rng(0)


def at(crop: RandomCrop, picture: Image.Image, left: int, top: int) -> np.ndarray:
    """The crop at an offset in the padded picture."""
    columns = picture.width + 2 * crop.padding - crop.size + 1
    rows = picture.height + 2 * crop.padding - crop.size + 1
    draws = Scripted(nth(left, columns), nth(top, rows))
    return np.asarray(crop(picture, draws))


@pytest.mark.parametrize("mode", ["zero", "reflect"])
@pytest.mark.parametrize(
    ("size", "padding", "width", "height"),
    [(32, 4, 32, 32), (28, 0, 32, 40), (32, 2, 28, 28), (9, 7, 5, 3), (6, 5, 1, 1), (8, 6, 2, 9)],
)
def test_every_crop_is_a_window_of_the_padded_picture(mode, size, padding, width, height):
    crop, picture = RandomCrop(size, padding, mode), noise(width, height)
    rim = [(padding, padding), (padding, padding), (0, 0)]
    kind = {"zero": "constant", "reflect": "reflect"}[mode]
    padded = np.pad(np.asarray(picture), rim, mode=kind)
    for left in range(padded.shape[1] - size + 1):
        for top in range(padded.shape[0] - size + 1):
            window = padded[top : top + size, left : left + size]
            assert np.array_equal(at(crop, picture, left, top), window), (left, top)


def test_a_rim_that_repeats_the_edge_would_be_seen():
    picture = noise(32, 32)
    padded = np.pad(np.asarray(picture), [(4, 4), (4, 4), (0, 0)], mode="symmetric")
    assert not np.array_equal(at(RandomCrop(32, 4, "reflect"), picture, 0, 0), padded[:32, :32])


def test_every_place_is_as_likely():
    """81 places, 100 draws for each: chi-square of 80 degrees is over 124.8 once in 1,000 times."""
    pixels = np.zeros((32, 32, 3), np.uint8)
    pixels[16, 16] = 255
    picture, generator = Image.fromarray(pixels), np.random.default_rng(0)
    seen = Counter()
    for _ in range(8100):
        shown = np.asarray(RandomCrop(32, padding=4)(picture, generator))[:, :, 0]
        seen[int(shown.argmax())] += 1
    assert len(seen) == 81
    assert chi_square(seen.values()) < 124.8


def test_a_picture_that_is_too_small_is_enlarged_just_enough():
    crop = RandomCrop(32, padding=4)
    picture = noise(20, 60)  # 20 + 2 * 4 < 32: to 24 x 72, whose rows leave 80 - 32 + 1 = 49 places
    larger = np.asarray(picture.resize((24, 72), Image.Resampling.BILINEAR))
    padded = np.pad(larger, [(4, 4), (4, 4), (0, 0)])
    shown = crop(picture, Scripted(nth(0, 1), nth(17, 49)))
    assert np.array_equal(np.asarray(shown), padded[17:49])
    assert np.asarray(RandomCrop(32, padding=2)(noise(28, 28), NONE))[2:30, 2:30].tolist() == (
        np.asarray(noise(28, 28)).tolist()  # 28 + 2 * 2 is enough
    )


@pytest.mark.parametrize("resize", [56, 64, 73])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic"])
def test_without_chance_training_sees_what_evaluation_sees(resize, interpolation):
    rule = Preprocessing(
        resize=resize, crop=56, interpolation=interpolation, mean=(0.5,) * 3, std=(0.5,) * 3
    )
    for width, height in [*SIZES, *((40 + 7 * i, 61) for i in range(20)), (3, 2000)]:
        picture = noise(width, height)
        shown = CentreCrop(56)(ShortSide(resize, interpolation)(picture, NONE), NONE)
        assert np.array_equal(np.asarray(shown), rule(picture)), (width, height)


def test_a_central_crop_of_a_smaller_picture_enlarges_it():
    picture = noise(20, 30)
    larger = picture.resize((32, 48), Image.Resampling.BILINEAR)  # 30 * 32 / 20
    shown = CentreCrop(32)(picture, NONE)
    assert np.array_equal(np.asarray(shown), np.asarray(larger)[8:40])


@pytest.mark.parametrize("each", [ShortSide(256), ScaleJitter(256, 256), RandomCrop(224)])
def test_a_strip_keeps_its_middle_and_fits_in_memory(each):
    values = np.zeros((1, 60_000, 3), np.uint8)
    values[:, 29_900:30_100] = 255
    shown = np.asarray(each(Image.fromarray(values), NONE))
    assert shown.shape[1] <= 16 * 256
    assert (shown == 255).all()


def test_scale_jitter_draws_every_size_from_shortest_to_longest():
    jitter = ScaleJitter(256, 512)
    for place, short in [(0, 256), (1, 257), (128, 384), (256, 512)]:
        shown = jitter(noise(50, 40), Scripted(nth(place, 257)))
        assert shown.size == (int(short * 50 / 40), short)
    sizes = Counter(min(ScaleJitter(3, 6)(noise(9, 9), NONE).size) for _ in range(4000))
    assert set(sizes) == {3, 4, 5, 6}
    assert chi_square(sizes.values()) < 16.27  # 3 degrees, once in 1,000


def test_a_patch_is_where_the_draws_put_it():
    """Of 100 x 80: area 8000 (0.08 + 0.92 / 2) = 4320, ratio 3/4 (16/9)^0.75 = 1.1547.

    Width sqrt(4320 * 1.1547) = 70.63, height sqrt(4320 / 1.1547) = 61.17, so 71 x 61; left is place
    10 of 30, top place 4 of 20.
    """
    picture = noise(100, 80)
    draws = (0.5, 0.75, nth(10, 30), nth(4, 20))
    patch = picture.crop((10, 4, 81, 65))
    for name, kind in [
        ("bilinear", Image.Resampling.BILINEAR),
        ("bicubic", Image.Resampling.BICUBIC),
    ]:
        shown = RandomResizedCrop(32, interpolation=name)(picture, generator := Scripted(*draws))
        assert generator.is_over
        assert np.array_equal(np.asarray(shown), np.asarray(patch.resize((32, 32), kind)))


def test_any_filter_of_googlenet_is_as_likely():
    picture, crop = noise(40, 40), RandomResizedCrop(32, interpolation="random")
    patch = picture.crop((4, 4, 36, 36)).resize  # area 0.64 at ratio 1: 32 x 32, so shrink to 16
    crop = RandomResizedCrop(16, area=(0.64, 0.64), ratio=(1.0, 1.0), interpolation="random")
    kinds = [Image.Resampling[name] for name in ("BILINEAR", "BOX", "NEAREST", "BICUBIC")]
    seen = []
    for place, kind in enumerate(kinds):
        shown = crop(picture, Scripted(0.5, 0.5, nth(4, 9), nth(4, 9), nth(place, 4)))
        assert np.array_equal(np.asarray(shown), np.asarray(patch((16, 16), kind)))
        seen.append(shown.tobytes())
    assert len(set(seen)) == 4


def test_after_ten_draws_that_do_not_fit_it_is_the_largest_central_patch_of_an_allowed_shape():
    whole = RandomResizedCrop(50, area=(1.0, 1.0))
    draws = [0.5] * 20  # area 200,000 at ratio 1: 447 x 447 does not fit
    for size, box in [
        ((1000, 200), (366, 0, 633, 200)),  # 200 * 4/3 = 266.7 wide, from (1000 - 267) / 2 = 366.5
        ((200, 1000), (0, 366, 200, 633)),  # 200 / (3/4) = 266.7 high
    ]:
        picture = noise(*size)
        shown = whole(picture, generator := Scripted(*draws))
        assert generator.is_over
        expected = picture.crop(box).resize((50, 50), Image.Resampling.BILINEAR)
        assert np.array_equal(np.asarray(shown), np.asarray(expected))


# 40,000 draws each of torchvision 0.28.0's RandomResizedCrop.get_params((0.08, 1), (3/4, 4/3)):
# size, mean and deviation of area / whole, mean and deviation of log(width / height)
TORCHVISION = [
    ((500, 375), 0.4342, 0.2172, 0.0317, 0.1640),
    ((100, 100), 0.4813, 0.2360, -0.0014, 0.1590),
    ((1000, 200), 0.1752, 0.0635, 0.1030, 0.1747),
    ((60, 400), 0.1554, 0.0442, -0.1569, 0.1643),
]


@pytest.mark.parametrize(("size", "area", "area_sd", "shape", "shape_sd"), TORCHVISION)
def test_patches_are_spread_as_torchvision_s(size, area, area_sd, shape, shape_sd):
    picture, generator, n = Image.new("RGB", size), np.random.default_rng(1), 3000
    patches = [RandomResizedCrop(8).patch(picture, generator).size for _ in range(n)]
    areas = [width * height / (size[0] * size[1]) for width, height in patches]
    shapes = [math.log(width / height) for width, height in patches]
    assert abs(np.mean(areas) - area) < 4 * area_sd / math.sqrt(n)
    assert abs(np.mean(shapes) - shape) < 4 * shape_sd / math.sqrt(n)
    assert abs(np.std(areas) / area_sd - 1) < 0.06  # 4 / sqrt(2 n) = 0.05
    assert abs(np.std(shapes) / shape_sd - 1) < 0.06
