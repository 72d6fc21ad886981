"""Fill published networks by the rule in README.md, and read the golden facts beside this file."""

import hashlib
import json
import lzma
from functools import cache
from math import prod, sqrt
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

FOLDER = Path(__file__).parent
PIECE = 1 << 15  # numbers that are made at once: what stays in the processor's cache is 5 x as fast
Entries = dict[str, tuple[int, ...]]  # entry name -> shape, in the publisher's order


@cache
def published_entries() -> dict[str, Entries]:
    """Entry names and shapes by published name, e.g. "torchvision/resnet18"."""
    lists: dict[str, Entries] = {}
    for line in lzma.decompress((FOLDER / "keys.txt.xz").read_bytes()).decode().splitlines():
        key, size = line.split(" ")
        if key == "#":
            current = lists[size] = {}
        else:
            current[key] = () if size == "scalar" else tuple(map(int, size.split("x")))
    return lists


def golden(name: str) -> list[dict]:
    """The rows of `logits`, `counts` or `papers`."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def uniform(key: str, count: int) -> np.ndarray:
    """`count` float64 numbers in [-1, 1) that depend on nothing but `key`."""
    start = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "little")
    numbers = np.empty(count)
    for first in range(0, count, PIECE):
        z = np.arange(first, min(first + PIECE, count), dtype=np.uint64)
        z += np.array((start + 0x9E3779B97F4A7C15) % 2**64, dtype=np.uint64)  # wraps around
        z ^= z >> np.uint64(30)
        z *= np.uint64(0xBF58476D1CE4E5B9)
        z ^= z >> np.uint64(27)
        z *= np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        z >>= np.uint64(11)
        numbers[first : first + PIECE] = z.astype(np.float64) * 2.0**-52 - 1
    return numbers


def filled(entries: Entries, *, gain: float = 1.0) -> dict[str, Tensor]:
    """A float64 state dict of these entries."""
    return {key: _filled_entry(key, shape, gain) for key, shape in entries.items()}


def images(size: int) -> Tensor:
    """The two images, (2, 3, size, size) in float64."""
    return torch.from_numpy(sqrt(3) * uniform("input", 6 * size**2).reshape(2, 3, size, size))


def _filled_entry(key: str, shape: tuple[int, ...], gain: float) -> Tensor:
    last = key.rpartition(".")[2]
    if last == "num_batches_tracked":
        return torch.zeros(shape, dtype=torch.int64)
    values = uniform(key, prod(shape)).reshape(shape)
    if last == "running_mean" or last.endswith("bias"):
        values = 0.1 * values
    elif last == "running_var":
        values = 1 + 0.5 * abs(values)
    elif not last.endswith("weight"):
        values = 0.02 * values
    elif len(shape) > 1:
        values = gain * sqrt(6 / prod(shape[1:])) * values
    else:
        values = 1 + 0.1 * values
    return torch.from_numpy(values)
