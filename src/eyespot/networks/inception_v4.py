"""Deeper and simpler: one kind of Inception block for each of three grids.

Szegedy, Ioffe, Vanhoucke, Alemi: Inception-v4, Inception-ResNet and the Impact of Residual
Connections on Learning. AAAI 2017, arXiv:1602.07261.

- Fig. 9 is the network: a stem, 4 x A at 35x35, 7 x B at 17x17, 3 x C at 8x8, two reductions.
- Large kernels are factored: two 3x3 for a 5x5, 1x7 and 7x1 for a 7x7, 1x3 beside 3x1 in C.
- The map shrinks in reduction blocks, which pool and convolve side by side.
- The figures' boxes and Fig. 7 are in `inception_boxes.py`; (1, 7, 224) is "1x7 Conv (224)".
"""

from math import sqrt

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.inception_boxes import Conv, ReductionA, filter_concat, pooled, tower


class StemPool(nn.Module):
    """Fig. 3, at its forks of stride 2: a 3x3 convolution and a max pool, in either order."""

    forward = filter_concat

    def __init__(self, in_channels: int, channels: int, *, pool_first: bool) -> None:
        super().__init__()
        if pool_first:
            self.maxpool = nn.MaxPool2d(3, stride=2)
        self.conv = Conv(in_channels, (3, 3, channels), stride=2)
        if not pool_first:
            self.maxpool = nn.MaxPool2d(3, stride=2)


class StemFork(nn.Module):
    """Fig. 3, between the two: (N, 160, 73, 73) -> (N, 192, 71, 71)."""

    forward = filter_concat

    def __init__(self) -> None:
        super().__init__()
        self.branch0 = tower(160, (1, 1, 64), (3, 3, 96), valid=True)
        self.branch1 = tower(160, (1, 1, 64), (1, 7, 64), (7, 1, 64), (3, 3, 96), valid=True)


class InceptionA(nn.Module):
    """Fig. 4: (N, 384, 35, 35) -> (N, 384, 35, 35)."""

    forward = filter_concat

    def __init__(self) -> None:
        super().__init__()
        self.branch0 = Conv(384, (1, 1, 96))
        self.branch1 = tower(384, (1, 1, 64), (3, 3, 96))
        self.branch2 = tower(384, (1, 1, 64), (3, 3, 96), (3, 3, 96))
        self.branch3 = pooled(384, 96)


class InceptionB(nn.Module):
    """Fig. 5: (N, 1024, 17, 17) -> (N, 1024, 17, 17)."""

    forward = filter_concat

    def __init__(self) -> None:
        super().__init__()
        self.branch0 = Conv(1024, (1, 1, 384))
        self.branch1 = tower(1024, (1, 1, 192), (1, 7, 224), (7, 1, 256))
        self.branch2 = tower(1024, (1, 1, 192), (7, 1, 192), (1, 7, 224), (7, 1, 224), (1, 7, 256))
        self.branch3 = pooled(1024, 128)


class InceptionC(nn.Module):
    """Fig. 6: (N, 1536, 8, 8) -> (N, 1536, 8, 8). Two branches end in a fork."""

    def __init__(self) -> None:
        super().__init__()
        self.branch0 = Conv(1536, (1, 1, 256))
        self.branch1_0 = Conv(1536, (1, 1, 384))
        self.branch1_1a = Conv(384, (1, 3, 256))
        self.branch1_1b = Conv(384, (3, 1, 256))
        self.branch2_0 = Conv(1536, (1, 1, 384))
        self.branch2_1 = Conv(384, (3, 1, 448))
        self.branch2_2 = Conv(448, (1, 3, 512))
        self.branch2_3a = Conv(512, (1, 3, 256))
        self.branch2_3b = Conv(512, (3, 1, 256))
        self.branch3 = pooled(1536, 256)

    def forward(self, features: Tensor) -> Tensor:
        short = self.branch1_0(features)
        long = self.branch2_2(self.branch2_1(self.branch2_0(features)))
        forks = [self.branch1_1a(short), self.branch1_1b(short)]
        forks += [self.branch2_3a(long), self.branch2_3b(long)]
        return torch.cat([self.branch0(features), *forks, self.branch3(features)], dim=1)


