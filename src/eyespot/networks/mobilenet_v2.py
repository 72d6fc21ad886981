"""Shortcuts join the thin ends of a block; only its wide, depthwise middle is non-linear.

Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: Inverted Residuals and Linear Bottlenecks.
CVPR 2018, arXiv:1801.04381.

- Inverted: ResNet's bottleneck goes wide, thin, wide, and this one thin, wide, thin (Fig. 3).
- Linear: no activation behind the last 1x1, where it would destroy information (Sect. 3.2).
- ReLU6 everywhere else. A width multiplier below 1 leaves the last convolution at 1280 (Sect. 4).
- Paper's edition: padding, the norms' numbers and dropout are the released TensorFlow code's.
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.layers import Edition, initialise_truncated, scaled_channels, unit

TENSORFLOW = Edition("paper", "same", norm_eps=1e-3, norm_momentum=0.003)
TORCHVISION = Edition("torchvision", "symmetric", norm_eps=1e-5, norm_momentum=0.1)

# expansion t, channels c, blocks n, stride s of the first one (Table 2)
TABLE = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


class Bottleneck(nn.Module):
    """Table 1: 1x1 to t times the channels, 3x3 depthwise, linear 1x1.

    (N, in, h, w) -> (N, out, h / stride, w / stride).
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, expansion: int, stride: int, edition: Edition
    ) -> None:
        super().__init__()
        width = expansion * in_channels
        conv = partial(unit, activation=nn.ReLU6, edition=edition)
        expand = [conv(in_channels, width, 1)] if expansion > 1 else []
        self.conv = nn.Sequential(
            *expand,
            conv(width, width, 3, stride=stride, groups=width),
            nn.Conv2d(width, out_channels, kernel_size=1, bias=False),
            nn.BatchNorm2d(out_channels, edition.norm_eps, edition.norm_momentum),
        )
        self.has_shortcut = stride == 1 and in_channels == out_channels

    def forward(self, features: Tensor) -> Tensor:
        residual = self.conv(features)
        return features + residual if self.has_shortcut else residual


class MobileNetV2(Network):
    """Table 2: a 3x3 stem, 17 bottlenecks, a 1x1 convolution, pooling and one linear layer."""

    def __init__(
        self,
        width: float,
        edition: Edition,
        *,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        conv = partial(unit, activation=nn.ReLU6, edition=edition)
        channels = scaled_channels(32, width)
        layers: list[nn.Module] = [conv(3, channels, 3, stride=2)]
        for expansion, full, depth, first_stride in TABLE:
            out_channels = scaled_channels(full, width)
            for i in range(depth):
                stride = first_stride if i == 0 else 1
                layers.append(
                    Bottleneck(
                        channels, out_channels, expansion=expansion, stride=stride, edition=edition
                    )
                )
                channels = out_channels
        last_channels = scaled_channels(1280, max(1.0, width))
        layers.append(conv(channels, last_channels, 1))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last_channels, num_classes))
        initialise_truncated(self, generator, std=0.09)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, 1280, H / 32, W / 32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 1280)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier(embedding)


PAPER = Paper(
    title="MobileNetV2: Inverted Residuals and Linear Bottlenecks",
    authors="Sandler, Howard, Zhu, Zhmoginov, Chen",
    year=2018,
    venue="CVPR 2018",
    arxiv="1801.04381",
    introduced="inverted residuals: shortcuts between thin, linear ends of a wide block",
)

WEIGHTS = Deviation(
    "the paper prints 3.4 million parameters: those of the norms are not in it, and it is cut, not "
    "rounded (the released code's page has 3.47)",
    "Table 4; tensorflow/models, research/slim/nets/mobilenet",
    "(3504872 - 2 * 17056) // 10**5 == 34",
)
WIDE = Deviation(
    "the paper prints 6.9 million parameters and 585 million multiply-adds: its Table 2, 1.4 times "
    "as wide, gives 6.06 without the norms and 582, as the released code's page has it",
    "Table 4; tensorflow/models, research/slim/nets/mobilenet",
    "round((6108776 - 2 * 23968) / 10**4) == 606",
)
SYMMETRIC = Deviation(
    "striding convolutions pad alike on both sides, where TensorFlow adds one pixel in all at an "
    "even size, right and below; the norms' eps is 1e-5, not 1e-3",
    "torchvision mobilenetv2.py",
    "(224 // 2 - 1) * 2 + 3 - 224 == 1",
)

# fmt: off
# name, width, parameters, multiply-adds at 224 pixels, how it differs
ROWS = (
    ("mobilenet_v2_1_0",  1.0,  3_504_872, 300_774_272, (WEIGHTS,)),
    ("mobilenet_v2_0_75", 0.75, 2_636_424, 209_069_792, ()),
    ("mobilenet_v2_0_5",  0.5,  1_968_680,  97_131_840, ()),
    ("mobilenet_v2_0_35", 0.35, 1_677_128,  59_285_808, ()),
    ("mobilenet_v2_1_4",  1.4,  6_108_776, 582_195_824, (WIDE,)),
)
# fmt: on


def stages(width: float) -> tuple[Stage, ...]:
    """The lines of Table 2: each ends with its last block."""
    last, stride = 0, 2
    lines = [Stage("features.0", scaled_channels(32, width), stride)]
    for _, channels, depth, first_stride in TABLE:
        last, stride = last + depth, stride * first_stride
        lines.append(Stage(f"features.{last}", scaled_channels(channels, width), stride))
    lines.append(Stage(f"features.{last + 1}", scaled_channels(1280, max(1.0, width)), stride))
    return tuple(lines)


ARCHITECTURES = tuple(
    Architecture(
        name=name if edition is TENSORFLOW else f"{name}_{edition.name}",
        family="mobilenet_v2",
        edition=edition.name,
        build=partial(MobileNetV2, width, edition),
        paper=PAPER,
        stages=stages(width),
        head="classifier.1",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=deviations if edition is TENSORFLOW else (*deviations, SYMMETRIC),
    )
    for edition in (TENSORFLOW, TORCHVISION)
    for name, width, parameters, multiply_adds, deviations in ROWS
)
