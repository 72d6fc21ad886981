"""Accuracy against what it costs: two panels, operations and parameters, on logarithmic axes."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from eyespot.pages.axes import Axis, short, spanning
from eyespot.pages.drawing import (
    LARGE,
    MARK,
    SMALL,
    document,
    filled,
    line,
    mark,
    paragraph,
    path,
    text_width,
    words,
)
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.placing import Box, Label, Placed, Segment, place

WIDTH, MARGIN = 1200, 28
LEFT, GAP = 96, 40  # pixels left of a panel for its upright axis, and between two side by side
HEIGHT, TALL = 470, 680  # of a panel, beside the other and above it
BELOW = 84  # pixels under a panel for its lower axis
SIDE_BY_SIDE_UP_TO = 16  # networks; of more, the panels stand one above the other
SHORT_REACH = 46  # pixels between a mark and a name that is only an ending
SHAPES = (  # of the kinds, in the order of the legend: never told by colour alone
    ("dot", "class-1"), ("square", "class-6"), ("triangle", "class-3"), ("diamond", "ink"),
    ("cross", "quiet"),
)  # fmt: skip


@dataclass(frozen=True)
class CostPoint:
    """One network in both panels."""

    name: str
    series: str  # networks of one series are joined by a line
    accuracy: float  # percent
    multiply_adds: int
    parameters: int
    kind: str  # how the accuracy was measured, one of the chart's `kinds`
    has_caveat: bool  # drawn hollow
    told: str  # all that is known of the figure, for whoever points at it


def cost_chart(
    points: Sequence[CostPoint],
    *,
    title: str,
    accuracy: str,
    kinds: Mapping[str, str],
    notes: Sequence[str],
    source: str,
) -> str:
    """The SVG file. `accuracy` is the title of the upright axis, `kinds` explain the marks, always
    in the same order, `notes` are sentences under the chart, `source` is the command that made it.
    """
    shapes = dict(zip(kinds, SHAPES, strict=True))
    head, y = paragraph(MARGIN, 42, title, width=WIDTH - 2 * MARGIN, size=LARGE, is_bold=True)
    legend, top = _legend(points, shapes, kinds, y)
    parts = [head, legend]
    boxes = _boxes(top + 14, is_stacked=len(points) > SIDE_BY_SIDE_UP_TO)
    costs = ("multiply-adds for one photo", [float(point.multiply_adds) for point in points])
    sizes = ("parameters", [float(point.parameters) for point in points])
    unnamed: dict[str, None] = {}
    for box, (unit, amounts) in zip(boxes, (costs, sizes), strict=True):
        upright = spanning([point.accuracy for point in points], box[3], box[1], most=100)
        across = spanning(amounts, box[0], box[2], is_log=True)
        if box[0] == LEFT:
            parts.append(_accuracies(upright, accuracy))
        parts.append(_costs(across, upright, unit))
        places = [
            (across.at(amount), upright.at(point.accuracy))
            for amount, point in zip(amounts, points, strict=True)
        ]
        drawn, names = _panel(points, places, shapes, box)
        parts.append(drawn)
        unnamed |= {point.name: None for point in points if point.name not in names}
    y = boxes[-1][3] + BELOW
    more = [f"Without a name for want of room: {', '.join(unnamed)}."] if unnamed else []
    for sentence in (*notes, *more, f"Made by {source}"):
        drawn, y = paragraph(
            MARGIN, y, sentence, width=WIDTH - 2 * MARGIN, size=SMALL, value="quiet"
        )
        parts.append(drawn)
    return document(WIDTH, y + 8, parts, title=title, description=" ".join(notes))


def _boxes(top: float, *, is_stacked: bool) -> list[Box]:
    """Where the two panels stand."""
    if is_stacked:
        lower = top + TALL + BELOW
        return [
            (LEFT, top, WIDTH - MARGIN, top + TALL),
            (LEFT, lower, WIDTH - MARGIN, lower + TALL),
        ]
    middle = (LEFT + WIDTH - MARGIN) / 2
    bottom = top + HEIGHT
    return [
        (LEFT, top, middle - GAP / 2, bottom),
        (middle + GAP / 2, top, WIDTH - MARGIN, bottom),
    ]


def _legend(
    points: Sequence[CostPoint],
    shapes: Mapping[str, tuple[str, str]],
    kinds: Mapping[str, str],
    y: float,
) -> tuple[Html, float]:
    """A line that explains the marks that are there, and where it ends."""
    present = {point.kind for point in points}
    entries = [(*shapes[kind], False, told) for kind, told in kinds.items() if kind in present]
    if any(point.has_caveat for point in points):
        entries.append(("dot", "quiet", True, "hollow: not quite alike, see below"))
    parts, x = [], float(MARGIN)
    for shape, value, is_hollow, told in entries:
        width = 18 + text_width(told) + 28
        if x + width > WIDTH - MARGIN and x > MARGIN:
            x, y = float(MARGIN), y + 24
        parts.append(mark(x + MARK, y - 5, shape, value=value, is_hollow=is_hollow, told=told))
        parts.append(words(x + 20, y, told))
        x += width
    return join(parts), y


def _accuracies(axis: Axis, title: str) -> Html:
    """The upright axis, left of the panels."""
    named = [
        words(LEFT - 10, axis.at(tick) + 5, f"{tick:g} %", anchor="end") for tick in axis.ticks()
    ]
    middle = (axis.start + axis.end) / 2
    return join(
        [*named, words(MARGIN - 4, middle, title, anchor="middle", turned=-90, value="quiet")]
    )


def _costs(across: Axis, upright: Axis, title: str) -> Html:
    """A panel's lower axis with its title, and the faint lines of the upright one."""
    bottom = upright.start
    parts = [
        line(across.start, upright.at(tick), across.end, upright.at(tick))
        for tick in upright.ticks()
    ]
    parts.append(line(across.start, bottom, across.end, bottom, value="quiet"))
    for tick in across.ticks():
        x = across.at(tick)
        parts.append(line(x, bottom, x, bottom + 6, value="quiet"))
        parts.append(words(x, bottom + 24, short(tick), anchor="middle"))
    middle = (across.start + across.end) / 2
    parts.append(words(middle, bottom + 48, title, anchor="middle", value="quiet"))
    return join(parts)


