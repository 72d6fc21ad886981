"""Layers of heads that slide: what they do to one window, done under every place of a map at once.

A window is as large as the last map was in training. Where a head's strided pool is made to stop
at every offset, the cells that belong to one window lie `spacing` apart, as in OverFeat.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

Size = tuple[int, int]  # rows, columns
Kind = Literal["mean", "maximum"]


class SlidingLinear(nn.Module):
    """A linear layer as the convolution that it is: (N, C, h, w) -> (N, out, h', w').

    The kernels are a view of the linear layer's own weight, which learns here and there.
    """

    def __init__(self, linear: nn.Linear, window: Size, *, spacing: int) -> None:
        super().__init__()
        self.linear = linear
        self.window = window
        self.spacing = spacing

    def forward(self, maps: Tensor) -> Tensor:
        kernels = self.linear.weight.unflatten(1, (-1, *self.window))
        return functional.conv2d(maps, kernels, self.linear.bias, dilation=self.spacing)

    def extra_repr(self) -> str:
        return f"kernel_size={self.window}, dilation={self.spacing}"


class SlidingConvolution(nn.Module):
    """A convolution with the weights of another, closer together or with spaced cells."""

    def __init__(self, convolution: nn.Conv2d, *, stride: Size, spacing: int) -> None:
        super().__init__()
        self.convolution = convolution
        self.stride = stride
        self.spacing = spacing

    def forward(self, maps: Tensor) -> Tensor:
        own = self.convolution
        return functional.conv2d(
            maps, own.weight, own.bias, self.stride, dilation=self.spacing, groups=own.groups
        )

    def extra_repr(self) -> str:
        return f"stride={self.stride}, dilation={self.spacing}"


class SlidingFlatten(nn.Module):
    """All numbers of every window as channels: (N, C, h, w) -> (N, C * window, h', w')."""

    def __init__(self, window: Size, *, spacing: int) -> None:
        super().__init__()
        self.window = window
        self.spacing = spacing

    def forward(self, maps: Tensor) -> Tensor:
        reach = [(size - 1) * self.spacing for size in self.window]
        places = [size - over for size, over in zip(maps.shape[2:], reach, strict=True)]
        columns: Tensor = functional.unfold(maps, self.window, dilation=self.spacing)
        flat: Tensor = columns.unflatten(2, places)
        return flat

    def extra_repr(self) -> str:
        return f"window={self.window}, dilation={self.spacing}"


class SlidingBins(nn.Module):
    """An adaptive pool under every window: (N, C, h, w) -> (N, C * bins, h', w').

    Channels are in the order in which one window's bins are flattened.
    """

    def __init__(self, kind: Kind, window: Size, bins: Size) -> None:
        super().__init__()
        self.kind = kind
        self.window = window
        self.bins = bins

    def forward(self, maps: Tensor) -> Tensor:
        rows, columns = (_edges(*pair) for pair in zip(self.window, self.bins, strict=True))
        found = [self._bin(maps, row, column) for row in rows for column in columns]
        return torch.stack(found, dim=2).flatten(1, 2)

    def _bin(self, maps: Tensor, row: Size, column: Size) -> Tensor:
        """One bin of every window: the maps, cut to where it begins and ends, pooled."""
        height, width = maps.shape[2:]
        bottom, right = height - self.window[0] + row[1], width - self.window[1] + column[1]
        reached = maps[:, :, row[0] : bottom, column[0] : right]
        size = (row[1] - row[0], column[1] - column[0])
        if self.kind == "mean":
            return functional.avg_pool2d(reached, size, stride=1)
        return functional.max_pool2d(reached, size, stride=1)

    def extra_repr(self) -> str:
        return f"{self.kind}, window={self.window}, bins={self.bins}"


def _edges(cells: int, bins: int) -> list[Size]:
    """torch's: bin `i` of `bins` goes from floor(i * n / bins) up to ceil((i + 1) * n / bins)."""
    return [(i * cells // bins, -(-(i + 1) * cells // bins)) for i in range(bins)]


class SlidingPyramid(nn.Module):
    """Adaptive pools of several levels side by side: spatial pyramid pooling under every window."""

    def __init__(self, levels: list[SlidingBins]) -> None:
        super().__init__()
        self.levels = nn.ModuleList(levels)

    def forward(self, maps: Tensor) -> Tensor:
        return torch.cat([level(maps) for level in self.levels], dim=1)


class AtEveryPosition(nn.Module):
    """A layer that takes one position, at all: (N, C, h, w) -> (N, C', h, w)."""

    def __init__(self, layer: nn.Module, *, axes: int) -> None:
        super().__init__()
        self.layer = layer
        self.axes = axes  # that it takes besides N: 1 of (C,), 3 of (C, 1, 1)

    def forward(self, maps: Tensor) -> Tensor:
        number, _, height, width = maps.shape
        positions = maps.permute(0, 2, 3, 1).flatten(0, 2)[(..., *[None] * (self.axes - 1))]
        given: Tensor = self.layer(positions).flatten(1)
        found: Tensor = given.unflatten(0, (number, height, width)).permute(0, 3, 1, 2)
        return found
