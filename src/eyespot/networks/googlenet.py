"""Kernels of three sizes side by side, made affordable by a 1x1 convolution before each.

Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich: Going Deeper with
Convolutions. CVPR 2015, arXiv:1409.4842.

- Nine Inception modules: `inception_module.py` has both drawings of Fig. 2.
- The last map is averaged, and one linear layer follows instead of AlexNet's three (Sect. 5).
- Two auxiliary heads, on 4a and 4d, run in training only (Sect. 5).
- Before batch norm: biases everywhere, and AlexNet's normalisation twice in the stem.
"""

from functools import partial
from math import sqrt

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.inception_module import (
    ORIGINAL,
    TORCHVISION,
    AuxiliaryHead,
    Edition,
    Inception,
    convolution,
)

HEAD_WEIGHT = 0.3  # of each auxiliary head in the loss (Sect. 5)
NORM = partial(nn.LocalResponseNorm, 5, alpha=1e-4, beta=0.75, k=1.0)  # BVLC's numbers


class GoogLeNet(Network):
    """Table 1: a stem, nine modules, average pooling and one linear layer."""

    def __init__(
        self,
        edition: Edition,
        *,
        has_heads: bool,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.smallest_image_size = 16 * (edition.last_pool - 1) - 1  # pools may overhang by one
        block = partial(Inception, edition=edition)
        norm = nn.Identity if edition.has_batch_norm else NORM
        pool = partial(nn.MaxPool2d, stride=2, ceil_mode=True)
        self.conv1 = convolution(3, 64, 7, stride=2, edition=edition)
        self.maxpool1 = pool(3)
        self.norm1 = norm()
        self.conv2 = convolution(64, 64, 1, edition=edition)
        self.conv3 = convolution(64, 192, 3, edition=edition)
        self.norm2 = norm()
        self.maxpool2 = pool(3)
        # fmt: off
        # input, then as in Table 1: #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5, pool proj
        self.inception3a = block(192, ( 64,  96, 128, 16,  32,  32))
        self.inception3b = block(256, (128, 128, 192, 32,  96,  64))
        self.maxpool3 = pool(3)
        self.inception4a = block(480, (192,  96, 208, 16,  48,  64))
        self.inception4b = block(512, (160, 112, 224, 24,  64,  64))
        self.inception4c = block(512, (128, 128, 256, 24,  64,  64))
        self.inception4d = block(512, (112, 144, 288, 32,  64,  64))
        self.inception4e = block(528, (256, 160, 320, 32, 128, 128))
        self.maxpool4 = pool(edition.last_pool)
        self.inception5a = block(832, (256, 160, 320, 32, 128, 128))
        self.inception5b = block(832, (384, 192, 384, 48, 128, 128))
        # fmt: on
        self.aux1 = AuxiliaryHead(512, num_classes, edition=edition) if has_heads else None
        self.aux2 = AuxiliaryHead(528, num_classes, edition=edition) if has_heads else None
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(edition.dropout)
        self.fc = nn.Linear(1024, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        return self._maps(images)[-1]

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 1024)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(self.dropout(embedding))

    def forward_train(self, images: Tensor) -> list[tuple[float, Tensor]]:
        self.check(images)
        first, second, features = self._maps(images)
        heads = [(1.0, self.classify(self.avgpool(features).flatten(1)))]
        if self.aux1 is not None and self.aux2 is not None:
            heads += [(HEAD_WEIGHT, self.aux1(first)), (HEAD_WEIGHT, self.aux2(second))]
        return heads

    def _maps(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What leaves 4a, 4d and 5b, where the heads hang."""
        features = self.norm1(self.maxpool1(self.conv1(images)))  # (N, 64, H/4, W/4)
        features = self.norm2(self.conv3(self.conv2(features)))  # (N, 192, H/4, W/4)
        features = self.inception3b(self.inception3a(self.maxpool2(features)))  # (N, 480, H/8, W/8)
        first = self.inception4a(self.maxpool3(features))  # (N, 512, H/16, W/16)
        second = self.inception4d(self.inception4c(self.inception4b(first)))  # (N, 528, H/16, W/16)
        features = self.maxpool4(self.inception4e(second))  # (N, 832, H/32, W/32)
        return first, second, self.inception5b(self.inception5a(features))  # (N, 1024, H/32, W/32)


def initialise(network: nn.Module, generator: Generator) -> None:
    """As BVLC's model: uniform with variance 1 / fan-in; biases 0.2, those of the logits 0."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            bound = sqrt(3 / module.weight[0].numel())
            nn.init.uniform_(module.weight, -bound, bound, generator=generator)
            if module.bias is not None:
                nn.init.constant_(module.bias, 0.0 if name.endswith(("fc", "fc2")) else 0.2)


PAPER = Paper(
    title="Going Deeper with Convolutions",
    authors="Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke, Rabinovich",
    year=2015,
    venue="CVPR 2015",
    arxiv="1409.4842",
    introduced="Inception modules, with 1x1 convolutions that reduce the channels",
)

PRINTED = Deviation(
    "Table 1 prints 6,798K parameters in all; in 4a, 4c, 4d and 5a they do not follow from its own "
    "widths, which its operations do follow from: 4c has 463K there, and 509K by its widths",
    "Table 1",
    "512 * (128 + 128 + 24 + 64) + 9 * 128 * 256 + 25 * 24 * 64 == 509440",
)
SEPARABLE = Deviation(
    "Table 1 prints 2.7K parameters for the first convolution: a 7x1 and a 1x7; 7x7 has 9.4K",
    "Table 1 against its own patch size, and BVLC's model",
    "2 * 7 * 3 * 64 == 2688",
)
SILENT = Deviation(
    "the numbers of the local response normalisation and the initialisation are BVLC's: the paper "
    "gives none, and its code is not public",
    "BVLC/caffe, models/bvlc_googlenet",
)
KERNEL = Deviation(
    "the branch of the 5x5 has a 3x3, as in the authors' later code",
    "torchvision googlenet.py and its issue 906; tensorflow/models, inception_v1.py",
    "(25 - 9) * (512 + 3072 + 768 + 1536 + 1536 + 2048 + 4096 + 4096 + 6144) == 380928",
)
BATCH_NORM = Deviation(
    "batch norm, with a scale and an offset, for the biases of 7,280 channels, and none of the "
    "local response normalisation",
    "torchvision googlenet.py",
    "6998552 - 380928 - 7280 + 2 * 7280 == 6624904",
)
POOLS = Deviation(
    "the last max pooling is 2x2, to the same 7x7; the auxiliary heads pool 14x14 to 4x4 with "
    "windows of four, not of five; dropout before the logits is 0.2, not 0.4",
    "torchvision googlenet.py",
    "(14 - 3 + 1) // 2 + 1 == (14 - 2) // 2 + 1",
)

# fmt: off
# name, edition, auxiliary heads, parameters, multiply-adds
ROWS = (
    ("googlenet",                 ORIGINAL,    False,  6_998_552, 1_582_671_872),
    ("googlenet_aux",             ORIGINAL,    True,  13_378_280, 1_582_671_872),
    ("googlenet_torchvision",     TORCHVISION, False,  6_624_904, 1_498_376_192),
    ("googlenet_torchvision_aux", TORCHVISION, True,  13_004_888, 1_498_376_192),
)
# fmt: on
STAGES = (
    Stage("conv1", 64, 2),
    Stage("conv3", 192, 4),
    Stage("inception3b", 480, 8),
    Stage("inception4e", 832, 16),
    Stage("inception5b", 1024, 32),
)
ORIGINAL_DEVIATIONS = (PRINTED, SEPARABLE, SILENT)

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="googlenet",
        edition=edition.name,
        build=partial(GoogLeNet, edition, has_heads=has_heads),
        paper=PAPER,
        stages=STAGES,
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(KERNEL, BATCH_NORM, POOLS) if edition is TORCHVISION else ORIGINAL_DEVIATIONS,
    )
    for name, edition, has_heads, parameters, multiply_adds in ROWS
)
