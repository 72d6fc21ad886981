"""The batches of an epoch, made ahead by worker threads, from any step on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eyespot.images.augmentations.catalogue import BatchAugmentation, mixed
from eyespot.training import order
from eyespot.training.distributed import World
from eyespot.training.facts import Plan
from eyespot.training.pictures import Pictures, ahead


@dataclass(frozen=True)
class Batch:
    """What one step sees: this process's share of `photos`."""

    step: int  # the first one of the training is 0
    indices: NDArray[np.int64]  # (n,) of the pictures
    images: Tensor  # (n, C, H, W) float32
    targets: Tensor  # (n, K) distributions
    photos: int  # of all processes together


class Feed:
    """Turns the plan's order into batches."""

    def __init__(
        self,
        pictures: Pictures,
        plan: Plan,
        *,
        workers: int,
        world: World,
        check: Callable[[], None] | None = None,
    ) -> None:
        self.pictures, self.plan, self.workers, self.world = pictures, plan, workers, world
        self._check = check if world.size == 1 else None  # several processes agree between steps

    def epoch(self, epoch: int, *, first: int, without: tuple[int, ...]) -> Iterator[Batch]:
        """The batches of an epoch from its step `first` on, but for the steps `without`."""
        plan, start = self.plan, epoch * self.plan.steps_per_epoch
        parts = order.batches(len(self.pictures), plan.batch_size, seed=plan.seed, epoch=epoch)
        numbered = [(start + i, part) for i, part in enumerate(parts)]
        wanted = [
            (step, part)
            for step, part in numbered[first:]
            if step < plan.steps and step not in without
        ]
        return ahead(lambda item: self._batch(epoch, *item), wanted, workers=self.workers)

    def samples(self, epoch: int, count: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The first `count` photos of an epoch, by the hundred, for a look beforehand."""
        indices = order.order(len(self.pictures), seed=self.plan.seed, epoch=epoch)[:count]
        for part in np.split(indices, range(100, len(indices), 100)):
            images, targets = self.pictures.batch(part, epoch, check=self._check)
            yield torch.from_numpy(images), torch.from_numpy(targets)

    def _batch(self, epoch: int, step: int, indices: NDArray[np.int64]) -> Batch:
        share = self.world.share(len(indices))
        mixing: tuple[BatchAugmentation, ...] = self.plan.recipe.batch_augmentations
        own = indices if mixing else indices[share]  # partners may lie in any process's share
        images, targets = self.pictures.batch(own, epoch, check=self._check)
        if mixing:
            images, targets = mixed(mixing, images, targets, order.mixing(self.plan.seed, step))
            images, targets = images[share], targets[share]
        return Batch(
            step, indices[share], torch.from_numpy(images), torch.from_numpy(targets), len(indices)
        )
