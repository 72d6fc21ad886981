"""Paper that is written on from the top, with words and pictures: what becomes a PNG file.

Paper, ink and sizes are those of every page.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from eyespot.pages.drawing import LARGE, SIZE, SMALL, values
from eyespot.pages.lettering import Font, broken, font_for, length, shortened, write

TILE = 160  # pixels of a picture's longer side, at most
MARGIN, GAP = 40, 8  # pixels
LEAD = 16  # pixels of text
LINE = 1.45  # heights of a line of text
COLUMN = 620  # pixels of running text: 72 characters
UNLEARNED = "Random weights: nothing of this was learned. It is what the network begins with."


class Sheet:
    """Paper that is written on from the top, and grows."""

    def __init__(self, width: int) -> None:
        self._image = Image.new("RGB", (width, 400), values()[0]["paper"])
        self._y = MARGIN

    def space(self, pixels: int) -> None:
        self._y += pixels

    def line(self) -> None:
        """A hairline across."""
        ends = (MARGIN, self._y, self._image.width - MARGIN, self._y)
        self._draw(1).line(ends, values()[0]["line"])

    def paragraph(self, words: str, size: int, *, value: str = "ink", width: int = COLUMN) -> None:
        """Running text in lines no wider than `width`; those after a number are indented."""
        font = font_for(words, size)
        mark, _, rest = words.partition(".  ")
        is_numbered = mark.isdigit()
        indent = size + size // 2 if is_numbered else 0
        if is_numbered:
            self._write((MARGIN, self._y), mark, value, font)
        for line in broken(rest if is_numbered else words, width - indent, font):
            self._write((MARGIN + indent, self._y), line, value, font)
            self._y += round(LINE * size)

    def row(
        self, places: Sequence[tuple[int, str]], size: int, *, value: str, width: int = TILE
    ) -> None:
        """Short texts side by side, their lines cut to the width of a column."""
        font = font_for("".join(words for _, words in places).replace("\n", ""), size)
        step, most = round(LINE * size), max([0, *(words.count("\n") + 1 for _, words in places)])
        for left, words in places:
            for number, line in enumerate(words.split("\n")):
                place = (left, self._y + number * step)
                self._write(place, shortened(line, width, font), value, font)
        self._y += most * step + 4

    def named(self, name: str, about: str) -> None:
        """A name, and behind it what is said about it."""
        font = font_for(name, LEAD)
        room = self._image.width - 2 * MARGIN
        name = shortened(name, room, font)
        self._write((MARGIN, self._y), name, "ink", font)
        beside, small = round(length(name, font)) + 12, font_for(about, SIZE)
        place = (MARGIN + beside, self._y + LEAD - SIZE)
        self._write(place, shortened(about, room - beside, small), "quiet", small)
        self._y += round(LINE * LEAD)

    def pictures(self, places: Sequence[tuple[int, NDArray[np.uint8]]]) -> None:
        """Pictures side by side, on a common middle line."""
        tiles = [(left, _tile(pixels)) for left, pixels in places]
        height = max(tile.height for _, tile in tiles)
        self._draw(height)
        for left, tile in tiles:
            self._image.paste(tile, (left, self._y + (height - tile.height) // 2))
        self._y += height + 4

    def beside(self, places: Sequence[tuple[int, Image.Image]]) -> None:
        """Pictures of any size side by side, their upper edges in line."""
        height = max(picture.height for _, picture in places)
        self._draw(height)
        for left, picture in places:
            self._image.paste(picture, (left, self._y))
        self._y += height + 4

    def told(self, sentences: Iterable[str], source: str) -> None:
        """What is to be known, under a line across the paper, and the command in small print."""
        inner = self._image.width - 2 * MARGIN
        self.line()
        self.space(12)
        for sentence in sentences:
            self.paragraph(sentence, LEAD, width=inner)
            self.space(4)
        self.paragraph(source, SMALL, value="quiet", width=inner)

    def png(self) -> bytes:
        buffer = io.BytesIO()
        whole = self._image.crop((0, 0, self._image.width, self._y + MARGIN))
        whole.save(buffer, "PNG")
        return buffer.getvalue()

    def _write(self, place: tuple[int, int], words: str, value: str, font: Font) -> None:
        write(self._draw(place[1] - self._y + LARGE + GAP), place, words, value=value, font=font)

    def _draw(self, height: int) -> ImageDraw.ImageDraw:
        """A pen for the next `height` pixels; the paper grows where there is too little."""
        needed = self._y + height + 2 * MARGIN
        if needed > self._image.height:
            larger = Image.new("RGB", (self._image.width, 2 * needed), values()[0]["paper"])
            larger.paste(self._image)
            self._image = larger
        return ImageDraw.Draw(self._image)


def _tile(pixels: NDArray[np.uint8]) -> Image.Image:
    """The picture at most `TILE` large; a small one in whole squares, so that its pixels show."""
    picture = Image.fromarray(pixels)
    factor = TILE // max(picture.size)
    if factor > 1:
        size = (factor * picture.width, factor * picture.height)
        return picture.resize(size, Image.Resampling.NEAREST)
    picture.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
    return picture
