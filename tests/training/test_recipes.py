"""Recipes as data: one for every network, and the printed rates at the printed moments."""

import dataclasses
import json
import math

import pytest
import torch
from torch import nn

from eyespot.errors import InputError
from eyespot.networks import architectures, build
from eyespot.training.averaging import EMA
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe, lasting, prepare
from eyespot.training.recipes.catalogue import find, for_network, recipes
from eyespot.training.recipes.scaling import scaled
from eyespot.training.regularisers import EarlyStopping
from eyespot.training.schedules import Plateau
from eyespot.values import from_json, to_json

# recipe: the length in the paper's own unit, and its rates at moments in that unit. Just before a
# change and at it, where it has stairs.
PRINTED = {
    "lenet5_1998": (20, {0: 5e-4, 1.99: 5e-4, 2: 2e-4, 5: 1e-4, 8: 5e-5, 12: 1e-5, 19.9: 1e-5}),
    "alexnet_bvlc_caffe": (450_000, {0: 0.01, 99_999: 0.01, 100_000: 1e-3, 400_000: 1e-6}),
    "overfeat_2014": (90, {29.9: 0.05, 30: 0.025, 50: 0.0125, 60: 0.00625, 80: 0.0015625}),
    "googlenet_2015": (250, {7.9: 0.01, 8: 0.0096, 16: 0.009216}),
    # sqrt(1 - 1/2) = 0.7071068, sqrt(1 - 3/4) = 1/2
    "googlenet_bvlc_quick": (2_400_000, {0: 0.01, 1_200_000: 0.007071068, 1_800_000: 0.005}),
    # GoogLeNet's 4 % of every 8 epochs come six times as fast: 0.96^6 = 0.7827578 after 8
    "bn_inception_2015": (52, {0: 0.0075, 8: 0.0075 * 0.7827578}),
    "bn_inception_2015_x30": (150, {0: 0.045, 8: 0.045 * 0.7827578}),
    "inception_v3_2016": (100, {1.9: 0.045, 2: 0.0423, 4: 0.039762}),
    "resnet_fb_torch": (90, {29.9: 0.1, 30: 0.01, 60: 0.001}),
    "resnet_cifar_2015": (64_000, {31_999: 0.1, 32_000: 0.01, 47_999: 0.01, 48_000: 0.001}),
    "resnet_cifar_2015_110": (64_000, {0: 0.01, 399: 0.01, 400: 0.1, 32_000: 0.01, 48_000: 0.001}),
    # "epoch >= 81" and "epoch >= 122", counted from 1: after 80 and 121 of them
    "resnet_cifar_fb_torch": (164, {79.9: 0.1, 80: 0.01, 121: 0.001}),
    "preact_resnet_2016": (64_000, {0: 0.01, 400: 0.1, 32_000: 0.01, 48_000: 0.001}),
    "wrn_cifar_2016": (200, {59.9: 0.1, 60: 0.02, 120: 0.004, 160: 0.0008}),
    "resnext_imagenet_2017": (100, {29.9: 0.1, 30: 0.01, 60: 0.001, 90: 0.0001}),
    "resnext_cifar_2017": (300, {149.9: 0.1, 150: 0.01, 225: 0.001}),
    "densenet_imagenet_2017": (90, {29.9: 0.1, 30: 0.01, 60: 0.001}),
    "densenet_cifar_2017": (300, {149.9: 0.1, 150: 0.01, 225: 0.001}),
    "senet_2018": (100, {29.9: 0.6, 30: 0.06, 60: 0.006, 90: 0.0006}),
    "xception_2017": (100, {1.9: 0.045, 2: 0.0423}),
    "mobilenet_v1_2017": (100, {1.9: 0.045, 2: 0.0423}),
    "mobilenet_v3_2019": (600, {2.9: 0.1, 3: 0.099}),
    "shufflenet_v1_2018": (300_000, {0: 0.5, 150_000: 0.25, 300_000: 0}),
    "shufflenet_v2_2018": (300_000, {0: 0.5, 150_000: 0.25, 300_000: 0}),
    "squeezenet_2016": (170_000, {0: 0.04, 85_000: 0.02, 170_000: 0}),
    # half of the warm-up is half of the rate; behind it two stairs are already gone: 0.256 * 0.97^2
    "efficientnet_2019": (350, {0: 0, 2.5: 0.128, 5: 0.2408704, 7.2: 0.256 * 0.912673}),
    "nasnet_2018": (250, {0.9: 0.04, 1: 0.0388}),
    # 300 epochs of 1,281,167 photos in batches of 4,096 are 93,835 steps
    "vit_2021": (93_835, {0: 0, 5_000: 0.0015, 10_000: 0.003, 93_835: 0}),
    "torchvision_reference_v1": (90, {29.9: 0.1, 30: 0.01, 60: 0.001}),
    # from 1 % in a straight line, then half a wave over 595 epochs, whose middle is at 302.5
    "torchvision_reference_v2": (600, {0: 0.005, 2.5: 0.2525, 5: 0.5, 302.5: 0.25, 600: 0}),
}
DIVIDED_BY_HAND = {  # recipe: its first rate, and how often it was divided by 10
    "alexnet_2012": (0.01, 3),
    "vgg_2015": (0.01, 3),
    "nin_2014": (0.1, 2),
    "resnet_imagenet_2015": (0.1, 3),
}


