"""Every large convolution is factorised, and what that saves is spent on width and depth.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception Architecture for Computer
Vision. CVPR 2016, arXiv:1512.00567. Code: github.com/tensorflow/models, inception.

- One kind of module for each of three grids, 35x35, 17x17 and 8x8 (Figs. 5, 6 and 7), and grid
  reductions that pool and convolve side by side (Fig. 10): `factorised_inception.py`.
- Batch norm after every convolution, also in the one auxiliary head, which regularises (Fig. 8).
- Average pools do not count the zeros around the map; those of torchvision's edition do.
"""

from dataclasses import dataclass
from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.factorised_inception import (
    AuxiliaryHead,
    Inception8,
    Inception17,
    Inception35,
    Reduction17,
    Reduction35,
)
from eyespot.networks.inception_boxes import Conv

HEAD_WEIGHT = 0.4  # of the auxiliary head in the loss: the released code's and torchvision's


@dataclass(frozen=True)
class Edition:
    """In what the released code and torchvision differ: no weight shows it."""

    name: str
    counts_padding: bool  # whether the average pools in the modules count zeros around the map
    norm_momentum: float  # share of the new batch in the running statistics
    dropout: float  # before the last linear layer


TENSORFLOW = Edition("paper", counts_padding=False, norm_momentum=3e-4, dropout=0.2)
TORCHVISION = Edition("torchvision", counts_padding=True, norm_momentum=0.1, dropout=0.5)


class InceptionV3(Network):
    """Table 1 and Fig. 8, with the stem of the released code."""

    smallest_image_size = 75  # pixels; pools and strides pad nothing

    def __init__(
        self,
        edition: Edition,
        *,
        has_head: bool,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        counts_padding = edition.counts_padding
        self.Conv2d_1a_3x3 = Conv(3, (3, 3, 32), stride=2)
        self.Conv2d_2a_3x3 = Conv(32, (3, 3, 32), valid=True)
        self.Conv2d_2b_3x3 = Conv(32, (3, 3, 64))
        self.maxpool1 = nn.MaxPool2d(3, stride=2)
        self.Conv2d_3b_1x1 = Conv(64, (1, 1, 80))
        self.Conv2d_4a_3x3 = Conv(80, (3, 3, 192), valid=True)
        self.maxpool2 = nn.MaxPool2d(3, stride=2)
        self.Mixed_5b = Inception35(192, 32, counts_padding=counts_padding)
        self.Mixed_5c = Inception35(256, 64, counts_padding=counts_padding)
        self.Mixed_5d = Inception35(288, 64, counts_padding=counts_padding)
        self.Mixed_6a = Reduction35(288)
        self.Mixed_6b = Inception17(768, 128, counts_padding=counts_padding)
        self.Mixed_6c = Inception17(768, 160, counts_padding=counts_padding)
        self.Mixed_6d = Inception17(768, 160, counts_padding=counts_padding)
        self.Mixed_6e = Inception17(768, 192, counts_padding=counts_padding)
        self.AuxLogits = AuxiliaryHead(num_classes) if has_head else None
        self.Mixed_7a = Reduction17(768)
        self.Mixed_7b = Inception8(1280, counts_padding=counts_padding)
        self.Mixed_7c = Inception8(2048, counts_padding=counts_padding)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(edition.dropout)
        self.fc = nn.Linear(2048, num_classes)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = edition.norm_momentum
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self._features(self._grid(images))

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 2048)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(self.dropout(embedding))

    def forward_train(self, images: Tensor) -> list[tuple[float, Tensor]]:
        self.check(images)
        grid = self._grid(images)
        heads = [(1.0, self.classify(self.avgpool(self._features(grid)).flatten(1)))]
        if self.AuxLogits is not None:
            heads.append((HEAD_WEIGHT, self.AuxLogits(grid)))
        return heads

    def _grid(self, images: Tensor) -> Tensor:
        """The last map of the 17x17 grid, where the auxiliary head hangs."""
        features = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(images)))
        features = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(self.maxpool1(features)))
        features = self.Mixed_5b(self.maxpool2(features))  # (N, 256, 35, 35)
        features = self.Mixed_6a(self.Mixed_5d(self.Mixed_5c(features)))  # (N, 768, 17, 17)
        return self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(features))))

    def _features(self, grid: Tensor) -> Tensor:
        return self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(grid)))  # (N, 2048, 8, 8)


