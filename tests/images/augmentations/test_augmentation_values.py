"""What all augmentations share: values that are saved, one picture for one state, any size."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from typing import get_args

import numpy as np
import pytest
from PIL import Image
from scripted import SIZES, noise

from eyespot.errors import InputError
from eyespot.images.augmentations.brightness import Brightness
from eyespot.images.augmentations.catalogue import (
    KINDS,
    Augmentation,
    BatchAugmentation,
    augmented,
    fitted,
    needs_pictures,
)
from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.colour_jitter import ColourJitter
from eyespot.images.augmentations.contrast import Contrast
from eyespot.images.augmentations.cutmix import Cutmix
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.gaussian_noise import GaussianNoise
from eyespot.images.augmentations.hue import Hue
from eyespot.images.augmentations.mixup import Mixup
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.augmentations.rand_augment import RandAugment
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.random_erasing import RandomErasing
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.images.augmentations.rotation import Rotation
from eyespot.images.augmentations.salt_and_pepper import SaltAndPepper
from eyespot.images.augmentations.saturation import Saturation
from eyespot.images.augmentations.scale import Scale
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.images.augmentations.shear import Shear
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.images.augmentations.squeeze import Squeeze
from eyespot.images.augmentations.translation import Translation
from eyespot.images.augmentations.trivial_augment import TrivialAugment
from eyespot.values import from_json, to_json

EACH = (
    RandomCrop(24, padding=4),
    RandomCrop(24, padding=4, mode="reflect"),
    RandomResizedCrop(24),
    RandomResizedCrop(24, interpolation="random"),
    ShortSide(30),
    ScaleJitter(26, 40),
    CentreCrop(20),
    Flip(),
    Translation(3),
    Rotation(15),
    Scale(0.8, 1.2),
    Squeeze(1.2),
    Shear(15),
    Brightness(0.4),
    Contrast(0.4),
    Saturation(0.4),
    Hue(0.1),
    ColourJitter(0.4, 0.4, 0.4, 0.1),
    PCAColour().fitted([noise(9, 9)]),
    SaltAndPepper(0.05),
    GaussianNoise(0.05),
    RandomErasing(),
    RandAugment(),
    TrivialAugment(),
)
KEEP_SIZE = [each for each in EACH if each not in EACH[:7]]


def test_each_kind_is_tried_here():
    assert {type(each) for each in EACH} == set(get_args(Augmentation))
    assert set(KINDS.values()) == {*map(type, EACH), *get_args(BatchAugmentation)}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_a_file_of_its_own_name(kind):
    assert KINDS[kind].__module__ == f"eyespot.images.augmentations.{kind}"


@pytest.mark.parametrize("each", [*EACH, Mixup(0.2), Cutmix(1.0)], ids=repr)
def test_it_goes_to_json_and_back_as_one_of_many_kinds(each):
    union = Augmentation if each in EACH else BatchAugmentation
    text = json.dumps(to_json(each))
    assert from_json(union, json.loads(text), where="augmentation") == each
    assert json.loads(text)["kind"] == each.KIND
    assert each.words
    assert "\n" not in each.words


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (RandomCrop, {"size": 0}),
        (RandomCrop, {"size": 5000}),
        (RandomCrop, {"size": 32, "padding": -1}),
        (RandomCrop, {"size": 32, "padding": 32}),
        (RandomCrop, {"size": 32, "mode": "edge"}),
        (RandomResizedCrop, {"size": 0}),
        (RandomResizedCrop, {"size": 32, "area": (0.0, 1.0)}),
        (RandomResizedCrop, {"size": 32, "area": (0.5, 0.2)}),
        (RandomResizedCrop, {"size": 32, "area": (0.5, 1.2)}),
        (RandomResizedCrop, {"size": 32, "ratio": (0.0, 1.0)}),
        (RandomResizedCrop, {"size": 32, "ratio": (1.0, float("inf"))}),
        (RandomResizedCrop, {"size": 32, "interpolation": "lanczos"}),
        (ShortSide, {"size": 0}),
        (ShortSide, {"size": 32, "interpolation": "nearest"}),
        (ScaleJitter, {"shortest": 0, "longest": 3}),
        (ScaleJitter, {"shortest": 9, "longest": 3}),
        (CentreCrop, {"size": -3}),
        (Flip, {"probability": 1.5}),
        (Flip, {"probability": float("nan")}),
        (Translation, {"pixels": -1}),
        (Rotation, {"degrees": 181}),
        (Scale, {"smallest": 0.2, "largest": 1.0}),
        (Scale, {"smallest": 1.2, "largest": 0.8}),
        (Squeeze, {"largest": 0.5}),
        (Shear, {"degrees": 90}),
        (Brightness, {"amount": -0.1}),
        (Contrast, {"amount": 1.1}),
        (Saturation, {"amount": float("nan")}),
        (Hue, {"amount": 0.6}),
        (ColourJitter, {"brightness": 0.4, "contrast": 0.4, "saturation": 4}),
        (PCAColour, {"sigma": -1}),
        (PCAColour, {"components": ((1.0, 0.0, 0.0),) * 3}),
        (PCAColour, {"components": ((1.0, 0.0),) * 3, "deviations": (0.1, 0.1, 0.1)}),
        (PCAColour, {"components": ((float("nan"),) * 3,) * 3, "deviations": (0.1, 0.1, 0.1)}),
        (PCAColour, {"components": ((1.0, 0.0, 0.0),) * 3, "deviations": (0.1, -0.1, 0.1)}),
        (SaltAndPepper, {"share": 2}),
        (GaussianNoise, {"sigma": -0.1}),
        (RandomErasing, {"probability": 2}),
        (RandomErasing, {"area": (0.4, 0.2)}),
        (RandomErasing, {"ratio": (-1.0, 2.0)}),
        (RandAugment, {"operations": 0}),
        (RandAugment, {"magnitude": 31}),
        (Mixup, {"alpha": 0.0}),
        (Cutmix, {"alpha": -1.0}),
    ],
)
def test_numbers_that_nobody_can_mean_are_refused(kind, wrong):
    with pytest.raises(InputError) as raised:
        kind(**wrong)
    assert "\n" not in str(raised.value)
    assert ", not " in str(raised.value)


@pytest.mark.parametrize("each", EACH, ids=repr)
def test_any_size_of_picture_goes_through_and_stays_as_it_was(each):
    for width, height in SIZES:
        picture = noise(width, height)
        before = picture.tobytes()
        for index in range(12):
            changed = each(picture, np.random.default_rng((0, 0, index)))
            assert changed.mode == "RGB"
            assert each not in KEEP_SIZE or changed.size == (width, height)
            if isinstance(each, RandomCrop | RandomResizedCrop | CentreCrop):
                assert changed.size == (each.size, each.size)
        assert picture.tobytes() == before


@pytest.mark.parametrize("each", EACH, ids=repr)
def test_the_state_of_the_generator_decides_the_picture_in_any_thread(each):
    picture = noise(61, 40)

    def once(index: int) -> bytes:
        return each(picture, np.random.default_rng((7, 1, index))).tobytes()

    alone = [once(index) for index in range(24)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(once, range(24))) == alone
    if not isinstance(each, ShortSide | CentreCrop):
        assert len(set(alone)) > 1


def test_a_list_is_applied_in_order_by_one_generator():
    picture = noise(40, 40)
    steps = (RandomCrop(32, padding=4), Flip(), Brightness(0.5))
    expected, generator = picture, np.random.default_rng((0, 0, 3))
    for step in steps:
        expected = step(expected, generator)
    got = augmented(steps, picture, np.random.default_rng((0, 0, 3)))
    assert got.tobytes() == expected.tobytes()
    assert got.tobytes() != augmented(steps, picture, np.random.default_rng((0, 1, 3))).tobytes()
    assert augmented((), picture, generator) is picture


def test_only_what_needs_pictures_looks_at_them():
    def never():
        raise AssertionError("looked")
        yield

    known = PCAColour(0.1, ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (0.3, 0.2, 0.1))
    assert fitted((Flip(), known), never()) == (Flip(), known)
    assert not needs_pictures((Flip(), known))
    assert needs_pictures((Flip(), PCAColour()))
    flip, colour = fitted((Flip(), PCAColour(0.2)), [noise(8, 8)])
    assert flip == Flip()
    assert colour == PCAColour(0.2).fitted([noise(8, 8)])


def test_grey_pictures_stay_grey_but_under_noise_of_single_values():
    values = np.random.default_rng(0).integers(0, 256, (28, 28, 1)).astype(np.uint8)
    picture = Image.fromarray(values.repeat(3, axis=2))
    colour = PCAColour().fitted([picture])
    for each in (*EACH, colour):
        is_other = isinstance(each, PCAColour) and each is not colour
        if isinstance(each, GaussianNoise | RandomErasing) or is_other:
            continue
        for index in range(10):
            pixels = np.asarray(each(picture, np.random.default_rng((0, 0, index)))).astype(int)
            assert np.ptp(pixels, axis=2).max() == 0, each


def test_a_field_is_a_number_a_word_or_a_tuple_of_them():
    """So that a recipe with augmentations is a value: equal, hashable, saved."""
    for each in EACH:
        assert hash(each) == hash(type(each)(*(getattr(each, f.name) for f in fields(each))))
