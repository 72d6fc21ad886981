"""The two cells that the search found, as tables, and the module that follows such a table.

Zoph, Vasudevan, Shlens, Le: Learning Transferable Architectures for Scalable Image Recognition.
CVPR 2018, arXiv:1707.07012. What the paper leaves open: tensorflow/models, nasnet_utils.py.

A cell reads h_i and h_{i-1}, what the two cells before it give. Five blocks each add up the answers
of two operations; every operation reads one of the states that are there by then. AmoebaNet's cells
are such tables, too (`amoebanet.py`).
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks.layers import Edition, SamePadding

TENSORFLOW = Edition("paper", "same", norm_eps=1e-3, norm_momentum=0.0003)
TIMM = Edition("timm", "same", norm_eps=1e-3, norm_momentum=0.1)


@dataclass(frozen=True)
class Plan:
    """A searched cell. State 0 is h_i, state 1 is h_{i-1}, state 2 + k the sum of block k."""

    blocks: tuple[tuple[str, int, str, int], ...]  # operation, on which state; both sides
    outputs: tuple[int, ...]  # the states that h_{i+1} is made of, side by side
    stride: int  # of the operations on states 0 and 1


NORMAL = Plan(  # Fig. 4 left
    blocks=(
        ("sep 5x5", 0, "sep 3x3", 1),
        ("sep 5x5", 1, "sep 3x3", 1),
        ("avg 3x3", 0, "identity", 1),
        ("avg 3x3", 1, "avg 3x3", 1),
        ("sep 3x3", 0, "identity", 0),
    ),
    outputs=(1, 2, 3, 4, 5, 6),
    stride=1,
)
REDUCTION = Plan(  # Fig. 4 right
    blocks=(
        ("sep 5x5", 0, "sep 7x7", 1),
        ("max 3x3", 0, "sep 7x7", 1),
        ("avg 3x3", 0, "sep 5x5", 1),
        ("identity", 3, "avg 3x3", 2),
        ("sep 3x3", 2, "max 3x3", 0),
    ),
    outputs=(3, 4, 5, 6),
    stride=2,
)
Previous = Literal["as it is", "squeezed", "halved"]  # how h_{i-1} becomes state 1


def separable(in_channels: int, channels: int, kernel_size: int, *, stride: int) -> nn.Sequential:
    """Depthwise, then 1x1, and nothing between them: (N, in, h, w) -> (N, out, h', w')."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    padding = kernel_size // 2
    if stride > 1:
        layers["pad"] = SamePadding(kernel_size, stride)
        padding = 0
    layers["depthwise_conv2d"] = nn.Conv2d(
        in_channels, in_channels, kernel_size, stride, padding, groups=in_channels, bias=False
    )
    layers["pointwise_conv2d"] = nn.Conv2d(in_channels, channels, kernel_size=1, bias=False)
    return nn.Sequential(layers)


class Separable(nn.Module):
    """ReLU, separable convolution, batch norm, and all three again (Appendix A.4)."""

    def __init__(
        self, in_channels: int, channels: int, kernel_size: int, *, stride: int, edition: Edition
    ) -> None:
        super().__init__()
        self.act_1 = nn.ReLU()
        self.separable_1 = separable(in_channels, channels, kernel_size, stride=stride)
        self.bn_sep_1 = norm(channels, edition)
        self.act_2 = nn.ReLU(inplace=True)
        self.separable_2 = separable(channels, channels, kernel_size, stride=1)
        self.bn_sep_2 = norm(channels, edition)

    def forward(self, state: Tensor) -> Tensor:
        state = self.bn_sep_1(self.separable_1(self.act_1(state)))
        return self.bn_sep_2(self.separable_2(self.act_2(state)))


class SamePool(nn.Module):
    """3x3 over ceil(size / stride) windows, as TensorFlow's "SAME", and over real pixels only."""

    def __init__(self, kind: Literal["max", "avg"], stride: int) -> None:
        super().__init__()
        self.kind = kind
        self.kernel_size = 3
        self.stride = stride

    def forward(self, state: Tensor) -> Tensor:
        # At stride 2 and an even size only the last window reaches over the edge: ceil_mode.
        before = [1 if self.stride == 1 else size % 2 for size in state.shape[-2:]]
        if self.kind == "max":
            return functional.max_pool2d(state, 3, self.stride, before, ceil_mode=True)
        return functional.avg_pool2d(
            state, 3, self.stride, before, ceil_mode=True, count_include_pad=False
        )


def drop_path(state: Tensor, probability: float) -> Tensor:
    """Leave out a picture's operation with `probability`; scale up those that stay (A.5)."""
    survival = 1 - probability
    return state * torch.empty_like(state[:, :1, :1, :1]).bernoulli_(survival) / survival


