"""What a training would begin with, and the few photos of it that checks look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import count as numbers

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eyespot.images.augmentations.catalogue import mixed
from eyespot.networks.architecture import Network
from eyespot.networks.counting import count
from eyespot.training import order
from eyespot.training.checks.trial import Trial
from eyespot.training.facts import Precision
from eyespot.training.levenberg_marquardt import LevenbergMarquardt
from eyespot.training.optimisers import Optimiser
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import Recipe

EPOCH = 0  # whose order and augmentations are looked at: the training's first
BATCH = 32  # photos at most in the steps of a check
COSTLY = 500_000_000  # multiply-adds of one photo from which half as many go into a step
BUDGET = 3e12  # multiply-adds for the steps of one check: about a minute on two cores
STEP = 3  # times the multiply-adds of the way forward
TOGETHER = 100  # photos that go through the network at once where no step is made


@dataclass(frozen=True)
class SetUp:
    """What a training would begin with."""

    network: Network  # fresh, as the recipe prepares it
    recipe: Recipe
    pictures: Pictures  # of the training part
    classes: tuple[str, ...]
    device: str = "cpu"
    precision: Precision = "float32"
    seed: int = 0

    @property
    def learning_rate(self) -> float:
        return self.recipe.optimiser.learning_rate

    def trial(self, optimiser: Optimiser | None = None, *, is_plain: bool = False) -> Trial:
        """A copy of the network that takes steps as the recipe says, or with another optimiser."""
        return Trial(
            self.network,
            replace(self.recipe, optimiser=optimiser) if optimiser else self.recipe,
            device=torch.device(self.device),
            precision=self.precision,
            seed=self.seed,
            samples=self._samples,
            is_plain=is_plain,
        )

    @cached_property
    def _samples(self) -> list[tuple[Tensor, Tensor]]:
        """The photos that the optimiser looks at before it begins: LeNet-5's does."""
        rule = self.recipe.optimiser
        number = rule.samples if isinstance(rule, LevenbergMarquardt) else 0
        parts = np.split(
            self.some(number), range(TOGETHER, min(number, len(self.pictures)), TOGETHER)
        )
        return [self.plain_batch(part) for part in parts if len(part)]

    @cached_property
    def multiply_adds(self) -> int:
        """Of one photo, forward."""
        return count(self.network, self.pictures.preprocessing.size).multiply_adds

    @property
    def batch_size(self) -> int:
        """Photos in a step of a check."""
        most = BATCH // 2 if self.multiply_adds > COSTLY else BATCH
        return min(self.recipe.batch_size, most, len(self.pictures))

    def affordable(self, steps: int, *, least: int, photos: int) -> int:
        """`steps`, or fewer where steps of so many photos would take long; never under `least`.

        By the network's cost, not by a clock: the same command does the same everywhere.
        """
        return max(least, min(steps, int(BUDGET / (STEP * photos * self.multiply_adds))))

    def some(self, number: int) -> NDArray[np.int64]:
        """Up to `number` training photos, every class in turn, drawn by the seed."""
        labels, photos = self.pictures.labels, len(self.pictures)
        shuffled = order.order(photos, seed=self.seed, epoch=EPOCH)
        turns = np.empty(photos, np.int64)
        for label in range(self.pictures.num_classes):
            rows = shuffled[labels[shuffled] == label]
            turns[rows] = np.arange(len(rows))
        return shuffled[np.argsort(turns[shuffled], kind="stable")][:number]

    def batch(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """(N, C, H, W), (N, K): these photos as the first epoch sees them, none mixed."""
        images, targets = self.pictures.batch(indices, EPOCH)
        return torch.from_numpy(images), torch.from_numpy(targets)

    def plain_batch(self, indices: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        """The same as evaluation would see them: nothing augmented."""
        rule, kinds = self.pictures.preprocessing, self.pictures.num_classes
        images = rule.normalise(np.stack(list(self.pictures.plain(indices.tolist()))))
        targets = np.eye(kinds, dtype=np.float32)[self.pictures.labels[indices]]
        return torch.from_numpy(images), torch.from_numpy(targets)

    def batches(self) -> Iterator[tuple[Tensor, Tensor]]:
        """The training's own photos in its own order, `batch_size` at a time, without end."""
        step, photos = 0, len(self.pictures)
        for epoch in numbers():
            for part in order.batches(photos, self.batch_size, seed=self.seed, epoch=epoch):
                images, targets = self.pictures.batch(part, epoch)
                if self.recipe.batch_augmentations:
                    images, targets = mixed(
                        self.recipe.batch_augmentations,
                        images,
                        targets,
                        order.mixing(self.seed, step),
                    )
                step += 1
                yield torch.from_numpy(images), torch.from_numpy(targets)
