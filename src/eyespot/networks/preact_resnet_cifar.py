"""Pre-activation takes ResNet to 1001 layers: what the first unit reads, every later one adds to.

He, Zhang, Ren, Sun: Identity Mappings in Deep Residual Networks. ECCV 2016, arXiv:1603.05027.

- 6n + 2 layers with two 3x3 in a unit, 9n + 2 with a bottleneck; else as ResNet for CIFAR.
- The first unit activates what conv1 gives before it splits into two paths, and one activation
  more follows the last sum (Appendix); so does here, and in the authors' code, each unit that
  begins a stage.
- ResNet-110 keeps the parameter-free shortcut (option A); the bottlenecks have projections.
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Stage
from eyespot.networks.preact_resnet import PAPER, projection
from eyespot.networks.resnet import initialise
from eyespot.networks.resnet_cifar import ZeroPadding


class BasicUnit(nn.Module):
    """Two 3x3 convolutions, Fig. 4(e): (N, in, h, w) -> (N, out, h / stride, w / stride)."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, is_first: bool) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        padding = ZeroPadding(in_channels, out_channels, stride=stride)
        self.downsample = padding if is_first else None

    def forward(self, features: Tensor) -> Tensor:
        activated = self.relu(self.norm1(features))
        residual = self.conv1(activated)
        residual = self.conv2(self.relu(self.norm2(residual)))
        return residual + (features if self.downsample is None else self.downsample(activated))


class BottleneckUnit(nn.Module):
    """1x1, 3x3, 1x1 (Appendix): (N, in, h, w) -> (N, out, h / stride, w / stride).

    It strides in the first 1x1, as ResNet's does and the authors' networks for CIFAR.
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int, is_first: bool) -> None:
        super().__init__()
        width = out_channels // 4
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, stride=stride, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm3 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(in_channels, out_channels, stride) if is_first else None

    def forward(self, features: Tensor) -> Tensor:
        activated = self.relu(self.norm1(features))
        residual = self.conv1(activated)
        residual = self.conv2(self.relu(self.norm2(residual)))
        residual = self.conv3(self.relu(self.norm3(residual)))
        return residual + (features if self.downsample is None else self.downsample(activated))


Unit = type[BasicUnit] | type[BottleneckUnit]


def stage(
    unit: Unit, in_channels: int, out_channels: int, *, depth: int, stride: int
) -> nn.Sequential:
    """`depth` units; the first activates for both of its paths, strides, changes the channels."""
    first = unit(in_channels, out_channels, stride=stride, is_first=True)
    more = (unit(out_channels, out_channels, stride=1, is_first=False) for _ in range(1, depth))
    return nn.Sequential(first, *more)


class CifarPreActResNet(Network):
    """A bare 3x3 convolution, three stages of n units, the last activation, one linear layer."""

    def __init__(
        self,
        unit: Unit,
        n: int,
        *,
        channels: int,
        num_classes: int = 10,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, kernel_size=3, padding=1, bias=False)
        self.layer1 = stage(unit, 16, channels, depth=n, stride=1)
        self.layer2 = stage(unit, channels, 2 * channels, depth=n, stride=2)
        self.layer3 = stage(unit, 2 * channels, 4 * channels, depth=n, stride=2)
        self.norm = nn.BatchNorm2d(4 * channels)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4 * channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.layer1(self.conv1(images))  # (N, C, H, W)
        features = self.layer3(self.layer2(features))  # (N, 4C, H/4, W/4)
        return self.relu(self.norm(features))

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 4C)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(embedding)


WITHOUT_NORMS = Deviation(
    "the paper prints 10.2 million parameters: what is left without the scales and shifts of the "
    "norms",
    "Table 4",
    "round(10327706 - 2 * (110 * (64 + 128 + 256) + 222 * (16 + 32 + 64) + 16 + 64 + 128 + 256), "
    "-5) == 10200000",
)

# fmt: off
# name, unit, n, channels of the first stage, parameters, multiply-adds at 32 pixels, deviations
ROWS: tuple[tuple[str, Unit, int, int, int, int, tuple[Deviation, ...]], ...] = (
    ("preact_resnet110",  BasicUnit,       18, 16,  1_727_962,   252_887_680, ()),
    ("preact_resnet164",  BottleneckUnit,  18, 64,  1_703_258,   244_500_992, ()),
    ("preact_resnet1001", BottleneckUnit, 111, 64, 10_327_706, 1_487_849_984, (WITHOUT_NORMS,)),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="preact_resnet_cifar",
        edition="paper",
        build=partial(CifarPreActResNet, unit, n, channels=channels),
        paper=PAPER,
        stages=(
            Stage("conv1", 16, 1),
            *(Stage(f"layer{i + 1}", channels * 2**i, 2**i) for i in range(3)),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=32,
        num_classes=10,
        deviations=deviations,
    )
    for name, unit, n, channels, parameters, multiply_adds, deviations in ROWS
)
