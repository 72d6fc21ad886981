"""Inception blocks learn what to add to their input, and add only a tenth or two of it.

Szegedy, Ioffe, Vanhoucke, Alemi: Inception-v4, Inception-ResNet and the Impact of Residual
Connections on Learning. AAAI 2017, arXiv:1602.07261.

- A block is `relu(features + scale * expanded)`. A 1x1 expands to as many channels; it has a bias
  and, to save memory, no batch norm (Sect. 3.2). Without a scale of 0.1 to 0.3, networks of more
  than 1000 channels died early in training (Sect. 3.3).
- Fig. 15 draws two networks. v1 is built as drawn; v2 as its authors released it, deeper and
  narrower than drawn: Figs. 17 to 19 do not fit together, and all published weights are of it.
- The figures' boxes and Fig. 7 are in `inception_boxes.py`; (1, 7, 160) is "1x7 Conv (160)".
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Stage
from eyespot.networks.inception_boxes import Box, Conv, FilterConcat, ReductionA, pooled, tower
from eyespot.networks.inception_v4 import PAPER

Figure = tuple[tuple[Box, ...], ...]  # its branches
Draw = Callable[[], dict[str, nn.Module]]  # layers by name, in their order
R = (1, 1, 256)  # what reduces in Figs. 12 and 18
# Inception-ResNet-A, -B, -C, and Reduction-B without its pool: v1's, then v2's; and what ends the
# stem of v2's code
FIG_10 = ((1, 1, 32),), ((1, 1, 32), (3, 3, 32)), ((1, 1, 32), (3, 3, 32), (3, 3, 32))
FIG_11 = ((1, 1, 128),), ((1, 1, 128), (1, 7, 128), (7, 1, 128))
FIG_13 = ((1, 1, 192),), ((1, 1, 192), (1, 3, 192), (3, 1, 192))
FIG_12 = (R, (3, 3, 384)), (R, (3, 3, 256)), (R, (3, 3, 256), (3, 3, 256))
FIG_16 = ((1, 1, 32),), ((1, 1, 32), (3, 3, 32)), ((1, 1, 32), (3, 3, 48), (3, 3, 64))
FIG_17 = ((1, 1, 192),), ((1, 1, 128), (1, 7, 160), (7, 1, 192))
FIG_19 = ((1, 1, 192),), ((1, 1, 192), (1, 3, 224), (3, 1, 256))
FIG_18 = (R, (3, 3, 384)), (R, (3, 3, 288)), (R, (3, 3, 288), (3, 3, 320))
MIXED_5B = ((1, 1, 96),), ((1, 1, 48), (5, 5, 64)), ((1, 1, 64), (3, 3, 96), (3, 3, 96))


class InceptionResNetBlock(nn.Module):
    """Figs. 10, 11, 13, 16, 17, 19, scaled as in Fig. 20: (N, C, h, w) -> (N, C, h, w)."""

    def __init__(
        self, channels: int, figure: Figure, *, scale: float, has_relu: bool = True
    ) -> None:
        super().__init__()
        for i, boxes in enumerate(figure):
            self.add_module(f"branch{i}", tower(channels, *boxes))
        self.conv2d = nn.Conv2d(sum(boxes[-1][-1] for boxes in figure), channels, kernel_size=1)
        self.relu = nn.ReLU(inplace=True) if has_relu else nn.Identity()
        self.scale = scale

    def forward(self, features: Tensor) -> Tensor:
        *branches, expand, relu = self.children()
        residual = expand(torch.cat([branch(features) for branch in branches], dim=1))
        return relu(features + self.scale * residual)


def blocks(depth: int, channels: int, figure: Figure, *, scale: float) -> nn.Sequential:
    """`depth` x one figure."""
    alike = [InceptionResNetBlock(channels, figure, scale=scale) for _ in range(depth)]
    return nn.Sequential(*alike)


def reduction_b(in_channels: int, figure: Figure) -> FilterConcat:
    """Figs. 12 and 18, 17x17 to 8x8: three towers that stride at their end, and a pool."""
    towers = [tower(in_channels, *boxes, stride=2) for boxes in figure]
    return FilterConcat(*towers, nn.MaxPool2d(3, stride=2))


def stem() -> dict[str, nn.Module]:
    """Fig. 14 but for its last box: (N, 3, 299, 299) -> (N, 192, 71, 71)."""
    return {
        "conv2d_1a": Conv(3, (3, 3, 32), stride=2),
        "conv2d_2a": Conv(32, (3, 3, 32), valid=True),
        "conv2d_2b": Conv(32, (3, 3, 64)),  # (N, 64, 147, 147)
        "maxpool_3a": nn.MaxPool2d(3, stride=2),
        "conv2d_3b": Conv(64, (1, 1, 80)),
        "conv2d_4a": Conv(80, (3, 3, 192), valid=True),
    }


def v1() -> dict[str, nn.Module]:
    """Fig. 15 with Figs. 14, 10, 7, 11, 12 and 13."""
    return stem() | {
        "conv2d_4b": Conv(192, (3, 3, 256), stride=2),
        "repeat": blocks(5, 256, FIG_10, scale=0.17),  # (N, 256, 35, 35)
        "mixed_6a": ReductionA(256, (192, 192, 256, 384)),
        "repeat_1": blocks(10, 896, FIG_11, scale=0.1),  # (N, 896, 17, 17)
        "mixed_7a": reduction_b(896, FIG_12),
        "repeat_2": blocks(5, 1792, FIG_13, scale=0.2),  # (N, 1792, 8, 8)
    }


def v2() -> dict[str, nn.Module]:
    """The authors' code, with Figs. 16, 7, 17, 18 and 19."""
    return stem() | {
        "maxpool_5a": nn.MaxPool2d(3, stride=2),
        "mixed_5b": FilterConcat(*(tower(192, *boxes) for boxes in MIXED_5B), pooled(192, 64)),
        "repeat": blocks(10, 320, FIG_16, scale=0.17),  # (N, 320, 35, 35)
        "mixed_6a": ReductionA(320, (256, 256, 384, 384)),
        "repeat_1": blocks(20, 1088, FIG_17, scale=0.1),  # (N, 1088, 17, 17)
        "mixed_7a": reduction_b(1088, FIG_18),
        "repeat_2": blocks(9, 2080, FIG_19, scale=0.2),  # (N, 2080, 8, 8)
        "block8": InceptionResNetBlock(2080, FIG_19, scale=1, has_relu=False),
        "conv2d_7b": Conv(2080, (1, 1, 1536)),
    }


