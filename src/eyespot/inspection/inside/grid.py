"""Small pictures in rows, numbered: how filters and maps are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.pages.drawing import SMALL, values
from eyespot.pages.sheet import GAP, LEAD, MARGIN, UNLEARNED, Sheet

SIDE = 84  # pixels of a small picture, at most
COLUMNS = 10
WIDTH = 2 * MARGIN + COLUMNS * (SIDE + GAP) - GAP
TITLE = 28  # pixels of text


@dataclass(frozen=True)
class Small:
    """A small picture and what stands below it."""

    pixels: NDArray[np.uint8]  # (h, w, 3)
    caption: str = ""


@dataclass(frozen=True)
class Row:
    """Small pictures under their words."""

    name: str
    about: str
    smalls: tuple[Small, ...]
    side: int = SIDE  # pixels of each, at most


def grid_sheet(
    rows: Sequence[Row],
    *,
    title: str,
    lead: str,
    notes: Sequence[str],
    source: str,
    is_random: bool,
) -> bytes:
    """The rows as a PNG, with `source`, the command that made it, in small print."""
    sheet = Sheet(WIDTH)
    inner = WIDTH - 2 * MARGIN
    sheet.paragraph(title, TITLE, width=inner)
    sheet.space(4)
    sheet.paragraph(lead, LEAD, value="quiet", width=inner)
    if is_random:
        sheet.space(4)
        sheet.paragraph(UNLEARNED, LEAD, value="wrong", width=inner)
    sheet.space(16)
    for row in rows:
        sheet.line()
        sheet.space(12)
        if row.name:
            sheet.named(row.name, row.about)
            sheet.space(4)
        _smalls(sheet, row)
        sheet.space(4)
    sheet.line()
    sheet.space(12)
    for sentence in (*notes, source):
        sheet.paragraph(sentence, SMALL, value="quiet", width=inner)
    return sheet.png()


def _smalls(sheet: Sheet, row: Row) -> None:
    columns = (COLUMNS * (SIDE + GAP)) // (row.side + GAP)
    for start in range(0, len(row.smalls), columns):
        some = row.smalls[start : start + columns]
        lefts = [MARGIN + place * (row.side + GAP) for place in range(len(some))]
        pairs = list(zip(lefts, some, strict=True))
        sheet.beside([(left, enlarged(one.pixels, row.side)) for left, one in pairs])
        if any(one.caption for one in some):
            captions = [(left, one.caption) for left, one in pairs]
            sheet.row(captions, SMALL - 2, value="quiet", width=row.side)
        sheet.space(GAP)


def enlarged(pixels: NDArray[np.uint8], side: int = SIDE) -> Image.Image:
    """As large as a tile: few pixels as whole squares, many of them drawn together."""
    picture = Image.fromarray(pixels)
    factor = side / max(picture.size)
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    way = Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS
    return picture.resize(size, way)


def coloured(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(h, w, C) -> (h, w, 3): grey as three equal channels."""
    return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)


def inked(shares: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(h, w) in [0, 1] -> (h, w, 3): from paper to the ink of all heat, one hue."""
    low, high = (_colour(name) for name in ("card", "sequence"))
    share = np.clip(shares, 0, 1)[..., None]
    mixed: NDArray[np.uint8] = np.round(low + (high - low) * share).astype(np.uint8)
    return mixed


def _colour(value: str) -> NDArray[np.float32]:
    return np.array(list(bytes.fromhex(values()[0][value][1:])), np.float32)
