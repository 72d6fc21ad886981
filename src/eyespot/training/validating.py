"""How good the network is on photos that it does not learn from."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import torch

from eyespot.networks.architecture import Network
from eyespot.networks.modes import evaluating
from eyespot.training.distributed import World
from eyespot.training.guards import NotFiniteError
from eyespot.training.pictures import Pictures, ahead
from eyespot.training.step import Rule, forward


def validate(
    network: Network,
    pictures: Pictures,
    *,
    rule: Rule,
    batch_size: int,
    workers: int,
    world: World,
    check: Callable[[], None],
) -> tuple[float, float]:
    """Mean loss and top-1, by the main head alone. The network is left in the mode it was in.

    `check()` is asked before each batch, and may raise. Raises `NotFiniteError` where the loss is
    no finite number: such a network is of no use.
    """
    world.copy_from_first(network.buffers())
    parts = np.split(np.arange(len(pictures)), range(batch_size, len(pictures), batch_size))
    shares = [part[world.share(len(part))] for part in parts]
    loss_sum, correct = 0.0, 0.0
    with evaluating(network), torch.no_grad():
        for batch in ahead(partial(_batch, pictures), shares, workers=workers):
            check()
            if batch is None:
                continue
            losses, right = forward(network, *batch, rule)
            loss_sum += float(losses.double().sum())
            correct += float(right.sum())
    loss_sum, correct = world.total(loss_sum, correct)
    if not math.isfinite(loss_sum):
        raise NotFiniteError(
            "The loss on the validation photos is no finite number: the training has run away. "
            "Take a lower learning rate"
        )
    return loss_sum / len(pictures), correct / len(pictures)


def _batch(
    pictures: Pictures, indices: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[torch.Tensor, torch.Tensor] | None:
    if not len(indices):  # more processes than photos
        return None
    images, targets = pictures.batch(indices, epoch=0)
    return torch.from_numpy(images), torch.from_numpy(targets)
