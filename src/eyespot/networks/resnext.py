"""Cardinality, a third dimension beside depth and width: a block sums C alike, thin branches.

Xie, Girshick, Dollar, Tu, He: Aggregated Residual Transformations for Deep Neural Networks.
CVPR 2017, arXiv:1611.05431.

- `features + sum of the C branches` (Eq. 3), each a 1x1, 3x3, 1x1 that is d channels wide at the
  bottom: "32x4d" is C = 32, d = 4, in conv2_x; d doubles with the channels of each stage.
- Fig. 3 shows three forms that are strictly equal: the sum (a), a concatenation (b) and one
  convolution in C groups (c). Built, here and by the authors, is (c).
- All else is ResNet's (Table 1), with the stride in the 3x3 (Sect. 4).
- On CIFAR, a 3x3 stem of 64 channels and three stages of three blocks: 29 layers (Sect. 5.3).
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Paper, Stage
from eyespot.networks.resnet import Depths, ResNet, projection
from eyespot.networks.resnet_cifar import CifarResNet


class AggregatedBottleneck(nn.Module):
    """1x1, 3x3 in C groups, 1x1 (Fig. 3c): (N, in, h, w) -> (N, out, h / stride, w / stride).

    `width` is d, the channels of one group in conv2_x, where 256 channels leave the block.
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, cardinality: int, width: int
    ) -> None:
        super().__init__()
        inner = cardinality * width * out_channels // 256
        self.conv1 = nn.Conv2d(in_channels, inner, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(inner)
        self.conv2 = nn.Conv2d(
            inner, inner, 3, stride=stride, padding=1, groups=cardinality, bias=False
        )
        self.bn2 = nn.BatchNorm2d(inner)
        self.conv3 = nn.Conv2d(inner, out_channels, 1, bias=False)
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
    title="Aggregated Residual Transformations for Deep Neural Networks",
    authors="Xie, Girshick, Dollar, Tu, He",
    year=2017,
    venue="CVPR 2017",
    arxiv="1611.05431",
    introduced="cardinality: grouped convolutions as a sum of alike branches",
)

RESNET_101 = Deviation(
    "the authors print 7.8 billion multiply-adds, which are ResNet-101's: 29 blocks have 512 more "
    "for each pixel (Eq. 4), the first block has fewer, and the three that stride have more, in "
    "the 1x1 before the stride",
    "facebookresearch/ResNeXt, README.md; Fig. 5",
    "7969996800 - 7801405440 == "
    "(29 * 512 - 11776) * 56**2 + 3 * (256 * 128 * 56**2 - 63488 * 28**2)",
)
TWICE = Deviation(
    "the authors print 15.6 billion multiply-adds, twice ResNet-101's: of ResNeXt-101 (32x4d), "
    "the stem, the four projections and the head are not doubled",
    "facebookresearch/ResNeXt, README.md; Table 4",
    "2 * 7969996800 - 15460270080 == "
    "147 * 64 * 112**2 + 64 * 256 * 56**2 + 3 * 256 * 512 * 28**2 + 2048 * 1000",
)
NASNET = Deviation(
    "the NASNet paper prints 83.6 million parameters: of ResNeXt-101 (32x4d), the stem, the "
    "projections, the norms at the ends of the blocks and the head are not doubled",
    "arXiv:1707.07012, Table 2",
    "2 * 44177704 - 83455272 == 9536 + 2768896 + 72704 + 2049000",
)
INSTAGRAM = Deviation(
    "the paper has no 32x8d: Mahajan et al. took this setting for pictures of Instagram, "
    "torchvision trained it on ImageNet",
    "arXiv:1805.00932; torchvision resnet.py",
)
PRE_ACTIVATED = Deviation(
    "ResNet's blocks, as in the paper's Sect. 4 and in the authors' code, which found them better: "
    "the errors in Table 7 are those of pre-activated ones",
    "facebookresearch/ResNeXt, README.md",
)

# fmt: off
# name, depths, cardinality and width of conv2_x (Table 1), parameters, multiply-adds at 224
# pixels, deviations
ROWS: tuple[tuple[str, Depths, int, int, int, int, tuple[Deviation, ...]], ...] = (
    ("resnext50_32x4d",  (3, 4,  6, 3), 32, 4, 25_028_904,  4_230_479_872, ()),
    ("resnext101_32x4d", (3, 4, 23, 3), 32, 4, 44_177_704,  7_969_996_800, (RESNET_101,)),
    ("resnext101_64x4d", (3, 4, 23, 3), 64, 4, 83_455_272, 15_460_270_080, (TWICE, NASNET)),
    ("resnext101_32x8d", (3, 4, 23, 3), 32, 8, 88_791_336, 16_414_015_488, (INSTAGRAM,)),
)

# name, cardinality and width (Table 7), parameters, multiply-adds at 32 pixels
CIFAR_ROWS = (
    ("resnext29_8x64d",   8, 64, 34_426_698,  5_387_266_048),
    ("resnext29_16x64d", 16, 64, 68_155_210, 10_688_866_304),
)
# fmt: on

IMAGENET = tuple(
    Architecture(
        name=name,
        family="resnext",
        edition="paper",
        build=partial(
            ResNet,
            partial(AggregatedBottleneck, cardinality=cardinality, width=width),
            depths,
            channels=256,
        ),
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
    for name, depths, cardinality, width, parameters, multiply_adds, deviations in ROWS
)

CIFAR = tuple(
    Architecture(
        name=name,
        family="resnext",
        edition="paper",
        build=partial(
            CifarResNet,
            partial(AggregatedBottleneck, cardinality=cardinality, width=width),
            3,
            stem_channels=64,
            channels=256,
        ),
        paper=PAPER,
        stages=(
            Stage("relu", 64, 1),
            *(Stage(f"layer{i + 1}", 256 * 2**i, 2**i) for i in range(3)),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=32,
        num_classes=10,
        deviations=(PRE_ACTIVATED,),
    )
    for name, cardinality, width, parameters, multiply_adds in CIFAR_ROWS
)

ARCHITECTURES = IMAGENET + CIFAR
