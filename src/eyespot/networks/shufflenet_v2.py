"""Half of the channels pass a unit untouched, then all are shuffled: made for speed, not FLOPs.

Ma, Zhang, Zheng, Sun: ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design.
ECCV 2018, arXiv:1807.11164.

- Equal channels on both sides of a 1x1 (G1), no grouped 1x1 (G2), two branches and no more (G3),
  no sums (G4): the halves are concatenated, and split, concatenation and shuffle are one copy.
- No ReLU behind a depthwise convolution.
- The released code shuffles where the next unit splits, not where Fig. 3 does: the same network,
  with its channels in another order.
"""

from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage

GROUPS = 2


def channel_shuffle(features: Tensor) -> Tensor:
    """Channels 0 1 2 | 3 4 5 become 0 3 | 1 4 | 2 5: every later half has some of both halves."""
    return features.unflatten(1, (GROUPS, -1)).transpose(1, 2).flatten(1, 2)


def pointwise(in_channels: int, out_channels: int) -> list[nn.Module]:
    """1x1 convolution, batch norm, ReLU."""
    convolution = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
    return [convolution, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)]


def depthwise(channels: int, *, stride: int) -> list[nn.Module]:
    """3x3 depthwise convolution, batch norm, no activation."""
    convolution = nn.Conv2d(channels, channels, 3, stride, padding=1, groups=channels, bias=False)
    return [convolution, nn.BatchNorm2d(channels)]


class Unit(nn.Module):
    """Fig. 3 (c): the right half of the channels is worked on. (N, C, h, w) -> (N, C, h, w)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch2 = nn.Sequential(
            *pointwise(half, half), *depthwise(half, stride=1), *pointwise(half, half)
        )

    def forward(self, features: Tensor) -> Tensor:
        left, right = features.chunk(2, dim=1)
        return channel_shuffle(torch.cat([left, self.branch2(right)], dim=1))


class DownsamplingUnit(nn.Module):
    """Fig. 3 (d): both branches read all channels. (N, in, h, w) -> (N, out, h / 2, w / 2)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        half = out_channels // 2
        self.branch1 = nn.Sequential(
            *depthwise(in_channels, stride=2), *pointwise(in_channels, half)
        )
        self.branch2 = nn.Sequential(
            *pointwise(in_channels, half), *depthwise(half, stride=2), *pointwise(half, half)
        )

    def forward(self, features: Tensor) -> Tensor:
        halves = [self.branch1(features), self.branch2(features)]
        return channel_shuffle(torch.cat(halves, dim=1))


def stage(in_channels: int, out_channels: int, *, depth: int) -> nn.Sequential:
    """A line of Table 5: one unit with stride 2, then `depth - 1` with stride 1."""
    units = [Unit(out_channels) for _ in range(1, depth)]
    return nn.Sequential(DownsamplingUnit(in_channels, out_channels), *units)


class ShuffleNetV2(Network):
    """Table 5: a 3x3 stem, three stages of units, a 1x1 convolution, pooling, one linear layer."""

    def __init__(
        self,
        channels: tuple[int, int, int],
        last_channels: int,
        *,
        dropout: float,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        stem = nn.Conv2d(3, 24, kernel_size=3, stride=2, padding=1, bias=False)
        self.conv1 = nn.Sequential(stem, nn.BatchNorm2d(24), nn.ReLU(inplace=True))
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.stage2 = stage(24, channels[0], depth=4)
        self.stage3 = stage(channels[0], channels[1], depth=8)
        self.stage4 = stage(channels[1], channels[2], depth=4)
        self.conv5 = nn.Sequential(*pointwise(channels[2], last_channels))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(last_channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.maxpool(self.conv1(images))  # (N, 24, H/4, W/4)
        features = self.stage4(self.stage3(self.stage2(features)))  # (N, C, H/32, W/32)
        return self.conv5(features)  # (N, 1024 or 2048, H/32, W/32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(self.dropout(embedding))


def initialise(network: ShuffleNetV2, generator: Generator) -> None:
    """The released code's: normal, its deviation 1 / the input channels of a group.

    Only the first convolution and the linear layer have 0.01. Norms start with a shift of 0.0001.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            ends = (network.conv1[0], network.fc)
            std = 0.01 if module in ends else 1 / module.weight.shape[1]
            nn.init.normal_(module.weight, std=std, generator=generator)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.constant_(module.bias, 0.0001)
        elif isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)


PAPER = Paper(
    title="ShuffleNet V2: Practical Guidelines for Efficient CNN Architecture Design",
    authors="Ma, Zhang, Zheng, Sun",
    year=2018,
    venue="ECCV 2018",
    arxiv="1807.11164",
    introduced="channel split, and four guidelines that look at speed instead of operations",
)

BIAS = Deviation(
    "the linear layer has a bias; the released code has none",
    "megvii-model/ShuffleNet-Series, ShuffleNetV2/network.py; torchvision shufflenetv2.py",
    "2278604 - 2277604 == 1000",
)

# fmt: off
# name, channels of stages 2 to 4 and of conv5, dropout (the released code's), parameters,
# multiply-adds at 224 pixels, millions of them as Table 5 prints them
ROWS = (
    ("shufflenet_v2_0_5", ( 48,  96, 192), 1024, 0.0, 1_366_792,  40_476_448,  41),
    ("shufflenet_v2_1_0", (116, 232, 464), 1024, 0.0, 2_278_604, 144_907_992, 146),
    ("shufflenet_v2_1_5", (176, 352, 704), 1024, 0.0, 3_503_624, 295_759_392, 299),
    ("shufflenet_v2_2_0", (244, 488, 976), 2048, 0.2, 7_393_996, 583_253_464, 591),
)
# fmt: on


def deviations(channels: int, multiply_adds: int, printed: int) -> tuple[Deviation, ...]:
    """`channels` of stage 2: with 48, half of them are the 24 that the released code passes on."""
    half = channels // 2
    if half == 24:
        return (BIAS,)
    released = f"24 * 24 + {half} * {channels - 24} - 24 * {half} - {half} * {half}"
    operations = Deviation(
        f"the paper prints {printed} million multiply-adds: those of the released code, where the "
        f"short branch of the first unit gives 24 channels and the long one {channels - 24}, not "
        f"{half} each; Fig. 3 (d) leaves it open",
        "Table 5; megvii-model/ShuffleNet-Series, ShuffleNetV2/blocks.py",
        f"round(({multiply_adds} + 28**2 * ({released})) / 10**6) == {printed}",
    )
    return (BIAS, operations)


ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="shufflenet_v2",
        edition="paper",
        build=partial(ShuffleNetV2, channels, last_channels, dropout=dropout),
        paper=PAPER,
        stages=(
            Stage("conv1", 24, 2),
            Stage("maxpool", 24, 4),
            *(Stage(f"stage{i}", channels[i - 2], 2 * 2**i) for i in (2, 3, 4)),
            Stage("conv5", last_channels, 32),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=deviations(channels[0], multiply_adds, printed),
    )
    for name, channels, last_channels, dropout, parameters, multiply_adds, printed in ROWS
)
