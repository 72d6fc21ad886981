"""Every layer reads all maps before it in its block: they are concatenated, not added.

Huang, Liu, van der Maaten, Weinberger: Densely Connected Convolutional Networks. CVPR 2017,
arXiv:1608.06993.

- A layer adds k channels, the growth rate, to what it reads, and passes everything on.
- Batch norm and ReLU come before each convolution ("composite function", Sect. 3).
- B: a 1x1 to 4k channels before the 3x3. C: transitions halve the channels (theta = 0.5).
"""

from collections import OrderedDict
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage


class DenseLayer(nn.Module):
    """H_l with a bottleneck (Sect. 3): (N, in, h, w) -> (N, in + growth rate, h, w)."""

    def __init__(self, in_channels: int, *, growth_rate: int) -> None:
        super().__init__()
        width = 4 * growth_rate
        self.norm1 = nn.BatchNorm2d(in_channels)
        self.conv1 = nn.Conv2d(in_channels, width, kernel_size=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, growth_rate, kernel_size=3, padding=1, bias=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        new = self.conv1(self.relu(self.norm1(features)))
        new = self.conv2(self.relu(self.norm2(new)))
        return torch.cat([features, new], dim=1)


def dense_block(
    in_channels: int,
    *,
    depth: int,
    growth_rate: int,
    layer: Callable[..., nn.Module] = DenseLayer,
) -> nn.Sequential:
    """Fig. 1: (N, in, h, w) -> (N, in + depth * growth rate, h, w)."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    for i in range(depth):
        channels = in_channels + i * growth_rate
        layers[f"denselayer{i + 1}"] = layer(channels, growth_rate=growth_rate)
    return nn.Sequential(layers)


def transition(in_channels: int, out_channels: int) -> nn.Sequential:
    """Between two blocks (Fig. 2): (N, in, h, w) -> (N, out, h / 2, w / 2)."""
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["norm"] = nn.BatchNorm2d(in_channels)
    layers["relu"] = nn.ReLU(inplace=True)
    layers["conv"] = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)
    layers["pool"] = nn.AvgPool2d(kernel_size=2, stride=2)
    return nn.Sequential(layers)


class DenseNet(Network):
    """Table 1: a 7x7 stem of 2k channels, four dense blocks with transitions, one linear layer."""

    smallest_image_size = 29  # the stem leaves 8 pixels, the transitions 4, 2 and 1

    def __init__(
        self,
        depths: tuple[int, ...],
        *,
        growth_rate: int,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        channels = 2 * growth_rate
        layers: OrderedDict[str, nn.Module] = OrderedDict()
        layers["conv0"] = nn.Conv2d(3, channels, kernel_size=7, stride=2, padding=3, bias=False)
        layers["norm0"] = nn.BatchNorm2d(channels)
        layers["relu0"] = nn.ReLU(inplace=True)
        layers["pool0"] = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for i, depth in enumerate(depths, 1):
            layers[f"denseblock{i}"] = dense_block(channels, depth=depth, growth_rate=growth_rate)
            channels += depth * growth_rate
            if i < len(depths):
                layers[f"transition{i}"] = transition(channels, channels // 2)
                channels //= 2
        layers["norm5"] = nn.BatchNorm2d(channels)
        layers["relu5"] = nn.ReLU(inplace=True)
        self.features = nn.Sequential(layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, C, H / 32, W / 32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, C)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier(embedding)


def initialise(network: nn.Module, generator: Generator) -> None:
    """He et al. 2015 (arXiv:1502.01852), Eq. 14, as in the released code: variance 2 / fan-out.

    The linear layer is uniform in +-1 / sqrt(fan-in), without bias.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(
                module.weight, mode="fan_out", nonlinearity="relu", generator=generator
            )
        elif isinstance(module, nn.Linear):
            bound = module.in_features**-0.5
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            nn.init.zeros_(module.bias)


PAPER = Paper(
    title="Densely Connected Convolutional Networks",
    authors="Huang, Liu, van der Maaten, Weinberger",
    year=2017,
    venue="CVPR 2017",
    arxiv="1608.06993",
    introduced="every layer reads the concatenated maps of all layers before it in its block",
)

FIRST_VERSION = Deviation(
    "growth rate 48: in the paper's first version and in the released code; the CVPR paper has "
    "DenseNet-264 in its place",
    "arXiv:1608.06993v1, Table 1; liuzhuang13/DenseNet",
)
NAME = Deviation(
    "the paper prints 264 layers: counted as in the other names, with the stem, three transitions "
    "and the linear layer, its Table 1 has 265",
    "Table 1",
    "2 * (6 + 12 + 64 + 48) + 1 + 3 + 1 == 265",
)

# fmt: off
# name, growth rate, layers of the four blocks (Table 1), parameters, multiply-adds at 224 pixels
ROWS = (
    ("densenet121", 32, (6, 12, 24, 16),  7_978_856, 2_834_161_664),
    ("densenet169", 32, (6, 12, 32, 32), 14_149_480, 3_359_843_328),
    ("densenet201", 32, (6, 12, 48, 32), 20_013_928, 4_291_365_888),
    ("densenet264", 32, (6, 12, 64, 48), 33_337_704, 5_751_653_376),
    ("densenet161", 48, (6, 12, 36, 24), 28_681_000, 7_727_907_072),
)
# fmt: on
DEVIATIONS = {"densenet264": (NAME,), "densenet161": (FIRST_VERSION,)}


def stages(growth_rate: int, depths: tuple[int, ...]) -> tuple[Stage, ...]:
    """The lines of Table 1; the last one ends with the ReLU before the pooling."""
    channels = 2 * growth_rate
    lines = [Stage("features.relu0", channels, 2), Stage("features.pool0", channels, 4)]
    for i, depth in enumerate(depths[:-1], 1):
        channels += depth * growth_rate
        lines.append(Stage(f"features.denseblock{i}", channels, 2 * 2**i))
        channels //= 2
        lines.append(Stage(f"features.transition{i}", channels, 4 * 2**i))
    channels += depths[-1] * growth_rate
    return (*lines, Stage("features.relu5", channels, 2 * 2 ** len(depths)))


ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="densenet",
        edition="paper",
        build=partial(DenseNet, depths, growth_rate=growth_rate),
        paper=PAPER,
        stages=stages(growth_rate, depths),
        head="classifier",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=DEVIATIONS.get(name, ()),
    )
    for name, growth_rate, depths, parameters, multiply_adds in ROWS
)
