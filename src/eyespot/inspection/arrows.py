"""Arrows of a diagram: upright where they pass a layer of boxes, curved in the gaps between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

HEAD, HALF = 8.0, 3.6  # pixels: length of an arrow's head, and half its width
SLANT = 0.72  # of a radius: where an arrow from the side meets a circle
Point = tuple[float, float]


@dataclass(frozen=True)
class Frame:
    """Where a box lies: the middle of its upper edge, and its size."""

    x: float
    y: float
    width: float
    height: float
    top: float  # of the layer that it lies in


@dataclass(frozen=True)
class End:
    """Where an arrow arrives: at a place of the upper edge, or from a side into a circle."""

    frame: Frame
    x: float
    side: int = 0  # -1: from the left, 1: from the right


def arrow(
    start: Point, lanes: Sequence[tuple[float, float, float]], end: End, *, gap: float
) -> tuple[str, str]:
    """The path of the line and that of its head.

    `lanes` are (x, upper edge, lower edge) in the layers between, `gap` is the height of what lies
    between two layers.
    """
    x, y = start
    path = [f"M{n(x)} {n(y)}"]
    for lane, top, bottom in lanes:
        path.append(_curve((x, top - gap), (lane, top)))
        path.append(f"V{n(bottom)}")
        x = lane
    frame = end.frame
    above = (x, frame.top - gap)
    if end.side:
        line, head = _aside(above, frame, end.side)
    else:
        path.append(_curve(above, (end.x, frame.top - HEAD)))
        line = f"V{n(frame.y - HEAD / 2)}"
        head = _head((end.x, frame.y - HEAD), (end.x, frame.y))
    return "".join([*path, line]), head


def _curve(start: Point, end: Point) -> str:
    """From one point down to another, upright at both."""
    (x, y), (to, bottom) = start, end
    if abs(x - to) < 0.05:
        return f"V{n(bottom)}"
    middle = n((y + bottom) / 2)
    return f"V{n(y)}C{n(x)} {middle} {n(to)} {middle} {n(to)} {n(bottom)}"


def _aside(start: Point, frame: Frame, side: int) -> tuple[str, str]:
    """Into a circle from the upper left or right."""
    radius = frame.width / 2
    middle = (frame.x, frame.y + radius)

    def off(distance: float) -> Point:
        return middle[0] + side * SLANT * distance, middle[1] - SLANT * 0.95 * distance

    (x, y), (bx, by), (ex, ey) = start, off(radius + 3 * HEAD), off(radius + HEAD / 2)
    bend = (y + by) / 2
    line = f"V{n(y)}C{n(x)} {n(bend)} {n(bx)} {n(by)} {n(ex)} {n(ey)}"
    return line, _head(off(radius + HEAD), off(radius))


def _head(back: Point, tip: Point) -> str:
    """A triangle from the middle of its base to its tip."""
    dx, dy = (tip[0] - back[0]) / HEAD * HALF, (tip[1] - back[1]) / HEAD * HALF
    left, right = (back[0] + dy, back[1] - dx), (back[0] - dy, back[1] + dx)
    return f"M{n(tip[0])} {n(tip[1])}L{n(left[0])} {n(left[1])}L{n(right[0])} {n(right[1])}Z"


def n(number: float) -> str:
    """A coordinate to a tenth of a pixel."""
    return f"{round(number, 1) + 0.0:g}"
