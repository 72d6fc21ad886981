"""The augmentations of torchvision.transforms.v2 on Pillow pictures: microseconds of each, as JSON.

python augmentations.py
"""

import json
import sys
from functools import partial

import declare_operators  # noqa: F401  (before torchvision)
import numpy as np
import torch
from PIL import Image
from stopwatch import microseconds
from torchvision.transforms import InterpolationMode, v2

BILINEAR = InterpolationMode.BILINEAR


def transforms(size: int) -> dict[str, v2.Transform]:
    """By eyespot's names, with the same numbers."""
    return {
        "random_crop, flip": v2.Compose(
            [v2.RandomCrop(size, padding=4), v2.RandomHorizontalFlip()]
        ),
        "random_crop": v2.RandomCrop(size, padding=size // 8),
        "random_resized_crop": v2.RandomResizedCrop(size),
        "scale_jitter": v2.RandomResize(size, 2 * size),
        "centre_crop": v2.CenterCrop(size * 7 // 8),
        "flip": v2.RandomHorizontalFlip(),
        "translation": v2.RandomAffine(0, translate=(1 / 8, 1 / 8)),
        "rotation": v2.RandomRotation(15, BILINEAR),
        "scale": v2.RandomAffine(0, scale=(0.8, 1.25), interpolation=BILINEAR),
        "shear": v2.RandomAffine(0, shear=15, interpolation=BILINEAR),
        "brightness": v2.ColorJitter(brightness=0.4),
        "contrast": v2.ColorJitter(contrast=0.4),
        "saturation": v2.ColorJitter(saturation=0.4),
        "hue": v2.ColorJitter(hue=0.1),
        "colour_jitter": v2.ColorJitter(0.4, 0.4, 0.4),
        "rand_augment": v2.RandAugment(2, 9),
        "trivial_augment": v2.TrivialAugmentWide(),
    }


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    found = {}
    for size in (32, 224):
        pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3))
        picture = Image.fromarray(pixels.astype(np.uint8))
        for name, transform in transforms(size).items():
            task = partial(transform, picture)
            found[f"{name} {size}"] = microseconds(task)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