def _panel(
    points: Sequence[CostPoint],
    places: Sequence[tuple[float, float]],
    shapes: Mapping[str, tuple[str, str]],
    within: Box,
) -> tuple[Html, set[str]]:
    """Lines, names and marks, and which networks have their name."""
    lines = _lines(points, places)
    reach = MARK + 1.5
    boxes = [(x - reach, y - reach, x + reach, y + reach) for x, y in places]
    texts = _texts(points)
    labels = [
        Label(
            point.name,
            texts[point.name],
            spot,
            width=text_width(texts[point.name], SMALL),
            height=SMALL + 2,
            reach=math.inf if texts[point.name] == point.name else SHORT_REACH,
        )
        for point, spot in zip(points, places, strict=True)
    ]
    inner = (within[0] + 4, within[1], within[2] - 2, within[3] - 4)
    names = place(labels, boxes, lines, inner)
    parts = [path([segment[:2], segment[2:]], value="none", width=1.2) for segment in lines]
    parts += map(_named, names.values())
    for point, (x, y) in zip(points, places, strict=True):
        shape, value = shapes[point.kind]
        parts.append(mark(x, y, shape, value=value, is_hollow=point.has_caveat, told=point.told))
    return join(parts), set(names)


def _texts(points: Sequence[CostPoint]) -> dict[str, str]:
    """What stands beside each network: of many, only the dearest of a line has its whole name."""
    if len(points) <= SIDE_BY_SIDE_UP_TO:
        return {point.name: point.name for point in points}
    runs: dict[tuple[str, str], list[CostPoint]] = {}
    for point in points:
        runs.setdefault((point.series, point.kind), []).append(point)
    texts: dict[str, str] = {}
    for run in runs.values():
        start = _start([point.name for point in run])
        texts |= {point.name: point.name.removeprefix(start) for point in run}
        dearest = max(run, key=lambda point: point.multiply_adds)
        texts[dearest.name] = dearest.name
    return texts


def _start(names: Sequence[str]) -> str:
    """What all names begin with, up to where they begin to count: "50" is left, "1_0" or "b0"."""
    pairs = takewhile(lambda pair: pair[0] == pair[1], zip(min(names), max(names), strict=False))
    start = "".join(one for one, _ in pairs)
    return re.sub(r"((?<![v\d])\d+_?|(?<=_)[a-z]{1,4})$", "", start)


def _lines(points: Sequence[CostPoint], places: Sequence[tuple[float, float]]) -> list[Segment]:
    """From each network to the next dearer one of its series that was measured in the same way."""
    runs: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for point, spot in zip(points, places, strict=True):
        runs.setdefault((point.series, point.kind), []).append(spot)
    return [
        (*one, *other)
        for spots in runs.values()
        for one, other in zip(sorted(spots), sorted(spots)[1:], strict=False)
    ]


def _named(placed: Placed) -> Html:
    """A name on a piece of paper of its own, so that lines pass behind it."""
    left, top, right, bottom = placed.box
    size = {"width": f"{right - left:.1f}", "height": f"{bottom - top:.1f}"}
    paper = tag("rect", {"x": f"{left:.1f}", "y": f"{top:.1f}", **size, **filled("paper")})
    name = words((left + right) / 2, bottom - 4, placed.label.text, size=SMALL, anchor="middle")
    lead = [line(*placed.lead, value="quiet", dashes="1 3")] if placed.lead else []
    return join([*lead, paper, name])
