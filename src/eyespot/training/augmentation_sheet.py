"""Photos as training sees them, as a contact sheet: of a recipe, or each augmentation alone.

Pixels come from where training takes them (`Pictures`, `mixed`), so the sheet shows what is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.datasets.dataset import Photo
from eyespot.datasets.names import shown
from eyespot.errors import ImageError
from eyespot.images.augmentations.catalogue import (
    Augmentation,
    BatchAugmentation,
    augmented,
    fitted,
    mixed,
)
from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.examples import examples
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.images.decode import decode
from eyespot.images.preprocessing import Preprocessing
from eyespot.pages.contact_sheet import Strip, contact_sheet
from eyespot.pages.words import count
from eyespot.training import order
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import ImageRule, Recipe

FITTED_TO = 200  # photos from which PCA colour is computed here; training takes all
SMALL, LARGE = 64, 224  # pixels: single augmentations are shown at the photo's size, or at LARGE

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Wanted:
    """What a sheet is made of."""

    shown: Sequence[Photo]  # a row for each, or, of single augmentations, the first in each row
    every: Sequence[Photo]  # what PCA colour is computed from
    times: int
    seed: int
    source: str  # the command, for the small print


def of_recipe(recipe: Recipe, wanted: Wanted) -> bytes:
    """A row for each photo: as evaluation sees it, then as `times` epochs do. A PNG."""
    rule, photos = _rule(recipe.image), wanted.shown
    pictures = Pictures(
        photos,
        [0] * len(photos),
        num_classes=1,
        preprocessing=rule,
        augmentations=fitted(recipe.augmentations, _for_fitting(wanted.every, rule)),
        seed=wanted.seed,
    )
    names = [_name(photo) for photo in photos]
    columns = [(list(pictures.plain()), [""] * len(photos))]
    for epoch in range(wanted.times):
        pixels = [pictures.pixels(i, epoch) for i in range(len(photos))]
        columns.append(
            _mixed(recipe.batch_augmentations, pixels, names, order.mixing(wanted.seed, epoch))
        )
    strips = [
        Strip(
            names[i],
            shown(photo.file) if photo.label else "",
            tuple(pixels[i] for pixels, _ in columns),
            tuple(captions[i] for _, captions in columns),
        )
        for i, photo in enumerate(photos)
    ]
    return contact_sheet(
        strips,
        title=f"What {recipe.name} shows a network in {count(wanted.times, 'epoch')}",
        lead="On the left what evaluation sees; beside it what training sees, after these steps:",
        steps=_steps(recipe),
        heads=("evaluation", *(f"epoch {epoch + 1}" for epoch in range(wanted.times))),
        source=wanted.source,
    )


def of_kinds(kinds: Sequence[str], wanted: Wanted) -> bytes:
    """A row for each augmentation with common numbers, all of the first photo. A PNG."""
    short = min(decode(wanted.shown[0].source).picture.size)
    size = short if short <= SMALL else LARGE
    rule = _rule(ImageRule(resize=size, crop=size, interpolation="bicubic"))
    plain = [rule.read(photo.source)[1] for photo in wanted.shown]
    names = [_name(photo) for photo in wanted.shown]
    common = examples(size)
    strips = []
    for kind in kinds:
        each = common[kind]
        if isinstance(each, BatchAugmentation):
            seen = [
                _mixed((each,), plain, names, order.mixing(wanted.seed, time))
                for time in range(wanted.times)
            ]
            pixels = [pictures[0] for pictures, _ in seen]
            captions = ["", *(captions[0] for _, captions in seen)]
        else:
            (ready,) = fitted((each,), _for_fitting(wanted.every, rule))
            pixels, captions = _changed(ready, plain[0], wanted), []
        strips.append(Strip(kind, each.words, (plain[0], *pixels), tuple(captions)))
    return contact_sheet(
        strips,
        title="What each augmentation does to a photo",
        lead="On the left the photo as it is; beside it the same, changed at random with common "
        "numbers. A photo at another scale is seen through its centre.",
        steps=(),
        heads=("as it is", "at random"),
        source=wanted.source,
    )


def _changed(each: Augmentation, plain: Pixels, wanted: Wanted) -> list[Pixels]:
    """A photo after one augmentation, `times` times."""
    size = plain.shape[0]
    steps = (each, CentreCrop(size)) if isinstance(each, ScaleJitter) else (each,)
    picture = Image.fromarray(plain)
    return [
        np.asarray(augmented(steps, picture, np.random.default_rng((wanted.seed, time, 0))))
        for time in range(wanted.times)
    ]


def _mixed(
    augmentations: Sequence[BatchAugmentation],
    pictures: Sequence[Pixels],
    names: Sequence[str],
    generator: np.random.Generator,
) -> tuple[list[Pixels], list[str]]:
    """The pictures as one batch after mixup or cutmix, and what their labels are then."""
    if not augmentations:
        return list(pictures), [""] * len(pictures)
    labels = list(dict.fromkeys(names))
    targets = np.array([[name == label for label in labels] for name in names], np.float32)
    images = np.stack(pictures).transpose(0, 3, 1, 2).astype(np.float32)
    images, targets = mixed(augmentations, images, targets, generator)
    captions = [
        "\n".join(
            f"{100 * row[place]:.0f} % {labels[place]}"
            for place in np.argsort(-row, kind="stable")
            if row[place] >= 0.005
        )
        for row in targets
    ]
    return list(np.rint(images.transpose(0, 2, 3, 1)).astype(np.uint8)), captions


def _for_fitting(photos: Iterable[Photo], rule: Preprocessing) -> Iterator[Pixels]:
    """The pixels of the first photos that can be read."""
    read = 0
    for photo in photos:
        try:
            yield rule.read(photo.source)[1]
        except ImageError:  # what cannot be shown has been told
            continue
        read += 1
        if read == FITTED_TO:
            return


def _rule(image: ImageRule) -> Preprocessing:
    """Evaluation's way to pixels; what is done to their numbers afterwards cannot be seen."""
    return Preprocessing(
        resize=image.resize,
        crop=image.crop,
        interpolation=image.interpolation,
        padding=image.padding,
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
    )


def _steps(recipe: Recipe) -> list[str]:
    steps = [each.words for each in recipe.augmentations]
    if recipe.batch_augmentations:
        steps.append("; or ".join(each.words for each in recipe.batch_augmentations))
    return steps or ["nothing: photos are seen as at evaluation"]


def _name(photo: Photo) -> str:
    return shown(photo.label or photo.path.stem)