class ReductionB(nn.Module):
    """Fig. 8: (N, 1024, 17, 17) -> (N, 1536, 8, 8)."""

    forward = filter_concat

    def __init__(self) -> None:
        super().__init__()
        self.branch0 = tower(1024, (1, 1, 192), (3, 3, 192), stride=2)
        self.branch1 = tower(1024, (1, 1, 256), (1, 7, 256), (7, 1, 320), (3, 3, 320), stride=2)
        self.branch2 = nn.MaxPool2d(3, stride=2)


class InceptionV4(Network):
    """Fig. 9. The first six features are its stem, Fig. 3."""

    smallest_image_size = 75

    def __init__(self, *, num_classes: int = 1000, generator: Generator = None) -> None:
        super().__init__()
        self.features = nn.Sequential(
            Conv(3, (3, 3, 32), stride=2),  # (N, 32, 149, 149)
            Conv(32, (3, 3, 32), valid=True),  # (N, 32, 147, 147)
            Conv(32, (3, 3, 64)),
            StemPool(64, 96, pool_first=True),  # (N, 160, 73, 73)
            StemFork(),
            StemPool(192, 192, pool_first=False),  # (N, 384, 35, 35)
            *(InceptionA() for _ in range(4)),
            ReductionA(384, (192, 224, 256, 384)),  # (N, 1024, 17, 17)
            *(InceptionB() for _ in range(7)),
            ReductionB(),  # (N, 1536, 8, 8)
            *(InceptionC() for _ in range(3)),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)  # Fig. 9 keeps 0.8
        self.last_linear = nn.Linear(1536, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, 1536, 8, 8)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 1536)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.last_linear(self.dropout(embedding))


def initialise(network: nn.Module, generator: Generator) -> None:
    """The released code's: convolutions normal, cut at two deviations; the linear layer Glorot's.

    The factor 1.3 makes up for the cut: the variance is 2 / fan-in all the same.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            std = sqrt(1.3 * 2 / module.weight[0].numel())
            nn.init.trunc_normal_(module.weight, 0, std, -2 * std, 2 * std, generator=generator)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            nn.init.zeros_(module.bias)


PAPER = Paper(
    title=("Inception-v4, Inception-ResNet and the Impact of Residual Connections on Learning"),
    authors="Szegedy, Ioffe, Vanhoucke, Alemi",
    year=2017,
    venue="AAAI 2017",
    arxiv="1602.07261",
    introduced="uniform Inception blocks, and residual ones with scaled residuals",
)

KERNELS = Deviation(
    "in the longer branches of Figs. 3, 5 and 6 the thin kernels stand the other way round, 7x1 "
    "for 1x7: the weights of the released code have this order, and as many numbers",
    "Figs. 3, 5 and 6 against tensorflow/models, inception_v4.py",
    "192 * 192 * 7 * 1 == 192 * 192 * 1 * 7",
)
SCALE = Deviation(
    "the norms have a scale; the released code leaves it to the convolution behind the ReLU",
    "tensorflow/models, inception_utils.py",
    "42679816 - 42648232 == 864 + 4 * 608 + 1056 + 7 * 2272 + 1536 + 3 * 3264",
)
STAGES = (
    Stage("features.5", 384, 8),
    Stage("features.9", 384, 8),
    Stage("features.10", 1024, 16),
    Stage("features.17", 1024, 16),
    Stage("features.18", 1536, 32),
    Stage("features.21", 1536, 32),
)

ARCHITECTURES = (
    Architecture(
        name="inception_v4",
        family="inception_v4",
        edition="paper",
        build=InceptionV4,
        paper=PAPER,
        stages=STAGES,
        head="last_linear",
        parameters=42_679_816,
        multiply_adds=12_253_974_624,
        image_size=299,
        deviations=(KERNELS, SCALE),
    ),
)
