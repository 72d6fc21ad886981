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
    is_first_apart: bool = True,
) -> bytes:
    """The sheet as a PNG. `steps` are a numbered list, `heads` stand above the columns.

    The first column stands apart unless told otherwise. `source` is the command that made it, in
    small print.
    """
    columns = max(len(strip.pictures) for strip in strips)
    lefts = [_left(i, is_first_apart=is_first_apart) for i in range(columns + 1)]
    width = max(2 * MARGIN + lefts[-1] - GAP - MARGIN, COLUMN + 2 * MARGIN)
    sheet = Sheet(width)
    sheet.paragraph(title, TITLE, width=width - 2 * MARGIN)
    sheet.space(4)
    sheet.paragraph(lead, LEAD, value="quiet")
    sheet.space(8)
    for number, step in enumerate(steps, start=1):
        sheet.paragraph(f"{number}.  {step}", LEAD)
    sheet.space(20)
    sheet.row(list(zip(lefts, heads, strict=False)), SMALL, value="quiet")
    for strip in strips:
        sheet.line()
        sheet.space(12)
        sheet.named(strip.name, strip.about)
        sheet.space(4)
        sheet.pictures(list(zip(lefts, strip.pictures, strict=False)))
        if any(strip.captions):
            pairs = list(zip(lefts, strip.captions, strict=False))
            sheet.row(pairs, SMALL, value="quiet")
        sheet.space(16)
    sheet.line()
    sheet.space(12)
    sheet.paragraph(source, SMALL, value="quiet", width=width - 2 * MARGIN)
    return sheet.png()


def _left(column: int, *, is_first_apart: bool) -> int:
    """Where a column begins."""
    return MARGIN + column * (TILE + GAP) + (APART - GAP if column and is_first_apart else 0)
