"""A small network slides over the image where a filter would, and class maps are pooled to logits.

Lin, Chen, Yan: Network In Network. ICLR 2014, arXiv:1312.4400. Code: github.com/mavenlin.

- An mlpconv layer is a convolution and a perceptron over its channels at every position: two 1x1
  convolutions, which the code calls cccp, all of them rectified (Fig. 1b, Eq. 2).
- No linear layer: the last mlpconv gives one map for each class, and global average pooling makes
  them logits, so that no weight of the classifier can overfit (Sect. 3.2).
- Dropout behind each max pool (CIFAR-10), or behind the last of them only (ImageNet).
"""

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage


@dataclass(frozen=True)
class MLPConv:
    """One line of a layer file: a convolution, the 1x1 convolutions on top of it, and their start.

    The last line's last 1x1 convolution, which gives the class maps, is the network's own.
    """

    kernel_size: int
    widths: tuple[int, ...]  # channels, one layer after the other
    stds: tuple[float, ...]  # standard deviations of the first weights
    drops: bool = False  # dropout on what the pool behind it gives
    stride: int = 1
    padding: int = 0


CIFAR10 = (
    MLPConv(5, (192, 160, 96), (0.05, 0.05, 0.05), padding=2, drops=True),
    MLPConv(5, (192, 192, 192), (0.05, 0.05, 0.05), padding=2, drops=True),
    MLPConv(3, (192, 192), (0.05, 0.05), padding=1),
)
IMAGENET = (
    MLPConv(11, (96, 96, 96), (0.01, 0.05, 0.05), stride=4),
    MLPConv(5, (256, 256, 256), (0.05, 0.05, 0.05), padding=2),
    MLPConv(3, (384, 384, 384), (0.01, 0.05, 0.05), padding=1, drops=True),
    MLPConv(3, (1024, 1024), (0.05, 0.05), padding=1),
)


def mlpconv(in_channels: int, line: MLPConv) -> nn.Sequential:
    """Fig. 1b: (N, in, h, w) -> (N, widths[-1], h / stride, w / stride)."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv"] = nn.Conv2d(
        in_channels, line.widths[0], line.kernel_size, stride=line.stride, padding=line.padding
    )
    layers["relu"] = nn.ReLU(inplace=True)
    for i, out_channels in enumerate(line.widths[1:], start=1):
        layers[f"cccp{i}"] = nn.Conv2d(line.widths[i - 1], out_channels, kernel_size=1)
        layers[f"relu{i}"] = nn.ReLU(inplace=True)
    return nn.Sequential(layers)


class NIN(Network):
    """Fig. 2: mlpconv layers with pools between them, the last of which gives the class maps."""

    def __init__(
        self,
        table: tuple[MLPConv, ...],
        *,
        smallest_image_size: int,
        head_std: float,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.smallest_image_size = smallest_image_size  # pixels; every pool needs a map of 2
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        in_channels = 3
        for number, line in enumerate(table, start=1):
            layers[f"mlpconv{number}"] = mlpconv(in_channels, line)
            if line is not table[-1]:
                layers[f"pool{number}"] = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
            if line.drops:
                layers[f"drop{number}"] = nn.Dropout(0.5)
            in_channels = line.widths[-1]
        self.features = nn.Sequential(layers)
        self.classifier = nn.Sequential(
            nn.Conv2d(in_channels, num_classes, kernel_size=1), nn.ReLU(inplace=True)
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        initialise(self, [std for line in table for std in line.stds] + [head_std], generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)

    def classify(self, embedding: Tensor) -> Tensor:
        """(N, C) -> (N, num_classes) logits: the class maps where the map is one position."""
        return self.classifier(embedding[:, :, None, None]).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes) logits: the means of the class maps."""
        self.check(images)
        return self.avgpool(self.classifier(self.forward_features(images))).flatten(1)


def initialise(network: nn.Module, stds: list[float], generator: Generator) -> None:
    """As in the layer files: normal, one deviation for each convolution; biases 0."""
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    for convolution, std in zip(convolutions, stds, strict=True):
        nn.init.normal_(convolution.weight, std=std, generator=generator)
        if convolution.bias is not None:
            nn.init.zeros_(convolution.bias)


PAPER = Paper(
    title="Network In Network",
    authors="Lin, Chen, Yan",
    year=2014,
    venue="ICLR 2014",
    arxiv="1312.4400",
    introduced="1x1 convolutions, and global average pooling in the place of linear layers",
)

WIDTHS = Deviation(
    "the paper has no table of its layers: kernels, widths, pools and first weights are those of "
    "the author's layer file",
    "Sect. 4.1 against mavenlin/cuda-convnet, NIN/cifar-10_def",
    "966986 == 75 * 192 + 2400 * 192 + 1728 * 192 + 192 * 160 + 160 * 96 + 3 * 192**2 + 192 * 10 "
    "+ 6 * 192 + 160 + 96 + 10",
)
NOT_IN_THE_PAPER = Deviation(
    "not in the paper: the first author's network for ImageNet, published as a layer file with its "
    "weights for Caffe",
    "mavenlin's train_val.prototxt, Caffe model zoo, nin_imagenet",
)
CROP = Deviation(
    "its crops have 224 pixels, which conv1 maps to 54; 227 pixels, AlexNet's, would make 55 and "
    "1,105,996,320 multiply-adds, from the first pool on at the same sizes",
    "mavenlin's train_val.prototxt, crop_size",
    "1105996320 - 1100188800 == (55**2 - 54**2) * (3 * 11 * 11 * 96 + 2 * 96 * 96)",
)


def stages(table: tuple[MLPConv, ...]) -> tuple[Stage, ...]:
    """The mlpconv layers; a pool is the beginning of the next one."""
    return tuple(
        Stage(f"features.mlpconv{i + 1}", line.widths[-1], table[0].stride * 2**i)
        for i, line in enumerate(table)
    )


# fmt: off
# name, layers, first weights of the class maps, smallest image, parameters, multiply-adds
ROWS = (
    ("nin_cifar10",  CIFAR10,  0.05,  4,   966_986,   222_486_528),
    ("nin_imagenet", IMAGENET, 0.01, 39, 7_595_176, 1_100_188_800),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="nin",
        edition="paper",
        build=partial(NIN, table, smallest_image_size=smallest, head_std=head_std),
        paper=PAPER,
        stages=stages(table),
        head="classifier.0",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=32 if table is CIFAR10 else 224,
        num_classes=10 if table is CIFAR10 else 1000,
        deviations=(WIDTHS,) if table is CIFAR10 else (NOT_IN_THE_PAPER, CROP),
    )
    for name, table, head_std, smallest, parameters, multiply_adds in ROWS
)
