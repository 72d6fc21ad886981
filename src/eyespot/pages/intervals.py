"""An interval drawn: a dot with a thin line on a scale from 0 to 100 %, a dashed line beside it."""

from eyespot.pages.markup import Html, tag
from eyespot.pages.words import between, percent

WIDTH = 480  # drawing units for 0 to 100 %
NARROW = 200
TURNING = 0.5  # a reference's name stands left of its line from here on


def interval_drawing(
    share: float, interval: tuple[float, float], *, reference: tuple[str, float] | None = None
) -> Html:
    """The large drawing, with a scale and the name of the reference value."""
    at = _Scale(WIDTH)
    parts = [_line(0, WIDTH, 36, "scale")]
    for tick, words in ((0.0, "0"), (0.5, "50"), (1.0, "100 %")):
        parts.append(_upright(at(tick), 32, 40, "scale"))
        parts.append(_words(at(tick), 58, "small", "middle", words))
    parts += _measured(at, share, interval, 36)
    if reference:
        is_late = reference[1] > TURNING
        x = at(reference[1]) + (-6 if is_late else 6)
        parts.append(_upright(at(reference[1]), 4, 46, "reference"))
        parts.append(_words(x, 15, "small", "end" if is_late else "start", reference[0]))
    box = {"class": "interval", "viewBox": f"-24 0 {WIDTH + 48} 64", "role": "img"}
    return tag("svg", {**box, "aria-label": _said(share, interval, reference)}, *parts)


def small_interval(
    share: float, interval: tuple[float, float], *, reference: tuple[str, float] | None = None
) -> Html:
    """The same without words, for a cell of a table."""
    at = _Scale(NARROW)
    parts = [_line(0, NARROW, 12, "scale")]
    parts += [_upright(at(tick), 9, 15, "scale") for tick in (0, 0.5, 1)]
    parts += _measured(at, share, interval, 12)
    if reference:
        parts.append(_upright(at(reference[1]), 2, 22, "reference"))
    box = {"class": "interval small", "viewBox": f"-6 0 {NARROW + 12} 24", "role": "img"}
    return tag("svg", {**box, "aria-label": _said(share, interval, reference)}, *parts)


class _Scale:
    """Shares to drawing units."""

    def __init__(self, width: int) -> None:
        self.width = width

    def __call__(self, share: float) -> float:
        return self.width * min(max(share, 0.0), 1.0)


def _measured(at: _Scale, share: float, interval: tuple[float, float], y: float) -> list[Html]:
    dot = {"class": "dot", "cx": f"{at(share):.1f}", "cy": f"{y:g}", "r": "5"}
    return [_line(at(interval[0]), at(interval[1]), y, "range"), tag("circle", dot)]


def _said(share: float, interval: tuple[float, float], reference: tuple[str, float] | None) -> str:
    words = f"{percent(share)}, interval {between(interval)}"
    return f"{words}; {reference[0]} {percent(reference[1])}" if reference else words


def _line(x1: float, x2: float, y: float, kind: str) -> Html:
    ends = {"x1": f"{x1:.1f}", "x2": f"{x2:.1f}", "y1": f"{y:g}", "y2": f"{y:g}"}
    return tag("line", {"class": kind, **ends})


def _upright(x: float, y1: float, y2: float, kind: str) -> Html:
    ends = {"x1": f"{x:.1f}", "x2": f"{x:.1f}", "y1": f"{y1:g}", "y2": f"{y2:g}"}
    return tag("line", {"class": kind, **ends})


def _words(x: float, y: float, kind: str, anchor: str, words: str) -> Html:
    place = {"class": kind, "x": f"{x:.1f}", "y": f"{y:g}", "text-anchor": anchor}
    return tag("text", place, words)
