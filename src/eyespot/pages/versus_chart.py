"""Two measured shares with their intervals, and below them the interval of their difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.pages.axes import Axis, spanning
from eyespot.pages.drawing import (
    LARGE,
    SMALL,
    document,
    line,
    mark,
    paragraph,
    text_width,
    words,
)
from eyespot.pages.markup import Html, join

WIDTH, MARGIN = 760, 24
ROW = 44  # pixels from one to the next
AXIS = 62  # pixels under a panel for its axis
NAMES_AT_MOST = 0.34  # share of the width


@dataclass(frozen=True)
class Measured:
    """A figure with its interval, in percent or in points."""

    name: str
    value: float
    interval: tuple[float, float]
    told: str  # at the right end: "94.1 %"


def versus_chart(
    shares: Sequence[Measured],
    difference: Measured,
    *,
    title: str,
    notes: Sequence[str],
    source: str,
) -> str:
    """The SVG file. `shares` are in percent, the `difference` in points."""
    every = [*shares, difference]
    widest = max(text_width(each.name, SMALL + 1) for each in every)
    left = MARGIN + min(widest, NAMES_AT_MOST * WIDTH) + 16
    right = WIDTH - MARGIN - max(text_width(each.told, SMALL + 1) for each in every) - 16
    head, y = paragraph(MARGIN, 42, title, width=WIDTH - 2 * MARGIN, size=LARGE, is_bold=True)
    ends = [end for each in shares for end in (*each.interval, each.value)]
    upper = spanning(ends, left, right, most=100)
    parts = [head]
    panel, y = _panel(shares, upper, y + 16, "named correctly, %", value="ink")
    parts.append(panel)
    lower = spanning([0.0, difference.value, *difference.interval], left, right)
    panel, y = _panel([difference], lower, y + 8, "difference, points", value="ink", zero=True)
    parts.append(panel)
    for sentence in (*notes, f"Made by {source}"):
        said, y = paragraph(
            MARGIN, y, sentence, width=WIDTH - 2 * MARGIN, size=SMALL, value="quiet"
        )
        parts.append(said)
    return document(WIDTH, y + 8, parts, title=title, description=" ".join(notes))


def _panel(
    rows: Sequence[Measured], axis: Axis, y: float, unit: str, *, value: str, zero: bool = False
) -> tuple[Html, float]:
    """The rows over their axis, and where the next thing would stand."""
    bottom = y + ROW * len(rows)
    parts: list[Html] = []
    for tick in axis.ticks():
        x = axis.at(tick)
        is_zero = zero and tick == 0
        dashes = "4 3" if is_zero else None
        parts.append(line(x, y, x, bottom, value="quiet" if is_zero else "line", dashes=dashes))
        parts.append(words(x, bottom + 18, f"{tick:g}", size=SMALL, value="quiet", anchor="middle"))
    middle = (axis.start + axis.end) / 2
    parts.append(words(middle, bottom + 38, unit, size=SMALL, value="quiet", anchor="middle"))
    parts.append(line(axis.start, bottom, axis.end, bottom, value="quiet"))
    for place, row in enumerate(rows):
        level = y + ROW * (place + 0.5)
        low, high = row.interval
        parts.append(words(MARGIN, level + 5, row.name, size=SMALL + 1))
        parts.append(line(axis.at(low), level, axis.at(high), level, value=value, width=1.5))
        spot = mark(axis.at(row.value), level, "dot", value=value, is_hollow=False, told=row.told)
        parts.append(spot)
        parts.append(words(WIDTH - MARGIN, level + 5, row.told, size=SMALL + 1, anchor="end"))
    return join(parts), bottom + AXIS
