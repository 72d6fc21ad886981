"""Normalise each batch inside the network: rates grow thirtyfold, and dropout has nothing to do.

Ioffe, Szegedy: Batch Normalization: Accelerating Deep Network Training by Reducing Internal
Covariate Shift. ICML 2015, arXiv:1502.03167.

- Batch norm stands between every convolution, which needs no bias then, and its ReLU (Sect. 3.2).
- GoogLeNet's modules with two 3x3 for the 5x5; a third module at 28x28 (Fig. 5, appendix).
- 3c and 4e halve the map themselves: what strides stands beside a pooling that passes through.
- The pooled branch is averaged, but in 5b it takes the maximum.
- No response normalisation, no dropout (Sect. 4.2.1).
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.layers import Edition, SamePadding, unit

TF_SLIM = Edition("paper", "same", norm_eps=1e-3, norm_momentum=3e-4)  # decay 0.9997

# a line of Fig. 5: #1x1, #3x3 reduce, #3x3, double #3x3 reduce, double #3x3, pool projection
Widths = tuple[int, int, int, int, int, int]

conv = partial(unit, edition=TF_SLIM, activation=nn.ReLU)
MAXIMUM = partial(nn.MaxPool2d, 3, stride=1, padding=1)
MEAN = partial(nn.AvgPool2d, 3, stride=1, padding=1, count_include_pad=False)


def halving_pool() -> nn.Sequential:
    """The maximum of 3x3: (N, C, h, w) -> (N, C, h / 2, w / 2), rounded up. Maps are rectified."""
    return nn.Sequential(SamePadding(3, 2), nn.MaxPool2d(3, stride=2))


class Inception(nn.Module):
    """A line of Fig. 5: (N, in, h, w) -> (N, 1x1 + 3x3 + double 3x3 + projected, h, w)."""

    def __init__(
        self, in_channels: int, widths: Widths, *, pool: Callable[[], nn.Module] = MEAN
    ) -> None:
        super().__init__()
        one, reduced, three, reduced_double, double, projected = widths
        self.branch1 = conv(in_channels, one, 1)
        self.branch2 = nn.Sequential(conv(in_channels, reduced, 1), conv(reduced, three, 3))
        self.branch3 = nn.Sequential(
            conv(in_channels, reduced_double, 1),
            conv(reduced_double, double, 3),
            conv(double, double, 3),
        )
        self.branch4 = nn.Sequential(pool(), conv(in_channels, projected, 1))

    def forward(self, features: Tensor) -> Tensor:
        branches = (self.branch1, self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(features) for branch in branches], dim=1)


class Reduction(nn.Module):
    """3c and 4e, "stride 2": (N, in, h, w) -> (N, 3x3 + double 3x3 + in, h / 2, w / 2)."""

    def __init__(self, in_channels: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        reduced, three, reduced_double, double = widths
        self.branch2 = nn.Sequential(
            conv(in_channels, reduced, 1), conv(reduced, three, 3, stride=2)
        )
        self.branch3 = nn.Sequential(
            conv(in_channels, reduced_double, 1),
            conv(reduced_double, double, 3),
            conv(double, double, 3, stride=2),
        )
        self.branch4 = halving_pool()  # "max + pass through"

    def forward(self, features: Tensor) -> Tensor:
        branches = (self.branch2, self.branch3, self.branch4)
        return torch.cat([branch(features) for branch in branches], dim=1)


class BNInception(Network):
    """Fig. 5: a stem, ten modules, average pooling and one linear layer."""

    def __init__(self, *, num_classes: int = 1000, generator: Generator = None) -> None:
        super().__init__()
        self.conv1 = conv(3, 64, 7, stride=2)
        self.maxpool1 = halving_pool()
        self.conv2 = conv(64, 64, 1)
        self.conv3 = conv(64, 192, 3)
        self.maxpool2 = halving_pool()
        # fmt: off
        self.inception3a = Inception(192, ( 64,  64,  64,  64,  96,  32))
        self.inception3b = Inception(256, ( 64,  64,  96,  64,  96,  64))
        self.inception3c = Reduction(320, (     128, 160,  64,  96     ))
        self.inception4a = Inception(576, (224,  64,  96,  96, 128, 128))
        self.inception4b = Inception(576, (192,  96, 128,  96, 128, 128))
        self.inception4c = Inception(576, (160, 128, 160, 128, 160, 128))
        self.inception4d = Inception(608, ( 96, 128, 192, 160, 192, 128))
        self.inception4e = Reduction(608, (     128, 192, 192, 256     ))
        self.inception5a = Inception(1056, (352, 192, 320, 160, 224, 128))
        self.inception5b = Inception(1024, (352, 192, 320, 192, 224, 128), pool=MAXIMUM)
        # fmt: on
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(1024, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.conv3(self.conv2(self.maxpool1(self.conv1(images))))  # (N, 192, H/4, W/4)
        features = self.inception3b(self.inception3a(self.maxpool2(features)))  # (N, 320, H/8, W/8)
        features = self.inception4b(self.inception4a(self.inception3c(features)))
        features = self.inception4d(self.inception4c(features))  # (N, 608, H/16, W/16)
        return self.inception5b(self.inception5a(self.inception4e(features)))  # (N, 1024, h, w)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 1024)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(embedding)


# standard deviations of the reductions and the projections in TF-Slim, by the end of their names
STANDARD_DEVIATIONS = {"branch2.0.0": 0.09, "branch3.0.0": 0.09, "branch4.1.0": 0.1, "conv2.0": 0.1}


def initialise(network: nn.Module, generator: Generator) -> None:
    """TF-Slim's: normal, cut at two deviations; all others with variance 2 / fan-in when cut."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            std = (1.3 * 2 / module.weight[0].numel()) ** 0.5  # the cut takes 1 / 1.3
            for end, own in STANDARD_DEVIATIONS.items():
                std = own if name.endswith(end) else std
            nn.init.trunc_normal_(module.weight, 0, std, -2 * std, 2 * std, generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title=(
        "Batch Normalization: Accelerating Deep Network Training by Reducing Internal Covariate "
        "Shift"
    ),
    authors="Ioffe, Szegedy",
    year=2015,
    venue="ICML 2015",
    arxiv="1502.03167",
    introduced="batch normalisation before every nonlinearity",
)

