"""Nothing but 3x3 convolutions: what lowers the error is depth alone, from 11 layers to 19.

Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition. ICLR 2015,
arXiv:1409.1556.

- Two 3x3 convolutions see 5x5 pixels and three see 7x7, with fewer weights and more rectifiers
  between them (Sect. 2.3).
- The maps double their channels wherever a 2x2 pool halves them, up to 512.
- A-LRN has AlexNet's response normalisation, which did not help (Sect. 4.1); C has 1x1
  convolutions, which helped less than the 3x3 of D.
- Batch norm came later: `vgg11_bn` to `vgg19_bn` are torchvision's.
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.alexnet import response_norm
from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage

Configuration = tuple[tuple[int, ...], ...]  # kernel sizes, in five stages
CHANNELS = (64, 128, 256, 512, 512)  # of the five stages


def stage(
    in_channels: int, out_channels: int, kernel_sizes: tuple[int, ...], *, batch_norm: bool
) -> list[nn.Module]:
    """Convolutions, rectified, and a pool (Table 1): (N, in, h, w) -> (N, out, h / 2, w / 2)."""
    layers: list[nn.Module] = []
    for kernel_size in kernel_sizes:
        layers.append(nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU(inplace=True))
        in_channels = out_channels
    return [*layers, nn.MaxPool2d(kernel_size=2, stride=2)]


class VGG(Network):
    """Table 1: five stages of convolutions, three linear layers."""

    smallest_image_size = 32

    def __init__(
        self,
        configuration: Configuration,
        *,
        lrn: bool = False,
        batch_norm: bool = False,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        in_channels = 3
        for kernel_sizes, channels in zip(configuration, CHANNELS, strict=True):
            layers += stage(in_channels, channels, kernel_sizes, batch_norm=batch_norm)
            in_channels = channels
        if lrn:
            layers[1] = nn.Sequential(layers[1], response_norm())  # behind the first rectifier
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)  # changes nothing at the paper's size
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, num_classes),
        )
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features[:-1](images)  # (N, 512, H / 16, W / 16), before the last pool

    def forward_embedding(self, images: Tensor) -> Tensor:
        pooled = self.avgpool(self.features[-1](self.forward_features(images)))
        return self.classifier[:-1](pooled.flatten(1))  # (N, 4096)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier[-1](embedding)


def initialise(network: nn.Module, generator: Generator) -> None:
    """Glorot and Bengio 2010, Eq. 16; biases 0. Sect. 3.1: it makes pre-training unnecessary.

    The nets of the paper started otherwise, see `START`; its 10^-2 is a variance.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title="Very Deep Convolutional Networks for Large-Scale Image Recognition",
    authors="Simonyan, Zisserman",
    year=2015,
    venue="ICLR 2015",
    arxiv="1409.1556",
    introduced="stacks of 3x3 convolutions instead of large kernels, up to 19 layers",
)

START = Deviation(
    "weights start as Glorot and Bengio's, which the paper found to need no pre-training; its own "
    "deeper nets start with layers of a trained A, and A with a variance of 10^-2, by which every "
    "layer of 512 channels would multiply the signal's variance by 23",
    "Sect. 3.1",
    "512 * 3 * 3 // (2 * 10**2) == 23",  # a rectifier halves it
)
BATCH_NORM = Deviation(
    "batch norm between every convolution, which keeps its bias, and its rectifier",
    "torchvision vgg.py; not in the paper",
    "132868840 - 132863336 == 2 * (64 + 128 + 2 * 256 + 4 * 512)",  # vgg11
)

# Table 1: the kernel sizes of the five stages
A = ((3,), (3,), (3, 3), (3, 3), (3, 3))
B = ((3, 3), (3, 3), (3, 3), (3, 3), (3, 3))
C = ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1))
D = ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3))
E = ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3))
# fmt: off
# name, configuration, parameters, multiply-adds at 224 pixels
ROWS: tuple[tuple[str, Configuration, int, int], ...] = (
    ("vgg11",     A, 132_863_336,  7_609_090_048),
    ("vgg11_lrn", A, 132_863_336,  7_609_090_048),
    ("vgg13",     B, 133_047_848, 11_308_466_176),
    ("vgg16_c",   C, 133_638_952, 11_770_888_192),
    ("vgg16",     D, 138_357_544, 15_470_264_320),
    ("vgg19",     E, 143_667_240, 19_632_062_464),
    ("vgg11_bn",  A, 132_868_840,  7_609_090_048),
    ("vgg13_bn",  B, 133_053_736, 11_308_466_176),
    ("vgg16_bn",  D, 138_365_992, 15_470_264_320),
    ("vgg19_bn",  E, 143_678_248, 19_632_062_464),
)
# fmt: on


def stages(configuration: Configuration, *, batch_norm: bool) -> tuple[Stage, ...]:
    """The last rectifier of every stage: its pool is the next line of the table."""
    found, end = [], 0
    for i, (kernel_sizes, channels) in enumerate(zip(configuration, CHANNELS, strict=True)):
        end += len(kernel_sizes) * (3 if batch_norm else 2) + 1
        found.append(Stage(f"features.{end - 2}", channels, 2**i))
    return tuple(found)


ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="vgg",
        edition="torchvision" if name.endswith("_bn") else "paper",
        build=partial(
            VGG, configuration, lrn=name.endswith("_lrn"), batch_norm=name.endswith("_bn")
        ),
        paper=PAPER,
        stages=stages(configuration, batch_norm=name.endswith("_bn")),
        head="classifier.6",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(BATCH_NORM, START) if name.endswith("_bn") else (START,),
    )
    for name, configuration, parameters, multiply_adds in ROWS
)
