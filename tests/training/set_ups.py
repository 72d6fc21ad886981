"""Set-ups for the checks: networks of the catalogue with their recipes, on a few small pictures."""

import copy
import io
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from eyespot.datasets.dataset import Photo
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.preprocessing import Preprocessing
from eyespot.images.statistics import with_statistics
from eyespot.networks import build, find
from eyespot.training.checks.set_up import SetUp
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import prepare
from eyespot.training.recipes import catalogue
from eyespot.training.recipes.scaling import scaled

FASHION = Path("/usr/share/datasets/fashion-mnist")  # where Debian's package has it


def photo(pixels: np.ndarray, number: int) -> Photo:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PPM")
    return Photo(Path(f"{number:04}.ppm"), f"{number:04}.ppm", content=buffer.getvalue())


@cache
def digits(number: int = 400) -> tuple[list[Photo], np.ndarray]:
    """scikit-learn's 8 x 8 digits."""
    from sklearn.datasets import load_digits

    data = load_digits()
    pixels = (data.images[:number] * 255 / 16).astype(np.uint8)
    return [photo(each, i) for i, each in enumerate(pixels)], data.target[:number].astype(np.int64)


def pixels_of(photos: Sequence[Photo]) -> np.ndarray:
    """Features that need no network: grey pixels of 16 x 16, their mean taken away."""
    rows = [
        np.asarray(Image.open(io.BytesIO(each.read())).convert("L").resize((16, 16))).ravel()
        for each in photos
    ]
    features = np.stack(rows).astype(np.float32)
    return features - features.mean(0)


def set_up(
    name: str,
    photos: Sequence[Photo],
    labels: np.ndarray,
    *,
    recipe: str | None = None,
    image_size: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    seed: int = 0,
) -> SetUp:
    """As a training would begin, with all photos in its training part."""
    kinds = int(labels.max()) + 1
    network = build(name, num_classes=kinds, seed=seed)
    recipe_ = scaled(
        catalogue.find(recipe) if recipe else catalogue.for_network(name),
        photos=len(photos),
        image_size=image_size or find(name).image_size,
        channels=network.in_channels,
        batch_size=batch_size,
        learning_rate=learning_rate,
    )
    prepare(recipe_, network, torch.Generator().manual_seed(seed))
    image, channels = recipe_.image, network.in_channels
    rule = Preprocessing(
        resize=image.resize,
        crop=image.crop,
        interpolation=image.interpolation,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        channel_order="RGB" if channels == 3 else "L",
        padding=image.padding,
    )
    plain = Pictures(photos, labels.tolist(), num_classes=kinds, preprocessing=rule)
    rule = with_statistics(rule, plain.plain(), recipe_.normalisation)
    augmentations = tuple(
        each.fitted(plain.plain()) if isinstance(each, PCAColour) else each
        for each in recipe_.augmentations
    )
    recipe_ = replace(recipe_, augmentations=augmentations)
    pictures = Pictures(
        photos,
        labels.tolist(),
        num_classes=kinds,
        preprocessing=rule,
        augmentations=augmentations,
        seed=seed,
    )
    return SetUp(network, recipe_, pictures, tuple(f"class {i}" for i in range(kinds)), seed=seed)


# ---------------------------------------------------------------- the five planted faults


def shuffled_labels(sound: SetUp) -> SetUp:
    """Every photo with the label of another one."""
    labels = np.random.default_rng(0).permutation(sound.pictures.labels)
    return _with_pictures(sound, labels=labels)


def levels_as_numbers(sound: SetUp) -> SetUp:
    """Pixels from 0 to 255 where the network expects them normalised."""
    rule = sound.pictures.preprocessing
    levels = replace(rule, mean=(0.0,) * rule.channels, std=(1 / 255,) * rule.channels)
    return _with_pictures(sound, preprocessing=replace(levels, mean_image=None))


def normalised_twice(sound: SetUp) -> SetUp:
    """((x - m) / s - m) / s is (x - (m + s m)) / s^2."""
    rule = sound.pictures.preprocessing
    pairs = list(zip(rule.mean, rule.std, strict=True))
    twice = replace(
        rule, mean=tuple(m + s * m for m, s in pairs), std=tuple(s * s for _, s in pairs)
    )
    return _with_pictures(sound, preprocessing=twice)


def dead_rectifiers(sound: SetUp) -> SetUp:
    """Biases far below zero: in norms where there are some, else in all layers."""
    network = copy.deepcopy(sound.network)
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    layers = norms or [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    scale = 1 if norms else float(sound.plain_batch(sound.some(8))[0].abs().max())
    for layer in layers:
        nn.init.constant_(layer.bias, -10 * scale)
    return replace(sound, network=network)


def rate_a_hundredfold(sound: SetUp) -> SetUp:
    optimiser = sound.recipe.optimiser
    faster = replace(optimiser, learning_rate=100 * optimiser.learning_rate)
    return replace(sound, recipe=replace(sound.recipe, optimiser=faster))


def softmax_twice(sound: SetUp) -> SetUp:
    """The network ends in a softmax of its own, before that of the loss."""
    network = copy.deepcopy(sound.network)
    forward = network.forward
    network.forward = lambda images: forward(images).softmax(1)
    return replace(sound, network=network)


def _with_pictures(
    sound: SetUp, *, labels: np.ndarray | None = None, preprocessing: Preprocessing | None = None
) -> SetUp:
    own = sound.pictures
    pictures = Pictures(
        own.photos,
        (own.labels if labels is None else labels).tolist(),
        num_classes=own.num_classes,
        preprocessing=preprocessing or own.preprocessing,
        augmentations=own.augmentations,
        seed=own.seed,
    )
    return replace(sound, pictures=pictures)


FAULTS = {
    "labels shuffled": (shuffled_labels, "labels"),
    "pixels from 0 to 255": (levels_as_numbers, "inputs"),
    "normalised twice": (normalised_twice, "inputs"),
    "dead rectifiers": (dead_rectifiers, "outputs"),
    "learning rate 100 times too high": (rate_a_hundredfold, None),  # by any of three checks
    "softmax applied twice": (softmax_twice, "outputs"),
}
