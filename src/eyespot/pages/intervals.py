"""An interval drawn: a dot with a thin line on a scale from 0 to 100 %, a dashed line beside it.

Places are percentages of the drawing's own width, so that words keep their size in any window.
"""

from eyespot.pages.markup import Html, join, tag
from eyespot.pages.words import between, percent

TURNING = 0.5  # a reference's name stands left of its line from here on


def interval_drawing(
    share: float, interval: tuple[float, float], *, reference: tuple[str, float] | None = None
) -> Html:
    """The large drawing, with a scale and the name of the reference value."""
    parts = [_across(0, 1, 36, "scale")]
    for tick, anchor, words in ((0.0, "start", "0"), (0.5, "middle", "50"), (1.0, "end", "100 %")):
        parts.append(_upright(tick, 32, 40, "scale"))
        parts.append(_words(tick, 58, anchor, words))
    parts.append(_measured(share, interval, 36))
    if reference:
        is_late = reference[1] > TURNING
        parts.append(_upright(reference[1], 4, 46, "reference"))
        named = f"{reference[0]}\u2002" if is_late else f"\u2002{reference[0]}"
        parts.append(_words(reference[1], 15, "end" if is_late else "start", named))
    return _drawing("interval", _said(share, interval, reference), parts)


def small_interval(
    share: float, interval: tuple[float, float], *, reference: tuple[str, float] | None = None
) -> Html:
    """The same without words, for a cell of a table."""
    parts = [_across(0, 1, 12, "scale"), *(_upright(x, 9, 15, "scale") for x in (0, 0.5, 1))]
    parts.append(_measured(share, interval, 12))
    if reference:
        parts.append(_upright(reference[1], 2, 22, "reference"))
    return _drawing("interval small", _said(share, interval, reference), parts)


def _drawing(kind: str, said: str, parts: list[Html]) -> Html:
    return tag("svg", {"class": kind, "role": "img", "aria-label": said}, *parts)


def _said(share: float, interval: tuple[float, float], reference: tuple[str, float] | None) -> str:
    words = f"{percent(share)}, interval {between(interval)}"
    return f"{words}; {reference[0]} {percent(reference[1])}" if reference else words


def _measured(share: float, interval: tuple[float, float], y: float) -> Html:
    dot = tag("circle", {"class": "dot", "cx": _at(share), "cy": f"{y:g}", "r": "5"})
    return join((_across(interval[0], interval[1], y, "range"), dot))


def _across(low: float, high: float, y: float, kind: str) -> Html:
    ends = {"x1": _at(low), "x2": _at(high), "y1": f"{y:g}", "y2": f"{y:g}"}
    return tag("line", {"class": kind, **ends})


def _upright(x: float, y1: float, y2: float, kind: str) -> Html:
    ends = {"x1": _at(x), "x2": _at(x), "y1": f"{y1:g}", "y2": f"{y2:g}"}
    return tag("line", {"class": kind, **ends})


def _words(x: float, y: float, anchor: str, words: str) -> Html:
    place = {"class": "small", "x": _at(x), "y": f"{y:g}", "text-anchor": anchor}
    return tag("text", place, words)


def _at(share: float) -> str:
    return f"{100 * min(max(share, 0.0), 1.0):.1f}%"
