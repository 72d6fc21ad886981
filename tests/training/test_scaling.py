"""A recipe fitted to other photos, another length, another network: in proportion, or refused."""

import dataclasses
import json

import pytest

from eyespot.errors import InputError
from eyespot.images.augmentations.colour_jitter import ColourJitter
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.averaging import EMA
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.catalogue import find
from eyespot.training.recipes.scaling import scaled
from eyespot.training.schedules import Plateau
from eyespot.values import from_json, to_json


def rates(recipe, epochs):
    """The learning rate at the middle of each epoch."""
    return [
        recipe.optimiser.learning_rate * recipe.schedule.factor((epoch + 0.5) / epochs, ())
        for epoch in range(epochs)
    ]


def test_the_papers_own_photos_leave_its_recipe_alone():
    for name in ("resnet_cifar_2015", "alexnet_2012", "efficientnet_2019", "vit_2021"):
        recipe = find(name)
        fitted = scaled(recipe, photos=recipe.photos, image_size=recipe.image.size)
        assert dataclasses.replace(fitted, norm_momentum=None) == recipe
        assert fitted.norm_momentum < 0.02  # less than any network's own on such data, or as much


def test_20_of_182_epochs_have_the_stairs_in_proportion():
    recipe = scaled(find("resnet_cifar_2015"), photos=45_000, image_size=32, epochs=20)
    # halfway and at three quarters: after 10 and 15 of 20 epochs
    expected = [0.1] * 10 + [0.01] * 5 + [0.001] * 5
    assert rates(recipe, 20) == pytest.approx(expected)
    assert (recipe.epochs, recipe.batch_size) == (20, 128)
    assert any("20 epochs, not 182" in note for note in recipe.notes)


def test_245_photos_take_small_batches_and_a_smaller_rate():
    recipe = scaled(find("resnet_imagenet_2015"), photos=245, image_size=224)
    # an eighth of 245 is 30, less than 32; 0.1 * 30 / 256 = 0.01171875
    assert recipe.batch_size == 30
    assert recipe.optimiser.learning_rate == pytest.approx(0.01171875)
    assert recipe.optimiser.weight_decay == 1e-4 and recipe.epochs == 120
    assert any("Batches of 30 photos, not 256" in note for note in recipe.notes)
    assert any("0.0117, not 0.1" in note for note in recipe.notes)


@pytest.mark.parametrize(
    ("photos", "batch"),
    # 100 steps in an epoch; else 32 photos; else an eighth; else 8; else all
    [(45_000, 128), (12_800, 128), (6_400, 64), (3_000, 32), (200, 25), (40, 8), (5, 5)],
)
def test_batches_follow_the_photos(photos, batch):
    recipe = find("resnet_cifar_2015")
    assert scaled(recipe, photos=photos, image_size=32).batch_size == batch


def test_a_batch_of_thousands_made_small_does_not_make_the_rate_vanish():
    recipe = scaled(find("efficientnet_2019"), photos=245, image_size=224)
    # 30 of 4096 would be 1/137 of 0.256; not below 1/32: 0.008
    assert recipe.batch_size == 30 and recipe.optimiser.learning_rate == pytest.approx(0.008)


def test_what_is_asked_for_is_taken_as_it_is():
    recipe = find("resnet_cifar_2015")
    asked = scaled(recipe, photos=1_000, image_size=32, batch_size=256, learning_rate=0.3)
    assert asked.batch_size == 256 and asked.optimiser.learning_rate == 0.3
    # without a rate, it follows the batch: 0.1 * 256 / 128
    followed = scaled(recipe, photos=1_000, image_size=32, batch_size=256)
    assert followed.optimiser.learning_rate == pytest.approx(0.2)


def test_levenberg_marquardt_keeps_its_rate_in_any_batch():
    recipe = scaled(find("lenet5_1998"), photos=6_000, image_size=32, batch_size=16)
    assert recipe.batch_size == 16 and recipe.optimiser.learning_rate == 0.0005


def test_patience_follows_the_length():
    recipe = scaled(find("alexnet_2012"), photos=300, image_size=227, epochs=45)
    # 10 of 90 epochs are 5 of 45
    assert recipe.schedule == Plateau(patience=5, by=0.1, reductions=3)


