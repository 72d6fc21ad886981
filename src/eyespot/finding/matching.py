"""Features of a target as a matching kernel over those of a scene: normalised correlation.

J. P. Lewis: Fast Template Matching, Vision Interface 1995: the sums over windows by running sums,
the correlation by Fourier transform. Channels are made uncorrelated first, after B. Hariharan,
J. Malik, D. Ramanan: Discriminative Decorrelation for Clustering and Classification, ECCV 2012,
so that what is everywhere in a scene counts little.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

SAMPLE = 100_000  # cells that the statistics are taken from, at most
LEAST_SPREAD = 0.05  # of the mean variance, added to every direction's
CHANNELS = 16  # transformed at once


@dataclass(frozen=True, eq=False)
class Whitening:
    """What makes a scene's channels zero on average, uncorrelated, and equally strong."""

    mean: Tensor  # (C, 1)
    turn: Tensor  # (C, C)

    def __call__(self, maps: Tensor) -> Tensor:
        """(C, h, w) -> (C, h, w)."""
        return (self.turn @ (maps.flatten(1) - self.mean)).reshape(maps.shape)


def whitening(maps: Tensor) -> Whitening:
    """By the cells of a scene's maps (C, h, w): the symmetric root of the inverse covariance."""
    cells = maps.flatten(1)
    cells = cells[:, :: max(1, cells.shape[1] // SAMPLE)].double()
    mean = cells.mean(1, keepdim=True)
    spread = (cells - mean) @ (cells - mean).T / max(1, cells.shape[1])
    variances, directions = torch.linalg.eigh(spread)
    floor = LEAST_SPREAD * variances.mean() + 1e-6 * mean.square().mean() + 1e-12
    roots = (variances.clamp(min=0) + floor).rsqrt()
    return Whitening(mean.float(), (directions * roots @ directions.T).float())


def correlation(maps: Tensor, kernel: Tensor) -> Tensor:
    """The cosine between a kernel (C, h, w) and every window of maps (C, H, W), in [-1, 1].

    (H - h + 1, W - w + 1): the cell in row i and column j is the window that begins there. A window
    or a kernel of nothing but zeros is like nothing: 0.
    """
    _, height, width = kernel.shape
    own = kernel.double().square().sum().sqrt()
    energy = _window_sums(maps.double().square().sum(0), height, width)
    lengths = energy.clamp(min=0).sqrt() * own
    products = _products(maps, kernel).double()
    least = 1e-6 * float(energy.max().clamp(min=0).sqrt() * own) + 1e-12
    found: Tensor = torch.where(lengths > least, products / lengths.clamp(min=least), 0.0).float()
    return found


def _products(maps: Tensor, kernel: Tensor) -> Tensor:
    """The sums of products of the kernel with every window, by their Fourier transforms."""
    size, (_, height, width) = maps.shape[1:], kernel.shape
    total = torch.zeros(size[0], size[1] // 2 + 1, dtype=torch.complex64)
    for some, own in zip(maps.split(CHANNELS), kernel.split(CHANNELS), strict=True):
        turned = torch.fft.rfft2(own, s=tuple(size)).conj()
        total += (torch.fft.rfft2(some) * turned).sum(0)
    whole: Tensor = torch.fft.irfft2(total, s=tuple(size))
    return whole[: size[0] - height + 1, : size[1] - width + 1]


def _window_sums(values: Tensor, height: int, width: int) -> Tensor:
    """(H, W) -> (H - h + 1, W - w + 1), by running sums."""
    sums = torch.zeros(values.shape[0] + 1, values.shape[1] + 1, dtype=values.dtype)
    sums[1:, 1:] = values.cumsum(0).cumsum(1)
    below, above = sums[height:], sums[:-height]
    return below[:, width:] - below[:, :-width] - above[:, width:] + above[:, :-width]


def vertex(before: float, at: float, after: float) -> float:
    """Where the parabola through three values at -1, 0 and 1 is largest, in [-0.5, 0.5].

    >>> vertex(0.0, 1.0, 1.0)
    0.5
    """
    bend = before - 2 * at + after
    if not bend < 0:
        return 0.0
    return max(-0.5, min(0.5, 0.5 * (before - after) / bend))
