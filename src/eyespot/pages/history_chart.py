"""Errors by year as bars, one for each entry, with the line of human performance through them."""

from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.pages.axes import Axis
from eyespot.pages.drawing import (
    LARGE,
    SMALL,
    document,
    filled,
    line,
    paragraph,
    stroked,
    text_width,
    values,
    words,
)
from eyespot.pages.markup import Html, join, tag

WIDTH, MARGIN = 1200, 28
NAME, HOW, BARS = 90, 560, 710  # pixels where the columns begin
ROW, BAR = 26, 16  # pixels: height of a row and of its bar
STYLES = {"features": "none", "network": "class-1"}  # what the bars' colours are called


@dataclass(frozen=True)
class HistoryBar:
    """One entry: its year, who, how, and the error in percent."""

    year: int
    name: str
    remark: str
    how: str  # "7 networks", "one network", "hand-made features"
    error: float
    is_features: bool  # made by hand: drawn grey
    is_single: bool  # one network alone: drawn hollow
    is_recalled: bool


def history_chart(
    bars: Sequence[HistoryBar],
    *,
    title: str,
    error: str,
    human: tuple[str, float],
    notes: Sequence[str],
    source: str,
) -> str:
    """The SVG file. `error` is the title of the scale, `human` the name of the line and its error,
    `notes` are sentences under the chart, `source` is the command that made it."""
    head, y = paragraph(MARGIN, 42, title, width=WIDTH - 2 * MARGIN, size=LARGE, is_bold=True)
    top = y + 40
    bottom = top + ROW * len(bars)
    axis = Axis(0, 5 * (max(bar.error for bar in bars) // 5 + 1), BARS, WIDTH - MARGIN - 40)
    parts = [head, _scale(axis, error, top, bottom)]
    for i, bar in enumerate(bars):
        middle = top + ROW * (i + 0.5)
        if i == 0 or bars[i - 1].year != bar.year:
            if i:
                parts.append(line(MARGIN, top + ROW * i, WIDTH - MARGIN, top + ROW * i))
            parts.append(words(MARGIN, middle + 5, str(bar.year), is_bold=True))
        parts.append(_row(bar, axis, middle))
    parts.append(_human(axis, human, top, bottom))
    parts += [_error(bar, axis, human[1], top + ROW * (i + 0.5)) for i, bar in enumerate(bars)]
    y = bottom + 76
    for sentence in (*notes, f"Made by {source}"):
        drawn, y = paragraph(
            MARGIN, y, sentence, width=WIDTH - 2 * MARGIN, size=SMALL, value="quiet"
        )
        parts.append(drawn)
    return document(WIDTH, y + 8, parts, title=title, description=" ".join(notes))


def _scale(axis: Axis, title: str, top: float, bottom: float) -> Html:
    parts = []
    for tick in axis.ticks():
        x = axis.at(tick)
        parts.append(line(x, top, x, bottom, value="quiet" if tick == 0 else "line"))
        parts.append(words(x, bottom + 20, f"{tick:g} %", anchor="middle"))
    middle = (axis.start + axis.end) / 2
    return join([*parts, words(middle, bottom + 44, title, anchor="middle", value="quiet")])


def _row(bar: HistoryBar, axis: Axis, middle: float) -> Html:
    """The words left of the bar, and the bar."""
    size = {"height": f"{BAR}", "width": f"{axis.at(bar.error) - axis.start:.1f}"}
    place = {"x": f"{axis.start:g}", "y": f"{middle - BAR / 2:.1f}", **size}
    value = STYLES["features" if bar.is_features else "network"]
    paint = filled(value)
    if bar.is_single:
        rim = stroked(value, 2)
        paint = {**rim, "fill": values()[0]["paper"], "class": f"f-paper {rim['class']}"}
    name = tag("tspan", {"font-weight": "600"}, bar.name)
    quiet = {"dx": "10", "font-size": f"{SMALL}", **filled("quiet")}
    remark = tag("tspan", quiet, bar.remark)
    return join(
        (
            words(NAME, middle + 5, join((name, remark))),
            words(HOW, middle + 5, bar.how, value="quiet", size=SMALL),
            tag("rect", {**place, **paint}),
        )
    )


def _human(axis: Axis, human: tuple[str, float], top: float, bottom: float) -> Html:
    """The dashed line with its name above it."""
    name, error = human
    x = axis.at(error)
    return join(
        (
            line(x, top - 10, x, bottom, value="ink", width=1.5, dashes="5 4"),
            words(x, top - 16, f"{name} {error:g} %", anchor="middle", is_bold=True),
        )
    )


def _error(bar: HistoryBar, axis: Axis, human: float, middle: float) -> Html:
    """The figure behind the bar, and behind the line of the human where it would cross that."""
    figure = f"{'~' if bar.is_recalled else ''}{bar.error:g} %"
    x, line_at = axis.at(bar.error) + 6, axis.at(human)
    if x - 4 < line_at < x + text_width(figure):
        x = line_at + 6
    size = {"width": f"{text_width(figure):.1f}", "height": f"{BAR}"}
    place = {"x": f"{x - 1:.1f}", "y": f"{middle - BAR / 2:.1f}"}
    paper = tag("rect", {**place, **size, **filled("paper")})
    return join((paper, words(x, middle + 5, figure)))
