"""What the network gets to see: the recipe's rule, with what was measured on the training photos.

Measuring takes a pass over all of them. What it gave lies beside the checkpoints, so that a
training which is stopped and goes on does not pay for it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.engines.run import in_threads_if_files
from eyespot.errors import IntegrityError
from eyespot.images.augmentations.catalogue import Augmentation, fitted
from eyespot.images.preprocessing import Preprocessing
from eyespot.images.statistics import with_statistics
from eyespot.training.looking import Progress
from eyespot.training.parts import Parts
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import Recipe
from eyespot.training.stages import Stages
from eyespot.values import from_json, to_json

SAMPLED = 5_000  # training photos whose colours are taken apart: more change nothing that matters
KEPT = "pixels.json"  # in the folder of checkpoints


@dataclass(frozen=True)
class Measured:
    """What the training photos decide about how pictures are shown."""

    preprocessing: Preprocessing
    augmentations: tuple[Augmentation, ...]


def pictures(
    recipe: Recipe,
    parts: Parts,
    *,
    channels: int,
    seed: int,
    stages: Stages,
    place: Path | None = None,
) -> tuple[Recipe, Pictures, Pictures | None]:
    """The recipe with what was measured on the training photos, these, and those to choose on.

    With a `place` for checkpoints, what was measured is kept there and found again.
    """
    labels, num_classes = parts.labels(parts.train), len(parts.classes)
    with stages.stage("pixels") as stage:
        seen = _found_or_measured(recipe, parts, channels, stages.watcher.advance, place)
        size = seen.preprocessing.size
        stage.figure = f"{size} x {size}, {'in grey' if channels == 1 else 'in colour'}"
    learned = Pictures(
        parts.train,
        labels,
        num_classes=num_classes,
        preprocessing=seen.preprocessing,
        augmentations=seen.augmentations,
        seed=seed,
    )
    recipe = replace(recipe, augmentations=seen.augmentations)
    if not parts.validation:
        return recipe, learned, None
    labels = parts.labels(parts.validation)
    tried = Pictures(
        parts.validation, labels, num_classes=num_classes, preprocessing=seen.preprocessing
    )
    return recipe, learned, tried


def _found_or_measured(
    recipe: Recipe, parts: Parts, channels: int, watch: Progress, place: Path | None
) -> Measured:
    if place is None:
        return _measured(recipe, parts, channels, watch)
    key = _key(recipe, parts, channels)
    found = _found(place, key)
    if found is None:
        found = _measured(recipe, parts, channels, watch)
        if not any(place.glob("step-*")):  # checkpoints of others may be refused, and stay theirs
            _keep(place, key, found)
    return found


def _measured(recipe: Recipe, parts: Parts, channels: int, watch: Progress) -> Measured:
    rule, classes = _rule(recipe, channels), len(parts.classes)
    plain = Pictures(
        parts.train, parts.labels(parts.train), num_classes=classes, preprocessing=rule
    )
    rule = with_statistics(rule, _seen(plain, len(plain), watch), recipe.normalisation)
    return Measured(rule, fitted(recipe.augmentations, _seen(plain, SAMPLED, watch)))


def _key(recipe: Recipe, parts: Parts, channels: int) -> str:
    """SHA-256 over all that is measured and how: other photos have other statistics."""
    rule = _rule(recipe, channels)
    how = [to_json(rule), recipe.normalisation, to_json(recipe.augmentations), SAMPLED]
    return files.sha256("\n".join([json.dumps(how), *parts.contents]).encode())


def _found(place: Path, key: str) -> Measured | None:
    """What was measured before, of the same photos in the same way, every byte as it was kept."""
    try:
        line, _, content = (place / KEPT).read_text("utf-8").partition("\n")
        if line != _sealed(key, content):
            return None
        return from_json(Measured, json.loads(content), where=KEPT)
    except (OSError, ValueError, RecursionError, IntegrityError):
        return None


def _keep(place: Path, key: str, measured: Measured) -> None:
    content = json.dumps(to_json(measured)) + "\n"
    files.write_atomic(place / KEPT, f"{_sealed(key, content)}\n{content}")


def _sealed(key: str, content: str) -> str:
    return files.sha256(f"{key}\n{content}".encode())


def _rule(recipe: Recipe, channels: int) -> Preprocessing:
    """What evaluation sees, before anything is known of the photos."""
    image = recipe.image
    return Preprocessing(
        resize=image.resize,
        crop=image.crop,
        interpolation=image.interpolation,
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        channel_order="RGB" if channels == 3 else "L",
        padding=image.padding,
    )


def _seen(pictures: Pictures, most: int, watch: Progress) -> Iterator[NDArray[np.uint8]]:
    """The pictures as evaluation sees them; where they are more than `most`, every n-th."""
    rows = range(0, len(pictures), -(-len(pictures) // most))
    read = in_threads_if_files(lambda row: next(pictures.plain([row])), rows, of=pictures.photos)
    for done, picture in enumerate(read, start=1):
        yield picture
        watch(done, len(rows))
