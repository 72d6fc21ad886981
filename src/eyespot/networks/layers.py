"""What three papers or more share: TensorFlow's habits, mobile units, squeeze-and-excitation.

An `Edition` holds what no checkpoint's key shows: padding and the norms' numbers.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks.architecture import Generator

Activation = type[nn.ReLU] | type[nn.ReLU6] | type[nn.SiLU] | type[nn.Hardswish]


@dataclass(frozen=True)
class Edition:
    """How a library pads and normalises: part of the network, though no weight shows it."""

    name: str
    padding: Literal["same", "symmetric"]  # "same": TensorFlow's, depends on the input's size
    norm_eps: float
    norm_momentum: float  # share of the new batch in the running statistics


def scaled_channels(channels: int, width: float) -> int:
    """The multiple of 8 nearest to `channels * width`, but never more than 10 % below it."""
    exact = channels * width
    rounded = max(8, int(exact + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * exact else rounded


def initialise_truncated(network: nn.Module, generator: Generator, *, std: float) -> None:
    """TensorFlow-Slim's: normal, but drawn again beyond two deviations; biases are zero."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(module.weight, 0, std, -2 * std, 2 * std, generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


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
    activation: Activation | None,
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
    """Weigh each channel by what the whole map holds: (N, C, h, w) -> (N, C, h, w).

    Hu, Shen, Sun: Squeeze-and-Excitation Networks, arXiv:1709.01507, Fig. 2.
    """

    def __init__(
        self, channels: int, squeeze_channels: int, *, activation: Activation, gate: type[nn.Module]
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeeze_channels, kernel_size=1)
        self.activation = activation(inplace=True)
        self.fc2 = nn.Conv2d(squeeze_channels, channels, kernel_size=1)
        self.scale_activation = gate()

    def forward(self, features: Tensor) -> Tensor:
        squeezed = self.activation(self.fc1(self.avgpool(features)))  # (N, squeezed, 1, 1)
        return features * self.scale_activation(self.fc2(squeezed))
