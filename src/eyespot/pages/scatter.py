"""Points in a plane, each with a photo that shows while it is pointed at; no script.

Places are percentages of the drawing's own size, so that marks and photos keep theirs in any
window. All marks lie below, what can be pointed at above, so that no mark covers a photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.pages.drawing import mark, text_width
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.pieces import name, quiet

SHAPES = ("dot", "square", "triangle", "diamond", "cross")
COLOURS = 8  # of the classes, in the style of the pages
PHOTO, WORDS = 120, 36  # pixels: a photo's side, and the height of the words under it
TEXT = 11  # pixels of these words
ROOM_LEFT = PHOTO - 8 - 2 * TEXT  # pixels of a name that is cut
AWAY = 10  # pixels between a point and its photo
ROOM = 0.04  # share of the drawing that is free at each edge
MANY = 250  # points from which their marks are smaller


@dataclass(frozen=True)
class Point:
    """One photo. `x` and `y` are in [0, 1], from the left and from above."""

    x: float
    y: float
    series: int  # of its class, from 0
    file: str
    label: str
    picture: str | None  # what `thumbnail` gave; None: only its name shows


def scatter(points: Sequence[Point], *, described: str) -> Html:
    """The drawing; `described` is what a screen reader says of it."""
    scale = "0.85" if len(points) < MANY else "0.6"
    marks = [_at(p, {"class": "mark-of"}, _mark(p.series, scale)) for p in points]
    shown = [_pointed_at(point) for point in points]
    return tag("svg", {"class": "drawn plane", "role": "group", "aria-label": described},
               *marks, *shown)  # fmt: skip


def key(labels: Sequence[tuple[str, int]]) -> Html:
    """Which mark is which class, with its number of photos; in the order of the series."""
    rows = [
        tag(
            "li",
            None,
            tag("svg", {"class": "drawn key-mark", "viewBox": "-8 -8 16 16", "aria-hidden": "true"},
                _mark(series, "1")),
            name(label),
            " ",
            quiet(f"{number:,}"),
        )
        for series, (label, number) in enumerate(labels)
    ]  # fmt: skip
    return tag("ul", {"class": "key"}, *rows)


def _mark(series: int, scale: str) -> Html:
    """Colours in their order, then the same with the next shape."""
    colour = f"class-{series % COLOURS + 1}"
    shape = SHAPES[(3 * (series // COLOURS) + series) % len(SHAPES)]
    drawn = mark(0, 0, shape, value=colour, is_hollow=False, told="")
    return tag("g", {"transform": f"scale({scale})"}, drawn)


def _at(point: Point, attributes: dict[str, str | None], *children: str) -> Html:
    x, y = (100 * (ROOM + (1 - 2 * ROOM) * value) for value in (point.x, point.y))
    return tag("svg", {"x": f"{x:.2f}%", "y": f"{y:.2f}%", **attributes}, *children)


def _pointed_at(point: Point) -> Html:
    """What answers to the pointer and to the keyboard, and shows the photo on the free side."""
    left = AWAY if point.x < 0.5 else -AWAY - PHOTO
    top = -PHOTO / 2 if 0.25 < point.y < 0.75 else (0 if point.y <= 0.25 else -PHOTO - WORDS)
    place = {"x": f"{left}", "y": f"{top:g}", "width": f"{PHOTO}"}
    back = tag("rect", {**place, "height": f"{PHOTO + WORDS}", "class": "back", "rx": "2"})
    parts = [back]
    if point.picture is not None:
        parts.append(tag("image", {"href": point.picture, **place, "height": f"{PHOTO}"}))
    for line, words in enumerate((point.label, point.file)):
        below = {"x": f"{left + 4}", "y": f"{top + PHOTO + 14 + 16 * line:g}", "class": "said"}
        parts.append(tag("text", below, _shortened(words)))
    hit = tag("circle", {"class": "hit", "r": "7"})
    about = {"class": "point", "tabindex": "0", "role": "img"}
    said = f"{point.file}: {point.label}" if point.label else point.file
    return _at(point, {**about, "aria-label": said}, hit, tag("g", {"class": "shown"}, join(parts)))


def _shortened(words: str) -> str:
    """As much of the beginning as fits under the photo."""
    if text_width(words, TEXT) <= PHOTO - 8:
        return words
    ends = (end for end in range(len(words), 0, -1) if text_width(words[:end], TEXT) <= ROOM_LEFT)
    return f"{words[: next(ends, 0)]}\u2026"
