"""Compound scaling: one table and two coefficients give EfficientNet-B0 to B7 and Lite0 to Lite4.

Tan, Le: EfficientNet (arXiv:1905.11946), Sect. 3.3; the rounding is the released code's.
"""

from dataclasses import dataclass, replace
from math import ceil

from eyespot.networks.layers import scaled_channels


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
