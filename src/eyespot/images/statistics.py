"""What the training pictures have in common, measured once and taken away from every picture.

A. Krizhevsky et al.: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012,
sect. 2: the mean is subtracted, and the network is trained "on the (centered) raw RGB values". So
here: where a mean is taken away, levels of 0 to 255 remain. The first weights of ZFNet, NIN, VGG
and SqueezeNet are made for these: with a 255th of them their gradients begin as much smaller.
Standardising makes the deviation 1 instead.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.errors import InputError
from eyespot.images.preprocessing import Preprocessing

Normalisation = Literal[
    "none", "signed", "channel_mean", "mean_image", "standardise", "lenet", "pretrained"
]
Pixels = NDArray[np.uint8]  # (H, W, C)

RAW = 1 / 255  # a deviation that leaves levels of 0 to 255
PAPER, INK = -0.1, 1.175  # LeCun et al. 1998, sect. II.B: mean roughly 0, variance roughly 1


def with_statistics(
    preprocessing: Preprocessing, pictures: Iterable[Pixels], normalisation: Normalisation
) -> Preprocessing:
    """`preprocessing` with the mean and the deviation that `normalisation` asks for.

    `pictures` are those of the training part as `preprocessing` gives them, read once, one by one,
    and not at all where nothing is measured. Sums are of whole numbers, so neither the order nor
    the number of pictures costs a digit. Raises `InputError` where there is no picture.

    | normalisation | mean taken away | divided by | leaves about |
    |---|---|---|---|
    | none | 0 | 1 | 0 to 1 |
    | signed | 1 / 2 | 1 / 2 | -1 to 1 |
    | channel_mean | of each channel | 1 / 255 | -128 to 127 |
    | mean_image | of each pixel, rounded to a level | 1 / 255 | -128 to 127 |
    | standardise | of each channel | its deviation | mean 0, deviation 1 |
    | pretrained | as it is in `preprocessing`, that of the weights | | |
    | lenet | 0.1 / 1.275 | 1 / 1.275 | -0.1 where it is black, 1.175 where it is white |

    >>> with_statistics(rule, (rule.read(photo.source)[1] for photo in photos), "standardise").mean
    (0.4914, 0.4822, 0.4465)
    """
    if normalisation == "pretrained":
        return preprocessing
    zeros, ones = (0.0,) * preprocessing.channels, (1.0,) * preprocessing.channels
    plain = replace(preprocessing, mean=zeros, std=ones, mean_image=None)
    if normalisation == "none":
        return plain
    if normalisation == "signed":  # TensorFlow's Inception, MobileNets and ViT
        halves = (0.5,) * len(ones)
        return replace(plain, mean=halves, std=halves)
    if normalisation == "lenet":
        mean, std = -PAPER / (INK - PAPER), 1 / (INK - PAPER)
        return replace(plain, mean=(mean,) * len(zeros), std=(std,) * len(zeros))
    if normalisation == "mean_image":
        image = _mean_image(_checked(plain, pictures))
        return replace(plain, std=(RAW,) * len(ones), mean_image=image)
    means, deviations = _moments(_checked(plain, pictures))
    is_scaled = normalisation == "standardise"
    return replace(plain, mean=means, std=deviations if is_scaled else (RAW,) * len(ones))


def _checked(preprocessing: Preprocessing, pictures: Iterable[Pixels]) -> Iterator[Pixels]:
    """The pictures, each of which is one that `preprocessing` gives; one at least."""
    shape = (preprocessing.size, preprocessing.size, preprocessing.channels)
    picture = None
    for picture in pictures:
        if picture.shape != shape or picture.dtype != np.uint8:
            raise InputError(
                f"Expected pictures of shape {shape} and bytes, not {picture.shape} of "
                f"{picture.dtype}: read them with the same preprocessing"
            )
        yield picture
    if picture is None:
        raise InputError("There is no training picture whose mean could be taken: add photos")


def _moments(pictures: Iterator[Pixels]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel on the [0, 1] scale, over all pixels of all pictures.

    A channel that is the same everywhere has the deviation 1: there is nothing to be scaled.
    """
    first = next(pictures)
    levels = _levels(first)
    for picture in pictures:
        levels += _levels(picture)
    means, deviations = [], []
    for counts in levels.tolist():
        n = sum(counts)
        total = sum(level * count for level, count in enumerate(counts))
        squares = sum(level * level * count for level, count in enumerate(counts))
        means.append(total / (255 * n))
        spread = n * squares - total * total  # n^2 times the variance, a whole number
        deviations.append(math.sqrt(spread) / (255 * n) if spread else 1.0)
    return tuple(means), tuple(deviations)


def _levels(picture: Pixels) -> NDArray[np.int64]:
    """(C, 256) how often each channel has each level."""
    return np.stack([np.bincount(channel, minlength=256) for channel in _channels(picture)])


def _channels(picture: Pixels) -> list[NDArray[np.uint8]]:
    return [picture[..., i].ravel() for i in range(picture.shape[2])]


def _mean_image(pictures: Iterator[Pixels]) -> str:
    """The mean of each pixel, to the nearest level and halves up, as `mean_image` is saved."""
    totals = next(pictures).astype(np.int64)
    n = 1
    for picture in pictures:
        totals += picture
        n += 1
    mean = ((2 * totals + n) // (2 * n)).astype(np.uint8)
    buffer = io.BytesIO()
    shown = mean[..., 0] if mean.shape[2] == 1 else mean
    Image.fromarray(shown).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