def test_lengths_in_pixels_follow_the_size_of_the_network():
    recipe = scaled(find("resnet_imagenet_2015"), photos=1_000, image_size=112)
    assert recipe.image == ImageRule(resize=128, crop=112)
    expected = (ScaleJitter(128, 240), RandomCrop(112), Flip(), PCAColour())
    assert recipe.augmentations == expected
    recipe = scaled(find("resnet_cifar_2015"), photos=1_000, image_size=64)
    assert recipe.augmentations == (ShortSide(64), RandomCrop(64, padding=8), Flip())


def test_224_pixels_in_place_of_227_are_cut_from_the_same_256():
    recipe = scaled(find("alexnet_2012"), photos=1_000, image_size=224)
    assert recipe.image == ImageRule(resize=256, crop=224)
    assert recipe.augmentations[0] == ShortSide(256) and RandomCrop(224) in recipe.augmentations


def test_the_rim_of_lenets_digits_follows():
    # 28 and 2 on each side of 32; of 64 it is 4
    recipe = scaled(find("lenet5_1998"), photos=1_000, image_size=64)
    assert recipe.image == ImageRule(resize=56, crop=56, padding=4) and recipe.image.size == 64


def test_a_network_that_sees_grey_needs_no_colours():
    recipe = dataclasses.replace(
        find("resnet_cifar_2015"),
        augmentations=(PCAColour(), ColourJitter(0.4, 0.4, 0.4, hue=0.1), Flip()),
    )
    fitted = scaled(recipe, photos=1_000, image_size=32, channels=1)
    assert fitted.augmentations == (ColourJitter(0.4, 0.4, 0), Flip())
    assert any("sees grey" in note for note in fitted.notes)


def test_averages_reach_back_a_tenth_of_the_training_at_most():
    recipe = scaled(find("torchvision_reference_v2"), photos=320, image_size=224, epochs=10)
    # 10 epochs of 10 steps: 10 of the 100 steps
    steps = recipe.ema.every / (1 - recipe.ema.decay)
    assert recipe.batch_size == 32 and steps <= 10.0001
    assert recipe.ema.warms_up
    untouched = dataclasses.replace(find("resnet_cifar_2015"), ema=EMA(0.9))
    assert scaled(untouched, photos=45_000, image_size=32).ema == EMA(0.9)


def test_norms_know_the_data_after_an_epoch_however_few_its_steps_are():
    recipe = scaled(find("inception_v3_2016"), photos=12_800, image_size=299)
    # 400 steps of 32 photos: 4 / 400 = 0.01, and 0.99^400 = 1.8 % of the beginning is left
    assert recipe.norm_momentum == pytest.approx(0.01)
    assert (1 - recipe.norm_momentum) ** 400 < 0.02
    few = scaled(find("inception_v3_2016"), photos=245, image_size=299)
    assert few.norm_momentum == 0.1  # torch's own: never faster


def test_a_fitted_recipe_is_the_same_after_a_way_through_json_and_a_second_fitting():
    recipe = scaled(find("torchvision_reference_v2"), photos=3_000, image_size=224, epochs=20)
    assert from_json(Recipe, json.loads(json.dumps(to_json(recipe)))) == recipe
    again = scaled(recipe, photos=3_000, image_size=224, epochs=20, batch_size=recipe.batch_size)
    assert again == recipe


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("resnet_cifar_2015", {"image_size": 224}, "images of 32 x 32 .* have 224 x 224"),
        ("resnet_imagenet_2015", {"image_size": 32}, "images of 224 x 224 .* have 32 x 32"),
        ("resnet_cifar_2015", {"image_size": 32, "epochs": 0}, "1 epoch or more, not 0"),
        (
            "resnet_cifar_2015",
            {"image_size": 32, "batch_size": 1_001},
            "1 to 1,000 .* not 1,001: pass another --batch-size",
        ),
        ("resnet_cifar_2015", {"image_size": 32, "batch_size": 0}, "1 to 1,000 photos .* not 0"),
        ("resnet_cifar_2015", {"image_size": 32, "learning_rate": 0.0}, "learning rate above 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_a_sentence(name, asked, words):
    with pytest.raises(InputError, match=words) as refused:
        scaled(find(name), photos=1_000, **asked)
    assert "\n" not in str(refused.value)
