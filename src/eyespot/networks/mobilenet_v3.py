"""MobileNetV2's block, found by search: kernels, widths, squeeze-and-excitation line by line.

Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam: Searching for
MobileNetV3. ICCV 2019, arXiv:1905.02244.

- h-swish, x * relu6(x + 3) / 6, in the deeper half (Sect. 5.2); the gate is the same without x.
- Squeeze-and-excitation to a quarter of the wide middle, not of the block's input (Sect. 5.3).
- The last 1x1 runs behind the pooling, on one pixel, and has no batch norm (Fig. 5).
- Paper's edition: padding, eps and width multiplier of the released TensorFlow code.
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.layers import (
    Activation,
    Edition,
    SqueezeExcitation,
    initialise_truncated,
    scaled_channels,
    unit,
)

TENSORFLOW = Edition("paper", "same", norm_eps=1e-3, norm_momentum=0.01)
TORCHVISION = Edition("torchvision", "symmetric", norm_eps=1e-3, norm_momentum=0.01)

Line = tuple[int, int, int, bool, Activation, int]
SE, __, RE, HS = True, False, nn.ReLU, nn.Hardswish
# fmt: off
# kernel size, exp size, #out, SE, NL, stride of every bottleneck (Tables 1 and 2)
LARGE = (
    (3,  16,  16, __, RE, 1),
    (3,  64,  24, __, RE, 2),
    (3,  72,  24, __, RE, 1),
    (5,  72,  40, SE, RE, 2),
    (5, 120,  40, SE, RE, 1),
    (5, 120,  40, SE, RE, 1),
    (3, 240,  80, __, HS, 2),
    (3, 200,  80, __, HS, 1),
    (3, 184,  80, __, HS, 1),
    (3, 184,  80, __, HS, 1),
    (3, 480, 112, SE, HS, 1),
    (3, 672, 112, SE, HS, 1),
    (5, 672, 160, SE, HS, 2),
    (5, 960, 160, SE, HS, 1),
    (5, 960, 160, SE, HS, 1),
)
SMALL = (
    (3,  16,  16, SE, RE, 2),
    (3,  72,  24, __, RE, 2),
    (3,  88,  24, __, RE, 1),
    (5,  96,  40, SE, HS, 2),
    (5, 240,  40, SE, HS, 1),
    (5, 240,  40, SE, HS, 1),
    (5, 120,  48, SE, HS, 1),
    (5, 144,  48, SE, HS, 1),
    (5, 288,  96, SE, HS, 2),
    (5, 576,  96, SE, HS, 1),
    (5, 576,  96, SE, HS, 1),
)
# fmt: on


class Bottleneck(nn.Module):
    """Fig. 4: (N, in, h, w) -> (N, out, h / stride, w / stride), squeezed while it is wide."""

    def __init__(
        self, line: Line, in_channels: int, expanded: int, out_channels: int, *, edition: Edition
    ) -> None:
        super().__init__()
        kernel_size, _, _, squeezes, activation, stride = line
        conv = partial(unit, activation=activation, edition=edition)
        layers: list[nn.Module] = []
        if expanded != in_channels:
            layers.append(conv(in_channels, expanded, 1))
        layers.append(conv(expanded, expanded, kernel_size, stride=stride, groups=expanded))
        if squeezes:
            squeeze = partial(SqueezeExcitation, activation=nn.ReLU, gate=nn.Hardsigmoid)
            layers.append(squeeze(expanded, scaled_channels(expanded, 1 / 4)))
        layers.append(unit(expanded, out_channels, 1, activation=None, edition=edition))
        self.block = nn.Sequential(*layers)
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, features: Tensor) -> Tensor:
        residual = self.block(features)
        return features + residual if self.has_shortcut else residual


class MobileNetV3(Network):
    """Tables 1 and 2: a 3x3 stem, bottlenecks, a 1x1 convolution, pooling, two linear layers."""

    def __init__(
        self,
        table: tuple[Line, ...],
        width: float,
        edition: Edition,
        *,
        head: int,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        conv = partial(unit, activation=nn.Hardswish, edition=edition)
        full, channels = 16, scaled_channels(16, width)
        layers: list[nn.Module] = [conv(3, channels, 3, stride=2)]
        for line in table:
            expanded = scaled_channels(channels, line[1] / full)
            full, out_channels = line[2], scaled_channels(line[2], width)
            layers.append(Bottleneck(line, channels, expanded, out_channels, edition=edition))
            channels = out_channels
        last_channels = scaled_channels(table[-1][1], width)
        layers.append(conv(channels, last_channels, 1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        linear, last = nn.Linear(last_channels, head), nn.Linear(head, num_classes)
        dropout = nn.Dropout(0.2)  # 0.8 in Sect. 6.1 is what stays
        self.classifier = nn.Sequential(linear, nn.Hardswish(inplace=True), dropout, last)
        initialise_truncated(self, generator, std=0.09)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, 960 or 576, H / 32, W / 32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        pooled = self.avgpool(self.forward_features(images)).flatten(1)
        return self.classifier[1](self.classifier[0](pooled))  # (N, 1280 or 1024)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier[3](self.classifier[2](embedding))


PAPER = Paper(
    title="Searching for MobileNetV3",
    authors="Howard, Sandler, Chu, Chen, Chen, Tan, Wang, Zhu, Pang, Vasudevan, Le, Adam",
    year=2019,
    venue="ICCV 2019",
    arxiv="1905.02244",
    introduced="a network found by search and finished by hand, h-swish, a cheaper last stage",
)

OPERATIONS = Deviation(
    "the paper prints 219 million multiply-adds; its Table 1 gives 217, as the code's page says",
    "Table 3; tensorflow/models, research/slim/nets/mobilenet",
    "5419008 + 5017600 + 32338432 + 28863744 + 30527392 + 49939968 + 54448416 + 7526400 + 2508800 "
    "== 216589760",
)
LAST_SE = Deviation(
    "the paper prints squeeze-and-excitation behind the last 1x1 before the pooling: with it there "
    "were 2.7 million parameters, not the 2.5 that it prints, and the released code has none",
    "Tables 2 and 3; tensorflow/models, research/slim/nets/mobilenet/mobilenet_v3.py",
    "round((2542856 + 2 * 576 * 144 + 576 + 144) / 10**5) == 27",
)
SYMMETRIC = Deviation(
    "padding is alike on both sides; TensorFlow leaves out a pixel left and above at even sizes",
    "torchvision mobilenetv3.py",
    "(224 // 2 - 1) * 2 + 3 - 224 == 1",
)

# fmt: off
# name, table, width, channels behind the pooling, parameters, multiply-adds at 224 pixels (Table 3)
ROWS = (
    ("mobilenet_v3_large",      LARGE, 1.0,  1280, 5_483_032, 216_589_760),
    ("mobilenet_v3_large_0_75", LARGE, 0.75, 1280, 3_993_528, 154_560_624),
    ("mobilenet_v3_small",      SMALL, 1.0,  1024, 2_542_856,  56_510_400),
    ("mobilenet_v3_small_0_75", SMALL, 0.75, 1024, 2_041_872,  43_399_344),
)
# fmt: on
PRINTED = {"mobilenet_v3_large": (OPERATIONS,), "mobilenet_v3_small": (LAST_SE,)}


def stages(table: tuple[Line, ...], width: float) -> tuple[Stage, ...]:
    """The stem, each run of bottlenecks with as many channels, and the last 1x1."""
    stride, last_channels = 2, scaled_channels(table[-1][1], width)
    lines = [Stage("features.0", scaled_channels(16, width), stride)]
    for i, line in enumerate(table, 1):
        stride *= line[5]
        if i == len(table) or table[i][2] != line[2]:
            lines.append(Stage(f"features.{i}", scaled_channels(line[2], width), stride))
    return (*lines, Stage(f"features.{len(table) + 1}", last_channels, stride))


ARCHITECTURES = tuple(
    Architecture(
        name=name if edition is TENSORFLOW else f"{name}_{edition.name}",
        family="mobilenet_v3",
        edition=edition.name,
        build=partial(MobileNetV3, table, width, edition, head=head),
        paper=PAPER,
        stages=stages(table, width),
        head="classifier.3",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(*PRINTED.get(name, ()), *((SYMMETRIC,) if edition is TORCHVISION else ())),
    )
    for edition in (TENSORFLOW, TORCHVISION)
    for name, table, width, head, parameters, multiply_adds in ROWS
    if edition is TENSORFLOW or width == 1
)