@pytest.mark.parametrize("name", PRINTED)
def test_rates_are_the_printed_ones_at_the_printed_moments(name):
    recipe, (length, rates) = find(name), PRINTED[name]
    for moment, rate in rates.items():
        came = recipe.optimiser.learning_rate * recipe.schedule.factor(moment / length, ())
        assert came == pytest.approx(rate, rel=1e-4, abs=1e-9), moment


@pytest.mark.parametrize("name", DIVIDED_BY_HAND)
def test_rates_that_were_lowered_by_hand_fall_when_the_error_stands_still(name):
    recipe, (rate, times) = find(name), DIVIDED_BY_HAND[name]
    assert recipe.optimiser.learning_rate == rate
    assert recipe.schedule.factor(0.9, [0.5 / (i + 1) for i in range(50)]) == 1  # still better
    assert recipe.schedule.factor(0.9, [0.5] * 1000) == pytest.approx(10**-times)


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_is_the_same_after_a_way_through_json(name):
    recipe = find(name)
    assert from_json(Recipe, json.loads(json.dumps(to_json(recipe)))) == recipe


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_says_where_it_is_from(name):
    recipe = find(name)
    assert recipe.source and recipe.photos
    known = set(architectures()) | {row.family for row in architectures().values()}
    assert recipe.networks and set(recipe.networks) <= known


@pytest.mark.parametrize("name", architectures())
def test_every_network_has_a_recipe_that_can_be_fitted_to_300_photos(name):
    asked, row = for_network(name), architectures()[name]
    assert {row.name, row.family} & set(asked.networks)
    recipe = scaled(asked, photos=300, image_size=row.image_size)
    assert recipe.image.size == row.image_size
    assert recipe.batch_size <= 300 / 8 and recipe.epochs == asked.epochs
    assert 0 < recipe.optimiser.learning_rate <= asked.optimiser.learning_rate
    assert from_json(Recipe, json.loads(json.dumps(to_json(recipe)))) == recipe
    for augmentation in recipe.augmentations:  # nothing is cut out that the network could not take
        assert getattr(augmentation, "size", row.image_size) >= row.image_size * 176 / 224


@pytest.mark.parametrize(
    "family", sorted({row.family: name for name, row in architectures().items()}.values())
)
def test_optimisers_and_regularisers_of_a_recipe_find_what_they_need_in_its_network(family):
    recipe = for_network(family)
    with torch.device("meta"):
        network = build(family)
    optimiser = recipe.optimiser.build(network)
    held = sum(p.numel() for group in optimiser.param_groups for p in group["params"])
    assert held == sum(p.numel() for p in network.parameters() if p.requires_grad)


