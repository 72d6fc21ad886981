"""Inception modules whose large kernels are factorised: two 3x3 for a 5x5, 1x7 and 7x1 for a 7x7.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception Architecture for Computer Vision
(arXiv:1512.00567), Figs. 5 to 8 and 10, with the widths of the released code. A number in a name
is the grid that the module works on, in pixels, where pictures have 299.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks.inception_boxes import Conv


class Inception35(nn.Module):
    """Fig. 5: (N, in, 35, 35) -> (N, 224 + pooled, 35, 35).

    The released code has two 3x3 for the one 5x5 of GoogLeNet, and a 5x5 for its 3x3.
    """

    def __init__(self, in_channels: int, pooled: int, *, counts_padding: bool) -> None:
        super().__init__()
        self.branch1x1 = Conv(in_channels, (1, 1, 64))
        self.branch5x5_1 = Conv(in_channels, (1, 1, 48))
        self.branch5x5_2 = Conv(48, (5, 5, 64))
        self.branch3x3dbl_1 = Conv(in_channels, (1, 1, 64))
        self.branch3x3dbl_2 = Conv(64, (3, 3, 96))
        self.branch3x3dbl_3 = Conv(96, (3, 3, 96))
        self.pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=counts_padding)
        self.branch_pool = Conv(in_channels, (1, 1, pooled))

    def forward(self, features: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(features)))
        large = self.branch5x5_2(self.branch5x5_1(features))
        pooled = self.branch_pool(self.pool(features))
        return torch.cat((self.branch1x1(features), large, double, pooled), dim=1)


class Reduction35(nn.Module):
    """Fig. 10: (N, in, 35, 35) -> (N, 480 + in, 17, 17). Pooling and convolutions side by side.

    To pool first is a bottleneck, to convolve first is far more work (Fig. 9).
    """

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3 = Conv(in_channels, (3, 3, 384), stride=2)
        self.branch3x3dbl_1 = Conv(in_channels, (1, 1, 64))
        self.branch3x3dbl_2 = Conv(64, (3, 3, 96))
        self.branch3x3dbl_3 = Conv(96, (3, 3, 96), stride=2)
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, features: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(features)))
        return torch.cat((self.branch3x3(features), double, self.pool(features)), dim=1)


class Inception17(nn.Module):
    """Fig. 6 with n = 7: (N, in, 17, 17) -> (N, 768, 17, 17). One 7x7, and two in a row."""

    def __init__(self, in_channels: int, width: int, *, counts_padding: bool) -> None:
        super().__init__()
        self.branch1x1 = Conv(in_channels, (1, 1, 192))
        self.branch7x7_1 = Conv(in_channels, (1, 1, width))
        self.branch7x7_2 = Conv(width, (1, 7, width))
        self.branch7x7_3 = Conv(width, (7, 1, 192))
        self.branch7x7dbl_1 = Conv(in_channels, (1, 1, width))
        self.branch7x7dbl_2 = Conv(width, (7, 1, width))
        self.branch7x7dbl_3 = Conv(width, (1, 7, width))
        self.branch7x7dbl_4 = Conv(width, (7, 1, width))
        self.branch7x7dbl_5 = Conv(width, (1, 7, 192))
        self.pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=counts_padding)
        self.branch_pool = Conv(in_channels, (1, 1, 192))

    def forward(self, features: Tensor) -> Tensor:
        double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(features)))
        double = self.branch7x7dbl_5(self.branch7x7dbl_4(double))
        single = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(features)))
        pooled = self.branch_pool(self.pool(features))
        return torch.cat((self.branch1x1(features), single, double, pooled), dim=1)


class Reduction17(nn.Module):
    """Fig. 10 again, with a factorised 7x7: (N, in, 17, 17) -> (N, 512 + in, 8, 8)."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branch3x3_1 = Conv(in_channels, (1, 1, 192))
        self.branch3x3_2 = Conv(192, (3, 3, 320), stride=2)
        self.branch7x7x3_1 = Conv(in_channels, (1, 1, 192))
        self.branch7x7x3_2 = Conv(192, (1, 7, 192))
        self.branch7x7x3_3 = Conv(192, (7, 1, 192))
        self.branch7x7x3_4 = Conv(192, (3, 3, 192), stride=2)
        self.pool = nn.MaxPool2d(3, stride=2)

    def forward(self, features: Tensor) -> Tensor:
        long = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(features)))
        long = self.branch7x7x3_4(long)
        short = self.branch3x3_2(self.branch3x3_1(features))
        return torch.cat((short, long, self.pool(features)), dim=1)


class Inception8(nn.Module):
    """Fig. 7: (N, in, 8, 8) -> (N, 2048, 8, 8). 1x3 and 3x1 stand side by side, to be wider."""

    def __init__(self, in_channels: int, *, counts_padding: bool) -> None:
        super().__init__()
        self.branch1x1 = Conv(in_channels, (1, 1, 320))
        self.branch3x3_1 = Conv(in_channels, (1, 1, 384))
        self.branch3x3_2a = Conv(384, (1, 3, 384))
        self.branch3x3_2b = Conv(384, (3, 1, 384))
        self.branch3x3dbl_1 = Conv(in_channels, (1, 1, 448))
        self.branch3x3dbl_2 = Conv(448, (3, 3, 384))
        self.branch3x3dbl_3a = Conv(384, (1, 3, 384))
        self.branch3x3dbl_3b = Conv(384, (3, 1, 384))
        self.pool = nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=counts_padding)
        self.branch_pool = Conv(in_channels, (1, 1, 192))

    def forward(self, features: Tensor) -> Tensor:
        double = self.branch3x3dbl_2(self.branch3x3dbl_1(features))
        wide_double = (self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double))
        single = self.branch3x3_1(features)
        wide_single = (self.branch3x3_2a(single), self.branch3x3_2b(single))
        pooled = self.branch_pool(self.pool(features))
        return torch.cat((self.branch1x1(features), *wide_single, *wide_double, pooled), dim=1)


class AuxiliaryHead(nn.Module):
    """Fig. 8: 17x17 -> 5x5 -> 1x1 and a linear layer: (N, 768, h, w) -> (N, num_classes).

    Smaller maps than 17x17 are enlarged to that, which the 5x5 convolution needs.
    """

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(5, stride=3)
        self.conv0 = Conv(768, (1, 1, 128))
        self.conv1 = Conv(128, (5, 5, 768), valid=True)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(768, num_classes)

    def forward(self, features: Tensor) -> Tensor:
        height, width = features.shape[-2:]
        grid = functional.adaptive_avg_pool2d(features, (max(height, 17), max(width, 17)))
        features = self.conv1(self.conv0(self.pool(grid)))  # (N, 768, 1, 1)
        return self.fc(self.avgpool(features).flatten(1))
