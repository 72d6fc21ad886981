"""RandAugment and TrivialAugment: fourteen operations, each against Pillow with numbers by hand."""

import hashlib

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps
from scripted import Scripted, noise, nth

from eyespot.images.augmentations import rand_augment, trivial_augment
from eyespot.images.augmentations.operations import OPERATIONS
from eyespot.images.augmentations.rand_augment import RandAugment
from eyespot.images.augmentations.trivial_augment import TrivialAugment

NAMES = [  # fig. 2 of the RandAugment paper, and TrivialAugment's list
    *("identity", "autocontrast", "equalize", "rotate", "solarize", "color", "posterize"),
    *("contrast", "brightness", "sharpness", "shear_x", "shear_y", "translate_x", "translate_y"),
]
PICTURE = noise(66, 50)
GREY, BLACK = (128, 128, 128), (0, 0, 0)


def affine(numbers: tuple[float, ...], fill: tuple[int, int, int]) -> Image.Image:
    return PICTURE.transform(PICTURE.size, Image.Transform.AFFINE, numbers, fillcolor=fill)


# At magnitude 9 of 10, sign plus: rotate 30 * 0.9 = 27 degrees; solarize from 256 * 0.1 = 25.6, so
# 26; posterize 8 - 4 * 0.9 = 4.4, so 4 bits; enhancements 1 + 0.9 * 0.9 = 1.81; shear 0.3 * 0.9 =
# 0.27; shifts 0.9 * 150 / 331 = 0.40786 of 66 (26.918) and of 50 (20.393) pixels.
AT_9 = {
    "identity": PICTURE,
    "autocontrast": ImageOps.autocontrast(PICTURE),
    "equalize": ImageOps.equalize(PICTURE),
    "rotate": PICTURE.rotate(27, fillcolor=GREY),
    "solarize": ImageOps.solarize(PICTURE, 26),
    "color": ImageEnhance.Color(PICTURE).enhance(1.81),
    "posterize": ImageOps.posterize(PICTURE, 4),
    "contrast": ImageEnhance.Contrast(PICTURE).enhance(1.81),
    "brightness": ImageEnhance.Brightness(PICTURE).enhance(1.81),
    "sharpness": ImageEnhance.Sharpness(PICTURE).enhance(1.81),
    "shear_x": affine((1, 0.27, 0, 0, 1, 0), GREY),
    "shear_y": affine((1, 0, 0, 0.27, 1, 0), GREY),
    "translate_x": affine((1, 0, 26.918, 0, 1, 0), GREY),
    "translate_y": affine((1, 0, 0, 0, 1, 20.393), GREY),
}
SIGNED = {"rotate", "color", "contrast", "brightness", "sharpness"} | set(NAMES[10:])


def rand_augmented(name: str, *, magnitude: int, sign: float = 0.0) -> Image.Image:
    draws = [nth(NAMES.index(name), 14)] + [sign] * (name in SIGNED)
    shown = RandAugment(1, magnitude)(PICTURE, generator := Scripted(*draws))
    assert generator.is_over
    return shown


def test_the_operations_are_the_papers_fourteen():
    for table in (rand_augment.NUMBERS, trivial_augment.NUMBERS, OPERATIONS, AT_9):
        assert list(table) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_at_magnitude_9_has_nine_tenths_of_its_range(name):
    assert rand_augmented(name, magnitude=9).tobytes() == AT_9[name].tobytes()


def test_the_other_sign_is_the_other_way():
    assert rand_augmented("rotate", magnitude=9, sign=0.9).tobytes() == (
        PICTURE.rotate(-27, fillcolor=GREY).tobytes()
    )
    darker = ImageEnhance.Brightness(PICTURE).enhance(0.19)
    assert rand_augmented("brightness", magnitude=9, sign=0.9).tobytes() == darker.tobytes()


@pytest.mark.parametrize("name", NAMES[3:])
def test_a_stronger_magnitude_changes_more(name):
    before = np.asarray(PICTURE).astype(int)
    changes = [
        np.abs(np.asarray(rand_augmented(name, magnitude=m)).astype(int) - before).mean()
        for m in (0, 3, 6, 10)
    ]
    assert changes[0] <= 1.0  # at 0 next to nothing, in brightness a rounding
    if name not in ("rotate", "shear_x", "shear_y", "translate_x", "translate_y"):
        assert changes == sorted(changes)  # of noise any shift is as different
    assert changes[-1] > 5


