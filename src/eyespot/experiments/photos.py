"""Photos for an experiment: the same few for every arm, others for every seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.checks import check_trainable
from eyespot.datasets.dataset import Photo
from eyespot.errors import InputError
from eyespot.experiments.experiment import Size
from eyespot.experiments.runs import key
from eyespot.training.looking import Progress, look
from eyespot.training.parts import Parts, divided

SHARE = 0.1  # of the training photos that are held out, where the data have no validation part
LEARNED, HELD_OUT = 1, 2  # the last word of the generators' seeds


@dataclass(frozen=True)
class Divided:
    """The photos of a data set in their parts. The test part stays untouched."""

    name: str
    parts: Parts
    digest: str  # SHA-256 over every photo's contents, label and part


def opened(source: str | Path, size: Size, *, progress: Progress) -> Divided:
    """Look at every photo and divide. Raises `InputError` where there are too few."""
    dataset = open_dataset(source)
    check_trainable(dataset)
    looked = look(dataset, progress=progress)
    parts = divided(looked, validation=SHARE, seed=0)
    found, lacking = len(parts.train), len(parts.validation)
    if found < size.photos or lacking < size.held_out:
        raise InputError(
            f"The experiment learns from {size.photos:,} photos and measures on {size.held_out:,} "
            f"others; {dataset.name} has {found:,} and {lacking:,}: take more photos, or --quick"
        )
    facts = [
        (photo.file, photo.label, photo.part, content)
        for photo, content in zip(looked.dataset.photos, looked.contents, strict=True)
    ]
    return Divided(dataset.name, parts, key({"photos": facts}))


def drawn(parts: Parts, size: Size, *, seed: int) -> Parts:
    """What a seed learns from, and what all measure on: every class in turn."""
    learned = _some(parts.train, size.photos, np.random.default_rng((seed, LEARNED)))
    held_out = _some(parts.validation, size.held_out, np.random.default_rng((0, HELD_OUT)))
    return replace(parts, train=learned, validation=held_out)


def _some(
    photos: Sequence[Photo], number: int, generator: np.random.Generator
) -> tuple[Photo, ...]:
    """`number` of them at random, as many of every class as there are, in their old order."""
    turns: defaultdict[str | None, int] = defaultdict(int)
    order: list[tuple[int, int, int]] = []  # (turn of its class, draw, row)
    for row in generator.permutation(len(photos)).tolist():
        label = photos[row].label
        order.append((turns[label], len(order), row))
        turns[label] += 1
    return tuple(photos[row] for row in sorted(row for _, _, row in sorted(order)[:number]))
