"""Twice as wide beats three times as deep, and takes less time: depth was not what helped most.

Zagoruyko, Komodakis: Wide Residual Networks. BMVC 2016, arXiv:1605.07146.

- On CIFAR, pre-activated units of two 3x3, k times as wide: 6n + 4 layers, the three projections
  counted (Table 1). WRN-n-k: n layers, k wide. Dropout stands between the convolutions (Fig. 1d).
- On ImageNet, ResNet-50 with its inner 3x3 convolutions widened k times, not pre-activated
  (Sect. 3); what goes in and out of a block keeps ResNet's channels.
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.resnet import Depths, ResNet, projection, stage


class WideUnit(nn.Module):
    """Two 3x3 convolutions (Fig. 1d): (N, in, h, w) -> (N, out, h / stride, w / stride)."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, dropout: float) -> None:
        super().__init__()
        self.bn1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.dropout = nn.Dropout(dropout)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.downsample: nn.Conv2d | None = None
        if stride > 1 or in_channels != out_channels:
            self.downsample = nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        activated = self.relu(self.bn1(features))
        residual = self.relu(self.bn2(self.conv1(activated)))
        residual = self.conv2(self.dropout(residual))
        return residual + (features if self.downsample is None else self.downsample(activated))


class WideResNet(Network):
    """Table 1: conv1 of 16 channels, three groups of n units, pooling, one linear layer."""

    def __init__(
        self,
        n: int,
        *,
        k: int,
        dropout: float,
        num_classes: int = 10,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        unit = partial(WideUnit, dropout=dropout)
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1, bias=False)
        self.conv2 = stage(unit, 16, 16 * k, depth=n, stride=1)
        self.conv3 = stage(unit, 16 * k, 32 * k, depth=n, stride=2)
        self.conv4 = stage(unit, 32 * k, 64 * k, depth=n, stride=2)
        self.bn = nn.BatchNorm2d(64 * k)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(64 * k, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.conv2(self.conv1(images))  # (N, 16k, H, W)
        features = self.conv4(self.conv3(features))  # (N, 64k, H/4, W/4)
        return self.relu(self.bn(features))

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 64k)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(embedding)


class WideBottleneck(nn.Module):
    """ResNet's 1x1, 3x3, 1x1, k times as wide inside: (N, in, h, w) -> (N, out, h', w').

    The 3x3 strides: h' = h / stride, w' = w / stride.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, k: int) -> None:
        super().__init__()
        width = k * out_channels // 4
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
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


def initialise(network: nn.Module, generator: Generator) -> None:
    """As in the authors' networks for CIFAR: normal, variance 2 / fan-out, no norm changed.

    The linear layer is uniform in +-1 / sqrt(fan-in), without bias.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        elif isinstance(module, nn.Linear):
            bound = module.in_features**-0.5
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            nn.init.zeros_(module.bias)


PAPER = Paper(
    title="Wide Residual Networks",
    authors="Zagoruyko, Komodakis",
    year=2016,
    venue="BMVC 2016",
    arxiv="1605.07146",
    introduced="width in the place of depth",
)

NOT_TRAINED = Deviation(
    "the paper widens ResNet-50 only: a larger one would have taken eight GPUs; this one is "
    "torchvision's, by the same rule",
    "Sect. 3, ImageNet and COCO experiments; torchvision resnet.py",
)

# fmt: off
# name, n, k, dropout (Table 6; 0.4 for SVHN), parameters, multiply-adds at 32 pixels
CIFAR_ROWS = (
    ("wrn_28_10",         4, 10, 0.0, 36_479_194, 5_243_328_768),
    ("wrn_40_4",          6,  4, 0.0,  8_949_210, 1_298_582_016),
    ("wrn_16_8",          2,  8, 0.0, 10_961_370, 1_548_145_664),
    ("wrn_28_10_dropout", 4, 10, 0.3, 36_479_194, 5_243_328_768),
    ("wrn_16_8_dropout",  2,  8, 0.4, 10_961_370, 1_548_145_664),
)

# name, depths (ResNet's Table 1), k, parameters, multiply-adds at 224 pixels, deviations
ROWS: tuple[tuple[str, Depths, int, int, int, tuple[Deviation, ...]], ...] = (
    ("wrn_50_2",  (3, 4,  6, 3), 2,  68_883_240, 11_398_021_120, ()),
    ("wrn_101_2", (3, 4, 23, 3), 2, 126_886_696, 22_753_050_624, (NOT_TRAINED,)),
)
# fmt: on

CIFAR = tuple(
    Architecture(
        name=name,
        family="wide_resnet",
        edition="paper",
        build=partial(WideResNet, n, k=k, dropout=dropout),
        paper=PAPER,
        stages=(
            Stage("conv1", 16, 1),
            *(Stage(f"conv{i + 2}", 16 * k * 2**i, 2**i) for i in range(3)),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=32,
        num_classes=10,
    )
    for name, n, k, dropout, parameters, multiply_adds in CIFAR_ROWS
)

IMAGENET = tuple(
    Architecture(
        name=name,
        family="wide_resnet",
        edition="paper",
        build=partial(ResNet, partial(WideBottleneck, k=k), depths, channels=256),
        paper=PAPER,
        stages=(
            Stage("relu", 64, 2),
            *(Stage(f"layer{i + 1}", 256 * 2**i, 4 * 2**i) for i in range(4)),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=deviations,
    )
    for name, depths, k, parameters, multiply_adds, deviations in ROWS
)

ARCHITECTURES = CIFAR + IMAGENET
