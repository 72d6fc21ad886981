"""ResNet on pictures of 32 pixels: one block, repeated up to 1202 layers; plain nets fail early.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition. CVPR 2016, arXiv:1512.03385,
Sect. 4.2.

- 6n + 2 layers: a 3x3 convolution, n blocks each with 16, 32 and 64 channels, a linear layer.
- All shortcuts are "option A": zeros in the new channels, so that a residual network and a plain
  one, which is without shortcuts, have the same weights and the same cost (Fig. 6).
- The zeros come last, as in the authors' code; the paper does not say where.
"""

from functools import partial

from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks.architecture import Architecture, Generator, Network, Stage
from eyespot.networks.resnet import PAPER, Block, initialise, stage


class ZeroPadding(nn.Module):
    """Option A of Sect. 3.3: (N, in, h, w) -> (N, out, h / stride, w / stride), without weights."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        super().__init__()
        self.new_channels = out_channels - in_channels
        self.stride = stride

    def forward(self, features: Tensor) -> Tensor:
        seen = features[:, :, :: self.stride, :: self.stride]
        return functional.pad(seen, (0, 0, 0, 0, 0, self.new_channels))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions (Fig. 2), also without the shortcut, which makes it a plain network's.

    (N, in, h, w) -> (N, out, h / stride, w / stride).
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, is_residual: bool = True
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.is_residual = is_residual
        self.downsample: ZeroPadding | None = None
        if is_residual and (stride > 1 or in_channels != out_channels):
            self.downsample = ZeroPadding(in_channels, out_channels, stride=stride)

    def forward(self, features: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(features)))
        residual = self.bn2(self.conv2(residual))
        if not self.is_residual:
            return self.relu(residual)
        shortcut = features if self.downsample is None else self.downsample(features)
        return self.relu(residual + shortcut)


class CifarResNet(Network):
    """The table of Sect. 4.2: a 3x3 stem, three stages of n blocks, pooling, one linear layer."""

    def __init__(
        self,
        block: Block,
        n: int,
        *,
        stem_channels: int = 16,
        channels: int = 16,
        num_classes: int = 10,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, stem_channels, kernel_size=3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem_channels)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = stage(block, stem_channels, channels, depth=n, stride=1)
        self.layer2 = stage(block, channels, 2 * channels, depth=n, stride=2)
        self.layer3 = stage(block, 2 * channels, 4 * channels, depth=n, stride=2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4 * channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.relu(self.bn1(self.conv1(images)))  # (N, stem, H, W)
        features = self.layer2(self.layer1(features))  # (N, 2C, H/2, W/2)
        return self.layer3(features)  # (N, 4C, H/4, W/4)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, 4C)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(embedding)


PLAIN = partial(BasicBlock, is_residual=False)
# fmt: off
# name, block, n, parameters, multiply-adds at 32 pixels
ROWS: tuple[tuple[str, Block, int, int, int], ...] = (
    ("resnet20",   BasicBlock,   3,    269_722,    40_551_040),
    ("resnet32",   BasicBlock,   5,    464_154,    68_862_592),
    ("resnet44",   BasicBlock,   7,    658_586,    97_174_144),
    ("resnet56",   BasicBlock,   9,    853_018,   125_485_696),
    ("resnet110",  BasicBlock,  18,  1_727_962,   252_887_680),
    ("resnet1202", BasicBlock, 200, 19_421_274, 2_829_238_912),
    ("plain20",    PLAIN,        3,    269_722,    40_551_040),
    ("plain32",    PLAIN,        5,    464_154,    68_862_592),
    ("plain44",    PLAIN,        7,    658_586,    97_174_144),
    ("plain56",    PLAIN,        9,    853_018,   125_485_696),
    ("plain110",   PLAIN,       18,  1_727_962,   252_887_680),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="resnet_cifar",
        edition="paper",
        build=partial(CifarResNet, block, n),
        paper=PAPER,
        stages=(
            Stage("relu", 16, 1),
            *(Stage(f"layer{i + 1}", 16 * 2**i, 2**i) for i in range(3)),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=32,
        num_classes=10,
    )
    for name, block, n, parameters, multiply_adds in ROWS
)