def operation(
    kind: str, in_channels: int, channels: int, *, stride: int, edition: Edition
) -> nn.Module:
    """The module of an operation; timm's average with stride 2 counts the padding as pixels."""
    if kind == "identity":
        return nn.Identity()
    if kind == "avg 3x3" and stride == 2 and edition is TIMM:
        return nn.Sequential(SamePadding(3, 2), nn.AvgPool2d(3, 2))
    if kind in ("avg 3x3", "max 3x3"):
        return SamePool("avg" if kind == "avg 3x3" else "max", stride)
    return Separable(in_channels, channels, int(kind[-1]), stride=stride, edition=edition)


class Halving(nn.Module):
    """h_i beside the sums of a reduction, which are smaller: (N, C, h, w) -> (N, C, h/2, w/2)."""

    def __init__(self, channels: int, edition: Edition) -> None:
        super().__init__()
        self.path_1 = half(channels, channels // 2)
        self.path_2 = half(channels, channels - channels // 2)
        self.final_path_bn = norm(channels, edition)

    def forward(self, state: Tensor) -> Tensor:
        return self.final_path_bn(diagonals(state, self.path_1, self.path_2))


class Cell(nn.Module):
    """h_i (N, in, h, w) and h_{i-1} -> h_{i+1} (N, outputs * channels, h / stride, w / stride).

    Whatever reads a cell's output starts with a ReLU: it stands at the cell's end, once.
    `operation` makes the modules that the plan names.
    """

    def __init__(
        self,
        plan: Plan,
        in_channels: int,
        previous_channels: int,
        channels: int,
        *,
        previous: Previous,
        drop: float,
        edition: Edition,
        operation: Callable[..., nn.Module] = operation,
    ) -> None:
        super().__init__()
        self.plan, self.previous, self.drop = plan, previous, drop
        self.conv_1x1 = squeeze(in_channels, channels, edition)
        if previous == "squeezed":
            self.conv_prev_1x1 = squeeze(previous_channels, channels, edition)
        elif previous == "halved":
            self.path_1 = half(previous_channels, channels // 2)
            self.path_2 = half(previous_channels, channels - channels // 2)
            self.final_path_bn = norm(channels, edition)
        widths = [channels, previous_channels if previous == "as it is" else channels]
        widths += [channels] * len(plan.blocks)
        for i, (left, a, right, b) in enumerate(plan.blocks):
            for side, kind, state in (("left", left, a), ("right", right, b)):
                stride = plan.stride if state < 2 else 1
                step = operation(kind, widths[state], channels, stride=stride, edition=edition)
                self.add_module(f"comb_iter_{i}_{side}", step)
        keeps_input = plan.stride == 2 and 0 in plan.outputs
        self.halving = Halving(channels, edition) if keeps_input else None
        self.act = nn.ReLU(inplace=True)

    def forward(self, features: Tensor, previous: Tensor) -> Tensor:
        states = [self.conv_1x1(features), self.fitted(previous)]
        for i, (_, a, _, b) in enumerate(self.plan.blocks):
            states.append(self.step(i, "left", states[a]) + self.step(i, "right", states[b]))
        if self.halving is not None:
            states[0] = self.halving(states[0])
        return self.act(torch.cat([states[i] for i in self.plan.outputs], dim=1))

    def step(self, block: int, side: str, state: Tensor) -> Tensor:
        operation = self.get_submodule(f"comb_iter_{block}_{side}")
        if isinstance(operation, nn.Identity):
            return state
        state = operation(state)
        return drop_path(state, self.drop) if self.training and self.drop > 0 else state

    def fitted(self, previous: Tensor) -> Tensor:
        """h_{i-1} in the cell's width and size."""
        if self.previous == "as it is":
            return previous
        if self.previous == "squeezed":
            return self.conv_prev_1x1(previous)
        return self.final_path_bn(diagonals(previous, self.path_1, self.path_2))


def norm(channels: int, edition: Edition) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, edition.norm_eps, edition.norm_momentum)


def squeeze(in_channels: int, out_channels: int, edition: Edition) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
    return nn.Sequential(OrderedDict(conv=conv, bn=norm(out_channels, edition)))


def half(in_channels: int, out_channels: int) -> nn.Sequential:
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=2, bias=False)
    return nn.Sequential(OrderedDict(conv=conv))


def diagonals(maps: Tensor, path_1: nn.Module, path_2: nn.Module) -> Tensor:
    """Of every four pixels the first and the last, side by side: half the size."""
    shifted = functional.pad(maps, (-1, 1, -1, 1))  # by a pixel, up and to the left
    return torch.cat([path_1(maps), path_2(shifted)], dim=1)
