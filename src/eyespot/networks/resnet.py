"""A block learns what to add to its input, not a new map of it: depth helps instead of hurting.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition. CVPR 2016, arXiv:1512.03385.

- Every block is `relu(residual + shortcut)`; the shortcut is the identity where shapes agree,
  and where they do not, a 1x1 convolution ("option B", Sect. 3.3).
- Batch norm after every convolution and before the activation; no bias, no dropout.
- From 50 layers on, a bottleneck: 1x1 reduces, 3x3 works, 1x1 restores (Fig. 5 right).
"""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """Option B of Sect. 3.3: a 1x1 convolution where shapes differ, else None, the identity."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class BasicBlock(nn.Module):
    """Two 3x3 convolutions (Fig. 5 left): (N, in, h, w) -> (N, out, h / stride, w / stride)."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(in_channels, out_channels, stride)

    def forward(self, features: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(features)))
        residual = self.bn2(self.conv2(residual))
        shortcut = features if self.downsample is None else self.downsample(features)
        return self.relu(residual + shortcut)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 (Fig. 5 right): (N, in, h, w) -> (N, out, h / stride, w / stride).

    The paper strides in the first 1x1, which skips three pixels of four; `stride_in_3x3` is the
    edition known as v1.5.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, stride_in_3x3: bool = False
    ) -> None:
        super().__init__()
        width = out_channels // 4
        first, second = (1, stride) if stride_in_3x3 else (stride, 1)
        self.conv1 = nn.Conv2d(in_channels, width, 1, stride=first, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=second, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(in_channels, out_channels, stride)

    def forward(self, features: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(features)))
        residual = self.relu(self.bn2(self.conv2(residual)))
        residual = self.bn3(self.conv3(residual))
        shortcut = features if self.downsample is None else self.downsample(features)
        return self.relu(residual + shortcut)


Block = Callable[..., nn.Module]  # (in_channels, out_channels, stride=...)
Depths = tuple[int, int, int, int]


def stage(
    block: Block, in_channels: int, out_channels: int, *, depth: int, stride: int
) -> nn.Sequential:
    """`depth` blocks; the first strides and changes the channels (conv2_x to conv5_x, Table 1)."""
    first = block(in_channels, out_channels, stride=stride)
    return nn.Sequential(
        first, *(block(out_channels, out_channels, stride=1) for _ in range(1, depth))
    )


class ResNet(Network):
    """Table 1: a 7x7 stem, four stages of blocks, global average pooling and one linear layer."""

    def __init__(
        self,
        block: Block,
        depths: Depths,
        *,
        channels: int,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = stage(block, 64, channels, depth=depths[0], stride=1)
        self.layer2 = stage(block, channels, 2 * channels, depth=depths[1], stride=2)
        self.layer3 = stage(block, 2 * channels, 4 * channels, depth=depths[2], stride=2)
        self.layer4 = stage(block, 4 * channels, 8 * channels, depth=depths[3], stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(8 * channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.relu(self.bn1(self.conv1(images)))  # (N, 64, H/2, W/2)
        features = self.layer1(self.maxpool(features))  # (N, C, H/4, W/4)
        features = self.layer3(self.layer2(features))  # (N, 4C, H/16, W/16)
        return self.layer4(features)  # (N, 8C, H/32, W/32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 8C)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(embedding)


def initialise(network: nn.Module, generator: Generator) -> None:
    """He, Zhang, Ren, Sun 2015 (arXiv:1502.01852), Eq. 10: normal, variance 2 / fan-in, no bias."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title="Deep Residual Learning for Image Recognition",
    authors="He, Zhang, Ren, Sun",
    year=2016,
    venue="CVPR 2016",
    arxiv="1512.03385",
    introduced="shortcuts around every block, which learns only a residual",
)

OPTION_B = Deviation(
    "shortcuts that change shape are projections (option B); Table 2 pads with zeros (option A)",
    "Sect. 3.3 and Table 3; the authors' models for 50 layers and more",
    "11689512 - 11515688 == 64 * 128 + 128 * 256 + 256 * 512 + 2 * (128 + 256 + 512)",
)
POOLING = Deviation(
    "the max pooling pads one pixel all round, where the authors' models pad none and round up: "
    "the same size, shifted by one pixel",
    "KaimingHe/deep-residual-networks",
    "(112 + 2 * 1 - 3) // 2 + 1 == -(-(112 - 3) // 2) + 1",
)
STRIDE = Deviation(
    "a striding block strides in its 3x3, not in its first 1x1: more operations, about half a "
    "point more top-1",
    "facebook/fb.resnet.torch",
    "4089184256 - 3857973248 == 3 * 256 * 128 * (56**2 - 28**2)",  # alike in all three stages
)

V1_5 = partial(Bottleneck, stride_in_3x3=True)
# fmt: off
# name, block, depths and channels of conv2_x (Table 1), parameters, multiply-adds at 224 pixels
ROWS: tuple[tuple[str, Block, Depths, int, int, int], ...] = (
    ("resnet18",       BasicBlock, (2, 2,  2, 2),  64, 11_689_512,  1_814_073_344),
    ("resnet34",       BasicBlock, (3, 4,  6, 3),  64, 21_797_672,  3_663_761_408),
    ("resnet50",       Bottleneck, (3, 4,  6, 3), 256, 25_557_032,  3_857_973_248),
    ("resnet101",      Bottleneck, (3, 4, 23, 3), 256, 44_549_160,  7_570_194_432),
    ("resnet152",      Bottleneck, (3, 8, 36, 3), 256, 60_192_808, 11_282_415_616),
    ("resnet50_v1_5",  V1_5,       (3, 4,  6, 3), 256, 25_557_032,  4_089_184_256),
    ("resnet101_v1_5", V1_5,       (3, 4, 23, 3), 256, 44_549_160,  7_801_405_440),
    ("resnet152_v1_5", V1_5,       (3, 8, 36, 3), 256, 60_192_808, 11_513_626_624),
)
# fmt: on
DEVIATIONS = {BasicBlock: (OPTION_B, POOLING), Bottleneck: (POOLING,), V1_5: (STRIDE, POOLING)}

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="resnet",
        edition="v1.5" if block is V1_5 else "paper",
        build=partial(ResNet, block, depths, channels=channels),
        paper=PAPER,
        stages=(
            Stage("relu", 64, 2),
            *(Stage(f"layer{i + 1}", channels * 2**i, 4 * 2**i) for i in range(4)),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=DEVIATIONS[block],
    )
    for name, block, depths, channels, parameters, multiply_adds in ROWS
)
