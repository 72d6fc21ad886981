"""Gates decide for every number whether a layer changes it or lets it pass: a hundred layers train.

Srivastava, Greff, Schmidhuber: Training Very Deep Networks. NIPS 2015, arXiv:1507.06228; first as
Highway Networks, arXiv:1505.00387. Code: github.com/flukeskywalker/highway-networks.

- A highway layer (Eq. 3, in `highway_layers.py`) is a layer and a gate as large as that layer; what
  the gate keeps out of the layer's output it takes from the input, so both have one shape.
- Gates start with negative biases: the network first carries, then learns to change (Sect. 2.2).
- Where the channels change stands a plain layer; there are no norms.
"""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.highway_layers import (
    Parts,
    all_convolutional,
    convolutional,
    fully_connected,
    with_hidden_layer,
)


class HighwayNetwork(Network):
    """Stages of highway layers, what makes a vector of the last map, and one linear layer."""

    def __init__(
        self,
        parts: Callable[[], Parts],
        *,
        in_channels: int,
        gate_bias: float,
        num_classes: int = 10,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.smallest_image_size = 28 if in_channels == 1 else 4  # pixels; two pools need 4
        self.largest_image_size = 28 if in_channels == 1 else None
        stages, neck, width, dropout = parts()
        self.features = nn.Sequential(stages)
        self.neck = neck
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(width, num_classes)
        initialise(self, generator, gate_bias=gate_bias)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.neck(self.forward_features(images)).flatten(1)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(self.dropout(embedding))


def initialise(network: nn.Module, generator: Generator, *, gate_bias: float) -> None:
    """Sect. 2.2: gates start closed, the full ones at -2 (Sect. 4), the others as in the code.

    Weights are the code's: normal, variance 2 / fan-in.
    """
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu", generator=generator)
            if module.bias is not None:
                nn.init.constant_(module.bias, gate_bias if name.endswith(".gate") else 0.0)


PAPER = Paper(
    title="Training Very Deep Networks (and Highway Networks, arXiv:1505.00387)",
    authors="Srivastava, Greff, Schmidhuber",
    year=2015,
    venue="NIPS 2015",
    arxiv="1507.06228",
    introduced="gated shortcuts, by which networks of a hundred layers train as shallow ones do",
)

LAYER = Deviation(
    "the paper prints about 5000 parameters for a layer: one of 50 gated units has 5,100",
    "Sect. 3.1",
    "2 * (50 * 50 + 50) == 5100",
)
TANH = Deviation(
    "rectifiers; the paper searched between them and tanh, and does not say what won",
    "Sect. 3.1",
)
START = Deviation(
    "all weights start alike; the code starts those of the logits with deviation 0.1 (MNIST) or "
    "0.05 (CIFAR), and conv1 on CIFAR with 1: its Caffe passes over the 0.05 in the layer file",
    "flukeskywalker/highway-networks, *_network.prototxt and filler.hpp",
)
MNIST = Deviation(
    "kernels, pools and dropout are those of the code's layer file, which has 32 channels and with "
    "them the 151K parameters that the paper prints; with 16 channels it has the 39K",
    "Table 1 against flukeskywalker/highway-networks, mnist_network.prototxt and sample.log",
    "26 * 32 + 16 * 289 * 32 + 289 * 10 == 151690",
)
A = Deviation(
    "the paper prints 11 layers and about 236K parameters, no widths. Inferred: FitNet 1, which it "
    "follows, goes from 16 channels to 64, and a hidden layer of 250 makes up the number; it "
    "then has 31 million multiply-adds, and the paper speaks of about 30 for FitNets of that size",
    "Table 2",
    "28 * 16 + 4 * 145 * 16 + 145 * 32 + 4 * 289 * 32 + 289 * 64 + 4 * 577 * 64 + 65 * 250 "
    "+ 251 * 10 == 236328",
)
B = Deviation(
    "the paper prints 19 layers and about 2.3M parameters, no widths. Those of the convolutions "
    "are the code's for Table 3; the hidden layer of 250 is inferred from A",
    "Table 2 against flukeskywalker/highway-networks, cifar10_network.prototxt",
    "28 * 32 + 8 * 289 * 32 + 289 * 80 + 10 * 721 * 80 + 721 * 128 + 10 * 1153 * 128 + 129 * 250 "
    "+ 251 * 10 == 2277688",
)
C = Deviation(
    "the paper prints 32 layers, kernels of 3x3 and 1x1 in turn and about 1.25M parameters, no "
    "widths. A guess that gives both numbers, and not the only one: ten layers in each stage, 24 "
    "channels doubled twice, a hidden layer of 100",
    "Table 2 and Sect. 3.3.1",
    "28 * 24 + 2 * 24 * (5 * 217 + 4 * 25) + 217 * 48 + 2 * 48 * (5 * 433 + 4 * 49) + 433 * 96 "
    "+ 2 * 96 * (5 * 865 + 4 * 97) + 97 * 100 + 101 * 10 == 1251798",
)
TABLE_3 = Deviation(
    "the paper prints no widths and no parameters: they are the code's, which counts 2,256,838 in "
    "the log of a training; its layer file for CIFAR-10 has 100 logits, the log 10",
    "Table 3 against flukeskywalker/highway-networks, cifar10_network.prototxt and sample.log",
    "28 * 32 + 8 * 289 * 32 + 289 * 80 + 10 * 721 * 80 + 721 * 128 + 10 * 1153 * 128 + 129 * 100 "
    "+ 101 * 10 == 2256838",
)

# kernels of the highway layers in networks of 11, 19 and 32 layers
IN_11, IN_19 = 3 * ((3, 3),), ((3,) * 4, (3,) * 5, (3,) * 5)
IN_32 = 3 * ((3, 1, 3, 1, 3, 1, 3, 1, 3),)
FULL_10, FULL_20 = partial(fully_connected, 10), partial(fully_connected, 20)
FULL_50, FULL_100 = partial(fully_connected, 50), partial(fully_connected, 100)
MNIST_16, MNIST_32 = partial(convolutional, 16), partial(convolutional, 32)
FITNET_A = partial(with_hidden_layer, (16, 32, 64), IN_11, 250)
FITNET_B = partial(with_hidden_layer, (32, 80, 128), IN_19, 250)
THIN = partial(with_hidden_layer, (24, 48, 96), IN_32, 100)
POOLED = partial(all_convolutional, (32, 80, 128), IN_19, 100)
Row = tuple[str, Callable[[], Parts], int, tuple[int, ...], int, int, int, Deviation]
# fmt: off
# name, layers, channels of images and stages, first bias of gates, parameters, multiply-adds
ROWS: tuple[Row, ...] = (
    ("highway_mnist_10",      FULL_10,  1, (50,),              -2,    85_660,      84_700, LAYER),
    ("highway_mnist_20",      FULL_20,  1, (50,),              -2,   136_660,     134_700, LAYER),
    ("highway_mnist_50",      FULL_50,  1, (50,),              -2,   289_660,     284_700, LAYER),
    ("highway_mnist_100",     FULL_100, 1, (50,),              -2,   544_660,     534_700, LAYER),
    ("highway_mnist_conv_16", MNIST_16, 1, (16, 16,  16),      -1,    38_986,   8_028_576, MNIST),
    ("highway_mnist_conv_32", MNIST_32, 1, (32, 32,  32),      -1,   151_690,  31_650_624, MNIST),
    ("highway_cifar_a",       FITNET_A, 3, (16, 32,  64),      -2,   236_328,  31_131_716, A),
    ("highway_cifar_b",       FITNET_B, 3, (32, 80, 128),      -2, 2_277_688, 330_041_028, B),
    ("highway_cifar_c",       THIN,     3, (24, 48,  96),      -2, 1_251_798, 179_390_824, C),
    ("highway_cifar_19",      POOLED,   3, (32, 80, 128, 100), -2, 2_256_838, 330_826_728, TABLE_3),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="highway",
        edition="paper",
        build=partial(HighwayNetwork, parts, in_channels=in_channels, gate_bias=gate_bias),
        paper=PAPER,
        stages=tuple(
            Stage(f"features.stage{i + 1}", channels, 28 if deviation is LAYER else min(2**i, 4))
            for i, channels in enumerate(widths)
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=28 if in_channels == 1 else 32,
        num_classes=10,
        deviations=(deviation, TANH if deviation is LAYER else START),
    )
    for name, parts, in_channels, widths, gate_bias, parameters, multiply_adds, deviation in ROWS
)
