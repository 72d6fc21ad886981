"""A contact sheet: rows of small pictures with words beside them, as a PNG file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.pages.drawing import SMALL
from eyespot.pages.sheet import COLUMN, GAP, LEAD, MARGIN, TILE, Sheet

APART = 24  # pixels: the first column stands apart
TITLE = 28  # pixels of text


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
    sheet = Sheet(width)
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
