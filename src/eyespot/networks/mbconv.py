"""MBConv: expand with a 1x1, work depthwise, weigh the channels, project, and add the input.

Sandler et al.: MobileNetV2 (arXiv:1801.04381) gave the inverted bottleneck, Hu et al.:
Squeeze-and-Excitation Networks (arXiv:1709.01507) the weighing, Huang et al.: Deep Networks with
Stochastic Depth (arXiv:1603.09382) the leaving out. EfficientNet is built of nothing else.

An `Edition` holds what no checkpoint's key shows: padding and the norms' numbers.
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional


@dataclass(frozen=True)
class Edition:
    """How a library pads and normalises: part of the network, though no weight shows it."""

    name: str
    padding: Literal["same", "symmetric"]  # "same": TensorFlow's, depends on the input's size
    norm_eps: float
    norm_momentum: float  # share of the new batch in the running statistics


TENSORFLOW = Edition("paper", "same", norm_eps=1e-3, norm_momentum=0.01)
TORCHVISION = Edition("torchvision", "symmetric", norm_eps=1e-5, norm_momentum=0.1)
TORCHVISION_5 = Edition("torchvision", "symmetric", norm_eps=1e-3, norm_momentum=0.01)  # B5 on
TIMM = Edition("timm", "symmetric", norm_eps=1e-5, norm_momentum=0.1)


class SamePadding(nn.Module):
    """Zeros so that ceil(size / stride) pixels come out; the odd one goes right and below."""

    def __init__(self, kernel_size: int, stride: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride

    def forward(self, features: Tensor) -> Tensor:
        top, bottom = self.sides(features.shape[-2])
        left, right = self.sides(features.shape[-1])
        return functional.pad(features, (left, right, top, bottom))

    def sides(self, size: int) -> tuple[int, int]:
        steps = (size + self.stride - 1) // self.stride - 1
        total = max(steps * self.stride + self.kernel_size - size, 0)
        return total // 2, total - total // 2


def unit(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    *,
    edition: Edition,
    activation: type[nn.SiLU] | type[nn.ReLU6] | None,
    stride: int = 1,
    groups: int = 1,
) -> nn.Sequential:
    """Convolution `0`, batch norm `1`, activation `2`, with the padding of the edition before."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    padding = kernel_size // 2
    if edition.padding == "same" and stride > 1:  # at stride 1 both kinds are equal
        layers["pad"] = SamePadding(kernel_size, stride)
        padding = 0
    layers["0"] = nn.Conv2d(
        in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False
    )
    layers["1"] = nn.BatchNorm2d(out_channels, edition.norm_eps, edition.norm_momentum)
    if activation is not None:
        layers["2"] = activation(inplace=True)
    return nn.Sequential(layers)


class SqueezeExcitation(nn.Module):
    """Weigh each channel by what the whole map holds: (N, C, h, w) -> (N, C, h, w)."""

    def __init__(self, channels: int, squeeze_channels: int) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeeze_channels, kernel_size=1)
        self.activation = nn.SiLU(inplace=True)
        self.fc2 = nn.Conv2d(squeeze_channels, channels, kernel_size=1)
        self.scale_activation = nn.Sigmoid()

    def forward(self, features: Tensor) -> Tensor:
        squeezed = self.activation(
            self.fc1(self.avgpool(features))
        )  # (N, C / 4 of the block, 1, 1)
        return features * self.scale_activation(self.fc2(squeezed))


class StochasticDepth(nn.Module):
    """In training, leave out a picture's residual with `probability`; scale up those that stay."""

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, residual: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return residual
        survival = 1 - self.probability
        kept = torch.empty_like(residual[:, :1, :1, :1]).bernoulli_(survival)  # (N, 1, 1, 1)
        return residual * kept / survival


class MBConv(nn.Module):
    """The inverted bottleneck with squeeze-and-excitation: (N, in, h, w) -> (N, out, h', w')."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        kernel_size: int,
        stride: int,
        expansion: int,
        lite: bool,
        drop: float,
        edition: Edition,
    ) -> None:
        super().__init__()
        activation = nn.ReLU6 if lite else nn.SiLU
        width = in_channels * expansion
        conv = partial(unit, edition=edition)
        layers: list[nn.Module] = []
        if expansion > 1:
            layers.append(conv(in_channels, width, 1, activation=activation))
        layers.append(
            conv(width, width, kernel_size, stride=stride, groups=width, activation=activation)
        )
        if not lite:
            layers.append(SqueezeExcitation(width, in_channels // 4))  # of the block's input
        layers.append(conv(width, out_channels, 1, activation=None))  # linear: Sandler, Sect. 3.2
        self.block = nn.Sequential(*layers)
        self.has_shortcut = stride == 1 and in_channels == out_channels
        self.stochastic_depth = StochasticDepth(drop)

    def forward(self, features: Tensor) -> Tensor:
        residual = self.block(features)
        return features + self.stochastic_depth(residual) if self.has_shortcut else residual
