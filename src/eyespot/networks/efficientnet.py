"""Depth, width and resolution grow together: one small network, scaled seven times.

Tan, Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks. ICML 2019,
arXiv:1905.11946. Lite is the authors' own for phones: github.com/tensorflow/tpu, efficientnet/lite.

- Table 1 is B0; two coefficients make every other network of it: `compound_scaling.py`.
- The only block is MBConv: `mbconv.py`.
- Lite: no squeeze-and-excitation, ReLU6 for SiLU, and both ends keep B0's size.
- The paper's edition pads as TensorFlow does; torchvision's and timm's pad alike on both sides.
"""

from functools import partial
from math import sqrt

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.compound_scaling import B0, Table, scaled
from eyespot.networks.layers import Edition, unit
from eyespot.networks.mbconv import TENSORFLOW, TIMM, TORCHVISION, TORCHVISION_5, MBConv

DROP = 0.2  # stochastic depth grows from 0 to this share, block by block (Sect. 5.2)


class EfficientNet(Network):
    """Table 1: a 3x3 stem, seven stages of MBConv, a 1x1 convolution, pooling, one linear layer."""

    def __init__(
        self,
        table: Table,
        edition: Edition,
        *,
        lite: bool,
        dropout: float,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        activation = nn.ReLU6 if lite else nn.SiLU
        depth, in_channels = 0, table.stem
        layers = [unit(3, in_channels, 3, stride=2, activation=activation, edition=edition)]
        for stage in table.stages:
            blocks = []
            for i in range(stage.depth):
                blocks.append(
                    MBConv(
                        in_channels,
                        stage.channels,
                        expansion=stage.expansion,
                        kernel_size=stage.kernel_size,
                        stride=stage.stride if i == 0 else 1,
                        lite=lite,
                        drop=DROP * depth / table.depth,
                        edition=edition,
                    )
                )
                depth, in_channels = depth + 1, stage.channels
            layers.append(nn.Sequential(*blocks))
        layers.append(unit(in_channels, table.head, 1, activation=activation, edition=edition))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(table.head, num_classes))
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

LITE = Paper(
    title="EfficientNet-lite (model card beside the EfficientNet code)",
    authors="Tan, Le",
    year=2019,
    venue="github.com/tensorflow/tpu",
    arxiv="1905.11946",
    introduced="for phones: no squeeze-and-excitation, ReLU6 for SiLU, ends that do not grow",
)

COEFFICIENTS = Deviation(
    "depth, width and image size are the released code's, not powers of 1.2, 1.1 and 1.15; seven "
    "doublings would give B7 128 times the operations of B0, it has 97 times as many",
    "Sect. 3.3 against tensorflow/tpu, efficientnet_builder.py",
    "37745884192 // 385814752 == 97",
)
PRINTED = Deviation(
    "the paper prints 0.70, 4.2 and 9.9 billion multiply-adds for B1, B4 and B5: the layers of the "
    "released code would need 242, 372 and 448 pixels for that, not 240, 380 and 456",
    "Table 2",
    "round(380 * (4200 / 4394) ** 0.5) == 372",
)
OPERATIONS = Deviation(
    "the model card prints about 5 % more operations (Lite4: 2.64 billion): it seems to count "
    "three for every number that leaves a convolution as well",
    "tensorflow/tpu, efficientnet/lite/README.md",
    "round((2553034336 + 3 * 28838304) / 10**7) == 264",
)
SYMMETRIC = Deviation(
    "striding convolutions pad alike on both sides, where TensorFlow adds one pixel in all at an "
    "even size, right and below; the norms' eps and momentum are the library's",
    "torchvision efficientnet.py, timm efficientnet.py",
    "(224 // 2 - 1) * 2 + 3 - 224 == 1",
)
# fmt: off
# name, depth, width, dropout (the released code's), image size, parameters, multiply-adds
ROWS = (
    ("efficientnet_b0",    1.0, 1.0, 0.2, 224,  5_288_548,    385_814_752),
    ("efficientnet_b1",    1.1, 1.0, 0.2, 240,  7_794_184,    686_802_832),
    ("efficientnet_b2",    1.2, 1.1, 0.3, 260,  9_109_994,    993_561_872),
    ("efficientnet_b3",    1.4, 1.2, 0.3, 300, 12_233_232,  1_827_141_392),
    ("efficientnet_b4",    1.8, 1.4, 0.4, 380, 19_341_616,  4_393_771_024),
    ("efficientnet_b5",    2.2, 1.6, 0.4, 456, 30_389_784, 10_266_384_752),
    ("efficientnet_b6",    2.6, 1.8, 0.5, 528, 43_040_704, 19_067_593_536),
    ("efficientnet_b7",    3.1, 2.0, 0.5, 600, 66_347_960, 37_745_884_192),
    ("efficientnet_lite0", 1.0, 1.0, 0.2, 224,  4_652_008,    385_187_552),
    ("efficientnet_lite1", 1.1, 1.0, 0.2, 240,  5_416_680,    600_185_232),
    ("efficientnet_lite2", 1.2, 1.1, 0.3, 260,  6_092_072,    859_736_272),
    ("efficientnet_lite3", 1.4, 1.2, 0.3, 280,  8_197_096,  1_383_321_872),
    ("efficientnet_lite4", 1.8, 1.4, 0.3, 300, 13_006_568,  2_553_034_336),
)
# image size and multiply-adds where a library's differ from the authors'
OTHER_SIZES = {
    "efficientnet_b2_torchvision": (288, 1_087_529_456),
    "efficientnet_lite3_timm":     (300, 1_607_554_544),
    "efficientnet_lite4_timm":     (380, 3_943_564_112),
}
# fmt: on
STRIDES = (2, 2, 4, 8, 16, 16, 32, 32, 32)
Row = tuple[str, float, float, float, int, int, int]


def architecture(row: Row, edition: Edition) -> Architecture:
    """A row in the paper's edition, or in another one, which its name then ends with."""
    name, depth, width, dropout, image_size, parameters, multiply_adds = row
    lite = "lite" in name
    table = scaled(B0, depth=depth, width=width, lite=lite)
    deviations = [OPERATIONS] if lite else [COEFFICIENTS] if depth > 1 else []
    if name[-2:] in ("b1", "b4", "b5"):
        deviations.append(PRINTED)
    if edition is not TENSORFLOW:
        name = f"{name}_{edition.name}"
        deviations.append(SYMMETRIC)
    if name in OTHER_SIZES:
        change = f"{edition.name} measures at {OTHER_SIZES[name][0]} pixels, not at {image_size}"
        deviations.append(Deviation(change, f"{edition.name}'s published preprocessing"))
        image_size, multiply_adds = OTHER_SIZES[name]
    return Architecture(
        name=name,
        family="efficientnet",
        edition=edition.name,
        build=partial(EfficientNet, table, edition, lite=lite, dropout=dropout),
        paper=LITE if lite else PAPER,
        stages=tuple(
            Stage(f"features.{i}", channels, stride)
            for i, (channels, stride) in enumerate(zip(table.channels, STRIDES, strict=True))
        ),
        head="classifier.1",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=image_size,
        deviations=tuple(deviations),
    )


ARCHITECTURES = (
    *(architecture(row, TENSORFLOW) for row in ROWS[:8]),
    *(architecture(row, TORCHVISION) for row in ROWS[:5]),
    *(architecture(row, TORCHVISION_5) for row in ROWS[5:8]),
    *(architecture(row, TENSORFLOW) for row in ROWS[8:]),
    *(architecture(row, TIMM) for row in ROWS[8:]),
)
