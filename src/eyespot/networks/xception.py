"""Channels and positions are mapped apart: an Inception module at its extreme, a tower a channel.

Chollet: Xception: Deep Learning with Depthwise Separable Convolutions. CVPR 2017, arXiv:1610.02357.

- A separable convolution is a 3x3 on each channel alone, then a 1x1, with no activation between
  them (Sect. 4.7). Batch norm follows it; a ReLU stands before the next one.
- Fig. 5: 36 convolutions in 14 modules; all but the first and the last have a linear shortcut.
- The author's network, in Keras, pads as TensorFlow does; timm pads alike on both sides.
"""

from functools import partial
from math import inf

from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.layers import Edition

KERAS = Edition("paper", "same", norm_eps=1e-3, norm_momentum=0.01)
TIMM = Edition("timm", "symmetric", norm_eps=1e-5, norm_momentum=0.1)


class SeparableConv(nn.Module):
    """Each channel's 3x3, then a 1x1 over channels: (N, in, h, w) -> (N, out, h, w)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            in_channels, in_channels, kernel_size=3, padding=1, groups=in_channels, bias=False
        )
        self.pointwise = nn.Conv2d(in_channels, out_channels, kernel_size=1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        return self.pointwise(self.conv1(features))


class SamePool(nn.Module):
    """Max pooling 3x3, stride 2, to ceil(h / 2); at even sizes TensorFlow pads right and below."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, features: Tensor) -> Tensor:
        height, width = features.shape[-2:]
        return self.pool(functional.pad(features, (width % 2, 1, height % 2, 1), value=-inf))


class Block(nn.Module):
    """A module of Fig. 5. One that strides ends with a max pool and has a 1x1 for a shortcut."""

    def __init__(
        self,
        in_channels: int,
        widths: tuple[int, ...],
        *,
        edition: Edition,
        strides: bool = False,
        starts_with_relu: bool = True,
    ) -> None:
        super().__init__()
        norm = partial(nn.BatchNorm2d, eps=edition.norm_eps, momentum=edition.norm_momentum)
        self.skip: nn.Module = nn.Identity()
        self.skipbn: nn.Module = nn.Identity()
        if strides:
            self.skip = nn.Conv2d(in_channels, widths[-1], kernel_size=1, stride=2, bias=False)
            self.skipbn = norm(widths[-1])
        layers: list[nn.Module] = []
        for width in widths:
            layers += [nn.ReLU(), SeparableConv(in_channels, width), norm(width)]
            in_channels = width
        if strides:
            is_same = edition.padding == "same"
            layers.append(SamePool() if is_same else nn.MaxPool2d(3, stride=2, padding=1))
        self.rep = nn.Sequential(*layers[0 if starts_with_relu else 1 :])

    def forward(self, features: Tensor) -> Tensor:
        return self.rep(features) + self.skipbn(self.skip(features))


class Xception(Network):
    """Fig. 5, whose sizes are those of 299x299 images."""

    smallest_image_size = 7

    def __init__(
        self, edition: Edition, *, num_classes: int = 1000, generator: Generator = None
    ) -> None:
        super().__init__()
        norm = partial(nn.BatchNorm2d, eps=edition.norm_eps, momentum=edition.norm_momentum)
        block = partial(Block, edition=edition)
        # entry flow
        self.conv1 = nn.Conv2d(3, 32, kernel_size=3, stride=2, bias=False)
        self.bn1 = norm(32)
        self.act1 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, bias=False)
        self.bn2 = norm(64)
        self.act2 = nn.ReLU(inplace=True)
        self.block1 = block(64, (128, 128), strides=True, starts_with_relu=False)
        self.block2 = block(128, (256, 256), strides=True)
        self.block3 = block(256, (728, 728), strides=True)
        # middle flow
        for i in range(4, 12):
            self.add_module(f"block{i}", block(728, (728, 728, 728)))
        # exit flow
        self.block12 = block(728, (728, 1024), strides=True)
        self.conv3 = SeparableConv(1024, 1536)
        self.bn3 = norm(1536)
        self.act3 = nn.ReLU(inplace=True)
        self.conv4 = SeparableConv(1536, 2048)
        self.bn4 = norm(2048)
        self.act4 = nn.ReLU(inplace=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.5)  # Sect. 4.3, on ImageNet
        self.fc = nn.Linear(2048, num_classes)
        initialise(self, generator)

    def entry_flow(self, images: Tensor) -> Tensor:
        features = self.act1(self.bn1(self.conv1(images)))  # (N, 32, 149, 149)
        features = self.act2(self.bn2(self.conv2(features)))  # (N, 64, 147, 147)
        return self.block3(self.block2(self.block1(features)))  # (N, 728, 19, 19)

    def middle_flow(self, features: Tensor) -> Tensor:
        for i in range(4, 12):
            features = self.get_submodule(f"block{i}")(features)
        return features  # (N, 728, 19, 19)

    def exit_flow(self, features: Tensor) -> Tensor:
        features = self.block12(features)  # (N, 1024, 10, 10)
        features = self.act3(self.bn3(self.conv3(features)))
        return self.act4(self.bn4(self.conv4(features)))  # (N, 2048, 10, 10)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.exit_flow(self.middle_flow(self.entry_flow(images)))

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 2048)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(self.dropout(embedding))


def initialise(network: nn.Module, generator: Generator) -> None:
    """Keras's, as the paper's code says nothing else: Glorot, uniform; no bias."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title="Xception: Deep Learning with Depthwise Separable Convolutions",
    authors="Chollet",
    year=2017,
    venue="CVPR 2017",
    arxiv="1610.02357",
    introduced="depthwise separable convolutions throughout, with shortcuts",
)

PRINTED = Deviation(
    "the paper of NASNet prints 8.38 billion multiply-adds: one more for every number that leaves "
    "a batch norm",
    "Zoph et al. 2018, Table 2",
    "round((8357403496 + 21137152) / 10**7) == 838",
)
SYMMETRIC = Deviation(
    "the max pools pad alike on both sides, where TensorFlow pads even sizes, 74 of 299, by one "
    "pixel right and below; the norms' eps and momentum are the library's",
    "timm xception.py",
    "(74 // 2 - 1) * 2 + 3 - 74 == 1",
)
# fmt: off
STAGES = (
    Stage("act1",     32,  2), Stage("act2",     64,  2), Stage("block1",   128,  4),
    Stage("block2",  256,  8), Stage("block3",  728, 16), Stage("block11",  728, 16),
    Stage("block12", 1024, 32), Stage("act4",   2048, 32),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="xception",
        edition=edition.name,
        build=partial(Xception, edition),
        paper=PAPER,
        stages=STAGES,
        head="fc",
        parameters=22_855_952,
        multiply_adds=8_357_403_496,
        image_size=299,
        deviations=deviations,
    )
    for name, edition, deviations in (
        ("xception", KERAS, (PRINTED,)),
        ("xception_timm", TIMM, (PRINTED, SYMMETRIC)),
    )
)
