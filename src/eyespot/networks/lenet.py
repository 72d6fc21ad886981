"""Weights shared over a picture, maps that halve as they multiply: the ConvNet that read cheques.

LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning Applied to Document Recognition.
Proceedings of the IEEE 86(11), 1998.

- C3 is connected in part, as Table I says: its maps are forced to become different (Sect. II.B).
- Subsampling learns: the sum of four inputs times a coefficient, plus a bias, squashed.
- The output learns nothing: it says how far F6 is from fixed codes of +1 and -1 (Eq. 7).
- Pictures are 28x28 digits centred in 32x32: background -0.1, ink 1.175.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.radial_output import RBF, codes

# Table I: a row is a map of S2, a column is a map of C3, X joins the two
TABLE_I = """
X...XXX..XXXX.XX
XX...XXX..XXXX.X
XXX...XXX..X.XXX
.XXX..XXXX..X.XX
..XXX..XXXX.XX.X
...XXX..XXXX.XXX
"""


class ScaledTanh(nn.Module):
    """Eq. 6 and appendix A: a squashing function that leaves 1 and -1 where they are."""

    def forward(self, sums: Tensor) -> Tensor:
        return 1.7159 * torch.tanh(2 / 3 * sums)


class Subsampling(nn.Module):
    """S2 and S4: (N, C, h, w) -> (N, C, h / 2, w / 2), a coefficient and a bias for each map."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(kernel_size=2)
        self.coefficient = nn.Parameter(torch.empty(channels, 1, 1))
        self.bias = nn.Parameter(torch.empty(channels, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        return 4 * self.pool(features) * self.coefficient + self.bias  # the sum of four


class PartialConvolution(nn.Module):
    """C3: a 5x5 convolution for each column of Table I, (N, 6, 14, 14) -> (N, 16, 10, 10)."""

    def __init__(self) -> None:
        super().__init__()
        columns = list(zip(*TABLE_I.split(), strict=True))
        self.sources = [[i for i, mark in enumerate(column) if mark == "X"] for column in columns]
        self.maps = nn.ModuleList(nn.Conv2d(len(maps), 1, kernel_size=5) for maps in self.sources)

    def forward(self, features: Tensor) -> Tensor:
        pairs = zip(self.maps, self.sources, strict=True)
        return torch.cat([convolve(features[:, maps]) for convolve, maps in pairs], dim=1)


def squashed(layer: nn.Module) -> nn.Sequential:
    """What all layers up to F6 do with their sums (Eq. 5)."""
    return nn.Sequential(layer, ScaledTanh())


class LeNet5(Network):
    """Fig. 2: convolutions C1, C3 and C5, subsamplings S2 and S4, linear F6, radial output."""

    in_channels = 1
    smallest_image_size = 32
    largest_image_size = 32

    def __init__(self, *, num_classes: int = 10, generator: Generator = None) -> None:
        super().__init__()
        self.c1 = squashed(nn.Conv2d(1, 6, kernel_size=5))  # (N, 6, 28, 28)
        self.s2 = squashed(Subsampling(6))  # (N, 6, 14, 14)
        self.c3 = squashed(PartialConvolution())  # (N, 16, 10, 10)
        self.s4 = squashed(Subsampling(16))  # (N, 16, 5, 5)
        self.c5 = squashed(nn.Conv2d(16, 120, kernel_size=5))  # (N, 120, 1, 1)
        self.f6 = squashed(nn.Linear(120, 7 * 12))
        self.output = RBF(codes(num_classes, generator))
        initialise(self, generator, bound=lambda fan_in: 2.4 / fan_in)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.c5(self.s4(self.c3(self.s2(self.c1(images)))))

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.f6(self.forward_features(images).flatten(1))  # (N, 84)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.output(embedding)


class ModernLeNet5(Network):
    """What is taught as LeNet-5 today: rectified, max pooled, connected in full, linear output."""

    in_channels = 1
    smallest_image_size = 28
    largest_image_size = 28

    def __init__(self, *, num_classes: int = 10, generator: Generator = None) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, kernel_size=5),  # (N, 6, 24, 24)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=2),
            nn.Conv2d(6, 16, kernel_size=5),  # (N, 16, 8, 8)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=2),  # (N, 16, 4, 4)
        )
        self.classifier = nn.Sequential(
            nn.Linear(16 * 4 * 4, 120),
            nn.ReLU(inplace=True),
            nn.Linear(120, 84),
            nn.ReLU(inplace=True),
            nn.Linear(84, num_classes),
        )
        initialise(self, generator, bound=lambda fan_in: fan_in**-0.5)  # torch's own

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.classifier[:-1](self.forward_features(images).flatten(1))  # (N, 84)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier[-1](embedding)


def initialise(network: nn.Module, generator: Generator, *, bound: Callable[[int], float]) -> None:
    """Appendix A: uniform, by the inputs of a unit, and biases like all other weights."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear | Subsampling):
            fan_in = 4 if isinstance(module, Subsampling) else module.weight[0].numel()
            for parameter in module.parameters(recurse=False):
                nn.init.uniform_(parameter, -bound(fan_in), bound(fan_in), generator)


PAPER = Paper(
    title="Gradient-Based Learning Applied to Document Recognition",
    authors="LeCun, Bottou, Bengio, Haffner",
    year=1998,
    venue="Proceedings of the IEEE 86(11), 2278-2324",
    arxiv=None,
    introduced="shared weights and subsampling, all trained from pixels to the character",
)

CONNECTIONS = Deviation(
    "the paper prints 340,908 connections, those of biases and of subsampling among them; "
    "multiply-adds are those of the kernels, of F6 and of the output",
    "Sect. II.B",
    "340908 == 326520 + 28**2 * 6 + 14**2 * 6 * 5 + 10**2 * 16 + 5**2 * 16 * 5 + 120 + 84",
)
CODES = Deviation("the bitmaps of the ten digits are our drawings, not Fig. 3's", "Fig. 3")
MODERN = Deviation(
    "28 pixels, C3 connected in full, max pooling without weights, rectifiers, and a linear layer "
    "for the fixed codes; initialised as torch does",
    "EE-559 Deep Learning, lecture 8.2 (Fleuret)",
    "44426 - 60000 == (96 - 60) * 25 - 12 - 32 - 120 * (400 - 256) + 10 * (84 + 1)",
)

# a line: module, channels, stride
STAGES = (("c1", 6, 1), ("s2", 6, 2), ("c3", 16, 2), ("s4", 16, 4), ("c5", 120, 4))
MODERN_STAGES = (("1", 6, 1), ("2", 6, 2), ("4", 16, 2), ("5", 16, 4))  # in `features`

ARCHITECTURES = (
    Architecture(
        name="lenet5",
        family="lenet",
        edition="paper",
        build=LeNet5,
        paper=PAPER,
        stages=tuple(Stage(*line) for line in STAGES),
        head="output",
        parameters=60_000,
        multiply_adds=326_520,
        image_size=32,
        num_classes=10,
        deviations=(CONNECTIONS, CODES),
    ),
    Architecture(
        name="lenet5_modern",
        family="lenet",
        edition="modern",
        build=ModernLeNet5,
        paper=PAPER,
        stages=tuple(Stage(f"features.{i}", width, stride) for i, width, stride in MODERN_STAGES),
        head="classifier.4",
        parameters=44_426,
        multiply_adds=281_640,
        image_size=28,
        num_classes=10,
        deviations=(MODERN,),
    ),
)
