"""Weigh the channels of a block by what the whole map holds, before it is added to the shortcut.

Hu, Shen, Albanie, Sun, Wu: Squeeze-and-Excitation Networks. CVPR 2018, arXiv:1709.01507.

- Squeeze (Eq. 2), excitation (Eq. 3) and scale (Eq. 4) are `SqueezeExcitation` in `layers.py`.
- Any network can have it. Here ResNet's and ResNeXt's blocks, weighed before the sum (Fig. 3
  right): 10 % more parameters (Eq. 5), hardly any operations.
- SENet-154 won ILSVRC 2017: ResNeXt-152 (64x4d) with the four changes of the Appendix.
- As in the authors' Caffe models, the max pooling pads nothing and rounds up.
"""

from functools import partial

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.layers import SqueezeExcitation
from eyespot.networks.resnet import Block, Depths, initialise, projection, stage

squeeze_excitation = partial(SqueezeExcitation, activation=nn.ReLU, gate=nn.Sigmoid)


class SEBasicBlock(nn.Module):
    """ResNet's two 3x3, weighed: (N, in, h, w) -> (N, out, h / stride, w / stride)."""

    def __init__(
        self, in_channels: int, out_channels: int, *, stride: int, relu_residual: bool = False
    ) -> None:
        super().__init__()
        self.relu_residual = relu_residual
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.se_module = squeeze_excitation(out_channels, out_channels // 16)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(in_channels, out_channels, stride)

    def forward(self, features: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(features)))
        residual = self.bn2(self.conv2(residual))
        residual = self.se_module(self.relu(residual) if self.relu_residual else residual)
        shortcut = features if self.downsample is None else self.downsample(features)
        return self.relu(residual + shortcut)


