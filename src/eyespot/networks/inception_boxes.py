"""The boxes that the figures of three Inception networks share, and their common Reduction-A.

Szegedy, Ioffe, Vanhoucke, Alemi: Inception-v4, Inception-ResNet and the Impact of Residual
Connections on Learning. AAAI 2017, arXiv:1602.07261.

A box keeps the size unless it is marked "V" for valid: no padding. All that stride are, so that
TensorFlow's padding and symmetric padding agree, and one edition serves every checkpoint.
"""

import torch
from torch import Tensor, nn

Filters = tuple[int, int, int, int]  # k, l, m, n of Table 1
Box = tuple[int, int, int]  # height and width of the kernel, channels: (1, 7, 224)


class Conv(nn.Module):
    """The box "1x7 Conv (224)": convolution, batch norm, ReLU."""

    def __init__(self, in_channels: int, box: Box, *, stride: int = 1, valid: bool = False) -> None:
        super().__init__()
        height, width, channels = box
        self.conv = nn.Conv2d(
            in_channels,
            channels,
            kernel_size=(height, width),
            stride=stride,
            padding=(0, 0) if valid or stride > 1 else (height // 2, width // 2),
            bias=False,
        )
        self.bn = nn.BatchNorm2d(channels, eps=1e-3, momentum=3e-4)  # decay 0.9997
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.relu(self.bn(self.conv(features)))


def tower(in_channels: int, *boxes: Box, stride: int = 1, valid: bool = False) -> nn.Module:
    """Boxes one above the other; the last one strides, or is marked "V". A single box is itself."""
    layers = []
    for box in boxes[:-1]:
        layers.append(Conv(in_channels, box))
        in_channels = box[-1]
    last = Conv(in_channels, boxes[-1], stride=stride, valid=valid)
    return nn.Sequential(*layers, last) if layers else last


def pooled(in_channels: int, channels: int) -> nn.Sequential:
    """The box "Avg Pooling", 3x3, and a 1x1 convolution; at the border fewer than nine count."""
    return nn.Sequential(
        nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False),
        Conv(in_channels, (1, 1, channels)),
    )


def filter_concat(block: nn.Module, features: Tensor) -> Tensor:
    """The box "Filter concat": every branch of `block` takes the map; channels are stacked."""
    return torch.cat([branch(features) for branch in block.children()], dim=1)


class FilterConcat(nn.Module):
    """A block of branches that no figure names: `branch0`, `branch1`, ..."""

    forward = filter_concat

    def __init__(self, *branches: nn.Module) -> None:
        super().__init__()
        for i, branch in enumerate(branches):
            self.add_module(f"branch{i}", branch)


class ReductionA(nn.Module):
    """Fig. 7, with the filters of Table 1: (N, C, 35, 35) -> (N, n + m + C, 17, 17)."""

    forward = filter_concat

    def __init__(self, in_channels: int, filters: Filters) -> None:
        super().__init__()
        k, middle, m, n = filters
        self.branch0 = Conv(in_channels, (3, 3, n), stride=2)
        self.branch1 = tower(in_channels, (1, 1, k), (3, 3, middle), (3, 3, m), stride=2)
        self.branch2 = nn.MaxPool2d(3, stride=2)
