"""How pools that stop at every offset make a finer class map: OverFeat's Fig. 3, in two dimensions.

P. Sermanet et al.: OverFeat: Integrated Recognition, Localization and Detection using Convolutional
Networks, ICLR 2014, arXiv:1312.6229, Sect. 3.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from eyespot.datasets.names import counted
from eyespot.pages.drawing import SMALL, values
from eyespot.pages.lettering import font_for, write

Size = tuple[int, int]  # rows, columns

HUES = ("class-1", "class-2", "class-3")  # of the rows that a pool begins in
TINTS = (1.0, 0.6, 0.28)  # of its columns
APART, LINE = 56, 20  # pixels: between the parts, and of a line of text
HEAD = 2 * LINE + 8
CELL, SMALLEST, GAP = 24, 5, 7  # pixels of a cell at most and at least, and between maps
LEGIBLE = 11  # pixels of a cell that has room for a number
PART = 250  # pixels of a part's width, at most


@dataclass(frozen=True)
class OffsetGrid:
    """The cells of one photo on their way from the last map to the answers."""

    last_map: Size
    pool: int  # cells that it takes together, of a side
    stride: int  # of the pool: it can begin at as many offsets, in rows and in columns
    reads: int  # pooled cells that one answer reads, of a side
    step: int  # pixels of the photo from one answer to the next

    @property
    def offsets(self) -> Iterator[Size]:
        """By rows, as they are numbered from 1."""
        sides = range(self.stride)
        return ((row, column) for row in sides for column in sides)

    @property
    def starts(self) -> Size:
        """Rows and columns of the last map that a pool can begin at."""
        rows, columns = (n - self.pool + 1 for n in self.last_map)
        return rows, columns

    def pooled(self, offset: Size) -> Size:
        """The map of a pool that begins at `offset`."""
        sides = zip(self.last_map, offset, strict=True)
        rows, columns = ((n - skipped - self.pool) // self.stride + 1 for n, skipped in sides)
        return rows, columns

    def answers(self, offset: Size) -> Size:
        """What the classifier makes of that map."""
        rows, columns = self.pooled(offset)
        return rows - self.reads + 1, columns - self.reads + 1

    @property
    def together(self) -> Size:
        """Every answer, those of all offsets interleaved.

        >>> OffsetGrid((20, 23), pool=3, stride=3, reads=5, step=12).together  # Table 5
        (6, 9)
        """
        found = [self.answers(offset) for offset in self.offsets]
        side, spread = self.stride, range(self.stride)
        return (
            sum(found[side * row][0] for row in spread),
            sum(found[column][1] for column in spread),
        )


def drawn(grid: OffsetGrid) -> Image.Image:
    """The last map, its pools, the classifier's answers and these interleaved, side by side."""
    count = grid.stride**2
    maps, each = counted(count, "map"), [grid.pooled(offset) for offset in grid.offsets]
    said = [grid.answers(offset) for offset in grid.offsets]
    parts = [
        (
            "the last map",
            f"{_size(grid.last_map)} cells; framed: the first pool",
            _field(grid.last_map, grid.stride, inside=grid.starts, frame=grid.pool),
        ),
        (
            "pooled from each offset on",
            f"{maps} of {_range(each)}",
            _maps(grid, each),
        ),
        (
            f"the classifier reads {grid.reads} x {grid.reads}",
            f"{maps} of {_range(said)}",
            _maps(grid, said),
        ),
        (
            "interleaved",
            f"{_size(grid.together)} answers, {grid.step} pixels apart",
            _field(grid.together, grid.stride, inside=grid.together),
        ),
    ]
    return _beside(parts)


