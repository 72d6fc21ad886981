"""Depth, width and resolution grow together: one small network, scaled seven times.

Tan, Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks. ICML 2019,
arXiv:1905.11946. Lite is the authors' own for phones: github.com/tensorflow/tpu, efficientnet/lite.

- Table 1 is B0; two coefficients make every other network of it (Sect. 3.3 and the released code).
- Its only block is MBConv, in `mbconv.py`.
- Lite: no squeeze-and-excitation, ReLU6 for SiLU, and both ends keep B0's size.
- The paper's edition pads as TensorFlow does; torchvision's and timm's pad alike on both sides.
"""

from functools import partial
from math import ceil, sqrt

from torch import Tensor, nn

from eyespot.networks.architecture import (
    Architecture,
    Generator,
    Network,
    Paper,
    Stage,
)
from eyespot.networks.mbconv import Edition, MBConv, unit

# Table 1, stages 2 to 8: kernel size, stride, expansion, channels, depth
TABLE_1 = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
STEM, HEAD = 32, 1280  # channels of stages 1 and 9
DROP = 0.2  # stochastic depth grows from 0 to this share, block by block (Sect. 5.2)


def scaled_channels(channels: int, width: float) -> int:
    """The nearest multiple of 8 to `channels * width`, but never more than 10 % below it."""
    exact = channels * width
    rounded = max(8, int(exact + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * exact else rounded


def scaled_depth(depth: int, factor: float) -> int:
    """`depth * factor` blocks, rounded up."""
    return ceil(depth * factor)


def stage_channels(width: float, lite: bool) -> tuple[int, ...]:
    """What leaves the stem, the seven stages and the head convolution."""
    stages = tuple(scaled_channels(channels, width) for *_, channels, _ in TABLE_1)
    if lite:
        return (STEM, *stages, HEAD)
    return (scaled_channels(STEM, width), *stages, scaled_channels(HEAD, width))


def stage_depths(factor: float, lite: bool) -> tuple[int, ...]:
    """How many blocks the seven stages have."""
    first, *middle, last = (depth for *_, depth in TABLE_1)
    ends = 1.0 if lite else factor
    scaled = (scaled_depth(depth, factor) for depth in middle)
    return (scaled_depth(first, ends), *scaled, scaled_depth(last, ends))


class EfficientNet(Network):
    """Table 1 scaled: (N, 3, H, W) -> (N, num_classes) logits."""

    def __init__(
        self,
        width: float,
        depth: float,
        *,
        dropout: float,
        lite: bool,
        edition: Edition,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        activation = nn.ReLU6 if lite else nn.SiLU
        stem, *_, last, head = channels = stage_channels(width, lite)
        depths = stage_depths(depth, lite)
        layers = [unit(3, stem, 3, stride=2, activation=activation, edition=edition)]
        for i, (kernel_size, stride, expansion, _, _) in enumerate(TABLE_1):
            blocks = [
                MBConv(
                    channels[i] if j == 0 else channels[i + 1],
                    channels[i + 1],
                    kernel_size=kernel_size,
                    stride=stride if j == 0 else 1,
                    expansion=expansion,
                    lite=lite,
                    drop=DROP * (sum(depths[:i]) + j) / sum(depths),
                    edition=edition,
                )
                for j in range(depths[i])
            ]
            layers.append(nn.Sequential(*blocks))  # (N, channels[i + 1], H / 2, ... H / 32)
        layers.append(unit(last, head, 1, activation=activation, edition=edition))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(head, num_classes))
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, head, H / 32, W / 32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, head)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier(embedding)


def initialise(network: nn.Module, generator: Generator) -> None:
    """The released code's: convolutions normal with variance 2 / fan-out, the linear layer uniform.

    A depthwise convolution's fan-out is that of one group, its kernel's area.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.weight[0, 0].numel() * module.out_channels // module.groups
            nn.init.normal_(module.weight, std=sqrt(2 / fan_out), generator=generator)
        elif isinstance(module, nn.Linear):
            bound = 1 / sqrt(module.out_features)
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
        if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)


PAPER = Paper(
    title="EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks",
    authors="Tan, Le",
    year=2019,
    venue="ICML 2019",
    arxiv="1905.11946",
    introduced="compound scaling of depth, width and resolution",
)

TENSORFLOW = Edition("paper", "same", norm_eps=1e-3, norm_momentum=0.01)
TORCHVISION = Edition("torchvision", "symmetric", norm_eps=1e-5, norm_momentum=0.1)
TORCHVISION_5 = Edition("torchvision", "symmetric", norm_eps=1e-3, norm_momentum=0.01)
TIMM = Edition("timm", "symmetric", norm_eps=1e-5, norm_momentum=0.1)

# fmt: off
# name, depth, width, dropout, image size, parameters, multiply-adds, edition; the released code's
ROWS = (
    ("efficientnet_b0", 1.0, 1.0, 0.2, 224,  5_288_548,    385_814_752, TENSORFLOW),
    ("efficientnet_b1", 1.1, 1.0, 0.2, 240,  7_794_184,    686_802_832, TENSORFLOW),
    ("efficientnet_b2", 1.2, 1.1, 0.3, 260,  9_109_994,    993_561_872, TENSORFLOW),
    ("efficientnet_b3", 1.4, 1.2, 0.3, 300, 12_233_232,  1_827_141_392, TENSORFLOW),
    ("efficientnet_b4", 1.8, 1.4, 0.4, 380, 19_341_616,  4_393_771_024, TENSORFLOW),
    ("efficientnet_b5", 2.2, 1.6, 0.4, 456, 30_389_784, 10_266_384_752, TENSORFLOW),
    ("efficientnet_b6", 2.6, 1.8, 0.5, 528, 43_040_704, 19_067_593_536, TENSORFLOW),
    ("efficientnet_b7", 3.1, 2.0, 0.5, 600, 66_347_960, 37_745_884_192, TENSORFLOW),
    ("efficientnet_lite0", 1.0, 1.0, 0.2, 224,  4_652_008,   385_187_552, TENSORFLOW),
    ("efficientnet_lite1", 1.1, 1.0, 0.2, 240,  5_416_680,   600_185_232, TENSORFLOW),
    ("efficientnet_lite2", 1.2, 1.1, 0.3, 260,  6_092_072,   859_736_272, TENSORFLOW),
    ("efficientnet_lite3", 1.4, 1.2, 0.3, 280,  8_197_096, 1_383_321_872, TENSORFLOW),
    ("efficientnet_lite4", 1.8, 1.4, 0.3, 300, 13_006_568, 2_553_034_336, TENSORFLOW),
    ("efficientnet_b0_torchvision", 1.0, 1.0, 0.2, 224,  5_288_548,    385_814_752, TORCHVISION),
    ("efficientnet_b1_torchvision", 1.1, 1.0, 0.2, 240,  7_794_184,    686_802_832, TORCHVISION),
    ("efficientnet_b2_torchvision", 1.2, 1.1, 0.3, 288,  9_109_994,  1_087_529_456, TORCHVISION),
    ("efficientnet_b3_torchvision", 1.4, 1.2, 0.3, 300, 12_233_232,  1_827_141_392, TORCHVISION),
    ("efficientnet_b4_torchvision", 1.8, 1.4, 0.4, 380, 19_341_616,  4_393_771_024, TORCHVISION),
    ("efficientnet_b5_torchvision", 2.2, 1.6, 0.4, 456, 30_389_784, 10_266_384_752, TORCHVISION_5),
    ("efficientnet_b6_torchvision", 2.6, 1.8, 0.5, 528, 43_040_704, 19_067_593_536, TORCHVISION_5),
    ("efficientnet_b7_torchvision", 3.1, 2.0, 0.5, 600, 66_347_960, 37_745_884_192, TORCHVISION_5),
    ("efficientnet_lite0_timm", 1.0, 1.0, 0.2, 224,  4_652_008,   385_187_552, TIMM),
    ("efficientnet_lite1_timm", 1.1, 1.0, 0.2, 240,  5_416_680,   600_185_232, TIMM),
    ("efficientnet_lite2_timm", 1.2, 1.1, 0.3, 260,  6_092_072,   859_736_272, TIMM),
    ("efficientnet_lite3_timm", 1.4, 1.2, 0.3, 300,  8_197_096, 1_607_554_544, TIMM),
    ("efficientnet_lite4_timm", 1.8, 1.4, 0.3, 380, 13_006_568, 3_943_564_112, TIMM),
)
# fmt: on


def stages(width: float, lite: bool) -> tuple[Stage, ...]:
    """The nine stages of Table 1 before its pooling."""
    rows = zip(stage_channels(width, lite), (2, 2, 4, 8, 16, 16, 32, 32, 32), strict=True)
    return tuple(
        Stage(f"features.{i}", channels, stride) for i, (channels, stride) in enumerate(rows)
    )


ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="efficientnet",
        edition=edition.name,
        build=partial(
            EfficientNet, width, depth, dropout=dropout, lite="lite" in name, edition=edition
        ),
        paper=PAPER,
        stages=stages(width, "lite" in name),
        head="classifier.1",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=image_size,
    )
    for name, depth, width, dropout, image_size, parameters, multiply_adds, edition in ROWS
)