class InceptionResNet(Network):
    """Fig. 15, whose sizes are those of 299x299 images."""

    smallest_image_size = 75

    def __init__(
        self, draw: Draw, channels: int, *, num_classes: int = 1000, generator: Generator = None
    ) -> None:
        super().__init__()
        for name, layer in draw().items():
            self.add_module(name, layer)
        self.order = tuple(name for name, _ in self.named_children())
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)  # Fig. 15 keeps 0.8
        self.classif = nn.Linear(channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = images
        for name in self.order:
            features = self.get_submodule(name)(features)
        return features  # (N, channels, 8, 8)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, channels)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classif(self.dropout(embedding))


def initialise(network: nn.Module, generator: Generator) -> None:
    """The released code's, which is its library's: Glorot, uniform; no bias."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


FACES = Deviation(
    "the paper prints no count; 23,995,624, which others print, is a network for faces: one more "
    "block of Fig. 13, and a linear layer of 512 with batch norm before the last",
    "Figs. 10 to 15 against osmr/imgclsmob, inceptionresnetv1.py",
    "22756328 + 1600768 - 1792 * 1000 + (1792 + 2 + 1000) * 512 == 23995624",
)
SCALES = Deviation(
    "the paper prints no scales but 0.1 to 0.3: they are those of v2's released code",
    "Sect. 3.3 and tensorflow/models, inception_resnet_v2.py",
)
DEPTH = Deviation(
    "10, 20 and 10 blocks of 320, 1088 and 2080 channels; Figs. 15 to 19 print 5, 10 and 5 of 384, "
    "1154 and 2048, but Fig. 7 makes 1152 of the 384, and Fig. 18 makes 2144 of those",
    "tensorflow/models, inception_resnet_v2.py",
    "384 + 384 + 384 + 384 + 288 + 320 == 2144",
)
ENDS = Deviation(
    "another stem than Fig. 3, which ends in 320 channels, not 384; the last block adds its whole "
    "residual without a ReLU, and a 1x1 convolution to 1536 channels follows; this code's norms "
    "had no scale, the ones here do, like those of `inception_v4`",
    "tensorflow/models, inception_resnet_v2.py",
    "96 + 64 + 96 + 64 == 320",
)
# fmt: off
# stages: module, channels, stride
V1 = (("conv2d_4b", 256, 8),  ("repeat", 256, 8), ("mixed_6a",  896, 16), ("repeat_1",  896, 16),
      ("mixed_7a", 1792, 32), ("repeat_2", 1792, 32))
V2 = (("mixed_5b",  320, 8),  ("repeat", 320, 8), ("mixed_6a", 1088, 16), ("repeat_1", 1088, 16),
      ("mixed_7a", 2080, 32), ("repeat_2", 2080, 32), ("conv2d_7b", 1536, 32))
# name, edition, draw, stages, parameters, multiply-adds, deviations
ROWS = (
    ("inception_resnet_v1", "paper",   v1, V1, 22_756_328,  6_206_361_696, (FACES, SCALES)),
    ("inception_resnet_v2", "tf-slim", v2, V2, 55_843_464, 13_155_794_016, (DEPTH, ENDS)),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="inception_resnet",
        edition=edition,
        build=partial(InceptionResNet, draw, stages[-1][1]),
        paper=PAPER,
        stages=tuple(Stage(*stage) for stage in stages),
        head="classif",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=299,
        deviations=deviations,
    )
    for name, edition, draw, stages, parameters, multiply_adds, deviations in ROWS
)
