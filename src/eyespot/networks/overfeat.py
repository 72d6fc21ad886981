"""A classifier that slides: every layer a convolution, so that a larger picture is many windows.

Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun: OverFeat: Integrated Recognition, Localization and
Detection using Convolutional Networks. ICLR 2014, arXiv:1312.6229.

- AlexNet without response normalisation, in one tower; pools do not overlap (Sect. 3.1).
- The classifier is a convolution over the whole map and two of 1x1: at the training size it gives
  one position, on a larger picture a map of class scores (Sect. 3.5).
- `pool` stands apart, since the paper's dense use replaces it: pools of the accurate network start
  at each of 3x3 offsets, and windows lie 12 pixels apart, not 36 (Sect. 3.3, Fig. 3).
"""

from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage

# out channels, kernel size, stride, padding; size and stride of the pool behind it, or 1 for none
Layer = tuple[int, int, int, int, int]
# fmt: off
FAST: tuple[Layer, ...] = (  # Table 1
    (  96, 11, 4, 0, 2),
    ( 256,  5, 1, 0, 2),
    ( 512,  3, 1, 1, 1),
    (1024,  3, 1, 1, 1),
    (1024,  3, 1, 1, 2),
)
ACCURATE: tuple[Layer, ...] = (  # Table 3
    (  96,  7, 2, 0, 3),
    ( 256,  7, 1, 0, 2),
    ( 512,  3, 1, 1, 1),
    ( 512,  3, 1, 1, 1),
    (1024,  3, 1, 1, 1),
    (1024,  3, 1, 1, 3),
)
# fmt: on


class OverFeat(Network):
    """Tables 1 and 3: convolutions with pools between them, a last pool, and the classifier.

    `classifier(pool(forward_features(images)))` is the map of logits, (N, num_classes, h, w):
    1x1 at `image_size`, and of a larger picture the logits are its mean.
    """

    def __init__(
        self,
        table: tuple[Layer, ...],
        *,
        image_size: int,
        full: tuple[int, int, int],
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.smallest_image_size = image_size  # pixels; smaller ones leave no window
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        in_channels = 3
        for number, (out_channels, kernel_size, stride, padding, pool) in enumerate(table, start=1):
            convolution = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding)
            layers[f"conv{number}"] = nn.Sequential(convolution, nn.ReLU(inplace=True))
            if pool > 1:
                layers[f"pool{number}"] = nn.MaxPool2d(pool)
            in_channels = out_channels
        last_pool = layers.pop(f"pool{len(table)}")
        window, first, second = full
        self.features = nn.Sequential(layers)
        self.pool = last_pool  # (N, 1024, window, window)
        self.classifier = nn.Sequential(
            nn.Conv2d(in_channels, first, kernel_size=window),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Conv2d(first, second, kernel_size=1),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Conv2d(second, num_classes, kernel_size=1),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, 1024, h, w), before the last pool

    def forward_embedding(self, images: Tensor) -> Tensor:
        windows = self.classifier[:-1](self.pool(self.forward_features(images)))
        return self.avgpool(windows).flatten(1)  # (N, 4096); the last layer is linear, so is a mean

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier[-1](embedding[:, :, None, None]).flatten(1)


def initialise(network: nn.Module, generator: Generator) -> None:
    """Sect. 3.1: normal with deviation 0.01; of biases the paper says nothing, they are 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, std=0.01, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title=(
        "OverFeat: Integrated Recognition, Localization and Detection using Convolutional Networks"
    ),
    authors="Sermanet, Eigen, Zhang, Mathieu, Fergus, LeCun",
    year=2014,
    venue="ICLR 2014",
    arxiv="1312.6229",
    introduced="dense sliding windows at the cost of one pass, with pools at every offset",
)

MEAN = Deviation(
    "on pictures larger than those of the training, logits are the mean over positions; the paper "
    "takes the best position of each class, at several scales and offsets",
    "Sect. 3.3",
)
CONNECTIONS = Deviation(
    "Table 4 prints 2,810 million connections, Table 1 has 2,802 million, biases among them",
    "Table 4, as it is recalled, against Table 1",
    "2810 - round((2801403904 + 825320) / 10**6) == 8",
)
CONNECTIONS_ACCURATE = Deviation(
    "Table 4 prints 5,369 million connections, Table 3 has 5,357 million, biases among them",
    "Table 4, as it is recalled, against Table 3",
    "5369 - round((5355446784 + 2050536) / 10**6) == 12",
)

# fmt: off
# name, layers, classifier, image size, strides of the convolutions' maps, parameters, multiply-adds
ROWS = (
    ("overfeat_fast", FAST, (6, 3072, 4096), 231,
     (4, 8, 16, 16, 16),     145_920_872, 2_801_403_904, (MEAN, CONNECTIONS)),
    ("overfeat_accurate", ACCURATE, (5, 4096, 4096), 221,
     (2, 6, 12, 12, 12, 12), 144_656_488, 5_355_446_784, (MEAN, CONNECTIONS_ACCURATE)),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="overfeat",
        edition="paper",
        build=partial(OverFeat, table, image_size=image_size, full=full),
        paper=PAPER,
        stages=tuple(
            Stage(f"features.conv{number}", layer[0], stride)
            for number, (layer, stride) in enumerate(zip(table, strides, strict=True), start=1)
        ),
        head="classifier.6",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=image_size,
        deviations=deviations,
    )
    for name, table, full, image_size, strides, parameters, multiply_adds, deviations in ROWS
)
