"""MBConv: expand with a 1x1, work depthwise, weigh the channels, project, and add the input.

Sandler et al.: MobileNetV2 (arXiv:1801.04381) gave the inverted bottleneck, Hu et al.:
Squeeze-and-Excitation Networks (arXiv:1709.01507) the weighing, Huang et al.: Deep Networks with
Stochastic Depth (arXiv:1603.09382) the leaving out. EfficientNet is built of nothing else.
"""

from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.layers import Edition, SqueezeExcitation, unit

TENSORFLOW = Edition("paper", "same", norm_eps=1e-3, norm_momentum=0.01)
TORCHVISION = Edition("torchvision", "symmetric", norm_eps=1e-5, norm_momentum=0.1)
TORCHVISION_5 = Edition("torchvision", "symmetric", norm_eps=1e-3, norm_momentum=0.01)  # B5 on
TIMM = Edition("timm", "symmetric", norm_eps=1e-5, norm_momentum=0.1)


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
            squeezed = in_channels // 4  # of the block's input
            layers.append(SqueezeExcitation(width, squeezed, activation=nn.SiLU, gate=nn.Sigmoid))
        layers.append(conv(width, out_channels, 1, activation=None))  # linear: Sandler, Sect. 3.2
        self.block = nn.Sequential(*layers)
        self.has_shortcut = stride == 1 and in_channels == out_channels
        self.stochastic_depth = StochasticDepth(drop)

    def forward(self, features: Tensor) -> Tensor:
        residual = self.block(features)
        return features + self.stochastic_depth(residual) if self.has_shortcut else residual
