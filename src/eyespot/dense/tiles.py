"""A large photo cut into tiles that together give the map of the whole, in bounded memory.

All tiles have one size, a window and whole steps, and begin at whole steps: every stride and every
padding then falls on the same pixels as in the whole photo. A tile shares a margin with its
neighbour, and of the cells in it each is taken from the tile whose edge it does not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import ceil, floor, sqrt

from torch import Tensor

from eyespot.dense.convolutional import Dense
from eyespot.dense.geometry import Box, Geometry
from eyespot.errors import InputError
from eyespot.fields import Span

Size = tuple[int, int]  # width, height, of a picture

SMALLEST = 4  # cells of a tile's side
LEAST_KEPT = 0.5  # share of a tile's rows and columns that no neighbour computes too, at least


@dataclass(frozen=True)
class Margin:
    """Cells along one axis that a tile computes in vain, where it goes on in another one."""

    before: int
    after: int

    @property
    def both(self) -> int:
        return self.before + self.after

    def within(self, cells: int) -> Margin:
        """The margin, or what a tile of so many cells has room for."""
        most = int((1 - LEAST_KEPT) * cells)
        if self.both <= most:
            return self
        before = most * self.before // self.both
        return Margin(before, most - before)


@dataclass(frozen=True)
class Stretch:
    """One tile along one axis, in cells of the whole map."""

    start: int
    cells: int  # that the tile computes
    kept: range  # of the whole map, that are taken from it

    @property
    def own(self) -> slice:
        """The kept cells, in the tile."""
        return slice(self.kept.start - self.start, self.kept.stop - self.start)


@dataclass(frozen=True)
class Tile:
    """A part of the photo that is asked at once, and the part of the map that it gives."""

    rows: Stretch
    columns: Stretch
    box: Box  # in pixels


@dataclass(frozen=True)
class Layout:
    """All tiles of a photo, by rows."""

    cells: tuple[int, int]  # rows and columns of the whole map
    margins: tuple[Margin, Margin]  # of rows, of columns
    tiles: tuple[Tile, ...]
    is_whole: bool  # whether every cell is what it is in one pass over the photo


def scaled_size(size: Size, scale: float, window: int, megapixels: float) -> Size:
    """(width, height) of a picture at a scale.

    Raises `InputError`, naming the scale that would do, for one at which no window fits, and for
    one that has more than so many megapixels.
    """
    if not 0 < scale < 1000:
        raise InputError(f"A scale multiplies the photo's sides, such as 0.5 or 2: not {scale:g}")
    width, height = (max(1, round(side * scale)) for side in size)
    at = f"At scale {scale:g} the photo has {width:,} x {height:,} pixels"
    if min(width, height) < window:
        least = ceil(100 * window / min(size)) / 100
        raise InputError(
            f"{at}, and the network looks through windows of {window} x {window}: pass --scales "
            f"{least:g} or more"
        )
    if width * height > megapixels * 1e6:
        most = floor(100 * sqrt(megapixels * 1e6 / (size[0] * size[1]))) / 100
        raise InputError(
            f"{at}, more than the limit of {megapixels:g} megapixels: pass --scales {most:g} or "
            f"less, or --max-megapixels {ceil(width * height / 1e6)}"
        )
    return width, height


def margin(span: Span | None, geometry: Geometry) -> Margin:
    """The cells beside a tile's edge that see it, of cells that see `span` of the photo.

    Where they see all of it (None) no margin is enough: half a window is taken.

    >>> margin(Span(jump=32, first=-394, last=648), Geometry(window=224, step=32))
    Margin(before=13, after=14)
    """
    if span is None:
        half = -(-geometry.window // (2 * geometry.step))
        return Margin(half, half)
    before, after = max(0, -span.first), max(0, span.last + 1 - geometry.window)
    return Margin(-(-before // geometry.step), -(-after // geometry.step))


def layout(
    geometry: Geometry,
    height: int,
    width: int,
    *,
    sees: tuple[Span, Span] | None,
    most: int,
) -> Layout:
    """The tiles of a photo of `height` x `width` pixels, none larger than `most` pixels.

    Of all such layouts the one that computes least with whole margins, where one has them. `sees`
    is what a cell sees, as of `Dense`. Tiles of less than four cells by four are not made: those
    may be larger. Raises `InputError` for a photo that is smaller than a window.
    """
    cells = geometry.fitting(height, width)
    if min(cells) < 1:
        raise InputError(
            f"Windows of {geometry.window} x {geometry.window} pixels do not fit into {width:,} x "
            f"{height:,}: enlarge the photo"
        )
    spans = (None, None) if sees is None else sees
    wanted = [margin(span, geometry) for span in spans]
    choices = [_splits(count, each) for count, each in zip(cells, wanted, strict=True)]

    def cost(rows: _Split, columns: _Split) -> tuple[int, int, int]:
        sides = [geometry.window + (each.size - 1) * geometry.step for each in (rows, columns)]
        missing = sum(each.both for each in wanted) - rows.inner.both - columns.inner.both
        area = sides[0] * sides[1]
        return max(0, area - most), missing, area * rows.count * columns.count

    rows, columns = min(product(*choices), key=lambda pair: cost(*pair))
    tiles = tuple(
        Tile(down, right, _box(down, right, geometry))
        for down in _stretches(cells[0], rows)
        for right in _stretches(cells[1], columns)
    )
    is_kept = all(
        split.count == 1 or (sees is not None and split.inner == each)
        for split, each in zip((rows, columns), wanted, strict=True)
    )
    return Layout(cells, (rows.inner, columns.inner), tiles, is_kept)


@dataclass(frozen=True)
class _Split:
    """One axis in equal tiles."""

    size: int  # cells of a tile
    count: int
    inner: Margin  # what neighbours compute too


def _splits(cells: int, wanted: Margin) -> list[_Split]:
    """One tile, two, three ..., each as small as it can be, with the margin it has room for."""
    found = [_Split(cells, 1, wanted)]
    for size in range(min(cells, SMALLEST), cells):
        inner = wanted.within(size)
        count = -(-(cells - inner.both) // (size - inner.both))  # n * size - (n - 1) * both
        if -(-(cells + (count - 1) * inner.both) // count) == size:  # none smaller would do
            found.append(_Split(size, count, inner))
    return found


def _stretches(cells: int, split: _Split) -> list[Stretch]:
    size, inner = split.size, split.inner
    starts = [number * (size - inner.both) for number in range(split.count - 1)] + [cells - size]
    stops = [start + size - inner.after for start in starts[:-1]] + [cells]
    return [
        Stretch(start, size, range(begin, stop))
        for start, begin, stop in zip(starts, [0, *stops[:-1]], stops, strict=True)
    ]


def _box(rows: Stretch, columns: Stretch, geometry: Geometry) -> Box:
    left, top, _, _ = geometry.box(rows.start, columns.start)
    _, _, right, bottom = geometry.box(
        rows.start + rows.cells - 1, columns.start + columns.cells - 1
    )
    return left, top, right, bottom


def tiled(dense: Dense, images: Tensor, *, most: int) -> Tensor:
    """(N, C, H, W) -> (N, K, h, w), tile by tile: the logits of the windows that fit.

    `most` is the largest tile in pixels. Equal to one pass over the photo, cut to whole steps,
    where `layout` says `is_whole`.

    >>> tiled(dense, photo, most=2_000_000)
    """
    _, _, height, width = images.shape
    plan = layout(dense.geometry, height, width, sees=dense.sees, most=most)
    found: Tensor | None = None
    for tile in plan.tiles:
        left, top, right, bottom = tile.box
        own = dense(images[:, :, top:bottom, left:right])[:, :, tile.rows.own, tile.columns.own]
        if found is None:
            found = own.new_empty((*own.shape[:2], *plan.cells))
        rows, columns = tile.rows.kept, tile.columns.kept
        found[:, :, rows.start : rows.stop, columns.start : columns.stop] = own
    assert found is not None
    return found
