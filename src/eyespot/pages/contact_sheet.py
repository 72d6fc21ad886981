"""A contact sheet: rows of small pictures with words beside them, as a PNG file.

Paper, ink and sizes are those of every page. Pillow brings a sans font for ASCII; a name in other
letters is written in a font of the system that has them.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from eyespot.pages.drawing import LARGE, SIZE, SMALL, values

TILE = 160  # pixels of a picture's longer side, at most
MARGIN, GAP, APART = 40, 8, 24  # pixels; the first column stands apart
TITLE, LEAD = 28, 16  # pixels of text
LINE = 1.45  # heights of a line of text
COLUMN = 620  # pixels of running text: 72 characters
FONTS = (  # of the systems, for names in other letters than ASCII
    "DejaVuSans.ttf",
    "LiberationSans-Regular.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "Arial Unicode.ttf",
    "PingFang.ttc",
    "segoeui.ttf",
    "msyh.ttc",
)
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Strip:
    """A row of the sheet."""

    name: str
    about: str  # behind the name, quieter
    pictures: tuple[NDArray[np.uint8], ...]  # (H, W, 3), one for each column
    captions: tuple[str, ...] = ()  # below each, in lines, where there is something to say


def contact_sheet(
    strips: Sequence[Strip],
    *,
    title: str,
    lead: str,
    steps: Sequence[str],
    heads: Sequence[str],
    source: str,
) -> bytes:
    """The sheet as a PNG. `steps` are a numbered list, `heads` stand above the columns.

    `source` is the command that made it, in small print.
    """
    columns = max(len(strip.pictures) for strip in strips)
    width = max(2 * MARGIN + _left(columns) - GAP - MARGIN, COLUMN + 2 * MARGIN)
    sheet = _Sheet(width)
    sheet.paragraph(title, TITLE, width=width - 2 * MARGIN)
    sheet.space(4)
    sheet.paragraph(lead, LEAD, value="quiet")
    sheet.space(8)
    for number, step in enumerate(steps, start=1):
        sheet.paragraph(f"{number}.  {step}", LEAD)
    sheet.space(20)
    sheet.row([(_left(column), head) for column, head in enumerate(heads)], SMALL, value="quiet")
    for strip in strips:
        sheet.line()
        sheet.space(12)
        sheet.named(strip.name, strip.about)
        sheet.space(4)
        sheet.pictures([(_left(i), pixels) for i, pixels in enumerate(strip.pictures)])
        if any(strip.captions):
            pairs = [(_left(i), caption) for i, caption in enumerate(strip.captions)]
            sheet.row(pairs, SMALL, value="quiet")
        sheet.space(16)
    sheet.line()
    sheet.space(12)
    sheet.paragraph(source, SMALL, value="quiet", width=width - 2 * MARGIN)
    return sheet.png()


def _left(column: int) -> int:
    """Where a column begins."""
    return MARGIN + column * (TILE + GAP) + (APART - GAP if column else 0)


class _Sheet:
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
        font = _font(words, size)
        mark, _, rest = words.partition(".  ")
        is_numbered = mark.isdigit()
        indent = size + size // 2 if is_numbered else 0
        if is_numbered:
            self._write((MARGIN, self._y), mark, value, font)
        for line in _broken(rest if is_numbered else words, width - indent, font):
            self._write((MARGIN + indent, self._y), line, value, font)
            self._y += round(LINE * size)

    def row(self, places: Sequence[tuple[int, str]], size: int, *, value: str) -> None:
        """Short texts side by side, their lines cut to the width of a column."""
        font = _font("".join(words for _, words in places).replace("\n", ""), size)
        step, most = round(LINE * size), max([0, *(words.count("\n") + 1 for _, words in places)])
        for left, words in places:
            for number, line in enumerate(words.split("\n")):
                place = (left, self._y + number * step)
                self._write(place, _shortened(line, TILE, font), value, font)
        self._y += most * step + 4

    def named(self, name: str, about: str) -> None:
        """A name, and behind it what is said about it."""
        font = _font(name, LEAD)
        room = self._image.width - 2 * MARGIN
        name = _shortened(name, room, font)
        self._write((MARGIN, self._y), name, "ink", font)
        beside, small = round(_length(name, font)) + 12, _font(about, SIZE)
        place = (MARGIN + beside, self._y + LEAD - SIZE)
        self._write(place, _shortened(about, room - beside, small), "quiet", small)
        self._y += round(LINE * LEAD)

    def pictures(self, places: Sequence[tuple[int, NDArray[np.uint8]]]) -> None:
        """Pictures side by side, on a common middle line."""
        tiles = [(left, _tile(pixels)) for left, pixels in places]
        height = max(tile.height for _, tile in tiles)
        self._draw(height)
        for left, tile in tiles:
            self._image.paste(tile, (left, self._y + (height - tile.height) // 2))
        self._y += height + 4

    def png(self) -> bytes:
        buffer = io.BytesIO()
        whole = self._image.crop((0, 0, self._image.width, self._y + MARGIN))
        whole.save(buffer, "PNG")
        return buffer.getvalue()

    def _write(self, place: tuple[int, int], words: str, value: str, font: Font) -> None:
        """A line, word by word: the spaces of Pillow's font are too narrow to see at this size."""
        left, draw = float(place[0]), self._draw(place[1] - self._y + LARGE + GAP)
        for word in words.split(" "):
            draw.text((left, place[1]), word, values()[0][value], font)
            left += font.getlength(word) + _space(font)

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


def _broken(words: str, width: float, font: Font) -> list[str]:
    """The text in lines no wider than `width`, broken between words; a longer word is cut."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and _length(longer, font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return [_shortened(line, width, font) for line in lines]


def _shortened(words: str, width: float, font: Font) -> str:
    """The text, or as much of its beginning as fits, with dots."""
    if _length(words, font) <= width:
        return words
    letters = bisect_right(
        range(len(words)), width, key=lambda end: _length(words[:end] + "...", font)
    )
    return words[: letters - 1] + "..." if letters else ""


def _length(words: str, font: Font) -> float:
    """Pixels of a line as it is written."""
    parts = words.split(" ")
    return sum(map(font.getlength, parts)) + (len(parts) - 1) * _space(font)


def _space(font: Font) -> float:
    return font.getlength("n") / 2


def _font(words: str, size: int) -> Font:
    """Pillow's own where it has every letter of `words`, else the system's that has the most."""
    best = ImageFont.load_default(size)
    most = _known(best, words)
    for name in FONTS if most < len(set(words)) else ():
        try:
            font = ImageFont.truetype(name, size)
        except OSError:
            continue
        if (known := _known(font, words)) > most:
            best, most = font, known
    return best


def _known(font: Font, words: str) -> int:
    """How many different letters of `words` the font can draw."""
    missing = bytes(font.getmask("\uffff"))
    return sum(letter.isspace() or bytes(font.getmask(letter)) != missing for letter in set(words))
