"""A rectangle of each picture replaced by its partner's, and labels by the share of the area.

S. Yun et al.: CutMix: Regularization Strategy to Train Strong Classifiers with Localizable
Features, ICCV 2019 (arXiv:1905.04899), sect. 3.1 and algorithm A1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from eyespot.images.augmentations.drawing_numbers import require, shuffled, whole

if TYPE_CHECKING:
    from eyespot.images.augmentations.mixup import Batch


@dataclass(frozen=True)
class Cutmix:
    """One rectangle for the batch: 1 - Beta(`alpha`, `alpha`) of the area, centred anywhere.

    What lies outside the picture is cut off; labels are mixed by the pixels that were replaced.
    """

    KIND: ClassVar[str] = "cutmix"

    alpha: float

    def __post_init__(self) -> None:
        """Raises `InputError` for an alpha that cannot be."""
        require(0 < self.alpha <= 100, "The alpha of cutmix is above 0, to 100", self.alpha)

    @property
    def words(self) -> str:
        return f"a rectangle from another photo (cutmix, alpha {self.alpha:g})"

    def __call__(
        self, images: Batch, targets: Batch, generator: np.random.Generator
    ) -> tuple[Batch, Batch]:
        """(N, C, H, W) and (N, K) float32, arrays or tensors alike -> both mixed, as new ones."""
        height, width = images.shape[-2:]
        side = math.sqrt(1 - generator.beta(self.alpha, self.alpha))  # share of each side
        top, bottom = _span(height, int(height * side), whole(generator, 0, height - 1))
        left, right = _span(width, int(width * side), whole(generator, 0, width - 1))
        partners = shuffled(generator, len(images))
        mixed = images[list(range(len(images)))]  # a copy, of an array and of a tensor
        mixed[:, :, top:bottom, left:right] = images[partners][:, :, top:bottom, left:right]
        share = 1 - (bottom - top) * (right - left) / (height * width)
        return mixed, targets * share + targets[partners] * (1 - share)


def _span(length: int, size: int, middle: int) -> tuple[int, int]:
    """The part of `size` about `middle` that lies within 0 to `length`."""
    return max(0, middle - size // 2), min(length, middle + size // 2)
