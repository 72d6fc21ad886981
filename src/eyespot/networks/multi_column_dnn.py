"""A committee of small ConvNets that see a picture differently normalised, and whose mean counts.

Ciresan, Meier, Schmidhuber: Multi-column Deep Neural Networks for Image Classification. CVPR 2012,
arXiv:1202.2745.

- A column is written as in the paper: 20C4 is a 4x4 convolution with 20 maps, MP2 a 2x2 max pool,
  150N a layer of 150 units, all without padding and with LeCun's scaled tanh.
- Columns are trained alone; the mean of their softmaxes answers (Fig. 1), and the logits are its
  logarithm. The plain name is one column, `_committee` all of them.
- MNIST: five columns for each of seven widths of a digit. Traffic signs: five for each of five
  contrasts. CIFAR-10, from memory: four see the picture itself, four one other contrast each.
- Columns stand side by side as groups of a convolution; units are one as large as its map.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from math import log

import torch
from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks import column_inputs as see
from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.lenet import ScaledTanh

Normalisation = Callable[[Tensor], Tensor]  # (N, C, H, W) -> (N, C, H, W)
Normalisations = tuple[Normalisation, ...]


def layers(plan: str) -> list[tuple[str, int, int]]:
    """ "20C4-MP2-150N" -> kind, maps and size: ("C", 20, 4), ("MP", 0, 2), ("N", 150, 0)."""
    found = re.findall(r"(\d*)(C|MP|N)(\d*)", plan)
    return [(kind, int(maps or 0), int(size or 0)) for maps, kind, size in found]


def squashed(in_channels: int, out_channels: int, kernel_size: int, columns: int) -> nn.Sequential:
    """A convolution of every column: (N, columns * in, h, w) -> (N, columns * out, h', w')."""
    channels = (columns * in_channels, columns * out_channels)
    return nn.Sequential(nn.Conv2d(*channels, kernel_size, groups=columns), ScaledTanh())


class MeanSoftmax(nn.Module):
    """Every column's output layer, and the logarithm of their softmaxes' mean.

    (N, columns * D) -> (N, num_classes). A row of the weights is a class, a column after another.
    """

    def __init__(self, columns: int, in_features: int, num_classes: int) -> None:
        super().__init__()
        self.columns = columns
        self.weight = nn.Parameter(torch.empty(num_classes, columns * in_features))
        self.bias = nn.Parameter(torch.empty(num_classes, columns))

    def forward(self, embedding: Tensor) -> Tensor:
        kernels = self.weight.unflatten(1, (self.columns, -1)).transpose(0, 1).flatten(0, 1)
        biases = self.bias.t().flatten()
        sums = functional.conv1d(
            embedding[:, :, None], kernels[:, :, None], biases, groups=self.columns
        )
        scores = sums.squeeze(2).unflatten(1, (self.columns, -1))  # (N, columns, num_classes)
        return scores.log_softmax(2).logsumexp(1) - log(self.columns)


class MultiColumnDNN(Network):
    """Fig. 1: a column for each of `normalisations`, and the mean of what they answer."""

    def __init__(
        self,
        plan: str,
        normalisations: Normalisations,
        *,
        num_classes: int = 10,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        channels, size, _ = map(int, plan.partition("-")[0].split("x"))
        self.in_channels = channels
        self.smallest_image_size = self.largest_image_size = size
        self.normalisations = normalisations
        columns = len(normalisations)
        self.features, self.hidden = nn.Sequential(), nn.Sequential()
        for kind, maps, kernel_size in layers(plan)[:-1]:
            if kind == "MP":
                rounds_up = size % kernel_size > 0
                self.features.append(nn.MaxPool2d(kernel_size, ceil_mode=rounds_up))
                size = -(-size // kernel_size)
            elif kind == "C":
                self.features.append(squashed(channels, maps, kernel_size, columns))
                channels, size = maps, size - kernel_size + 1
            else:
                self.hidden.append(squashed(channels, maps, size, columns))
                channels, size = maps, 1
        self.output = MeanSoftmax(columns, channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        seen = {normalise: normalise(images) for normalise in dict.fromkeys(self.normalisations)}
        columns = [seen[normalise] for normalise in self.normalisations]
        return self.features(torch.cat(columns, dim=1))  # (N, columns * C, h, w)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.hidden(self.forward_features(images)).flatten(1)  # (N, columns * D)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.output(embedding)


def initialise(network: nn.Module, generator: Generator) -> None:
    """Sect. 3: uniform between -0.05 and 0.05."""
    for parameter in network.parameters():
        nn.init.uniform_(parameter, -0.05, 0.05, generator)


PAPER = Paper(
    title="Multi-column Deep Neural Networks for Image Classification",
    authors="Ciresan, Meier, Schmidhuber",
    year=2012,
    venue="CVPR 2012",
    arxiv="1202.2745",
    introduced="the mean of deep columns that see the picture differently normalised",
)

ALONE = Deviation(
    "as one network the columns learn together, from the loss of their mean; the authors train "
    "each alone, as the plain name does",
    "Sect. 2",
)
ROUNDED = Deviation(
    "the third pool rounds up: of 5 pixels it makes 3, or nothing would be left for the last pool",
    "Sect. 3.5",
    "-(-5 // 2) - 2 + 1 == 2",
)

MNIST = "1x29x29-20C4-MP2-40C5-MP3-150N-10N"  # Sect. 3.1
GTSRB = "3x48x48-100C7-MP2-150C4-MP2-250C4-MP2-300N-43N"  # Sect. 3.4
CIFAR = "3x32x32-300C3-MP2-300C2-MP2-300C3-MP2-300C2-MP2-300N-100N-10N"  # Sect. 3.5
WIDTHS: Normalisations = tuple(partial(see.digit_width, width=w) for w in range(10, 21, 2))
CONTRASTS = (see.stretched, see.equalised, see.equalised_in_tiles, see.edges)
DIGITS = tuple(width for width in (see.unchanged, *WIDTHS) for _ in range(5))
SIGNS = tuple(contrast for contrast in (see.unchanged, *CONTRASTS) for _ in range(5))
OBJECTS = ((see.unchanged,) * 4) + CONTRASTS
# fmt: off
# dataset, column, what the columns of the committee see, parameters and multiply-adds of one, how
# the committee differs, how each column does
ROWS = (
    ("mnist",   MNIST, DIGITS,     76_040,   1_891_820, see.WIDTH),
    ("cifar10", CIFAR, OBJECTS, 1_660_710,  99_661_000, see.CONTRAST, ROUNDED),
    ("gtsrb",   GTSRB, SIGNS,   1_543_443, 125_978_700, see.CONTRAST),
)
# fmt: on


def stages(plan: str, columns: int) -> Iterator[Stage]:
    """Every convolution and every pool."""
    channels, stride = 0, 1
    for i, (kind, maps, size) in enumerate(layers(plan)):
        if kind != "N":
            channels, stride = (maps, stride) if maps else (channels, stride * size)
            yield Stage(f"features.{i}", columns * channels, stride)


def both(
    dataset: str,
    plan: str,
    normalisations: Normalisations,
    parameters: int,
    multiply_adds: int,
    inputs: Deviation,
    *deviations: Deviation,
) -> Iterator[Architecture]:
    """A column that sees the picture as it is, and the committee."""
    count, name = len(normalisations), f"multi_column_dnn_{dataset}"
    one = Deviation(
        f"one of {count} columns; the paper's network is {name}_committee, and so are its errors",
        "Sect. 2",
        f"{count} * {parameters} == {count * parameters}",
    )
    for ending, sees, differs in (
        ("", (see.unchanged,), (one, *deviations)),
        ("_committee", normalisations, (ALONE, inputs, *deviations)),
    ):
        yield Architecture(
            name=name + ending,
            family="multi_column_dnn",
            edition="paper",
            build=partial(MultiColumnDNN, plan, sees),
            paper=PAPER,
            stages=tuple(stages(plan, len(sees))),
            head="output",
            parameters=len(sees) * parameters,
            multiply_adds=len(sees) * multiply_adds,
            image_size=int(plan.split("x")[1]),
            num_classes=layers(plan)[-1][1],
            deviations=differs,
        )


ARCHITECTURES = tuple(architecture for row in ROWS for architecture in both(*row))
