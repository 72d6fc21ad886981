"""Along one axis of a photo: which pixels a cell of a map sees, in closed form and cell by cell.

A. Araujo, W. Norris, J. Sim: Computing Receptive Fields of Convolutional Neural Networks, Distill
2019, doi:10.23915/distill.00021, Eq. 2 to 4, with both edges kept instead of the size alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.bool_]  # (cells, pixels): which pixels each cell sees


@dataclass(frozen=True)
class Span:
    """Cell `i` sees the pixels `i * jump + first` to `i * jump + last`, those that the photo has.

    >>> Span(jump=1, first=0, last=0).read(Window(3, padding=1)).read(Window(3, padding=1))
    Span(jump=1, first=-2, last=2)
    """

    jump: int  # pixels from one cell's field to the next one's
    first: int  # pixel; negative where padding lets the field begin outside of the photo
    last: int

    @property
    def size(self) -> int:
        """Pixels: how wide the field is."""
        return self.last - self.first + 1

    @property
    def offset(self) -> float:
        """The pixel in the middle of the field of cell 0."""
        return (self.first + self.last) / 2

    def at(self, cell: int) -> tuple[int, int]:
        """The first and the last pixel of a cell's field, which may lie outside of the photo."""
        return cell * self.jump + self.first, cell * self.jump + self.last

    def inner(self, cells: int, pixels: int) -> range:
        """The cells, of so many, whose whole field lies in a photo of so many pixels.

        None of them sees anything of the padding of any layer before.
        """
        start = max(0, -(self.first // self.jump))
        stop = min(cells, (pixels - 1 - self.last) // self.jump + 1)
        return range(start, max(start, stop))

    def read(self, window: Window) -> Span:
        """The field of a cell that reads the cells in a window."""
        first = self.first - window.padding * self.jump
        last = self.last + ((window.size - 1) * window.dilation - window.padding) * self.jump
        return Span(self.jump * window.stride, first, last)

    def united(self, other: Span) -> Span | None:
        """The smallest span that holds both; None where their jumps differ."""
        if self.jump != other.jump:
            return None
        return replace(self, first=min(self.first, other.first), last=max(self.last, other.last))


@dataclass(frozen=True)
class Window:
    """Cell `i` reads the cells `i * stride + k * dilation - padding`, `k` from 0 to `size - 1`."""

    size: int
    stride: int = 1
    padding: int = 0  # negative: so many cells are passed over
    dilation: int = 1


@dataclass(frozen=True, eq=False)
class Axis:
    """What the cells of a map see along one axis."""

    span: Span | None  # None behind what has no grid any more
    is_global: bool  # whether something on the way has read the whole map
    cells: Cells | None  # None where cell by cell was not asked for

    def read(self, window: Window, count: int) -> Axis:
        """What `count` cells see that read these through a window."""
        span = None if self.span is None else self.span.read(window)
        return replace(self, span=span, cells=_read(self.cells, window, count))

    def whole(self) -> Axis:
        """What a cell sees that reads all of these."""
        return self.each([(0, 0 if self.cells is None else len(self.cells))])

    def each(self, windows: list[tuple[int, int]]) -> Axis:
        """Cells that read the cells from one number up to another, a window each."""
        if self.cells is None:
            return Axis(None, True, None)
        return Axis(None, True, np.stack([self.cells[a:b].any(0) for a, b in windows]))

    def repeated(self, count: int) -> Axis:
        """One cell's field for every of `count` cells."""
        if self.cells is None or len(self.cells) == count:
            return self
        return replace(self, cells=np.repeat(self.cells, count, axis=0))

    def holds(self, other: Axis) -> bool:
        """Whether every cell sees at least what it sees there."""
        if self.is_global < other.is_global:
            return False
        if self.cells is not None and other.cells is not None and (other.cells & ~self.cells).any():
            return False
        if self.span is None or other.span is None:
            return other.span is None
        return self.span.united(other.span) == self.span


def _read(cells: Cells | None, window: Window, count: int) -> Cells | None:
    if cells is None:
        return None
    found = np.zeros((count, cells.shape[1]), np.bool_)
    for k in range(window.size):
        places = np.arange(count) * window.stride + k * window.dilation - window.padding
        is_there = (places >= 0) & (places < len(cells))
        found[is_there] |= cells[places[is_there]]
    return found