class SEBottleneck(nn.Module):
    """1x1, 3x3, 1x1, weighed (Table 1): (N, in, h, w) -> (N, out, h / stride, w / stride)."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        *,
        stride: int,
        shares: tuple[float, float],  # of the out channels, in the first 1x1 and in the 3x3
        cardinality: int,
        stride_in_3x3: bool,
        project_3x3: bool = False,
    ) -> None:
        super().__init__()
        width1, width2 = (int(share * out_channels) for share in shares)
        stride1, stride2 = (1, stride) if stride_in_3x3 else (stride, 1)
        self.conv1 = nn.Conv2d(in_channels, width1, 1, stride=stride1, bias=False)
        self.bn1 = nn.BatchNorm2d(width1)
        self.conv2 = nn.Conv2d(
            width1, width2, 3, stride=stride2, padding=1, groups=cardinality, bias=False
        )
        self.bn2 = nn.BatchNorm2d(width2)
        self.conv3 = nn.Conv2d(width2, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.se_module = squeeze_excitation(out_channels, out_channels // 16)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(in_channels, out_channels, stride)
        if project_3x3 and stride > 1 and self.downsample is not None:
            self.downsample[0] = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        residual = self.relu(self.bn1(self.conv1(features)))
        residual = self.relu(self.bn2(self.conv2(residual)))
        residual = self.se_module(self.bn3(self.conv3(residual)))
        shortcut = features if self.downsample is None else self.downsample(features)
        return self.relu(residual + shortcut)


TIMM_BASIC = partial(SEBasicBlock, relu_residual=True)
SE_RESNET = partial(SEBottleneck, shares=(1 / 4, 1 / 4), cardinality=1, stride_in_3x3=False)
SE_RESNEXT = partial(SEBottleneck, shares=(1 / 2, 1 / 2), cardinality=32, stride_in_3x3=True)
SENET_154 = partial(  # Appendix: (a) halves the first 1x1 of 64x4d, (c) projects with a 3x3
    SEBottleneck, shares=(1 / 2, 1), cardinality=64, stride_in_3x3=True, project_3x3=True
)


class SENet(Network):
    """Table 1: a stem, four stages of weighed blocks, global average pooling, one linear layer."""

    smallest_image_size = 3  # the pooling needs two positions

    def __init__(
        self,
        block: Block,
        depths: Depths,
        *,
        channels: int,
        is_senet154: bool,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        stem, kernel_size = ((64, 64, 128), 3) if is_senet154 else ((64,), 7)  # Appendix (b)
        self.layer0 = nn.Sequential()
        for i, (before, after) in enumerate(zip((3, *stem), stem, strict=False), start=1):
            stride, padding = 2 if i == 1 else 1, kernel_size // 2
            conv = nn.Conv2d(before, after, kernel_size, stride, padding, bias=False)
            self.layer0.add_module(f"conv{i}", conv)
            self.layer0.add_module(f"bn{i}", nn.BatchNorm2d(after))
            self.layer0.add_module(f"relu{i}", nn.ReLU(inplace=True))
        self.pool0 = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
        self.layer1 = stage(block, stem[-1], channels, depth=depths[0], stride=1)
        self.layer2 = stage(block, channels, 2 * channels, depth=depths[1], stride=2)
        self.layer3 = stage(block, 2 * channels, 4 * channels, depth=depths[2], stride=2)
        self.layer4 = stage(block, 4 * channels, 8 * channels, depth=depths[3], stride=2)
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2 if is_senet154 else 0)  # Appendix (d)
        self.last_linear = nn.Linear(8 * channels, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        features = self.layer1(self.pool0(self.layer0(images)))  # (N, C, H/4, W/4)
        return self.layer4(self.layer3(self.layer2(features)))  # (N, 8C, H/32, W/32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avg_pool(self.forward_features(images)).flatten(1)  # (N, 8C)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.last_linear(self.dropout(embedding))


PAPER = Paper(
    title="Squeeze-and-Excitation Networks",
    authors="Hu, Shen, Albanie, Sun, Wu (CVPR 2018: Hu, Shen, Sun)",
    year=2018,
    venue="CVPR 2018 (TPAMI version 2020)",
    arxiv="1709.01507",
    introduced="channels weighed by what the whole map holds",
)

BIASES = Deviation(
    "the two layers of a gate have biases, as in the authors' models: Eq. 3 and 5 are without",
    "hujie-frank/SENet",
    "28088024 - 25557032 - 2514944 == 17 * (3 * 256 + 4 * 512 + 6 * 1024 + 3 * 2048) // 16",
)
PRINTED = Deviation(
    "the paper prints up to 0.4 % more operations (SE-ResNet-152: 11.32 billion): it seems to "
    "count one more for every number that leaves a layer or is pooled by a gate",
    "Table 2",
    "round((11288993792 + 22129096 + 13146112) / 10**7) == 1132",
)
SMALL = Deviation("not in the paper, but by its rule", "timm, senet.py")
TIMM = Deviation(
    "not in the paper, nor by its rule: the residual is activated before it is weighed, so that a "
    "block can only add",
    "timm, senet.py",
)
# fmt: off
# name, block, depths and channels of conv2_x, parameters, multiply-adds at 224 pixels, deviation
ROWS: tuple[tuple[str, Block, Depths, int, int, int, Deviation | None], ...] = (
    ("se_resnet18",         SEBasicBlock, (2, 2,  2, 2),  64,  11_778_592,  1_814_160_384, SMALL),
    ("se_resnet34",         SEBasicBlock, (3, 4,  6, 3),  64,  21_958_868,  3_663_918_592, SMALL),
    ("se_resnet18_timm",    TIMM_BASIC,   (2, 2,  2, 2),  64,  11_778_592,  1_814_160_384, TIMM),
    ("se_resnet34_timm",    TIMM_BASIC,   (3, 4,  6, 3),  64,  21_958_868,  3_663_918_592, TIMM),
    ("se_resnet50",         SE_RESNET,    (3, 4,  6, 3), 256,  28_088_024,  3_860_488_192, PRINTED),
    ("se_resnet101",        SE_RESNET,    (3, 4, 23, 3), 256,  49_326_872,  7_574_937_600, PRINTED),
    ("se_resnet152",        SE_RESNET,    (3, 8, 36, 3), 256,  66_821_848, 11_288_993_792, PRINTED),
    ("se_resnext26_32x4d",  SE_RESNEXT,   (2, 2,  2, 2), 256,  16_790_280,  2_472_099_840, SMALL),
    ("se_resnext50_32x4d",  SE_RESNEXT,   (3, 4,  6, 3), 256,  27_559_896,  4_232_994_816, PRINTED),
    ("se_resnext101_32x4d", SE_RESNEXT,   (3, 4, 23, 3), 256,  48_955_416,  7_974_739_968, PRINTED),
    ("senet154",            SENET_154,    (3, 8, 36, 3), 256, 115_088_984, 20_688_363_520, None),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="senet",
        edition="timm" if block is TIMM_BASIC else "paper",
        build=partial(SENet, block, depths, channels=channels, is_senet154=block is SENET_154),
        paper=PAPER,
        stages=(
            Stage("layer0", 128 if block is SENET_154 else 64, 2),
            *(Stage(f"layer{i + 1}", channels * 2**i, 4 * 2**i) for i in range(4)),
        ),
        head="last_linear",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(BIASES,) if deviation is None else (BIASES, deviation),
    )
    for name, block, depths, channels, parameters, multiply_adds, deviation in ROWS
)
