"""Every augmentation by its kind, and a list of them applied to a picture or to a batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.images.augmentations.brightness import Brightness
from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.colour_jitter import ColourJitter
from eyespot.images.augmentations.contrast import Contrast
from eyespot.images.augmentations.cutmix import Cutmix
from eyespot.images.augmentations.drawing_numbers import whole
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.gaussian_noise import GaussianNoise
from eyespot.images.augmentations.hue import Hue
from eyespot.images.augmentations.mixup import Mixup
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.augmentations.rand_augment import RandAugment
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.random_erasing import RandomErasing
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.images.augmentations.rotation import Rotation
from eyespot.images.augmentations.salt_and_pepper import SaltAndPepper
from eyespot.images.augmentations.saturation import Saturation
from eyespot.images.augmentations.scale import Scale
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.images.augmentations.shear import Shear
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.images.augmentations.squeeze import Squeeze
from eyespot.images.augmentations.translation import Translation
from eyespot.images.augmentations.trivial_augment import TrivialAugment

if TYPE_CHECKING:
    from eyespot.images.augmentations.mixup import Batch

Augmentation = (
    RandomCrop
    | RandomResizedCrop
    | ShortSide
    | ScaleJitter
    | CentreCrop
    | Flip
    | Translation
    | Rotation
    | Scale
    | Squeeze
    | Shear
    | Brightness
    | Contrast
    | Saturation
    | Hue
    | ColourJitter
    | PCAColour
    | SaltAndPepper
    | GaussianNoise
    | RandomErasing
    | RandAugment
    | TrivialAugment
)
BatchAugmentation = Mixup | Cutmix

KINDS = {kind.KIND: kind for kind in (*get_args(Augmentation), *get_args(BatchAugmentation))}


def augmented(
    augmentations: Sequence[Augmentation], picture: Image.Image, generator: np.random.Generator
) -> Image.Image:
    """An RGB picture after all of them, in order: decided by the picture and the generator alone.

    >>> augmented(recipe.augmentations, picture, np.random.default_rng((seed, epoch, index)))
    """
    for augmentation in augmentations:
        picture = augmentation(picture, generator)
    return picture


def mixed(
    augmentations: Sequence[BatchAugmentation],
    images: Batch,
    targets: Batch,
    generator: np.random.Generator,
) -> tuple[Batch, Batch]:
    """(N, C, H, W) and (N, K) after one of them, drawn for the batch (torchvision's recipe)."""
    if not augmentations:
        return images, targets
    return augmentations[whole(generator, 0, len(augmentations) - 1)](images, targets, generator)


def fitted(
    augmentations: Sequence[Augmentation], pictures: Iterable[Image.Image | NDArray[np.uint8]]
) -> tuple[Augmentation, ...]:
    """The same, with what has to be computed from the training photos: PCA colour's components.

    The pictures are looked at only where something needs them.
    """
    if not needs_pictures(augmentations):
        return tuple(augmentations)
    known = PCAColour().fitted(pictures)
    return tuple(
        PCAColour(each.sigma, known.components, known.deviations)
        if isinstance(each, PCAColour) and each.components is None
        else each
        for each in augmentations
    )


def needs_pictures(augmentations: Sequence[Augmentation]) -> bool:
    """Is there one that has to be fitted to the training photos first?"""
    return any(isinstance(each, PCAColour) and each.components is None for each in augmentations)
