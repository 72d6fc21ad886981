"""Receptive fields: which pixels of the photo every layer's cells see, in closed form and exactly.

Through any graph of convolutions, pools, branches and skips, read off the operators that run. The
field of a merged map is the largest over all paths, with its left and right edges apart. What reads
a whole map (global pooling, squeeze and excitation, attention, flattening) is global.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from eyespot.errors import lookup
from eyespot.fields.seen import Reach, Seen
from eyespot.fields.spans import Cells, Span
from eyespot.fields.tracking import track

__all__ = ["Field", "Reach", "Span", "field_of", "reaches", "receptive_fields"]


@dataclass(frozen=True)
class Field:
    """What the cells of one layer's output see of the photo. Cells and pixels count from 0.

    Where a layer is global, `rows` and `columns` are the field without what was global: of a
    network with squeeze and excitation, that of its convolutions and pools. They are None where
    there is no grid any more, such as behind global pooling.
    """

    module: str  # its name in `network.named_modules()`
    kind: str  # its class, e.g. "Conv2d"
    output_shape: tuple[int, ...]  # (C, h, w) or (D,), for one photo
    rows: Span | None
    columns: Span | None
    is_global: bool


def receptive_fields(network: nn.Module, image_size: int | tuple[int, int]) -> tuple[Field, ...]:
    """The field of every call of a module that gives one tensor, in the order of their ends.

    `image_size` is pixels, or (height, width); nothing is computed, and the network is left as it
    was. Of TensorFlow's padding, which depends on the size, fields are those at this size.
    Raises `InputError` if the network cannot take photos of that size.

    >>> receptive_fields(nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)), 32)[1].rows.size
    5
    """
    return _fields(network, image_size, ())


def field_of(network: nn.Module, layer: str, image_size: int | tuple[int, int]) -> Field:
    """The field of one layer: of its last call. Raises `InputError`, with near matches, for others.

    >>> field_of(build("vgg16"), "features.30", 224).rows.size
    212
    """
    named = {name: module for name, module in network.named_modules() if name}
    lookup("layer", layer, named)
    found = _fields(network, image_size, (layer,))
    if not found:
        lookup("layer that gives one tensor", layer, {each: 0 for each in named if each != layer})
    return found[-1]


def reaches(
    network: nn.Module, layers: Iterable[str], image_size: int | tuple[int, int]
) -> dict[str, Reach]:
    """Cell by cell, which pixels these layers see: what the closed form leaves open at borders.

    Layers whose outputs have no grid are one cell, (1, 1).
    """
    found: dict[str, Reach] = {}

    def note(name: str, module: nn.Module, output: Tensor, seen: Seen) -> None:
        boxes = [(_cells(rows.cells), _cells(columns.cells)) for rows, columns in seen.boxes]
        found[name] = Reach(tuple(boxes))

    track(network, _pair(image_size), note=note, is_exact=True, only=layers)
    return found


def _fields(
    network: nn.Module, image_size: int | tuple[int, int], only: Iterable[str]
) -> tuple[Field, ...]:
    found: list[Field] = []

    def note(name: str, module: nn.Module, output: Tensor, seen: Seen) -> None:
        (rows, rows_global), (columns, columns_global) = seen.hull(0), seen.hull(1)
        shape, is_global = tuple(output.shape[1:]), rows_global or columns_global
        found.append(Field(name, type(module).__name__, shape, rows, columns, is_global))

    track(network, _pair(image_size), note=note, is_exact=False, only=only)
    return tuple(found)


def _pair(image_size: int | tuple[int, int]) -> tuple[int, int]:
    return (image_size, image_size) if isinstance(image_size, int) else image_size


def _cells(cells: Cells | None) -> Cells:
    assert cells is not None
    return np.asarray(cells)
