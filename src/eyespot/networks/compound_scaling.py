"""Compound scaling: one table and two coefficients give EfficientNet-B0 to B7 and Lite0 to Lite4.

Tan, Le: EfficientNet (arXiv:1905.11946), Sect. 3.3; the rounding is the released code's.
`rule` is the paper's, by which one more of phi doubles the operations; the released B1 to B7 have
coefficients of their own (see `efficientnet.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, isfinite

from eyespot.errors import InputError
from eyespot.networks.layers import scaled_channels

ALPHA, BETA, GAMMA = 1.2, 1.1, 1.15  # depth, width, resolution: found by a small grid search
B0_IMAGE_SIZE = 224  # pixels
LARGEST_PHI = 10  # some 1,024 times the operations of B0; B7 has 98 times as many


@dataclass(frozen=True)
class MBConvStage:
    """A line of Table 1: `depth` MBConv blocks, of which the first strides."""

    expansion: int
    kernel_size: int
    stride: int
    channels: int
    depth: int


@dataclass(frozen=True)
class Table:
    """Table 1: channels of the first convolution, seven stages, channels of the last one."""

    stem: int
    stages: tuple[MBConvStage, ...]
    head: int

    @property
    def channels(self) -> tuple[int, ...]:
        """What leaves each of the nine lines."""
        return (self.stem, *(stage.channels for stage in self.stages), self.head)

    @property
    def depth(self) -> int:
        """How many MBConv blocks there are."""
        return sum(stage.depth for stage in self.stages)


B0 = Table(
    stem=32,
    stages=(
        # expansion, kernel size, stride, channels, depth
        MBConvStage(1, 3, 1, 16, 1),
        MBConvStage(6, 3, 2, 24, 2),
        MBConvStage(6, 5, 2, 40, 2),
        MBConvStage(6, 3, 2, 80, 3),
        MBConvStage(6, 5, 1, 112, 3),
        MBConvStage(6, 5, 2, 192, 4),
        MBConvStage(6, 3, 1, 320, 1),
    ),
    head=1280,
)


def scaled(table: Table, *, depth: float, width: float, lite: bool) -> Table:
    """`table` with `depth` times the blocks, rounded up, and `width` times the channels.

    Lite keeps the ends small: neither both convolutions nor the depth of the outer stages grow.
    """
    outer = (table.stages[0], table.stages[-1])
    stages = tuple(
        replace(
            stage,
            channels=scaled_channels(stage.channels, width),
            depth=stage.depth if lite and stage in outer else ceil(stage.depth * depth),
        )
        for stage in table.stages
    )
    if lite:
        return replace(table, stages=stages)
    stem, head = scaled_channels(table.stem, width), scaled_channels(table.head, width)
    return Table(stem, stages, head)


@dataclass(frozen=True)
class Scaling:
    """What Eq. 3 makes of one phi."""

    phi: float
    depth: float  # times the blocks
    width: float  # times the channels
    image_size: int  # pixels


def rule(phi: float) -> Scaling:
    """Eq. 3: depth 1.2^phi, width 1.1^phi, resolution 1.15^phi, to the nearest pixel.

    alpha * beta^2 * gamma^2 is about 2, so that phi is how often the operations double. Raises
    `InputError` for a phi below 0 or above `LARGEST_PHI`.

    >>> rule(3)
    Scaling(phi=3, depth=1.728, width=1.3310000000000004, image_size=341)
    >>> scaled(B0, depth=rule(3).depth, width=rule(3).width, lite=False).depth
    29
    """
    if not 0 <= phi <= LARGEST_PHI:
        raise InputError(f"phi is a number from 0 (B0) to {LARGEST_PHI}, not {phi:g}")
    return Scaling(phi, ALPHA**phi, BETA**phi, round(B0_IMAGE_SIZE * GAMMA**phi))


def largest_phi(budget: float, multiply_adds: Callable[[Scaling], int]) -> float:
    """The largest phi, to 0.01, whose network costs at most `budget` multiply-adds.

    `multiply_adds` counts the network of a scaling; it must not fall where phi grows. Raises
    `InputError` for a budget that B0 exceeds, or that phi would have to be too large for.

    >>> largest_phi(1e9, lambda scaling: round(4e8 * 2**scaling.phi))
    1.32
    """
    if not isfinite(budget):
        raise InputError(f"a budget is a number of multiply-adds, such as 2.5e9, not {budget}")
    least = multiply_adds(rule(0))
    if budget < least:
        raise InputError(f"{budget:g} multiply-adds are too few: B0 alone takes {least:,}")
    low, high = 0, 100 * LARGEST_PHI + 1  # hundredths: the first stays within, the second does not
    while high - low > 1:
        middle = (low + high) // 2
        if multiply_adds(rule(middle / 100)) <= budget:
            low = middle
        else:
            high = middle
    if low == 100 * LARGEST_PHI and multiply_adds(rule(LARGEST_PHI)) < budget:
        raise InputError(f"{budget:g} multiply-adds are more than phi = {LARGEST_PHI} takes")
    return low / 100