TOTALS = Deviation(
    "Fig. 5 prints 576, 576 and 1024 channels behind 4c, 4d and 4e; the widths beside them add up "
    "to 608, 608 and 1056, which is what Caffe's network has. TF-Slim keeps the totals, and "
    "narrows the projections of 4c and 4d to 96",
    "Fig. 5 against its own columns; tensorflow/models, inception_v2.py",
    "192 + 256 + (96 + 192 + 192 + 128) == 1056",
)
GRID = Deviation(
    "Fig. 5 prints maps of 28x28 and 14x14 behind 3c and 4e, which stride; 14x14 and 7x7 follow",
    "Fig. 5 against its own column of strides, and against the next line",
    "28 // 2 == 14",
)
PRINTED = Deviation(
    "the paper prints 13.6 million parameters, its widths have 11.3",
    "Sect. 4.2 against Fig. 5",
    "round(11285224 / 10**5) == 113",
)
SEPARABLE = Deviation(
    "conv1 is a 7x7 of all channels, as in Caffe's network; the paper's is separable with depth "
    "multiplier 8, and costs 34 million multiply-adds instead of 118",
    "appendix",
    "11285224 - 11278528 == 7 * 7 * 3 * 64 - (7 * 7 * 3 * 8 + 3 * 8 * 64)",
)
SILENT = Deviation(
    "padding, the norms' eps and decay, and the first weights are TF-Slim's: the paper gives none",
    "tensorflow/models, inception_v2.py and inception_utils.py",
)

STAGES = (
    Stage("conv1", 64, 2),
    Stage("conv3", 192, 4),
    Stage("inception3b", 320, 8),
    Stage("inception3c", 576, 16),
    Stage("inception4d", 608, 16),
    Stage("inception4e", 1056, 32),
    Stage("inception5b", 1024, 32),
)

ARCHITECTURES = (
    Architecture(
        name="bn_inception",
        family="bn_inception",
        edition="paper",
        build=BNInception,
        paper=PAPER,
        stages=STAGES,
        head="fc",
        parameters=11_285_224,
        multiply_adds=2_032_600_064,
        image_size=224,
        deviations=(TOTALS, GRID, PRINTED, SEPARABLE, SILENT),
    ),
)
