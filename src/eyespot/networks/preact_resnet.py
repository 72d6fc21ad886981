"""Nothing stands on the shortcut, not even a ReLU: norm and activation precede each convolution.

He, Zhang, Ren, Sun: Identity Mappings in Deep Residual Networks. ECCV 2016, arXiv:1603.05027.

- A unit is `features + residual(features)` and nothing after the sum (Eq. 3), so that the sum of
  all residuals reaches every depth (Eq. 4). Full pre-activation, Fig. 4(e).
- Where shapes change, the shortcut is a 1x1 convolution of the activated map, without a norm.
- What leaves a stage is a bare sum; the next unit activates it, after the last unit `norm` does.
- Table 5 has 152 and 200 layers on ImageNet, with 16 more units at 28 x 28; the rest is ResNet's.
"""

from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.resnet import Depths, initialise, stage


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """A 1x1 convolution where shapes differ, else None, the identity (Appendix)."""
    if stride == 1 and in_channels == out_channels:
        return None
    conv = nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride, bias=False)
    return nn.Sequential(OrderedDict(conv=conv))


class BasicUnit(nn.Module):
    """Two 3x3 convolutions (Fig. 1(b)): (N, in, h, w) -> (N, out, h / stride, w / stride)."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        super().__init__()
        self.downsample = projection(in_channels, out_channels, stride)
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        activated = self.relu(self.norm1(features))
        residual = self.conv1(activated)
        residual = self.conv2(self.relu(self.norm2(residual)))
        return residual + (features if self.downsample is None else self.downsample(activated))


class BottleneckUnit(nn.Module):
    """1x1, 3x3, 1x1 (Appendix): (N, in, h, w) -> (N, out, h / stride, w / stride)."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        super().__init__()
        width = out_channels // 4
        self.downsample = projection(in_channels, out_channels, stride)
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.norm3 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        activated = self.relu(self.norm1(features))
        residual = self.conv1(activated)
        residual = self.conv2(self.relu(self.norm2(residual)))
        residual = self.conv3(self.relu(self.norm3(residual)))
        return residual + (features if self.downsample is None else self.downsample(activated))


Unit = type[BasicUnit] | type[BottleneckUnit]


class PreActResNet(Network):
    """ResNet's table with pre-activation units; the last sum is activated before the pooling."""

    def __init__(
        self,
        unit: Unit,
        depths: Depths,
        *,
        channels: int,
        has_stem_norm: bool,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3, bias=False)
        self.stem = nn.Sequential(OrderedDict(conv=conv))
        if has_stem_norm:
            self.stem.add_module("norm", nn.BatchNorm2d(64))
            self.stem.add_module("relu", nn.ReLU(inplace=True))
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.stages = nn.Sequential()
        in_channels = 64
        for i, depth in enumerate(depths):
            out_channels, stride = channels * 2**i, 1 if i == 0 else 2
            units = stage(unit, in_channels, out_channels, depth=depth, stride=stride)
            self.stages.append(nn.Sequential(OrderedDict(blocks=units)))
            in_channels = out_channels
        self.norm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        fc = nn.Conv2d(in_channels, num_classes, kernel_size=1)  # of one pixel: a linear layer
        self.head = nn.Sequential(OrderedDict(fc=fc))
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.maxpool(self.stem(images))  # (N, 64, H/4, W/4)
        features = self.stages(features)  # (N, 8C, H/32, W/32)
        return self.relu(self.norm(features))

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 8C)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.head(embedding[:, :, None, None]).flatten(1)


PAPER = Paper(
    title="Identity Mappings in Deep Residual Networks",
    authors="He, Zhang, Ren, Sun",
    year=2016,
    venue="ECCV 2016",
    arxiv="1603.05027",
    introduced="pre-activation, which leaves the shortcut an identity from end to end",
)

POOLED_FIRST = Deviation(
    "conv1 is activated behind the max pooling, by the first unit, not before it as in the "
    "authors' ResNet-200: the same map wherever that norm's scale is positive; the paper does "
    "not mention the pooling",
    "Appendix against facebook/fb.resnet.torch, preresnet.lua",
)
ACTIVATED_TWICE = Deviation(
    "conv1 is activated before the max pooling and by the first unit, which begins as all units "
    "do; in the authors' model the first unit is without its norm",
    "Appendix against facebook/fb.resnet.torch, preresnet.lua",
    "64666280 - 64666152 == 2 * 64",
)
STRIDE = Deviation(
    "a striding unit strides in its 3x3, as the authors' ResNet-200 does; the ResNet paper, which "
    "the units follow, and the authors' networks for CIFAR stride in the first 1x1",
    "facebook/fb.resnet.torch, KaimingHe/resnet-1k-layers",
    "15007481856 - 14776270848 == 3 * 256 * 128 * (56**2 - 28**2)",  # alike in all three stages
)

# fmt: off
# name, unit, depths and channels of conv2_x, norm and ReLU before the pooling, parameters,
# multiply-adds at 224 pixels
ROWS: tuple[tuple[str, Unit, Depths, int, bool, int, int], ...] = (
    ("preact_resnet18",  BasicUnit,      (2,  2,  2, 2),  64, False, 11_687_720,  1_814_073_344),
    ("preact_resnet34",  BasicUnit,      (3,  4,  6, 3),  64, False, 21_795_880,  3_663_761_408),
    ("preact_resnet50",  BottleneckUnit, (3,  4,  6, 3), 256, False, 25_549_352,  4_089_184_256),
    ("preact_resnet101", BottleneckUnit, (3,  4, 23, 3), 256, False, 44_541_480,  7_801_405_440),
    ("preact_resnet152", BottleneckUnit, (3,  8, 36, 3), 256, False, 60_185_128, 11_513_626_624),
    ("preact_resnet200", BottleneckUnit, (3, 24, 36, 3), 256, True,  64_666_280, 15_007_481_856),
)
# fmt: on
DEVIATIONS = {BasicUnit: (), BottleneckUnit: (STRIDE,)}

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="preact_resnet",
        edition="paper",
        build=partial(PreActResNet, unit, depths, channels=channels, has_stem_norm=has_stem_norm),
        paper=PAPER,
        stages=(
            Stage("stem", 64, 2),
            *(Stage(f"stages.{i}.blocks", channels * 2**i, 4 * 2**i) for i in range(4)),
        ),
        head="head.fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(ACTIVATED_TWICE if has_stem_norm else POOLED_FIRST, *DEVIATIONS[unit]),
    )
    for name, unit, depths, channels, has_stem_norm, parameters, multiply_adds in ROWS
)
