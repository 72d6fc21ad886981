"""Rectifiers that learn their slope, and the start that lets rectified networks of any depth learn.

He, Zhang, Ren, Sun: Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet
Classification. ICCV 2015, arXiv:1502.01852.

- PReLU: what is negative is multiplied by a slope, which is learned, one for each channel; it
  starts at 0.25 and is not decayed (Sect. 2.1, Eq. 1).
- The start keeps the variance of what flows back through rectifiers (Sect. 2.2, Eqs. 14 and 15).
- VGG-19, with one 7x7 in the place of the two largest maps, and deeper (B) or wider (C, Table 3).
- A pyramid of 7x7, 3x3, 2x2 and 1x1 bins stands before the linear layers (Sect. 2.3).
"""

from collections import OrderedDict
from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage

SLOPE = 0.25  # of what is negative, at the start
LEVELS = (7, 3, 2, 1)  # bins of the pyramid along an axis: 49 + 9 + 4 + 1 == 63 in all


class SpatialPyramidPooling(nn.Module):
    """The maximum in every bin of every level: (N, C, h, w) -> (N, 63 * C).

    He, Zhang, Ren, Sun: Spatial Pyramid Pooling in Deep Convolutional Networks, arXiv:1406.4729.
    """

    def __init__(self, levels: tuple[int, ...] = LEVELS) -> None:
        super().__init__()
        self.levels = nn.ModuleList(nn.AdaptiveMaxPool2d(bins) for bins in levels)

    def forward(self, features: Tensor) -> Tensor:
        return torch.cat([level(features).flatten(1) for level in self.levels], dim=1)


def stage(in_channels: int, out_channels: int, *, depth: int) -> nn.Sequential:
    """`depth` 3x3 convolutions, each with its slopes: (N, in, h, w) -> (N, out, h, w)."""
    layers: list[nn.Module] = []
    for i in range(depth):
        layers.append(nn.Conv2d(out_channels if i else in_channels, out_channels, 3, padding=1))
        layers.append(nn.PReLU(out_channels, init=SLOPE))
    return nn.Sequential(*layers)


class PReLUNet(Network):
    """Table 3: a 7x7 convolution, three stages of 3x3, the pyramid and three linear layers."""

    smallest_image_size = 15  # pixels; the last pool needs a map of 2

    def __init__(
        self,
        widths: tuple[int, int, int],
        *,
        depth: int,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["stage1"] = nn.Sequential(
            nn.Conv2d(3, 96, kernel_size=7, stride=2, padding=3), nn.PReLU(96, init=SLOPE)
        )
        in_channels = 96
        for number, out_channels in enumerate(widths, start=2):
            layers[f"pool{number - 1}"] = nn.MaxPool2d(kernel_size=2, stride=2)
            layers[f"stage{number}"] = stage(in_channels, out_channels, depth=depth)
            in_channels = out_channels
        self.features = nn.Sequential(layers)
        self.spp = SpatialPyramidPooling()
        self.classifier = nn.Sequential(
            nn.Linear(63 * in_channels, 4096),
            nn.PReLU(4096, init=SLOPE),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),
            nn.PReLU(4096, init=SLOPE),
            nn.Dropout(0.5),
            nn.Linear(4096, num_classes),
        )
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, C, H / 16, W / 16)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.classifier[:-1](self.spp(self.forward_features(images)))  # (N, 4096)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier[-1](embedding)


def initialise(network: PReLUNet, generator: Generator) -> None:
    """Sect. 2.2: convolutions by Eq. 14 with slopes, (1 + a^2) / 2 * k^2 * d * variance == 1.

    Linear layers have deviations of 0.01, 0.01 and 0.001, which Eq. 14 would make larger: the
    paper's pictures are in [-128, 128]. Biases are 0.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, SLOPE, "fan_out", "leaky_relu", generator)
    linear = [module for module in network.classifier if isinstance(module, nn.Linear)]
    for layer, std in zip(linear, (0.01, 0.01, 0.001), strict=True):
        nn.init.normal_(layer.weight, std=std, generator=generator)
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)


PAPER = Paper(
    title=(
        "Delving Deep into Rectifiers: Surpassing Human-Level Performance on ImageNet "
        "Classification"
    ),
    authors="He, Zhang, Ren, Sun",
    year=2015,
    venue="ICCV 2015",
    arxiv="1502.01852",
    introduced="rectifiers with learned slopes, and an initialisation made for rectifiers",
)

BINS = Deviation(
    "three bins on a map of 14 cover it in windows of five: the first two begin 4 pixels apart, "
    "the last one ends with the map; windows at a fixed stride of 4 would miss the last row",
    "Table 3, spp; arXiv:1406.4729 has both rules",
    "2 * 4 + 5 == 14 - 1",
)
WIDER = Deviation(
    "Table 3 prints 5.30 x 10^10 operations for C; its widths make 5.32 without the linear layers "
    "and 5.35 with them",
    "Table 3",
    "53463130112 - 53211045888 == (63 * 896 + 4096 + 1000) * 4096",
)

# fmt: off
# name, channels of the three stages, convolutions in each, parameters, multiply-adds (Table 3)
ROWS = (
    ("prelu_net_a", (256, 512, 512), 5, 178_032_072, 19_058_106_368),
    ("prelu_net_b", (256, 512, 512), 6, 183_343_048, 23_219_904_512),
    ("prelu_net_c", (384, 768, 896), 6, 330_623_944, 53_463_130_112),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="prelu_net",
        edition="paper",
        build=partial(PReLUNet, widths, depth=depth),
        paper=PAPER,
        stages=tuple(
            Stage(f"features.stage{i + 1}", channels, 2 ** (i + 1))
            for i, channels in enumerate((96, *widths))
        ),
        head="classifier.6",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(BINS, WIDER) if name == "prelu_net_c" else (BINS,),
    )
    for name, widths, depth, parameters, multiply_adds in ROWS
)
