"""AlexNet's accuracy with a fiftieth of its weights: squeeze the channels before every 3x3.

Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer: SqueezeNet: AlexNet-Level Accuracy with 50x Fewer
Parameters and <0.5MB Model Size. arXiv:1602.07360. Version 1.1: github.com/forresti/SqueezeNet.

- The Fire module: a 1x1 convolution squeezes to an eighth of what two expand to (Fig. 1).
- Pools come late and there are few of them, so that most layers see large maps (Sect. 3.1).
- No linear layer: the head is a 1x1 convolution, rectified, and then global average pooling.
"""

from functools import partial

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage


class Fire(nn.Module):
    """Squeeze, then expand with 1x1 and 3x3 (Fig. 1): (N, in, h, w) -> (N, 2 * expand, h, w)."""

    def __init__(self, in_channels: int, squeeze: int, expand: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(in_channels, squeeze, kernel_size=1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, kernel_size=1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        squeezed = self.relu(self.squeeze(features))  # (N, squeeze, h, w)
        expanded = torch.cat((self.expand1x1(squeezed), self.expand3x3(squeezed)), dim=1)
        return self.relu(expanded)


# squeeze and expand channels of fire2 to fire9 (Table 1)
FIRES = ((16, 64), (16, 64), (32, 128), (32, 128), (48, 192), (48, 192), (64, 256), (64, 256))


class SqueezeNet(Network):
    """Table 1: one convolution, eight Fire modules, one convolution; the logits are pooled."""

    def __init__(
        self,
        *,
        stem_channels: int,
        stem_kernel_size: int,
        pools: tuple[int, int],
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.smallest_image_size = stem_kernel_size + 14  # pixels; the last pool needs a map of 2
        layers: list[nn.Module] = [
            nn.Conv2d(3, stem_channels, stem_kernel_size, stride=2),  # no padding
            nn.ReLU(inplace=True),
            nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True),
        ]
        in_channels = stem_channels
        for number, (squeeze, expand) in enumerate(FIRES, start=2):
            layers.append(Fire(in_channels, squeeze, expand))
            in_channels = 2 * expand
            if number in pools:
                layers.append(nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Conv2d(in_channels, num_classes, kernel_size=1),
            nn.ReLU(inplace=True),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.features(images)  # (N, 512, H / 16, W / 16), smaller by one

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 512)

    def classify(self, embedding: Tensor) -> Tensor:
        """(N, 512) -> (N, num_classes) logits: the head where the map is one position."""
        return self.classifier(embedding[:, :, None, None]).flatten(1)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, num_classes) logits: the head at every position, then its mean."""
        self.check(images)
        return self.avgpool(self.classifier(self.forward_features(images))).flatten(1)


def initialise(network: nn.Module, generator: Generator) -> None:
    """The released code's: uniform with variance 1 / fan-in, the head normal; biases 0."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            if name == "classifier.1":
                nn.init.normal_(module.weight, std=0.01, generator=generator)
            else:
                bound = (3 / module.weight[0].numel()) ** 0.5  # Caffe's "xavier"
                nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title="SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
    authors="Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
    year=2016,
    venue="arXiv",
    arxiv="1602.07360",
    introduced="Fire modules: squeeze with 1x1, expand with 1x1 and 3x3",
)

MAPS = Deviation(
    "the paper prints 224 pixels, but maps of 111 and 55: those of 227, the released code's crop; "
    "224 pixels give 109 and 54",
    "Table 1 against SqueezeNet_v1.0/train_val.prototxt",
    "(227 - 7) // 2 == 111 - 1",
)
OPERATIONS = Deviation(
    "the authors print 1.72 billion multiplications and additions: at 227 pixels, and with a rim "
    "of zeros that their code, not Table 1, puts around the map before conv10",
    "SqueezeNet_v1.1/README.md, SqueezeNet_v1.0/train_val.prototxt",
    "round(2 * (832667936 + (15**2 - 13**2) * 512 * 1000) / 10**7) == 172",
)
VERSION = Deviation(
    "not in the paper: a smaller first convolution, and pools one and three modules earlier",
    "SqueezeNet_v1.1/README.md",
    "1248424 - 1235496 == 96 * (3 * 7 * 7 + 1) - 64 * (3 * 3 * 3 + 1) + 16 * (96 - 64)",
)
OPERATIONS_1_1 = Deviation(
    "the authors print 0.72 billion multiplications and additions; 224 pixels make 0.70, and their "
    "own 227 make 0.78",
    "SqueezeNet_v1.1/README.md",
    "round(2 * 349151936 / 10**7) == 70",
)

V1_0 = partial(SqueezeNet, stem_channels=96, stem_kernel_size=7, pools=(4, 8))
V1_1 = partial(SqueezeNet, stem_channels=64, stem_kernel_size=3, pools=(3, 5))
# fmt: off
# name, build, stages: last module and channels, parameters, multiply-adds at 224 pixels
ROWS = (
    ("squeezenet1_0", V1_0, ((1, 96), (5, 256), (10, 512), (12, 512)), 1_248_424, 818_924_576),
    ("squeezenet1_1", V1_1, ((1, 64), (4, 128), (7, 256), (12, 512)),  1_235_496, 349_151_936),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="squeezenet",
        edition="paper",
        build=build,
        paper=PAPER,
        stages=tuple(
            Stage(f"features.{last}", channels, 2**i) for i, (last, channels) in enumerate(runs, 1)
        ),
        head="classifier.1",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(MAPS, OPERATIONS) if build is V1_0 else (VERSION, OPERATIONS_1_1),
    )
    for name, build, runs, parameters, multiply_adds in ROWS
)
