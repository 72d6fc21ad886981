"""A recipe fitted to other photos, another length or another network, in proportion.

Positions of schedules are shares of the training, so they need no scaling. What is changed is said
in the recipe's notes.
"""

from __future__ import annotations

from dataclasses import fields, replace

from eyespot.errors import InputError
from eyespot.images.augmentations.catalogue import Augmentation
from eyespot.images.augmentations.colour_jitter import ColourJitter
from eyespot.images.augmentations.hue import Hue
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.augmentations.saturation import Saturation
from eyespot.pages.words import count
from eyespot.training.levenberg_marquardt import LevenbergMarquardt
from eyespot.training.recipe import Recipe, lasting

STEPS, LEAST, SMALLEST = 100, 32, 8  # steps in an epoch where photos allow; photos in a batch then
SLOWEST = 1 / 32  # of a paper's learning rate: small batches need not crawl
MEMORY = 0.1  # share of the training that averages reach back, at most
NORMS = 4  # times that norms forget, by a factor of e, in an epoch: validation is sane from then on
ROUNDING = 1e-9  # what is fitted already is not fitted again
NORMS_FASTEST = 0.1  # torch's own momentum
LIKE = 3  # sizes further apart are of another kind of picture: digits, photos
NEAR = 0.05  # sizes closer than this differ by their crop alone: 224 and 227
PIXELS = ("size", "padding", "shortest", "longest", "pixels")  # fields of augmentations


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

    Where they are not asked for, the epochs are the paper's, and so is the batch, unless the photos
    are few; the learning rate follows the batch (Goyal et al. 2017, arXiv:1706.02677).
    Raises `InputError` where the recipe cannot be fitted.
    """
    recipe = _to_size(recipe, image_size)
    recipe = _to_channels(recipe, channels)
    recipe = _to_length(recipe, epochs)
    recipe = _to_batches(recipe, batch_size, photos, learning_rate)
    return _with_memory(recipe, photos)


def is_alike(size: int, other: int) -> bool:
    """Whether what is right for images of one size can be right for those of another."""
    return 1 / LIKE <= size / other <= LIKE


def _noted(recipe: Recipe, note: str) -> Recipe:
    return replace(recipe, notes=(*recipe.notes, note))


def _to_size(recipe: Recipe, image_size: int) -> Recipe:
    own = recipe.image.size
    if image_size == own:
        return recipe
    ratio = image_size / own
    if not is_alike(image_size, own):
        raise InputError(
            f"The recipe {recipe.name} is for images of {own} x {own} pixels, and here they have "
            f"{image_size} x {image_size}: leave --recipe or --image-size out, or see eyespot "
            "recipes"
        )
    around = 1.0 if abs(ratio - 1) <= NEAR else ratio
    padding = round(recipe.image.padding * around)
    crop = image_size - 2 * padding
    image = replace(
        recipe.image,
        resize=max(crop, _pixels(recipe.image.resize, recipe, crop, around)),
        crop=crop,
        padding=padding,
    )
    steps = tuple(_resized(each, recipe, crop, around) for each in recipe.augmentations)
    note = (
        f"Images of {image_size} x {image_size} pixels, not {own} x {own}, and lengths with them."
    )
    return _noted(replace(recipe, image=image, augmentations=steps), note)


def _resized(step: Augmentation, recipe: Recipe, crop: int, ratio: float) -> Augmentation:
    lengths = {
        field.name: _pixels(getattr(step, field.name), recipe, crop, ratio)
        for field in fields(step)
        if field.name in PIXELS
    }
    return replace(step, **lengths)  # type: ignore[arg-type]


def _pixels(length: int, recipe: Recipe, crop: int, ratio: float) -> int:
    return crop if length == recipe.image.crop else round(length * ratio)


def _to_channels(recipe: Recipe, channels: int) -> Recipe:
    """A network that sees grey needs no other colours."""
    if channels != 1:
        return recipe
    steps = [
        replace(each, saturation=0, hue=0) if isinstance(each, ColourJitter) else each
        for each in recipe.augmentations
        if not isinstance(each, PCAColour | Saturation | Hue)
    ]
    if tuple(steps) == recipe.augmentations:
        return recipe
    return _noted(
        replace(recipe, augmentations=tuple(steps)), "Colours stay: the network sees grey."
    )


def _to_length(recipe: Recipe, epochs: int | None) -> Recipe:
    if epochs is None or epochs == recipe.epochs:
        return recipe
    if epochs < 1:
        raise InputError(f"A training takes 1 epoch or more, not {epochs}: pass another --epochs")
    note = f"{count(epochs, 'epoch')}, not {recipe.epochs:,}; the schedule keeps its proportions."
    return _noted(lasting(recipe, epochs), note)


def _to_batches(
    recipe: Recipe, batch_size: int | None, photos: int, learning_rate: float | None
) -> Recipe:
    if batch_size is not None and not 1 <= batch_size <= photos:
        raise InputError(
            f"A batch has 1 to {photos:,} photos here, as many as there are to learn from, not "
            f"{batch_size:,}: pass another --batch-size"
        )
    fitting = max(photos // STEPS, min(LEAST, photos // 8), min(SMALLEST, photos))
    size = batch_size or min(recipe.batch_size, fitting)
    own, rule = recipe.optimiser.learning_rate, recipe.optimiser
    rate = learning_rate
    if rate is None:
        share = max(SLOWEST, size / recipe.batch_size)
        rate = own if isinstance(rule, LevenbergMarquardt) else share * own
    if size != recipe.batch_size:
        recipe = _noted(recipe, f"Batches of {count(size, 'photo')}, not {recipe.batch_size:,}.")
    if rate != own:
        recipe = _noted(recipe, f"A learning rate of {rate:.3g}, not {own:g}.")
    return replace(recipe, batch_size=size, optimiser=replace(rule, learning_rate=rate))


def _with_memory(recipe: Recipe, photos: int) -> Recipe:
    """Averages of the weights and of batch norm forget their beginning, however short it is."""
    steps_per_epoch = max(1, photos // recipe.batch_size)
    steps = recipe.epochs * steps_per_epoch
    momentum = max(NORMS / steps_per_epoch, 1 / (MEMORY * steps))
    recipe = replace(recipe, norm_momentum=min(NORMS_FASTEST, momentum))
    ema = recipe.ema
    if ema is None or ema.every / (1 - ema.decay) <= MEMORY * steps * (1 + ROUNDING):
        return recipe
    every = min(ema.every, max(1, round(MEMORY * steps / 10)))
    decay = max(0.0, 1 - every / (MEMORY * steps))
    note = f"The average of the weights has a decay of {decay:.3g}, not {ema.decay:g}, to forget."
    return _noted(replace(recipe, ema=replace(ema, decay=decay, every=every)), note)
