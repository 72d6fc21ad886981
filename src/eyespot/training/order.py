"""Which photos a step sees, and what each draw is seeded with: functions of seed and place.

So a training that goes on needs no state of a generator and no position in a queue, and neither the
number of workers nor that of processes changes what is drawn.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# The last word of each key. A picture's own generator is default_rng((seed, epoch, index)); numpy
# pads keys with zeros, so that 0 is taken.
ORDER, MIXING, TORCH = 1, 2, 3
SHORTEST = 8  # photos; batch norm learns nothing from fewer, and one photo alone may stop it


def order(photos: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """The indices of all photos, each once, as epoch `epoch` takes them."""
    return np.random.default_rng((seed, epoch, 0, ORDER)).permutation(photos)


def sizes(photos: int, batch_size: int) -> list[int]:
    """Photos in each step of an epoch: `batch_size`, and in the last one what is left.

    If fewer than 8 are left (or than a batch, where that is smaller), they go with the last whole
    batch: each photo is seen exactly once per epoch, and none nearly alone.
    """
    whole, rest = divmod(photos, batch_size)
    if rest == 0 or whole == 0:
        return [batch_size] * whole or [rest]
    if rest < min(SHORTEST, batch_size):
        return [batch_size] * (whole - 1) + [batch_size + rest]
    return [batch_size] * whole + [rest]


def batches(photos: int, batch_size: int, *, seed: int, epoch: int) -> list[NDArray[np.int64]]:
    """The indices that each step of an epoch sees."""
    ends = np.cumsum(sizes(photos, batch_size))
    return np.split(order(photos, seed=seed, epoch=epoch), ends[:-1])


def mixing(seed: int, step: int) -> np.random.Generator:
    """What mixup and cutmix draw from in a step."""
    return np.random.default_rng((seed, step, 0, MIXING))


def torch_seed(seed: int, step: int, rank: int) -> int:
    """What dropout and stochastic depth draw from in a step; every process its own."""
    words = np.random.SeedSequence((seed, step, rank, TORCH)).generate_state(2, np.uint32)
    return int(words[0]) << 31 ^ int(words[1])
