"""The highway layer, and the layers of the paper's three kinds of networks up to their vector.

Srivastava, Greff, Schmidhuber: Training Very Deep Networks, arXiv:1507.06228, Eq. 3 and Sects. 3.1
to 3.3, with the layer files of the released code: github.com/flukeskywalker/highway-networks.
"""

from collections import OrderedDict

from torch import Tensor, nn

Layers = list[nn.Module]
Widths = tuple[int, int, int]  # channels of three stages
Gates = tuple[tuple[int, ...], ...]  # kernel sizes of the highway layers of each stage
# stages, pools and dropout; what makes a vector of the last map; its length, and its dropout
Parts = tuple[OrderedDict[str, nn.Module], nn.Module, int, float]


class Highway(nn.Module):
    """Eq. 3: y = H(x) * T(x) + x * (1 - T(x)), (N, C, h, w) -> (N, C, h, w)."""

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        self.transform = nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2)
        self.relu = nn.ReLU(inplace=True)
        self.gate = nn.Conv2d(channels, channels, kernel_size, padding=kernel_size // 2)
        self.sigmoid = nn.Sigmoid()

    def forward(self, features: Tensor) -> Tensor:
        transformed = self.relu(self.transform(features))
        gate = self.sigmoid(self.gate(features))  # 1 transforms, 0 carries
        return transformed * gate + features * (1 - gate)


def plain(in_channels: int, out_channels: int, kernel_size: int, *, padding: int = 0) -> Layers:
    """A layer without a gate, which may change the channels."""
    conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=padding)
    return [conv, nn.ReLU(inplace=True)]


def highways(channels: int, kernel_sizes: tuple[int, ...]) -> Layers:
    return [Highway(channels, kernel_size) for kernel_size in kernel_sizes]


def fully_connected(depth: int) -> Parts:
    """Sect. 3.1: `depth` layers of 50 units, the first of them plain: (N, 1, 28, 28) -> (N, 50).

    What a layer connects in full is a map of one position.
    """
    layers = [*plain(1, 50, 28), *highways(50, (depth - 1) * (1,))]
    return OrderedDict(stage1=nn.Sequential(*layers)), nn.Identity(), 50, 0.0


def convolutional(width: int) -> Parts:
    """Sect. 3.2: nine convolutions, the first of them plain: (N, 1, 28, 28) -> (N, 9 * width)."""
    stages = OrderedDict[str, nn.Module](drop=nn.Dropout(0.2))
    stages["stage1"] = nn.Sequential(*plain(1, width, 5), *highways(width, (3, 3)))
    stages["pool1"] = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
    stages["drop1"] = nn.Dropout(0.3)
    stages["stage2"] = nn.Sequential(*highways(width, (3, 3, 3)))
    stages["pool2"] = nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True)
    stages["drop2"] = nn.Dropout(0.4)
    stages["stage3"] = nn.Sequential(*highways(width, (3, 3, 3)))
    return stages, nn.MaxPool2d(kernel_size=2), 9 * width, 0.5


def cifar_stages(widths: Widths, gates: Gates) -> OrderedDict[str, nn.Module]:
    """Sect. 3.3: a stage is a plain 3x3, then highway layers; 2x2 pools stand between stages."""
    stages = OrderedDict[str, nn.Module](drop=nn.Dropout(0.2))
    in_channels = 3
    for number, (channels, kernel_sizes) in enumerate(zip(widths, gates, strict=True), start=1):
        layers = [*plain(in_channels, channels, 3, padding=1), *highways(channels, kernel_sizes)]
        stages[f"stage{number}"] = nn.Sequential(*layers)
        if number < len(widths):
            stages[f"pool{number}"] = nn.MaxPool2d(kernel_size=2)
            stages[f"drop{number}"] = nn.Dropout(0.2)
        in_channels = channels
    return stages


def with_hidden_layer(widths: Widths, gates: Gates, units: int) -> Parts:
    """Sect. 3.3.1: the maximum over positions and a linear layer, as FitNets have them."""
    hidden = (nn.Linear(widths[-1], units), nn.ReLU(inplace=True))
    neck = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), *hidden)
    return cifar_stages(widths, gates), neck, units, 0.2


def all_convolutional(widths: Widths, gates: Gates, units: int) -> Parts:
    """Sect. 3.3.2: a 1x1 convolution and the mean over positions, as Network In Network has."""
    stages = cifar_stages(widths, gates)
    stages["stage4"] = nn.Sequential(*plain(widths[-1], units, 1))
    return stages, nn.AdaptiveAvgPool2d(1), units, 0.2
