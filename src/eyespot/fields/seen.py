"""Which pixels the cells of a map see: boxes of rows and columns, and how they join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.fields.spans import Axis, Span, Window

Dims = tuple[int | None, int | None]
Box = tuple[Axis, Axis]  # rows and columns


@dataclass(frozen=True, eq=False)
class Seen:
    """What the numbers of one tensor see of the photo.

    A cell sees every pixel that one of the boxes holds, in its rows and its columns: branches of
    1x3 and of 3x1 together see a cross, which is no box.
    """

    boxes: tuple[Box, ...]
    dims: Dims  # which dimensions are rows and columns; None: the same for all numbers

    def hull(self, axis: int) -> tuple[Span | None, bool]:
        """The span of all boxes that have one, together, and whether one of them is global."""
        spans = [box[axis].span for box in self.boxes]
        known = [span for span in spans if span is not None]
        if not known or len({span.jump for span in known}) > 1:
            return None, True
        first, last = min(span.first for span in known), max(span.last for span in known)
        whole = Span(known[0].jump, first, last)
        return whole, any(box[axis].is_global for box in self.boxes)

    def read(self, axis: int, window: Window, count: int) -> Seen:
        """Behind windows along one axis that leave `count` cells."""
        if self.dims[axis] is None:
            return self
        return self._with(axis, [box[axis].read(window, count) for box in self.boxes], self.dims)

    def each(self, axis: int, windows: list[tuple[int, int]]) -> Seen:
        """Behind windows along one axis that are not equally far apart, or not equally wide."""
        if self.dims[axis] is None:
            return self
        return self._with(axis, [box[axis].each(windows) for box in self.boxes], self.dims)

    def whole(self, axis: int) -> Seen:
        """Behind what reads all cells along one axis."""
        if self.dims[axis] is None:
            return self
        return self._with(axis, [box[axis].whole() for box in self.boxes], self._without(axis))

    def dropped(self, axis: int) -> Seen:
        """Without the dimension, which has a single cell: it sees what it saw."""
        return Seen(self.boxes, self._without(axis))

    def moved(self, dims: Dims) -> Seen:
        """The same numbers, with rows and columns as other dimensions."""
        return Seen(self.boxes, dims)

    def repeated(self, axis: int, count: int, dim: int) -> Seen:
        """A single cell along one axis, or as many as `count`, as `count` cells."""
        dims = (dim, self.dims[1]) if axis == 0 else (self.dims[0], dim)
        return self._with(axis, [box[axis].repeated(count) for box in self.boxes], dims)

    def _without(self, axis: int) -> Dims:
        return (None, self.dims[1]) if axis == 0 else (self.dims[0], None)

    def _with(self, axis: int, changed: Sequence[Axis], dims: Dims) -> Seen:
        boxes = [
            (new, box[1]) if axis == 0 else (box[0], new)
            for box, new in zip(self.boxes, changed, strict=True)
        ]
        return Seen(pruned(boxes), dims)


def united(parts: Sequence[Seen]) -> Seen:
    """What a cell sees that reads the same cell of several tensors, all of the same dimensions."""
    boxes = [box for part in parts for box in part.boxes]
    return Seen(pruned(boxes), parts[0].dims) if len(parts) > 1 else parts[0]


def pruned(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Without the boxes that lie in another one."""
    kept: list[Box] = []
    for box in boxes:
        if any(_holds(other, box) for other in kept):
            continue
        kept = [other for other in kept if not _holds(box, other)] + [box]
    return tuple(kept)


def _holds(box: Box, other: Box) -> bool:
    return box is other or (box[0].holds(other[0]) and box[1].holds(other[1]))


@dataclass(frozen=True, eq=False)
class Reach:
    """Exactly which pixels every cell of one layer's map depends on, its border cells too."""

    boxes: tuple[tuple[NDArray[np.bool_], NDArray[np.bool_]], ...]  # (h, H) and (w, W) each

    def pixels(self, row: int, column: int) -> NDArray[np.bool_]:
        """(H, W): the pixels that a cell sees."""
        found: NDArray[np.bool_] = np.any(
            [rows[row][:, None] & columns[column] for rows, columns in self.boxes], axis=0
        )
        return found

    def cells(self, row: int, column: int) -> NDArray[np.bool_]:
        """(h, w): the cells that a pixel can change."""
        found: NDArray[np.bool_] = np.any(
            [rows[:, row][:, None] & columns[:, column] for rows, columns in self.boxes], axis=0
        )
        return found
