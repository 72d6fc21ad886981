"""Eight learned layers, rectified and trained on two GPUs: the network that began it all.

Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks.
NIPS 2012. One tower: Krizhevsky: One Weird Trick for Parallelizing Convolutional Neural Networks,
arXiv:1404.5997, the network that torchvision calls AlexNet.

- Two towers, one a GPU: conv2, conv4 and conv5 see only the maps of their own half (Fig. 2).
- Response normalisation after the first two rectifiers and before their pools (Sect. 3.3).
- Overlapping pools: 3x3 windows every 2 pixels (Sect. 3.4).
- Dropout on what the two hidden linear layers give (Sect. 4.2); torchvision drops what they take.
"""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage

Channels = tuple[int, int, int, int, int]  # conv1 to conv5
Build = Callable[..., "AlexNet"]


def response_norm() -> nn.LocalResponseNorm:
    """Sect. 3.3: k = 2, n = 5, alpha = 1e-4, beta = 0.75. torch divides alpha by n."""
    return nn.LocalResponseNorm(size=5, alpha=5 * 1e-4, beta=0.75, k=2)


def activation(*, normalise: bool) -> nn.Module:
    """The rectifier of conv1 and conv2: (N, C, h, w) -> (N, C, h, w)."""
    relu = nn.ReLU(inplace=True)
    return nn.Sequential(relu, response_norm()) if normalise else relu


def hidden(in_features: int, *, drop_inputs: bool) -> tuple[nn.Module, ...]:
    """A hidden linear layer and dropout, behind it or before it: (N, in) -> (N, 4096)."""
    layers = (nn.Linear(in_features, 4096), nn.ReLU(inplace=True))
    return (nn.Dropout(0.5), *layers) if drop_inputs else (*layers, nn.Dropout(0.5))


class AlexNet(Network):
    """Fig. 2: five convolutions, three of them followed by a pool, and three linear layers."""

    def __init__(
        self,
        channels: Channels,
        *,
        towers: int,
        padding: int,
        normalise: bool,
        drop_inputs: bool,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        conv1, conv2, conv3, conv4, conv5 = channels
        self.smallest_image_size = 67 - 2 * padding  # pixels; the last pool needs a map of 3
        self.features = nn.Sequential(
            nn.Conv2d(3, conv1, kernel_size=11, stride=4, padding=padding),  # (N, conv1, 55, 55)
            activation(normalise=normalise),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(conv1, conv2, kernel_size=5, padding=2, groups=towers),  # (N, conv2, 27, 27)
            activation(normalise=normalise),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(conv2, conv3, kernel_size=3, padding=1),  # (N, conv3, 13, 13), both towers
            nn.ReLU(inplace=True),
            nn.Conv2d(conv3, conv4, kernel_size=3, padding=1, groups=towers),
            nn.ReLU(inplace=True),
            nn.Conv2d(conv4, conv5, kernel_size=3, padding=1, groups=towers),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2),  # (N, conv5, 6, 6)
        )
        self.avgpool = nn.AdaptiveAvgPool2d(6)  # changes nothing at the paper's size
        self.classifier = nn.Sequential(
            *hidden(conv5 * 6 * 6, drop_inputs=drop_inputs),
            *hidden(4096, drop_inputs=drop_inputs),
            nn.Linear(4096, num_classes),
        )
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features[:-1](images)  # (N, conv5, 13, 13), before the last pool

    def forward_embedding(self, images: Tensor) -> Tensor:
        pooled = self.avgpool(self.features[-1](self.forward_features(images)))
        return self.classifier[:-1](pooled.flatten(1))  # (N, 4096)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier[-1](embedding)


def initialise(network: nn.Module, generator: Generator) -> None:
    """Sect. 5: normal with deviation 0.01; biases of 1, which help rectifiers to start, or of 0."""
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    for number, layer in enumerate(layers, start=1):
        nn.init.normal_(layer.weight, std=0.01, generator=generator)
        if layer.bias is not None:
            nn.init.constant_(layer.bias, 1 if number in (2, 4, 5, 6, 7) else 0)


PAPER = Paper(
    title="ImageNet Classification with Deep Convolutional Neural Networks",
    authors="Krizhevsky, Sutskever, Hinton",
    year=2012,
    venue="NIPS 2012",
    arxiv=None,
    introduced="a deep ConvNet on GPUs: rectifiers, dropout, response normalisation",
)

ONE_TOWER = Paper(
    title="One weird trick for parallelizing convolutional neural networks",
    authors="Krizhevsky",
    year=2014,
    venue="arXiv",
    arxiv="1404.5997",
    introduced="one tower: data parallel in convolutions, model parallel in linear layers",
)

INPUT = Deviation(
    "the paper prints 224 pixels, but its maps of 55 need 227 without padding",
    "Sect. 3.5 and Fig. 2; 11 pixels wide, every 4",
    "(227 - 11) // 4 + 1 == 55",
)
NEURONS = Deviation(
    "the paper prints 253,440 neurons for conv1, one side 48 instead of 55; it has 290,400",
    "Fig. 2, caption",
    "253440 + 55 * (55 - 48) * 96 == 55 * 55 * 96",
)
CONV4 = Deviation(
    "conv4 has 256 maps, as in the author's layer file; the paper prints 384",
    "Sect. 5, footnote, against akrizhevsky/cuda-convnet2, layers-imagenet-1gpu.cfg",
    "61838248 - 61100840 == (384 - 256) * (384 * 3 * 3 + 1) + 256 * (384 - 256) * 3 * 3",
)
DROPOUT = Deviation(
    "dropout stands before the two hidden linear layers; the author's layer file has it after them",
    "torchvision alexnet.py against cuda-convnet2",
)
NO_NORM = Deviation(
    "no response normalisation; the author's layer file has it after conv1 and conv2",
    "torchvision alexnet.py against cuda-convnet2",
)
PADDING = Deviation(
    "conv1 pads 2 pixels at 224, which gives the maps of 227 without padding",
    "torchvision alexnet.py",
    "(224 + 2 * 2 - 11) // 4 == (227 - 11) // 4",
)

ORIGINAL = partial(AlexNet, towers=2, padding=0, normalise=True, drop_inputs=False)
TORCHVISION = partial(AlexNet, towers=1, padding=2, normalise=False, drop_inputs=True)
# fmt: off
# name, build, channels of conv1 to conv5, parameters, multiply-adds, image size
ROWS: tuple[tuple[str, Build, Channels, int, int, int], ...] = (
    ("alexnet",             ORIGINAL,    (96, 256, 384, 384, 256), 60_965_224, 724_406_816, 227),
    ("alexnet_torchvision", TORCHVISION, (64, 192, 384, 256, 256), 61_100_840, 714_188_480, 224),
)
# fmt: on
RECTIFIERS = (1, 4, 7, 9, 11)  # of conv1 to conv5, in `features`
STRIDES = (4, 8, 16, 16, 16)

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="alexnet",
        edition="paper" if build is ORIGINAL else "torchvision",
        build=partial(build, channels),
        paper=PAPER if build is ORIGINAL else ONE_TOWER,
        stages=tuple(
            Stage(f"features.{i}", width, stride)
            for i, width, stride in zip(RECTIFIERS, channels, STRIDES, strict=True)
        ),
        head="classifier.6",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=image_size,
        deviations=(INPUT, NEURONS) if build is ORIGINAL else (CONV4, DROPOUT, NO_NORM, PADDING),
    )
    for name, build, channels, parameters, multiply_adds, image_size in ROWS
)
