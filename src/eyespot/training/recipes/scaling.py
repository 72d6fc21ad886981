"""A recipe fitted to other photos, another length or another input size, in proportion.

Positions of schedules are shares of the training, so they need no scaling.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar

from eyespot.errors import InputError
from eyespot.images.augmentations.catalogue import Augmentation
from eyespot.pages.words import count
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.schedules import Plateau, Schedule, WarmUp

STEPS_PER_EPOCH = 8  # at least, where the photos are fewer than the paper's
SMALL = 96  # pixels: below, recipes are of digits and CIFAR; above, of photos
PIXELS = {"size", "padding", "shortest", "longest", "pixels"}  # fields of augmentations

Value = TypeVar("Value")


def scaled(
    recipe: Recipe,
    *,
    photos: int,
    image_size: int,
    channels: int = 3,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
) -> Recipe:
    """The recipe for `photos` training photos and a network that takes `image_size` pixels.

    Asked for: `epochs`, `batch_size`, `learning_rate`. A batch that the paper chose becomes smaller
    where the photos are few, and the learning rate with it (Goyal et al. 2017, arXiv:1706.02677).
    Raises `InputError` where the recipe cannot be fitted.
    """
    recipe = _to_size(recipe, image_size)
    recipe = _to_length(recipe, epochs)
    recipe = _to_batches(recipe, batch_size, photos)
    if learning_rate is not None:
        recipe = _at_rate(recipe, learning_rate)
    return recipe


def _to_size(recipe: Recipe, image_size: int) -> Recipe:
    own = recipe.image.size
    if image_size == own:
        return recipe
    if (own < SMALL) != (image_size < SMALL):
        raise InputError(
            f"The recipe {recipe.name} is for pictures of {own} x {own} pixels, and this network "
            f"takes {image_size} x {image_size}: choose another --recipe, see eyespot recipes"
        )
    ratio = image_size / own
    image = ImageRule(
        resize=max(image_size, round(recipe.image.resize * ratio)),
        crop=image_size,
        interpolation=recipe.image.interpolation,
    )
    return replace(
        recipe,
        image=image,
        augmentations=tuple(_enlarged(each, ratio) for each in recipe.augmentations),
        notes=(*recipe.notes, f"Pixels are those of {own} x {own}, times {ratio:.3g}."),
    )


def _enlarged(augmentation: Augmentation, ratio: float) -> Augmentation:
    names = [field.name for field in fields(augmentation) if field.name in PIXELS]
    return replace(
        augmentation, **{name: round(getattr(augmentation, name) * ratio) for name in names}
    )


def _to_length(recipe: Recipe, epochs: int | None) -> Recipe:
    if epochs is None or epochs == recipe.epochs:
        return recipe
    if epochs < 1:
        raise InputError(f"A training takes 1 epoch or more, not {epochs}: pass another --epochs")
    schedule = _patient(recipe.schedule, epochs / recipe.epochs)
    note = f"The paper's {count(recipe.epochs, 'epoch')} in proportion as {epochs:,}."
    return replace(recipe, epochs=epochs, schedule=schedule, notes=(*recipe.notes, note))


def _patient(schedule: Schedule, ratio: float) -> Schedule:
    """Epochs of patience are no share of the training: they follow its length."""
    if isinstance(schedule, Plateau):
        return replace(schedule, patience=max(1, round(schedule.patience * ratio)))
    if isinstance(schedule, WarmUp):
        return replace(schedule, then=_patient(schedule.then, ratio))
    return schedule


def _to_batches(recipe: Recipe, batch_size: int | None, photos: int) -> Recipe:
    if batch_size is not None and not 1 <= batch_size <= photos:
        raise InputError(
            f"A batch has 1 to {photos:,} photos here, as many as there are to learn from, not "
            f"{batch_size:,}: pass another --batch-size"
        )
    size = batch_size or min(recipe.batch_size, max(1, photos // STEPS_PER_EPOCH))
    if size == recipe.batch_size:
        return recipe
    rate = recipe.optimiser.learning_rate * size / recipe.batch_size
    note = f"Batches of {size:,} instead of {recipe.batch_size:,}, the learning rate in proportion."
    return replace(_at_rate(recipe, rate), batch_size=size, notes=(*recipe.notes, note))


def _at_rate(recipe: Recipe, learning_rate: float) -> Recipe:
    return replace(recipe, optimiser=replace(recipe.optimiser, learning_rate=learning_rate))
