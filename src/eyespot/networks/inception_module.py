"""The Inception module, with and without its reductions, and the auxiliary head that hangs on it.

Szegedy et al.: Going Deeper with Convolutions (arXiv:1409.4842), Fig. 2 and Sect. 5. torchvision's
edition is one of batch norm, and takes 3x3 for 5x5: an `Edition` holds what the two disagree in.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

# a line of Table 1: #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj
Widths = tuple[int, int, int, int, int, int]


@dataclass(frozen=True)
class Edition:
    """In what the two networks differ that are called GoogLeNet."""

    name: str
    has_batch_norm: bool  # else biases, and local response normalisation in the stem
    kernel_size: int  # of the branch "5x5"
    last_pool: int  # kernel size of the max pooling before 5a
    head_pool: Callable[[], nn.Module]  # of the auxiliary heads: (N, C, h, w) -> (N, C, 4, 4)
    dropout: float  # before the last linear layer


def pool_14_to_4() -> nn.Sequential:
    """Average 5x5 at stride 3 (Sect. 5). Maps of other pictures are averaged to 14x14 before."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(14), nn.AvgPool2d(5, stride=3))


ORIGINAL = Edition(
    "paper",
    has_batch_norm=False,
    kernel_size=5,
    last_pool=3,
    head_pool=pool_14_to_4,
    dropout=0.4,
)
TORCHVISION = Edition(
    "torchvision",
    has_batch_norm=True,
    kernel_size=3,
    last_pool=2,
    head_pool=partial(nn.AdaptiveAvgPool2d, 4),
    dropout=0.2,
)


def convolution(
    in_channels: int, out_channels: int, kernel_size: int, *, edition: Edition, stride: int = 1
) -> nn.Sequential:
    """Convolution, the edition's norm, ReLU: (N, in, h, w) -> (N, out, h / stride, w / stride)."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv"] = nn.Conv2d(
        in_channels,
        out_channels,
        kernel_size,
        stride=stride,
        padding=kernel_size // 2,
        bias=not edition.has_batch_norm,
    )
    if edition.has_batch_norm:
        layers["bn"] = nn.BatchNorm2d(out_channels, eps=1e-3)
    layers["relu"] = nn.ReLU(inplace=True)
    return nn.Sequential(layers)


class NaiveInception(nn.Module):
    """Fig. 2a: (N, in, h, w) -> (N, 1x1 + 3x3 + 5x5 + in, h, w).

    Large kernels read every channel, and the pooling hands every channel on: each module is wider
    and dearer than the last. GoogLeNet has none of these.
    """

    def __init__(self, in_channels: int, widths: tuple[int, int, int]) -> None:
        super().__init__()
        one, three, five = widths
        conv = partial(convolution, in_channels, edition=ORIGINAL)
        self.branch1 = conv(one, 1)
        self.branch2 = conv(three, 3)
        self.branch3 = conv(five, 5)
        self.branch4 = nn.MaxPool2d(3, stride=1, padding=1)

    def forward(self, features: Tensor) -> Tensor:
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(features) for branch in branches], dim=1)


class Inception(nn.Module):
    """Fig. 2b: (N, in, h, w) -> (N, 1x1 + 3x3 + 5x5 + projected, h, w).

    A 1x1 convolution reduces the channels before each large kernel, and after the pooling.
    """

    def __init__(self, in_channels: int, widths: Widths, *, edition: Edition = ORIGINAL) -> None:
        super().__init__()
        one, reduced_three, three, reduced_five, five, projected = widths
        conv = partial(convolution, edition=edition)
        self.branch1 = conv(in_channels, one, 1)
        self.branch2 = nn.Sequential(
            conv(in_channels, reduced_three, 1), conv(reduced_three, three, 3)
        )
        self.branch3 = nn.Sequential(
            conv(in_channels, reduced_five, 1), conv(reduced_five, five, edition.kernel_size)
        )
        self.branch4 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1), conv(in_channels, projected, 1)
        )

    def forward(self, features: Tensor) -> Tensor:
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(features) for branch in branches], dim=1)


class AuxiliaryHead(nn.Module):
    """Sect. 5: average pooling, a 1x1, two linear layers: (N, C, h, w) -> (N, num_classes)."""

    def __init__(self, in_channels: int, num_classes: int, *, edition: Edition) -> None:
        super().__init__()
        self.pool = edition.head_pool()
        self.conv = convolution(in_channels, 128, 1, edition=edition)
        self.fc1 = nn.Linear(4 * 4 * 128, 1024)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(0.7)
        self.fc2 = nn.Linear(1024, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        features = self.conv(self.pool(features)).flatten(1)  # (N, 2048)
        return self.fc2(self.dropout(self.relu(self.fc1(features))))
