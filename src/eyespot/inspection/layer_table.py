"""Layer by layer: what leaves it, its kernel, what it costs, and what it sees of the photo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import ClassVar

from torch import nn

from eyespot.fields import Field, receptive_fields
from eyespot.networks.counting import LayerRow, layers

Pair = tuple[int, int]


@dataclass(frozen=True)
class Kernel:
    """How a convolution or a pool moves over a map, in its rows and its columns."""

    size: Pair
    stride: Pair
    padding: Pair
    dilation: Pair
    groups: int


@dataclass(frozen=True)
class TableRow:
    """One call of a layer."""

    KIND: ClassVar[str] = "layer"

    module: str
    kind: str  # its class, e.g. "Conv2d"
    output_shape: tuple[int, ...]  # (C, h, w) or (D,), for one photo
    kernel: Kernel | None  # None where nothing moves over a map
    parameters: int  # its own; 0 where the module has been called before
    multiply_adds: int
    memory: int  # bytes of what leaves it, in float32
    field: Field | None  # None where its output does not come from the photo

    @property
    def is_main(self) -> bool:
        """Whether it moves over a map, or has weights that are multiplied: no norm, no ReLU."""
        return self.kernel is not None or self.multiply_adds > 0 or "Pool" in self.kind


def layer_table(network: nn.Module, image_size: int) -> tuple[TableRow, ...]:
    """Every layer in the order of the forward pass, for square photos of `image_size` pixels.

    Raises `InputError` if the network cannot take photos of that size.
    """
    modules = dict(network.named_modules())
    rows = layers(network, image_size)
    found = _matched(rows, receptive_fields(network, image_size))
    return tuple(
        TableRow(
            module=row.module,
            kind=row.kind,
            output_shape=row.output_shape,
            kernel=_kernel(modules[row.module]),
            parameters=row.parameters,
            multiply_adds=row.multiply_adds,
            memory=4 * prod(row.output_shape),
            field=field,
        )
        for row, field in zip(rows, found, strict=True)
    )


def _matched(rows: tuple[LayerRow, ...], fields: tuple[Field, ...]) -> Iterator[Field | None]:
    """The field of every row: both are in the order in which the calls ended."""
    start = 0
    for row in rows:
        places = range(start, len(fields))
        place = next((i for i in places if fields[i].module == row.module), None)
        yield None if place is None else fields[place]
        start = start if place is None else place + 1


def _kernel(module: nn.Module) -> Kernel | None:
    size = getattr(module, "kernel_size", None)
    moves = isinstance(module, nn.Conv2d) or "Pool" in type(module).__name__
    if size is None or not moves or any(module.children()):
        return None
    stride = getattr(module, "stride", None)
    return Kernel(
        size=_pair(size),
        stride=_pair(size if stride is None else stride),
        padding=_pair(getattr(module, "padding", 0)),
        dilation=_pair(getattr(module, "dilation", 1)),
        groups=getattr(module, "groups", 1),
    )


def _pair(value: int | Pair) -> Pair:
    return (value, value) if isinstance(value, int) else (value[0], value[1])
