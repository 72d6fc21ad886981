"""DenseNet on pictures of 32 pixels: three dense blocks, with and without bottleneck and squeeze.

Huang, Liu, van der Maaten, Weinberger: Densely Connected Convolutional Networks. CVPR 2017,
arXiv:1608.06993, Sect. 3 and Table 2.

- `densenet_L_k` has L layers and growth rate k; a layer is batch norm, ReLU, one 3x3, and a
  transition keeps all channels (theta = 1). `densenet_bc_L_k` has bottlenecks and theta = 0.5.
- The stem, a bare 3x3, has 16 channels, or 2k before bottlenecks.
- Without dropout, as for pictures that are shifted and mirrored (the columns C10+ and C100+).
"""

from collections import OrderedDict
from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Generator, Network, Stage
from eyespot.networks.densenet import PAPER, DenseLayer, dense_block, initialise, transition


class PlainLayer(nn.Module):
    """H_l without a bottleneck (Sect. 3): (N, in, h, w) -> (N, in + growth rate, h, w)."""

    def __init__(self, in_channels: int, *, growth_rate: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(in_channels, growth_rate, kernel_size=3, padding=1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        new = self.conv(self.relu(self.norm(features)))
        return torch.cat([features, new], dim=1)


class CifarDenseNet(Network):
    """Fig. 2: a 3x3 stem, three dense blocks with two transitions, one linear layer."""

    smallest_image_size = 4  # the transitions leave 2 pixels and 1

    def __init__(
        self,
        depth: int,
        *,
        growth_rate: int,
        is_bc: bool,
        num_classes: int = 10,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        layer = DenseLayer if is_bc else PlainLayer
        widths = block_channels(depth, growth_rate, is_bc=is_bc)
        stem_channels, last = widths[0][0], widths[-1][1]
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["conv0"] = nn.Conv2d(3, stem_channels, kernel_size=3, padding=1, bias=False)
        for i, (before, after) in enumerate(widths, 1):
            layers[f"denseblock{i}"] = dense_block(
                before, depth=depth, growth_rate=growth_rate, layer=layer
            )
            if i < len(widths):
                layers[f"transition{i}"] = transition(after, widths[i][0])
        layers["norm4"] = nn.BatchNorm2d(last)
        layers["relu4"] = nn.ReLU(inplace=True)
        self.features = nn.Sequential(layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(last, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, C, H / 4, W / 4)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, C)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier(embedding)


def block_channels(depth: int, growth_rate: int, *, is_bc: bool) -> list[tuple[int, int]]:
    """What enters and what leaves each of the three dense blocks."""
    channels = 2 * growth_rate if is_bc else 16
    widths = []
    for _ in range(3):
        widths.append((channels, channels + depth * growth_rate))
        channels = widths[-1][1] // 2 if is_bc else widths[-1][1]
    return widths


def stages(depth: int, growth_rate: int, *, is_bc: bool) -> tuple[Stage, ...]:
    """Stem, dense blocks and transitions; the last one ends with the ReLU before the pooling."""
    first, second, third = block_channels(depth, growth_rate, is_bc=is_bc)
    return (
        Stage("features.conv0", first[0], 1),
        Stage("features.denseblock1", first[1], 1),
        Stage("features.transition1", second[0], 2),
        Stage("features.denseblock2", second[1], 2),
        Stage("features.transition2", third[0], 4),
        Stage("features.relu4", third[1], 4),
    )


# fmt: off
# name, growth rate k, layers of a block ((L - 4) / 3, with bottlenecks (L - 4) / 6), whether BC,
# parameters, multiply-adds at 32 pixels
ROWS = (
    ("densenet_40_12",     12, 12, False,  1_019_722,   264_812_928),
    ("densenet_100_12",    12, 32, False,  6_979_642, 1_769_516_448),
    ("densenet_100_24",    24, 32, False, 27_249_082, 6_889_347_744),
    ("densenet_bc_100_12", 12, 16, True,     769_162,   287_929_692),
    ("densenet_bc_250_24", 24, 41, True,  15_324_406, 5_418_785_724),
    ("densenet_bc_190_40", 40, 31, True,  25_624_430, 9_301_945_740),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="densenet_cifar",
        edition="paper",
        build=partial(CifarDenseNet, depth, growth_rate=growth_rate, is_bc=is_bc),
        paper=PAPER,
        stages=stages(depth, growth_rate, is_bc=is_bc),
        head="classifier",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=32,
        num_classes=10,
    )
    for name, growth_rate, depth, is_bc, parameters, multiply_adds in ROWS
)
