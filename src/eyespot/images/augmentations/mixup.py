"""Pairs of pictures laid over one another, and their labels in the same proportion.

H. Zhang et al.: mixup: Beyond Empirical Risk Minimization, ICLR 2018 (arXiv:1710.09412), eq. of
sect. 2 and fig. 1a: one share for the batch, partners are the batch in random order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

import numpy as np

from eyespot.images.augmentations.drawing_numbers import require, shuffled

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

    Batch = TypeVar("Batch", NDArray[np.float32], torch.Tensor)


@dataclass(frozen=True)
class Mixup:
    """A share ~ Beta(`alpha`, `alpha`) of each picture, the rest of its partner."""

    KIND: ClassVar[str] = "mixup"

    alpha: float

    def __post_init__(self) -> None:
        """Raises `InputError` for an alpha that cannot be."""
        require(0 < self.alpha <= 100, "The alpha of mixup is above 0, to 100", self.alpha)

    @property
    def words(self) -> str:
        return f"pairs of photos laid over one another (mixup, alpha {self.alpha:g})"

    def __call__(
        self, images: Batch, targets: Batch, generator: np.random.Generator
    ) -> tuple[Batch, Batch]:
        """(N, C, H, W) and (N, K) float32, arrays or tensors alike -> both mixed, as new ones."""
        share = generator.beta(self.alpha, self.alpha)
        partners = shuffled(generator, len(images))
        return (
            images * share + images[partners] * (1 - share),
            targets * share + targets[partners] * (1 - share),
        )