def test_the_largest_magnitude_of_the_paper_is_allowed_and_finite():
    for name in NAMES:
        for sign in (0.0, 0.9):
            assert rand_augmented(name, magnitude=30, sign=sign).size == PICTURE.size


def test_two_operations_follow_one_another():
    draws = Scripted(nth(4, 14), nth(3, 14), 0.0)  # solarize, then rotate to the left
    expected = ImageOps.solarize(PICTURE, 26).rotate(27, fillcolor=GREY)
    assert RandAugment(2, 9)(PICTURE, draws).tobytes() == expected.tobytes()


# TrivialAugment's "wide" ranges at strength 20 of 30, its authors' whole numbers: rotate
# int(135 * 2/3) = 90; solarize 256 - int(170.67) = 86; enhancements 0.01 + 1.99 * 2/3 = 1.33667;
# posterize 8 - int(4) = 4 bits; shear 0.66; shifts int(21.33) = 21 pixels.
AT_20 = {
    "identity": PICTURE,
    "autocontrast": AT_9["autocontrast"],
    "equalize": AT_9["equalize"],
    "rotate": PICTURE.rotate(90, fillcolor=BLACK),
    "solarize": ImageOps.solarize(PICTURE, 86),
    "color": ImageEnhance.Color(PICTURE).enhance(0.01 + 3.98 / 3),
    "posterize": ImageOps.posterize(PICTURE, 4),
    "contrast": ImageEnhance.Contrast(PICTURE).enhance(0.01 + 3.98 / 3),
    "brightness": ImageEnhance.Brightness(PICTURE).enhance(0.01 + 3.98 / 3),
    "sharpness": ImageEnhance.Sharpness(PICTURE).enhance(0.01 + 3.98 / 3),
    "shear_x": affine((1, 0.66, 0, 0, 1, 0), BLACK),
    "shear_y": affine((1, 0, 0, 0.66, 1, 0), BLACK),
    "translate_x": affine((1, 0, 21, 0, 1, 0), BLACK),
    "translate_y": affine((1, 0, 0, 0, 1, 21), BLACK),
}


@pytest.mark.parametrize("name", NAMES)
def test_trivial_augment_at_strength_20_of_30(name):
    has_sign = name in {"rotate", *NAMES[10:]}
    draws = Scripted(nth(NAMES.index(name), 14), nth(20, 31), *[0.0] * has_sign)
    assert TrivialAugment()(PICTURE, draws).tobytes() == AT_20[name].tobytes()
    assert draws.is_over


def test_every_operation_and_every_strength_is_drawn():
    drawn = set()

    class Watched(Scripted):
        def random(self) -> float:
            return float(generator.random())

    generator = np.random.default_rng(0)
    for _ in range(600):
        drawn.add(TrivialAugment()(noise(12, 12), Watched()).tobytes())
    assert len(drawn) > 200  # of 1 + 1 + 1 + 11 * 31 with both signs, many of them alike when small


# SHA-256 (16 digits) of what torchvision 0.28.0's `_apply_op` makes of the noise of 33 x 29 at
# these numbers, nearest and with black; it enhances by 1 + its number, and shifts the other way.
TORCHVISION = {
    "autocontrast": (0, "e42935c8c938c84a"),
    "equalize": (0, "b74be4899d4d1382"),
    "rotate": (27, "c8e283f617886431"),
    "solarize": (86, "5f965eb65b7e32b9"),
    "posterize": (4, "4b926a2095e5fe7b"),
    "color": (1.81, "f073d371bb0f6767"),
    "contrast": (0.5, "f3a0548145921cdb"),
    "brightness": (1.3, "2080c07a097bcc5b"),
    "sharpness": (1.9, "95c0e8135527af98"),
    "shear_x": (0.27, "8a0af412bf3d8789"),
    "shear_y": (-0.3, "9393f4fcf4a4eb9f"),
    "translate_x": (-7, "56ca58d293712742"),
    "translate_y": (5, "ce90185faae3d35d"),
}


@pytest.mark.parametrize("name", TORCHVISION)
def test_operations_are_torchvision_s(name):
    number, digest = TORCHVISION[name]
    shown = OPERATIONS[name](noise(33, 29), number, BLACK)
    assert hashlib.sha256(shown.tobytes()).hexdigest()[:16] == digest
