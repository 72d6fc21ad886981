"""One of each augmentation, with the numbers that are common: to look at, and to begin with."""

from __future__ import annotations

from eyespot.images.augmentations.brightness import Brightness
from eyespot.images.augmentations.catalogue import Augmentation, BatchAugmentation
from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.colour_jitter import ColourJitter
from eyespot.images.augmentations.contrast import Contrast
from eyespot.images.augmentations.cutmix import Cutmix
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


def examples(size: int) -> dict[str, Augmentation | BatchAugmentation]:
    """Kind -> one for networks that see `size` x `size` pixels, in the order of the catalogue."""
    each: tuple[Augmentation | BatchAugmentation, ...] = (
        RandomCrop(size, padding=size // 8),
        RandomResizedCrop(size),
        ShortSide(size),
        ScaleJitter(size, 2 * size),
        CentreCrop(max(1, size * 7 // 8)),
        Flip(),
        Translation(size // 8),
        Rotation(15),
        Scale(0.8, 1.25),
        Squeeze(1.25),
        Shear(15),
        Brightness(0.4),
        Contrast(0.4),
        Saturation(0.4),
        Hue(0.1),
        ColourJitter(0.4, 0.4, 0.4),
        PCAColour(),
        SaltAndPepper(0.02),
        GaussianNoise(0.05),
        RandomErasing(),
        RandAugment(),
        TrivialAugment(),
        Mixup(1.0),
        Cutmix(1.0),
    )
    return {example.KIND: example for example in each}
