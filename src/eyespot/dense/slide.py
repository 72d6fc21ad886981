"""A head's layers made to slide, one after another: what each becomes on a larger map."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from torch import nn

from eyespot.dense.head import Layer
from eyespot.dense.layers import (
    AtEveryPosition,
    Kind,
    Size,
    SlidingBins,
    SlidingConvolution,
    SlidingFlatten,
    SlidingLinear,
    SlidingPyramid,
)
from eyespot.errors import InputError
from eyespot.networks.architecture import Network
from eyespot.networks.prelu_net import SpatialPyramidPooling

# every number for itself: on a map as on a vector
EACH_NUMBER = (
    nn.ReLU, nn.ReLU6, nn.SiLU, nn.GELU, nn.Hardswish, nn.Sigmoid, nn.Tanh, nn.Dropout,
)  # fmt: skip
REARRANGING = (nn.Identity, nn.Flatten)


class Slide:
    """The sliding layers so far, and the window that is left of the last map's."""

    def __init__(self, network: Network, window: Size, *, offsets: bool) -> None:
        self.layers: list[nn.Module] = []
        self.stride = 1  # cells of the last map from one window to the next
        self._network = network
        self._window = window
        self._spacing = 1  # cells from one to the next of those that are in one window
        self._offsets = offsets

    def along(self, head: Iterable[Layer]) -> Slide:
        for layer in head:
            self._add(layer, self._network.get_submodule(layer.module))
        if self._window != (1, 1):  # what it gives is a map, flattened
            self._whole(SlidingFlatten(self._window, spacing=self._spacing))
        return self

    def _add(self, layer: Layer, module: nn.Module) -> None:
        if isinstance(module, REARRANGING):
            return
        if isinstance(module, EACH_NUMBER):
            self.layers.append(module)
        elif isinstance(module, nn.Linear):
            self._whole(SlidingLinear(module, self._window, spacing=self._spacing))
        elif isinstance(module, nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d):
            self._add_bins(layer, module)
        elif isinstance(module, SpatialPyramidPooling):
            pools = [level for level in module.levels if isinstance(level, nn.AdaptiveMaxPool2d)]
            bins = [_pair(pool.output_size) for pool in pools]
            self._require(self._spacing == 1, layer, "cells of its windows lie apart")
            self._whole(SlidingPyramid([SlidingBins("maximum", self._window, b) for b in bins]))
        elif isinstance(module, nn.MaxPool2d | nn.Conv2d):
            self._add_windows(layer, module)
        else:
            self._require(self._window == (1, 1), layer, "nothing is known of what it does to maps")
            self.layers.append(AtEveryPosition(module, axes=len(layer.taken)))

    def _whole(self, sliding: nn.Module) -> None:
        """A layer that reads the whole window."""
        self.layers.append(sliding)
        self._window = (1, 1)

    def _add_bins(self, layer: Layer, pool: nn.AdaptiveAvgPool2d | nn.AdaptiveMaxPool2d) -> None:
        if layer.given == layer.taken:
            return
        is_mean = isinstance(pool, nn.AdaptiveAvgPool2d)
        bins = layer.given[1:]
        if prod(bins) == 1 and not is_mean:
            whole = nn.MaxPool2d(self._window, stride=1, dilation=self._spacing)
            self._whole(whole)
            return
        self._require(self._spacing == 1, layer, "cells of its windows lie apart")
        if prod(bins) == 1:
            self._whole(nn.AvgPool2d(self._window, stride=1))
        else:  # each bin becomes channels, and what follows has to take them flat
            kind: Kind = "mean" if is_mean else "maximum"
            self._whole(SlidingBins(kind, self._window, (bins[0], bins[1])))

    def _add_windows(self, layer: Layer, module: nn.MaxPool2d | nn.Conv2d) -> None:
        """A convolution or a pool with windows of its own."""
        sizes, strides = _pair(module.kernel_size), _pair(module.stride)
        is_plain = _pair(module.padding) == (0, 0) and _pair(module.dilation) == (1, 1)
        self._require(is_plain, layer, "it pads every window")
        self._require(strides[0] == strides[1], layer, "its strides differ")
        fits = all((n - k) % strides[0] == 0 for n, k in zip(self._window, sizes, strict=True))
        self._require(fits or not _rounds_up(module), layer, "its last window hangs over")
        stride = 1 if self._offsets else strides[0]
        if isinstance(module, nn.MaxPool2d):
            pool = nn.MaxPool2d(sizes, stride, dilation=self._spacing)
            self.layers.append(pool)
        elif stride == strides[0] and self._spacing == 1:
            self.layers.append(module)
        else:
            spaced = SlidingConvolution(module, stride=(stride, stride), spacing=self._spacing)
            self.layers.append(spaced)
        self.stride *= stride
        self._spacing *= strides[0] // stride
        self._window = (layer.given[1], layer.given[2])

    def _require(self, holds: bool, layer: Layer, reason: str) -> None:
        if not holds:
            name = type(self._network).__name__
            raise InputError(
                f"{layer.module} of {name} cannot slide: {reason}. Use eyespot.dense.windowed, "
                "which shows the network every window by itself."
            )


def _rounds_up(module: nn.MaxPool2d | nn.Conv2d) -> bool:
    return isinstance(module, nn.MaxPool2d) and module.ceil_mode


def _pair(value: object) -> Size:
    """torch's options, one number or one for each axis, none for as many as there are."""
    if isinstance(value, tuple):
        return int(value[0]), int(value[1])
    assert isinstance(value, int), value
    return value, value
