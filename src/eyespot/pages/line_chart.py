"""Lines over one lower axis, in panels one above the other, each with its name at its end."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.pages.axes import Axis, short
from eyespot.pages.drawing import (
    LARGE,
    SMALL,
    document,
    filled,
    fragment,
    line,
    paragraph,
    path,
    stroked,
    text_width,
    words,
)
from eyespot.pages.markup import Html, join, tag

WIDTH, MARGIN = 760, 24
LEFT = 84  # pixels left of a panel for its upright axis
HEIGHT, GAP = 210, 34  # pixels: of a panel, and between two for the words of events
BELOW = 72  # pixels under the last panel for the lower axis
NAME_STEP = 19  # pixels between the names of two lines that end near each other
NAMES_AT_MOST = 0.32  # share of the width that names may take
DOTTED_UP_TO = 15  # points of a line that are drawn one by one
ROOM = 0.06  # share of an upright axis that is free at either end
DECADE = 10.0
PALE = "0.14"  # opacity of a line's band


@dataclass(frozen=True)
class Line:
    """One series: points from left to right, and what stands at its end."""

    name: str
    points: tuple[tuple[float, float], ...]
    value: str = "class-1"  # its colour, by the pages' name
    dashes: str | None = None
    band: tuple[tuple[float, float, float], ...] = ()  # (x, from, to): how far its values spread


@dataclass(frozen=True)
class Spot:
    """A point worth a ring, with words for whoever points at it."""

    x: float
    y: float
    told: str
    value: str = "ink"


@dataclass(frozen=True)
class Panel:
    """Lines with one upright axis. What stands above `most` or below `least` is cut off."""

    title: str
    lines: tuple[Line, ...]
    unit: str = ""  # behind every figure of the axis
    least: float = -math.inf
    most: float = math.inf
    is_log: bool = False
    spots: tuple[Spot, ...] = ()


@dataclass(frozen=True)
class Event:
    """Something that happened at a place of the lower axis: an upright line with words."""

    x: float
    words: str


def line_chart(
    panels: Sequence[Panel],
    *,
    title: str,
    across: str,
    is_log: bool = False,
    is_whole: bool = False,
    events: Sequence[Event] = (),
    notes: Sequence[str] = (),
    source: str = "",
) -> str:
    """The SVG file. `across` is the title of the lower axis, which is logarithmic (`is_log`) or has
    whole numbers only (`is_whole`); `notes` are sentences under the chart, `source` is the command
    that made it."""
    head, y = paragraph(MARGIN, 42, title, width=WIDTH - 2 * MARGIN, size=LARGE, is_bold=True)
    drawn, y = _panels(panels, y, across, is_log=is_log, is_whole=is_whole, events=events)
    parts = [head, *drawn]
    for sentence in (*notes, *([f"Made by {source}"] if source else [])):
        width = WIDTH - 2 * MARGIN
        said, y = paragraph(MARGIN, y, sentence, width=width, size=SMALL, value="quiet")
        parts.append(said)
    return document(WIDTH, y + 8, parts, title=title, description=" ".join(notes))


def line_drawing(
    panels: Sequence[Panel],
    *,
    title: str,
    across: str,
    is_log: bool = False,
    is_whole: bool = False,
    events: Sequence[Event] = (),
) -> Html:
    """The same for a page, where `title` and notes stand around it and are only read out."""
    drawn, y = _panels(panels, 0, across, is_log=is_log, is_whole=is_whole, events=events)
    return fragment(WIDTH, y, drawn, description=title)


def _panels(
    panels: Sequence[Panel],
    y: float,
    across: str,
    *,
    is_log: bool,
    is_whole: bool,
    events: Sequence[Event],
) -> tuple[list[Html], float]:
    """All panels from `y` on, and where what stands under them would begin."""
    names = [text_width(each.name) for panel in panels for each in panel.lines]
    right = WIDTH - MARGIN - min(max(names, default=0) + 12, NAMES_AT_MOST * WIDTH)
    xs = [x for panel in panels for each in panel.lines for x, _ in each.points]
    lower = _lower(xs, right, is_log=is_log)
    parts: list[Html] = []
    for i, panel in enumerate(panels):
        top = y + GAP
        upright = _upright(_values(panel), panel, top)
        parts.append(_frame(panel, lower, upright))
        for x in (lower.at(event.x) for event in events):
            parts.append(line(x, top, x, top + HEIGHT, value="quiet", dashes="2 4"))
        if i == 0:
            parts += _event_words(events, lower, top)
        parts += [_spread(each, lower, upright) for each in panel.lines if each.band]
        parts += [_drawn(each, lower, upright) for each in panel.lines]
        parts += [_ring(spot, lower, upright) for spot in panel.spots]
        parts += _names(panel, upright, right)
        y = top + HEIGHT
    parts.append(_lower_axis(lower, y, across, is_whole=is_whole))
    return parts, y + BELOW


def _lower(xs: list[float], right: float, *, is_log: bool) -> Axis:
    low, high = min(xs), max(xs)
    if low == high:  # one place only: it stands in the middle
        low, high = (low / DECADE, high * DECADE) if is_log else (low - 1, high + 1)
    return Axis(low, high, LEFT, right, is_log)


def _values(panel: Panel) -> list[float]:
    points = [y for each in panel.lines for _, y in each.points]
    return points + [y for each in panel.lines for _, *ends in each.band for y in ends]


def _upright(values: list[float], panel: Panel, top: float) -> Axis:
    """The axis that shows all values between `least` and `most`, with some room at either end."""
    seen = [min(max(value, panel.least), panel.most) for value in values]
    low, high = min(seen), max(seen)
    if panel.is_log:
        room = max((high / low) ** ROOM, 1.2)
        return Axis(low / room, high * room, top + HEIGHT, top, is_log=True)
    room = ROOM * (high - low) or abs(high) * ROOM or 1.0
    low, high = max(low - room, panel.least), min(high + room, panel.most)
    return Axis(low, high, top + HEIGHT, top)


def _frame(panel: Panel, lower: Axis, upright: Axis) -> Html:
    parts = []
    for tick in upright.ticks():
        y = upright.at(tick)
        parts.append(line(lower.start, y, lower.end, y))
        figure = f"{tick:g}{panel.unit}"
        parts.append(words(LEFT - 8, y + 5, figure, anchor="end", size=SMALL))
    middle = (upright.start + upright.end) / 2
    title = words(MARGIN - 4, middle, panel.title, anchor="middle", turned=-90, value="quiet")
    floor = line(lower.start, upright.start, lower.end, upright.start, value="quiet")
    return join([*parts, floor, title])


def _lower_axis(lower: Axis, y: float, across: str, *, is_whole: bool) -> Html:
    parts = []
    for tick in lower.ticks():
        if is_whole and tick != round(tick):
            continue
        x = lower.at(tick)
        parts.append(line(x, y, x, y + 5, value="quiet"))
        parts.append(words(x, y + 21, short(tick), anchor="middle", size=SMALL))
    middle = (lower.start + lower.end) / 2
    return join([*parts, words(middle, y + 42, across, anchor="middle", value="quiet")])


def _event_words(events: Sequence[Event], lower: Axis, top: float) -> list[Html]:
    """The words above their lines, where they do not run into those before them."""
    parts, free = [], -math.inf
    for event in sorted(events, key=lambda e: e.x):
        half = text_width(event.words, SMALL) / 2
        x = min(max(lower.at(event.x), LEFT + half), WIDTH - MARGIN - half)
        if x - half >= free:
            parts.append(words(x, top - 8, event.words, size=SMALL, value="quiet", anchor="middle"))
            free = x + half + 8
    return parts


def _spread(each: Line, lower: Axis, upright: Axis) -> Html:
    """A pale surface around the line."""
    there = [(lower.at(x), _held(upright, high)) for x, _, high in each.band]
    back = [(lower.at(x), _held(upright, low)) for x, low, _ in reversed(each.band)]
    drawn = "M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in (*there, *back)) + "Z"
    return tag("path", {"d": drawn, **filled(each.value), "fill-opacity": PALE})


def _drawn(each: Line, lower: Axis, upright: Axis) -> Html:
    places = [(lower.at(x), _held(upright, y)) for x, y in each.points]
    parts = [path(places, value=each.value, width=2, dashes=each.dashes)]
    if len(places) <= DOTTED_UP_TO:
        dots = [{"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "3"} for x, y in places]
        parts += [tag("circle", {**dot, **filled(each.value)}) for dot in dots]
    return join(parts)


def _ring(spot: Spot, lower: Axis, upright: Axis) -> Html:
    place = {"cx": f"{lower.at(spot.x):.1f}", "cy": f"{upright.at(spot.y):.1f}", "r": "6"}
    paint = {"fill": "none", **stroked(spot.value, 1.5)}
    return tag("circle", {**place, **paint}, tag("title", None, spot.told))


def _names(panel: Panel, upright: Axis, right: float) -> list[Html]:
    """Each line's name at its end, none upon another, none below the panel."""
    ends = [_held(upright, each.points[-1][1]) for each in panel.lines]
    order = sorted(range(len(ends)), key=lambda i: ends[i])
    places: list[float] = []
    for i in order:
        places.append(max(ends[i], places[-1] + NAME_STEP) if places else ends[i])
    lowest = upright.start
    for i in reversed(range(len(places))):
        places[i] = min(places[i], lowest)
        lowest = places[i] - NAME_STEP
    return [
        words(right + 10, y + 5, panel.lines[i].name) for y, i in zip(places, order, strict=True)
    ]


def _held(upright: Axis, value: float) -> float:
    """Where a value stands; one beyond the axis stands at its end."""
    return upright.at(min(max(value, upright.low), upright.high))
