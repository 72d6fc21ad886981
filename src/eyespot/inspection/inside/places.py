"""Where in the picture a unit looks: the box behind a place of its map, and how large it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eyespot.fields import Field

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of what the network sees


def strongest_place(values: NDArray[np.float32]) -> tuple[int, int]:
    """Row and column of the largest answer of a map (h, w)."""
    row, column = (int(i) for i in np.unravel_index(int(values.argmax()), values.shape))
    return row, column


def box_at(field: Field, place: tuple[int, int], size: int) -> Box:
    """What a unit sees from a place of its map, as far as it is in the picture of `size` pixels."""
    if field.is_global or field.rows is None or field.columns is None:
        return (0, 0, size, size)
    (top, bottom), (left, right) = field.rows.at(place[0]), field.columns.at(place[1])
    return (max(0, left), max(0, top), min(size, right + 1), min(size, bottom + 1))


def side_of(field: Field, size: int) -> int | None:
    """How many pixels of a side a unit sees; None where that is all of the photo."""
    if field.is_global or field.rows is None or field.rows.size >= 2 * size:
        return None
    return field.rows.size