def test_a_network_named_by_a_recipe_comes_before_its_family():
    assert for_network("resnet20").name == "resnet_cifar_2015"
    assert for_network("resnet110").name == "resnet_cifar_2015_110"
    assert for_network("resnet50").name == "resnet_imagenet_2015"
    assert for_network("nin_imagenet").name == "alexnet_bvlc_caffe"
    assert for_network("wrn_50_2").name == "resnet_fb_torch"
    assert for_network("alexnet_torchvision").name != for_network("alexnet").name == "alexnet_2012"


def test_an_unknown_recipe_is_refused_with_near_names():
    with pytest.raises(InputError, match="resnet_cifar_2015"):
        find("resnet_cifar_2016")


def test_the_published_decay_of_torchvisions_average_follows_batch_and_epochs():
    # train.py: alpha = (1 - 0.99998) * 8 * 128 * 32 / 600 = 0.00002 * 54.6133 = 0.00109227
    ema = find("torchvision_reference_v2").ema
    assert ema.every == 32 and ema.decay == pytest.approx(0.99890773, abs=1e-8)


def toy(**changes):
    recipe = Recipe(
        name="toy",
        networks=("lenet5",),
        epochs=40,
        batch_size=16,
        optimiser=SGD(0.1),
        schedule=Plateau(patience=16),
        loss=CrossEntropy(),
        image=ImageRule(28, 28),
        normalisation="none",
        augmentations=(),
    )
    return dataclasses.replace(recipe, **changes)


def test_what_is_counted_in_epochs_or_steps_follows_the_length():
    recipe = lasting(toy(regularisers=(EarlyStopping(12),), ema=EMA(0.99, every=4)), 10)
    assert recipe.epochs == 10
    assert recipe.schedule == Plateau(patience=4)
    assert recipe.regularisers == (EarlyStopping(3),)
    # 4 / (1 - 0.99) = 400 steps of memory; a quarter of that is 100, and every step: 1 - 1/100
    assert recipe.ema.every == 1 and recipe.ema.decay == pytest.approx(0.99)


def test_what_is_counted_does_not_fall_to_nothing():
    recipe = lasting(toy(regularisers=(EarlyStopping(3),), ema=EMA(0.9, every=2)), 1)
    assert recipe.schedule == Plateau(patience=3) and recipe.regularisers == (EarlyStopping(1),)
    # 2 / 0.1 = 20 steps of memory over 40 epochs are half a step: the average is the weights
    assert recipe.ema == EMA(0.0, every=1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"epochs": 0}, "not 0 epochs"),
        ({"batch_size": 0}, "batches of 0"),
        ({"clip_norm": 0.0}, "positive norm, not 0"),
        ({"validation": 1.0}, "not 1"),
    ],
)
def test_numbers_with_which_nothing_can_be_trained_are_refused(changes, words):
    with pytest.raises(InputError, match=words):
        toy(**changes)


def test_norms_follow_at_least_as_fast_as_the_recipe_says():
    network = nn.Sequential(nn.BatchNorm2d(2, momentum=0.0003), nn.BatchNorm2d(2, momentum=0.1))
    prepare(toy(norm_momentum=0.02), network, torch.Generator())
    assert [norm.momentum for norm in network] == [0.02, 0.1]
    prepare(toy(), network, torch.Generator())
    assert [norm.momentum for norm in network] == [0.02, 0.1]


def test_schedules_end_where_their_steps_end():
    """No recipe's last step has a rate that is negative, infinite or none."""
    for recipe in recipes().values():
        for progress in (0.0, 0.5, 1 - 1e-6, 1.0):
            assert 0 <= recipe.schedule.factor(progress, ()) <= 1
            assert math.isfinite(recipe.schedule.factor(progress, ()))
