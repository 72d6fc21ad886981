"""What no learning at all reaches: the commonest class, and the best of many random classifiers.

Lecture 004, "(Bad) idea #1: Random search": 1,000 times random weights on the pixels, the ones with
the smallest loss are kept, and name 15.5 % of CIFAR-10's test photos. A training that does not
beat this has learned nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.nn import functional

from eyespot.pages.words import percent
from eyespot.training.losses import Hinge

NAME = "random"
TRIES = 1000
SIDE = 32  # pixels, as CIFAR-10's; larger pictures are brought down to it
SCALE = 1e-4  # the lecture's deviation of weights, on levels of 0 to 255


@dataclass(frozen=True)
class RandomSearch:
    """Accuracies in [0, 1]."""

    tries: int
    photos: int  # that the weights were chosen on
    measured_on: int  # other photos
    accuracy: float  # on those, of the weights with the smallest loss on the first
    commonest: float  # of always naming the commonest class, on the whole training part
    loss: float  # the smallest, multi-class hinge; K - 1 is what no weights at all have


def search_at_random(
    pictures: NDArray[np.uint8],
    labels: NDArray[np.int64],
    num_classes: int,
    *,
    commonest: float | None = None,
    seed: int,
    tries: int = TRIES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> RandomSearch:
    """`pictures` (N, H, W, C) in random order: half to choose on, half to measure on.

    `commonest` is the share of the commonest class; without it, that of these pictures. The pixels
    have the mean picture taken away, as the lecture's course does, and a bias beside.
    """
    generator = torch.Generator().manual_seed(seed)
    small = torch.from_numpy(np.stack([_small(picture) for picture in pictures])).float()
    classes = torch.from_numpy(labels)
    chosen, held = slice(0, None, 2), slice(1, None, 2)
    pixels = small.flatten(1) - small[chosen].flatten(1).mean(0)
    pixels = torch.cat([pixels, torch.ones(len(pixels), 1)], dim=1)
    targets = functional.one_hot(classes[chosen], num_classes).float()
    best, weights = float("inf"), torch.empty(0)
    for done in range(tries):
        tried = SCALE * torch.randn(num_classes, pixels.shape[1], generator=generator)
        loss = float(Hinge()(pixels[chosen] @ tried.T, targets).mean())
        if loss < best:
            best, weights = loss, tried
        progress(done + 1, tries)
    answers = (pixels[held] @ weights.T).argmax(1)
    return RandomSearch(
        tries=tries,
        photos=len(targets),
        measured_on=len(answers),
        accuracy=float((answers == classes[held]).float().mean()),
        commonest=commonest or float(torch.bincount(classes).max()) / len(classes),
        loss=best,
    )


def _small(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W, C) -> (32, 32, C) or smaller."""
    if max(picture.shape[:2]) <= SIDE:
        return picture
    shown = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)
    small = np.asarray(shown.resize((SIDE, SIDE), Image.Resampling.BOX))
    return small.reshape(SIDE, SIDE, picture.shape[2])


def told_of_random_search(found: RandomSearch) -> str:
    """One line."""
    best = f"{percent(found.accuracy)} by {found.tries:,} random classifiers"
    return f"{best}, {percent(found.commonest)} by naming one class"
