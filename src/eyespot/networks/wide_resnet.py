"""Twice as wide beats three times as deep, and takes less time: depth was not what helped most.

Zagoruyko, Komodakis: Wide Residual Networks. BMVC 2016, arXiv:1605.07146.

- On ImageNet, ResNet-50 with its inner 3x3 convolutions widened k times, not pre-activated
  (Sect. 3); what goes in and out of a block keeps ResNet's channels. WRN-n-k: n layers, k wide.
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Paper, Stage
from eyespot.networks.resnet import Depths, ResNet, projection


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
# name, depths (ResNet's Table 1), k, parameters, multiply-adds at 224 pixels, deviations
ROWS: tuple[tuple[str, Depths, int, int, int, tuple[Deviation, ...]], ...] = (
    ("wrn_50_2",  (3, 4,  6, 3), 2,  68_883_240, 11_398_021_120, ()),
    ("wrn_101_2", (3, 4, 23, 3), 2, 126_886_696, 22_753_050_624, (NOT_TRAINED,)),
)
# fmt: on

ARCHITECTURES = tuple(
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
