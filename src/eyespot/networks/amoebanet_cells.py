"""The cells that evolution found, as tables, and the operations that NASNet's do not have.

Real, Aggarwal, Huang, Le: Regularized Evolution for Image Classifier Architecture Search.
AAAI 2019, arXiv:1802.01548. The tables: tensorflow/tpu, models/official/amoeba_net, model_specs.py.

State 0 is h_i, state 1 is h_{i-1}, state 2 + k the sum of block k (`nasnet_cells.py`). A cell puts
more side by side than the states that no block reads: what, its last line says.
"""

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks import nasnet_cells
from eyespot.networks.layers import Edition, SamePadding
from eyespot.networks.nasnet_cells import Plan, SamePool, norm, squeeze

NORMAL_A = Plan(  # Fig. 5 middle
    blocks=(
        ("avg 3x3", 0, "max 3x3", 0),
        ("sep 3x3", 1, "identity", 1),
        ("identity", 0, "avg 3x3", 1),
        ("sep 3x3", 0, "sep 5x5", 2),
        ("avg 3x3", 5, "sep 3x3", 0),
    ),
    outputs=(1, 3, 4, 6),
    stride=1,
)
REDUCTION_A = Plan(  # Fig. 5 right
    blocks=(
        ("sep 3x3", 1, "avg 3x3", 0),
        ("max 3x3", 0, "sep 7x7", 2),
        ("max 3x3", 1, "max 3x3", 0),
        ("sep 3x3", 4, "1x7 7x1", 0),
        ("avg 3x3", 1, "sep 7x7", 0),
    ),
    outputs=(2, 3, 4, 5, 6),
    stride=2,
)
NORMAL_C = Plan(
    blocks=(
        ("avg 3x3", 0, "sep 3x3", 0),
        ("identity", 0, "sep 3x3", 0),
        ("avg 3x3", 2, "sep 3x3", 1),
        ("identity", 0, "sep 3x3", 1),
        ("avg 3x3", 3, "sep 3x3", 0),
    ),
    outputs=(1, 2, 4, 5, 6),
    stride=1,
)
REDUCTION_C = Plan(
    blocks=(
        ("max 3x3", 0, "max 3x3", 0),
        ("sep 7x7", 2, "sep 3x3", 0),
        ("sep 7x7", 0, "max 3x3", 1),
        ("sep 5x5", 4, "sep 5x5", 4),
        ("max 3x3", 1, "sep 3x3", 1),
    ),
    outputs=(0, 2, 3, 4, 5, 6),
    stride=2,
)


class OneWay(nn.Module):
    """1x7 or 7x1 that strides along its long side: (N, C, h, w) -> (N, C, h, w / stride)."""

    def __init__(self, channels: int, kernel_size: tuple[int, int], *, stride: int) -> None:
        super().__init__()
        self.is_flat = kernel_size == (1, 7)
        strides = (1, stride) if self.is_flat else (stride, 1)
        self.same = SamePadding(7, stride)
        self.conv = nn.Conv2d(channels, channels, kernel_size, strides, bias=False)

    def forward(self, state: Tensor) -> Tensor:
        sides = self.same.sides(state.shape[-1 if self.is_flat else -2])
        return self.conv(functional.pad(state, (*sides, 0, 0) if self.is_flat else (0, 0, *sides)))


def factorised(in_channels: int, channels: int, *, stride: int, edition: Edition) -> nn.Sequential:
    """A quarter of the channels, 1x7, 7x1, all of them: (N, in, h, w) -> (N, out, h', w')."""
    width = channels // 4
    return nn.Sequential(
        OrderedDict(
            act_1=nn.ReLU(),
            pre_1x1=squeeze(in_channels, width, edition),
            act_2=nn.ReLU(inplace=True),
            conv_1x7=OneWay(width, (1, 7), stride=stride),
            bn_1x7=norm(width, edition),
            act_3=nn.ReLU(inplace=True),
            conv_7x1=OneWay(width, (7, 1), stride=stride),
            bn_7x1=norm(width, edition),
            act_4=nn.ReLU(inplace=True),
            post_1x1=squeeze(width, channels, edition),
        )
    )


def operation(
    kind: str, in_channels: int, channels: int, *, stride: int, edition: Edition
) -> nn.Module:
    """NASNet's, and 1x7 7x1; behind a pool a 1x1 convolution where its channels are not F."""
    if kind == "1x7 7x1":
        return factorised(in_channels, channels, stride=stride, edition=edition)
    found = nasnet_cells.operation(kind, in_channels, channels, stride=stride, edition=edition)
    if isinstance(found, SamePool) and in_channels != channels:
        return nn.Sequential(found, squeeze(in_channels, channels, edition))
    return found
