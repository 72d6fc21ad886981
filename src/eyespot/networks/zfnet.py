"""AlexNet looked into and mended: smaller, denser first filters, found by drawing what maps see.

Zeiler, Fergus: Visualizing and Understanding Convolutional Networks. ECCV 2014, arXiv:1311.2901.

- conv1 is 7x7 every 2 pixels, not 11x11 every 4: filters of middle frequencies came up, and the
  aliasing that the coarse stride left in conv2 went (Sect. 4.1).
- One tower: every convolution sees all maps below it (Sect. 3).
- Contrast is normalised across maps behind a pool (Fig. 3); AlexNet does it before.
- While training, filters whose root mean square exceeds 0.1 are scaled back to it (Sect. 3).
"""

from torch import Tensor, nn

from eyespot.networks.alexnet import response_norm
from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage


class ZFNet(Network):
    """Fig. 3: five convolutions, three of them followed by a pool, and three linear layers."""

    smallest_image_size = 47  # pixels; the last pool needs a map of 2

    def __init__(self, *, num_classes: int = 1000, generator: Generator = None) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 96, kernel_size=7, stride=2, padding=1),  # (N, 96, 110, 110)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            response_norm(),
            nn.Conv2d(96, 256, kernel_size=5, stride=2),  # (N, 256, 26, 26)
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
            response_norm(),
            nn.Conv2d(256, 384, kernel_size=3, padding=1),  # (N, 384, 13, 13)
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 384, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(384, 256, kernel_size=3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),  # (N, 256, 6, 6)
        )
        self.avgpool = nn.AdaptiveAvgPool2d(6)  # changes nothing at the paper's size
        self.classifier = nn.Sequential(
            nn.Linear(256 * 6 * 6, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, 4096),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(4096, num_classes),
        )
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features[:-1](images)  # (N, 256, 13, 13), before the last pool

    def forward_embedding(self, images: Tensor) -> Tensor:
        pooled = self.avgpool(self.features[-1](self.forward_features(images)))
        return self.classifier[:-1](pooled.flatten(1))  # (N, 4096)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.classifier[-1](embedding)


def initialise(network: nn.Module, generator: Generator) -> None:
    """Sect. 3: weights 10^-2, read as a normal's deviation, and biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, std=0.01, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title="Visualizing and Understanding Convolutional Networks",
    authors="Zeiler, Fergus",
    year=2014,
    venue="ECCV 2014",
    arxiv="1311.2901",
    introduced="a ConvNet designed by looking at what its maps respond to",
)

SIZES = Deviation(
    "Fig. 3 prints maps of 110, 55, 26, 13 and 6: from 224 pixels they need one pixel of padding "
    "before conv1 and pools that round up, of which the paper says nothing",
    "Fig. 3",
    "-(-((224 + 2 * 1 - 7) // 2 + 1 - 3) // 2) + 1 == 55",
)
CONTRAST = Deviation(
    "the contrast normalisation is AlexNet's: the paper gives no formula and refers to it",
    "Sect. 3 and Fig. 3",
)
WEIGHTS = Deviation(
    "weights start normal with deviation 0.01; the paper has them 'initialized to 10^-2', and "
    "filters that start equal would stay so",
    "Sect. 3",
)

RECTIFIERS = (1, 5, 9, 11, 13)  # of conv1 to conv5, in `features`
CHANNELS = (96, 256, 384, 384, 256)
STRIDES = (2, 8, 16, 16, 16)

ARCHITECTURES = (
    Architecture(
        name="zfnet",
        family="zfnet",
        edition="paper",
        build=ZFNet,
        paper=PAPER,
        stages=tuple(
            Stage(f"features.{i}", channels, stride)
            for i, channels, stride in zip(RECTIFIERS, CHANNELS, STRIDES, strict=True)
        ),
        head="classifier.6",
        parameters=62_357_608,
        multiply_adds=1_168_032_896,
        image_size=224,
        deviations=(SIZES, CONTRAST, WEIGHTS),
    ),
)