# standard deviations of weights in the released code; 0.1 for all others
STANDARD_DEVIATIONS = {"fc": 0.01, "AuxLogits.conv1.conv": 0.01, "AuxLogits.fc": 0.001}


def initialise(network: nn.Module, generator: Generator) -> None:
    """The released code's: normal, cut at two standard deviations; biases 0."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            std = STANDARD_DEVIATIONS.get(name, 0.1)
            nn.init.trunc_normal_(module.weight, 0, std, -2 * std, 2 * std, generator=generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title="Rethinking the Inception Architecture for Computer Vision",
    authors="Szegedy, Vanhoucke, Ioffe, Shlens, Wojna",
    year=2016,
    venue="CVPR 2016",
    arxiv="1512.00567",
    introduced="factorised convolutions, grid reductions that pool and convolve side by side",
)

STEM = Deviation(
    "the stem is the released code's: 1x1 to 80 channels, 3x3 to 192, max pooling; Table 1 prints "
    "3x3 to 80, 3x3 at stride 2 to 192, and 3x3 to 288: the same maps, other weights",
    "Table 1 against tensorflow/models, inception_model.py",
    "9 * (64 * 80 + 80 * 192 + 192 * 288) - (64 * 80 + 9 * 80 * 192) == 538624",
)
KERNEL = Deviation(
    "the modules at 35x35 keep a 5x5, where Fig. 5 has a 3x3",
    "Fig. 5 against tensorflow/models, inception_model.py",
    "3 * (5 * 5 - 3 * 3) * 48 * 64 == 147456",
)
SCALE = Deviation(
    "the norms have a scale; the released code leaves it to the convolution behind the ReLU",
    "tensorflow/models, slim/ops.py",
    "23834568 - 23817352 == 17216",
)
PRINTED = Deviation(
    "the paper prints 5 billion multiply-adds, and 4.8 in Table 3; the released code's layers have "
    "5.7 (NASNet's Table 2 prints 5.72) and would need pictures of 280 pixels for 5",
    "abstract",
    "round(299 * (5000 / 5713) ** 0.5) == 280",
)
PADDING = Deviation(
    "the average pools count the zeros around the map: a corner's four pixels are divided by nine; "
    "dropout is 0.5, not 0.2, and the running statistics take in 0.1 of a batch, not 0.0003",
    "torchvision inception.py",
    "3 * 3 - (3 + 2) == 2 * 2",
)

# fmt: off
# name, edition, auxiliary head, parameters
ROWS = (
    ("inception_v3",                 TENSORFLOW,  False, 23_834_568),
    ("inception_v3_aux",             TENSORFLOW,  True,  27_161_264),
    ("inception_v3_torchvision",     TORCHVISION, False, 23_834_568),
    ("inception_v3_torchvision_aux", TORCHVISION, True,  27_161_264),
)
# fmt: on
SHARED = (STEM, KERNEL, SCALE, PRINTED)

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="inception_v3",
        edition=edition.name,
        build=partial(InceptionV3, edition, has_head=has_head),
        paper=PAPER,
        stages=(
            Stage("Conv2d_2b_3x3", 64, 2),
            Stage("Conv2d_4a_3x3", 192, 4),
            Stage("Mixed_5d", 288, 8),
            Stage("Mixed_6e", 768, 16),
            Stage("Mixed_7c", 2048, 32),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=5_713_216_096,
        image_size=299,
        deviations=(*SHARED, PADDING) if edition is TORCHVISION else SHARED,
    )
    for name, edition, has_head, parameters in ROWS
)
