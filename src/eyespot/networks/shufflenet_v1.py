"""1x1 convolutions in groups, and a shuffle that lets the groups exchange their channels.

Zhang, Zhou, Lin, Sun: ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile
Devices. CVPR 2018, arXiv:1707.01083.

- In a bottleneck with a depthwise 3x3 nearly all operations are in the 1x1s: they are grouped, too.
- Behind the first 1x1 the channels are shuffled, or no group would ever hear of another (Fig. 1).
- More groups, more channels for the same operations: 144 in stage 2 with one group, 384 with eight.
- Stride 2 concatenates its shortcut, an average pool, instead of adding it (Fig. 2 (c)).
- The first 1x1 of stage 2 has no groups: there are few channels to read. No ReLU behind the 3x3.
- The released code shuffles behind the 3x3: the same network, with its channels in another order.
"""

from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.resnet import initialise  # Sect. 4: trained as ResNeXt, which starts as He's


class ChannelShuffle(nn.Module):
    """Channels 0 1 2 | 3 4 5 become 0 3 | 1 4 | 2 5: each later group has some of every group."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, features: Tensor) -> Tensor:
        return features.unflatten(1, (self.groups, -1)).transpose(1, 2).flatten(1, 2)


def branch(
    in_channels: int, width: int, out_channels: int, *, stride: int, groups: tuple[int, int]
) -> nn.Sequential:
    """1x1, shuffle, depthwise 3x3, 1x1: (N, in, h, w) -> (N, out, h / stride, w / stride).

    `groups` are those of the first 1x1 and of the last.
    """
    reduce, restore = groups
    return nn.Sequential(
        nn.Conv2d(in_channels, width, kernel_size=1, groups=reduce, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        ChannelShuffle(restore),
        nn.Conv2d(width, width, 3, stride, padding=1, groups=width, bias=False),
        nn.BatchNorm2d(width),
        nn.Conv2d(width, out_channels, kernel_size=1, groups=restore, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class Unit(nn.Module):
    """Fig. 2 (b): a residual of a quarter of the width. (N, C, h, w) -> (N, C, h, w)."""

    def __init__(self, channels: int, *, groups: int) -> None:
        super().__init__()
        pair = (groups, groups)
        self.branch = branch(channels, channels // 4, channels, stride=1, groups=pair)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.relu(features + self.branch(features))


class DownsamplingUnit(nn.Module):
    """Fig. 2 (c): the shortcut is pooled, and the branch gives the channels that are lacking.

    (N, in, h, w) -> (N, out, h / 2, w / 2)
    """

    def __init__(self, in_channels: int, out_channels: int, *, groups: tuple[int, int]) -> None:
        super().__init__()
        self.shortcut = nn.AvgPool2d(kernel_size=3, stride=2, padding=1)
        added = out_channels - in_channels
        self.branch = branch(in_channels, out_channels // 4, added, stride=2, groups=groups)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        return self.relu(torch.cat([self.shortcut(features), self.branch(features)], dim=1))


def stage(
    in_channels: int, out_channels: int, *, depth: int, groups: int, first_groups: int
) -> nn.Sequential:
    """Two lines of Table 1: one unit with stride 2, then `depth - 1` with stride 1."""
    first = DownsamplingUnit(in_channels, out_channels, groups=(first_groups, groups))
    return nn.Sequential(first, *(Unit(out_channels, groups=groups) for _ in range(1, depth)))


class ShuffleNetV1(Network):
    """Table 1: a 3x3 convolution, a pool, three stages of units, pooling and one linear layer."""

    def __init__(
        self,
        stem_channels: int,
        channels: int,
        *,
        groups: int,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(3, stem_channels, kernel_size=3, stride=2, padding=1, bias=False)
        norm = nn.BatchNorm2d(stem_channels)
        self.conv1 = nn.Sequential(conv, norm, nn.ReLU(inplace=True))
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.stage2 = stage(stem_channels, channels, depth=4, groups=groups, first_groups=1)
        grouped = partial(stage, groups=groups, first_groups=groups)
        self.stage3 = grouped(channels, 2 * channels, depth=8)
        self.stage4 = grouped(2 * channels, 4 * channels, depth=4)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4 * channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.maxpool(self.conv1(images))  # (N, stem, H/4, W/4)
        return self.stage4(self.stage3(self.stage2(features)))  # (N, 4C, H/32, W/32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 4C)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(embedding)


PAPER = Paper(
    title="ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices",
    authors="Zhang, Zhou, Lin, Sun",
    year=2018,
    venue="CVPR 2018",
    arxiv="1707.01083",
    introduced="grouped 1x1 convolutions, with a shuffle of the channels between them",
)

BIAS = Deviation(
    "the linear layer has a bias; the released code has none",
    "megvii-model/ShuffleNet-Series, ShuffleNetV1/network.py",
    "5450776 - 5449776 == 1000",
)
STEM = Deviation(
    "the first convolution keeps its 24 channels, as in the released code; 1.5 times as many would "
    "be 300 million multiply-adds, and the paper prints 292",
    "Table 5; megvii-model/ShuffleNet-Series, ShuffleNetV1/network.py",
    "292443552 + 12 * (3 * 9 * 112**2 + 90 * 56**2 - 30 * 28**2) == 299612448",
)

# fmt: off
# name, groups, channels of conv1 and of stage 2, parameters, multiply-adds at 224 pixels, millions
# of them as Table 1 prints them
ROWS: tuple[tuple[str, int, int, int, int, int, int | None], ...] = (
    ("shufflenet_v1_g1_1_0", 1, 24, 144, 1_531_936, 143_078_976, 143),
    ("shufflenet_v1_g2_1_0", 2, 24, 200, 1_733_848, 140_836_512, 140),
    ("shufflenet_v1_g3_1_0", 3, 24, 240, 1_865_728, 137_460_672, 137),
    ("shufflenet_v1_g4_1_0", 4, 24, 272, 1_968_344, 134_339_776, 133),
    ("shufflenet_v1_g8_1_0", 8, 24, 384, 2_434_768, 138_365_952, 137),
    ("shufflenet_v1_g3_0_5", 3, 12, 120,   718_324,  37_589_856, None),
    ("shufflenet_v1_g3_1_5", 3, 24, 360, 3_442_168, 292_443_552, None),
    ("shufflenet_v1_g3_2_0", 3, 48, 480, 5_450_776, 524_045_184, None),
)
# fmt: on


def deviations(channels: int, multiply_adds: int, printed: int | None) -> tuple[Deviation, ...]:
    """Table 1 counts no linear layer; Table 5, of the other widths, does."""
    if printed is None:
        return (BIAS, STEM) if channels == 360 else (BIAS,)
    operations = Deviation(
        f"the paper prints {printed} million multiply-adds: those of the convolutions alone, where "
        "its Table 5 counts the linear layer, too",
        "Table 1",
        f"round(({multiply_adds} - {4 * channels} * 1000) / 10**6) == {printed}",
    )
    return (BIAS, operations)


ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="shufflenet_v1",
        edition="paper",
        build=partial(ShuffleNetV1, stem_channels, channels, groups=groups),
        paper=PAPER,
        stages=(
            Stage("conv1", stem_channels, 2),
            Stage("maxpool", stem_channels, 4),
            *(Stage(f"stage{i}", channels * 2 ** (i - 2), 2 * 2**i) for i in (2, 3, 4)),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=deviations(channels, multiply_adds, printed),
    )
    for name, groups, stem_channels, channels, parameters, multiply_adds, printed in ROWS
)