def _field(size: Size, stride: int, *, inside: Size, frame: int = 0) -> Image.Image:
    """One map. Its cells up to `inside` have the colours and, where there is room, the numbers of
    the offsets that they belong to.
    """
    cell = max(SMALLEST, min(CELL, PART // size[1]))
    picture = Image.new("RGB", (size[1] * cell + 1, size[0] * cell + 1), values()[0]["paper"])
    pen = ImageDraw.Draw(picture)
    for row in range(size[0]):
        for column in range(size[1]):
            is_start = row < inside[0] and column < inside[1]
            offset = (row % stride, column % stride) if is_start else None
            _cell(pen, (column * cell, row * cell), cell, offset, number=_number(offset, stride))
    if frame:
        pen.rectangle((0, 0, frame * cell, frame * cell), outline=values()[0]["ink"], width=2)
    return picture


def _maps(grid: OffsetGrid, sizes: list[Size]) -> Image.Image:
    """The maps of all offsets, in the places of the offsets."""
    side = grid.stride
    rows, columns = max(size[0] for size in sizes), max(size[1] for size in sizes)
    cell = max(SMALLEST, min(CELL, (PART - (side - 1) * GAP) // (side * columns)))
    across, down = columns * cell + 1 + GAP, rows * cell + 1 + GAP
    whole = (side * across - GAP, side * down - GAP)
    picture = Image.new("RGB", whole, values()[0]["paper"])
    pen = ImageDraw.Draw(picture)
    for offset, size in zip(grid.offsets, sizes, strict=True):
        for row in range(size[0]):
            for column in range(size[1]):
                place = (offset[1] * across + column * cell, offset[0] * down + row * cell)
                number = _number(offset, side) if row == column == 0 else ""
                _cell(pen, place, cell, offset, number=number)
    return picture


def _number(offset: Size | None, stride: int) -> str:
    return "" if offset is None else str(offset[0] * stride + offset[1] + 1)


def _cell(
    pen: ImageDraw.ImageDraw, place: tuple[int, int], cell: int, offset: Size | None, *, number: str
) -> None:
    light = values()[0]
    left, top = place
    fill, edge = light["card"], light["line"]
    if offset is not None:
        fill, edge = _colour(offset), light["paper"]
    pen.rectangle((left, top, left + cell, top + cell), fill=fill, outline=edge)
    if number and cell >= LEGIBLE:
        font = font_for(number, min(SMALL, cell))
        middle = (left + cell / 2 + 0.5, top + cell / 2 + 0.5)
        ink = light["deep" if offset == (0, 0) else "ink"]  # on the darkest hue
        pen.text(middle, number, ink, font, anchor="mm")


def _colour(offset: Size) -> str:
    """A hue for an offset's rows and a tint of it for its columns, so that neighbours differ."""
    hue = bytes.fromhex(values()[0][HUES[offset[0] % len(HUES)]][1:])
    share = TINTS[offset[1] % len(TINTS)]
    return "#" + bytes(round(255 - share * (255 - level)) for level in hue).hex()


def _beside(parts: list[tuple[str, str, Image.Image]]) -> Image.Image:
    """The parts with their words above them, and arrows between."""
    height = max(picture.height for _, _, picture in parts)
    wide = [max(PART, picture.width) for _, _, picture in parts]
    whole = (sum(wide) + APART * (len(parts) - 1), HEAD + height)
    sheet = Image.new("RGB", whole, values()[0]["paper"])
    pen, left = ImageDraw.Draw(sheet), 0
    for place, ((name, about, picture), width) in enumerate(zip(parts, wide, strict=True)):
        write(pen, (left, 0), name, value="ink", font=font_for(name, SMALL + 1))
        write(pen, (left, LINE), about, value="quiet", font=font_for(about, SMALL))
        sheet.paste(picture, (left, HEAD))
        if place + 1 < len(parts):
            _arrow(pen, left + width + APART // 2, HEAD + height // 2)
        left += width + APART
    return sheet


def _arrow(pen: ImageDraw.ImageDraw, middle: int, y: int) -> None:
    ink, half = values()[0]["quiet"], 14
    pen.line((middle - half, y, middle + half, y), ink, 2)
    pen.line((middle + half - 6, y - 6, middle + half, y, middle + half - 6, y + 6), ink, 2)


def _size(size: Size) -> str:
    return f"{size[0]} x {size[1]}"


def _range(sizes: list[Size]) -> str:
    """`6 x 7`, or `up to 6 x 7` where they differ."""
    largest = max(sizes)
    return _size(largest) if len(set(sizes)) == 1 else f"up to {_size(largest)}"
