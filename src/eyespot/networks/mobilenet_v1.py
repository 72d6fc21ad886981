"""A convolution in two steps, within each channel, then across all: a ninth of the operations.

Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam: MobileNets: Efficient Convolutional
Neural Networks for Mobile Vision Applications. 2017, arXiv:1704.04861.

- A 3x3 of N channels costs 9 operations where it costs 1 + 9 / N in two steps (Sect. 3.1).
- Batch norm and ReLU follow both steps (Fig. 3 right). Nothing is pooled before the end.
- Two multipliers make it smaller: `width` thins every layer (Sect. 3.3), a smaller picture is the
  other one (Sect. 3.4): 192, 160 or 128 pixels instead of 224, with the same weights.
- Paper's edition: ReLU, as printed; padding, norms and dropout are the released TensorFlow code's.
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.layers import Activation, Edition, SamePadding, initialise_truncated

TENSORFLOW = Edition("paper", "same", norm_eps=1e-3, norm_momentum=0.0003)
TIMM = Edition("timm", "symmetric", norm_eps=1e-5, norm_momentum=0.1)

# channels and stride of every depthwise separable convolution (Table 1), by size of the map
TABLE = (
    ((64, 1),),
    ((128, 2), (128, 1)),
    ((256, 2), (256, 1)),
    ((512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1)),
    ((1024, 2), (1024, 1)),
)


def convolution(
    in_channels: int, out_channels: int, *, stride: int, groups: int, edition: Edition
) -> tuple[nn.Module, nn.Conv2d]:
    """The padding of an edition and the 3x3 convolution behind it."""
    pads_first = edition.padding == "same" and stride > 1  # at stride 1 both kinds are equal
    pad = SamePadding(3, stride) if pads_first else nn.Identity()
    padding = 0 if pads_first else 1
    return pad, nn.Conv2d(in_channels, out_channels, 3, stride, padding, groups=groups, bias=False)


class DepthwiseSeparable(nn.Module):
    """Fig. 3 right: 3x3 depthwise, 1x1. (N, in, h, w) -> (N, out, h / stride, w / stride)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int,
        activation: Activation,
        edition: Edition,
    ) -> None:
        super().__init__()
        norm = partial(nn.BatchNorm2d, eps=edition.norm_eps, momentum=edition.norm_momentum)
        self.pad, self.conv_dw = convolution(
            in_channels, in_channels, stride=stride, groups=in_channels, edition=edition
        )
        self.bn1 = norm(in_channels)
        self.conv_pw = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
        self.bn2 = norm(out_channels)
        self.act = activation(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        features = self.act(self.bn1(self.conv_dw(self.pad(features))))
        return self.act(self.bn2(self.conv_pw(features)))


class MobileNetV1(Network):
    """Table 1: a 3x3 stem, 13 depthwise separable convolutions, pooling and one linear layer."""

    def __init__(
        self,
        width: float,
        edition: Edition,
        *,
        activation: Activation,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        channels = int(32 * width)
        self.pad, self.conv_stem = convolution(3, channels, stride=2, groups=1, edition=edition)
        self.bn1 = nn.BatchNorm2d(channels, edition.norm_eps, edition.norm_momentum)
        self.act = activation(inplace=True)
        block = partial(DepthwiseSeparable, activation=activation, edition=edition)
        stages = []
        for lines in TABLE:
            blocks = []
            for full, stride in lines:
                blocks.append(block(channels, int(full * width), stride=stride))
                channels = int(full * width)
            stages.append(nn.Sequential(*blocks))
        self.blocks = nn.Sequential(*stages)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.001)
        self.classifier = nn.Linear(channels, num_classes)
        initialise_truncated(self, generator, std=0.09)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.act(self.bn1(self.conv_stem(self.pad(images))))  # (N, 32, H/2, W/2)
        return self.blocks(features)  # (N, 1024, H/32, W/32), both times the width

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 1024)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier(self.dropout(embedding))


PAPER = Paper(
    title="MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
    authors="Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
    year=2017,
    venue="arXiv",
    arxiv="1704.04861",
    introduced="networks of depthwise separable convolutions, with multipliers to shrink them",
)

STRIDE = Deviation(
    "the last depthwise convolution has stride 1; Table 1 prints s2, but 7x7 before and after it, "
    "and only stride 1 gives the 569 million multiply-adds of Table 6",
    "Tables 1 and 6; tensorflow/models, research/slim/nets/mobilenet_v1.py",
    "round((533833216 + (7**2 - 4**2) * 1024 * (9 + 1024)) / 10**6) == 569",
)
SYMMETRIC = Deviation(
    "striding convolutions pad alike on both sides, where TensorFlow adds one pixel in all at an "
    "even size, right and below; ReLU6 for ReLU; the norms' eps is 1e-5, not 1e-3",
    "timm mobilenetv1",
    "(224 // 2 - 1) * 2 + 3 - 224 == 1",
)
WIDER = Deviation(
    "width 1.25, where the paper's multipliers are 1 at most",
    "timm mobilenetv1",
    "32 * 5 // 4 == 40",
)

# fmt: off
# name, width, edition, parameters, multiply-adds at 224 pixels (Table 6), how it differs
ROWS = (
    ("mobilenet_v1_1_0",       1.0,  TENSORFLOW, 4_231_976, 568_740_352, ()),
    ("mobilenet_v1_0_75",      0.75, TENSORFLOW, 2_585_560, 325_400_448, ()),
    ("mobilenet_v1_0_5",       0.5,  TENSORFLOW, 1_331_592, 149_497_088, ()),
    ("mobilenet_v1_0_25",      0.25, TENSORFLOW,   470_072,  41_030_272, ()),
    ("mobilenet_v1_1_0_timm",  1.0,  TIMM,       4_231_976, 568_740_352, (SYMMETRIC,)),
    ("mobilenet_v1_1_25_timm", 1.25, TIMM,       6_270_840, 879_516_800, (SYMMETRIC, WIDER)),
)
# fmt: on
ACTIVATIONS: dict[Edition, Activation] = {TENSORFLOW: nn.ReLU, TIMM: nn.ReLU6}

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="mobilenet_v1",
        edition=edition.name,
        build=partial(MobileNetV1, width, edition, activation=ACTIVATIONS[edition]),
        paper=PAPER,
        stages=(
            Stage("act", int(32 * width), 2),
            *(Stage(f"blocks.{i}", int(64 * 2**i * width), 2 * 2**i) for i in range(5)),
        ),
        head="classifier",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(STRIDE, *deviations),
    )
    for name, width, edition, parameters, multiply_adds, deviations in ROWS
)
