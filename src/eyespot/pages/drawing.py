"""A chart as an SVG file: words, lines and marks in the values of every page, light and dark.

The light values are written into every element, so that any program that draws SVG understands the
file; browsers put the dark ones in their place where the reader prefers them.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources

from eyespot.pages.markup import Html, join, tag

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif"
SIZE, SMALL, LARGE = 14, 13, 20  # pixels of text
# Shares of the text's size that characters are wide, in DejaVu Sans: other sans fonts are narrower.
WIDTHS = (("ijlI.,:;'|! ", 0.33), ("frt()[]{}-/", 0.41), ("mwMW%@", 0.98))
CAPITAL, OTHER, BOLD = 0.74, 0.636, 1.1
MARK = 6.0  # pixels from a mark's middle to its rim


@cache
def values() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Name -> colour, light and dark, from the style of the pages."""
    style = resources.files("eyespot.pages").joinpath("style.css").read_text(encoding="utf-8")
    light, dark = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    both = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in (light, dark)]
    return both[0], both[1]


def document(
    width: float, height: float, parts: Iterable[str], *, title: str, description: str
) -> str:
    """The whole file. `title` and `description` are what a screen reader says of it."""
    dark = "".join(
        f".f-{name}{{fill:{colour}}}.s-{name}{{stroke:{colour}}}"
        for name, colour in values()[1].items()
    )
    style = Html(f"<style>@media screen and (prefers-color-scheme: dark){{{dark}}}</style>")
    frame = {"width": f"{width:g}", "height": f"{height:g}"}
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        **frame,
        "viewBox": f"0 0 {width:g} {height:g}",
        "role": "img",
        "aria-label": title,
        "font-family": FONT,
    }
    paper = tag("rect", {**frame, **filled("paper")})
    head = (tag("title", None, title), tag("desc", None, description), style, paper)
    whole = tag("svg", attributes, *head, join(parts, Html("\n")))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{whole}\n'


def fragment(width: float, height: float, parts: Iterable[str], *, description: str) -> Html:
    """The same for a place in a page, whose style gives it the dark values."""
    attributes = {
        "class": "drawn",
        "viewBox": f"0 0 {width:g} {height:g}",
        "role": "img",
        "aria-label": description,
    }
    return tag("svg", attributes, *parts)


def filled(value: str) -> dict[str, str]:
    return {"fill": values()[0][value], "class": f"f-{value}"}


def words(
    x: float,
    y: float,
    content: str,
    *,
    value: str = "ink",
    size: float = SIZE,
    anchor: str = "start",
    is_bold: bool = False,
    turned: float = 0,
) -> Html:
    """A line of text whose baseline is at `y`; `anchor` is start, middle or end."""
    return tag(
        "text",
        {
            "x": f"{x:.1f}",
            "y": f"{y:.1f}",
            "font-size": f"{size:g}",
            "font-weight": "600" if is_bold else None,
            "text-anchor": None if anchor == "start" else anchor,
            "transform": f"rotate({turned:g} {x:.1f} {y:.1f})" if turned else None,
            **filled(value),
        },
        content,
    )


def line(
    x1: float,
    y1: float,
    x2: float,
    y2: float,
    *,
    value: str = "line",
    width: float = 1,
    dashes: str | None = None,
) -> Html:
    ends = {"x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    return tag("line", {**ends, **stroked(value, width), "stroke-dasharray": dashes})


def stroked(value: str, width: float = 1) -> dict[str, str]:
    return {"stroke": values()[0][value], "stroke-width": f"{width:g}", "class": f"s-{value}"}


def path(
    points: Iterable[tuple[float, float]],
    *,
    value: str,
    width: float = 1,
    dashes: str | None = None,
) -> Html:
    """A line through points, not filled."""
    drawn = "M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    paint = {"fill": "none", **stroked(value, width), "stroke-dasharray": dashes}
    return tag("path", {"d": drawn, **paint})


def mark(x: float, y: float, shape: str, *, value: str, is_hollow: bool, told: str) -> Html:
    """A dot, square, triangle, diamond or cross in `value`, with words for whoever points at it."""
    colour, paper = values()[0][value], values()[0]["paper"]
    paint = {
        "fill": paper if is_hollow or shape == "cross" else colour,
        "stroke": colour,
        "stroke-width": "2",
        "class": f"s-{value} f-{'paper' if is_hollow or shape == 'cross' else value}",
    }
    about = tag("title", None, told)
    if shape == "dot":
        centre = {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": f"{MARK - 0.5:g}"}
        return tag("circle", {**centre, **paint}, about)
    r = MARK
    corners = {
        "square": ((-r + 1, -r + 1), (r - 1, -r + 1), (r - 1, r - 1), (-r + 1, r - 1)),
        "triangle": ((0, -r), (r, r - 1), (-r, r - 1)),
        "diamond": ((0, -r - 1), (r + 1, 0), (0, r + 1), (-r - 1, 0)),
        "cross": ((-r + 1, -r + 1), (r - 1, r - 1), (0, 0), (r - 1, -r + 1), (-r + 1, r - 1)),
    }[shape]
    drawn = "M" + "L".join(f"{x + dx:.1f} {y + dy:.1f}" for dx, dy in corners)
    return tag("path", {"d": drawn + ("" if shape == "cross" else "Z"), **paint}, about)


def text_width(content: str, size: float = SIZE, *, is_bold: bool = False) -> float:
    """Pixels that a line of text takes at most in the fonts that are common."""
    shares = sum(_share(character) for character in content)
    return shares * size * (BOLD if is_bold else 1)


def _share(character: str) -> float:
    for characters, share in WIDTHS:
        if character in characters:
            return share
    if ord(character) > 0x2E80:  # Chinese, Japanese, Korean, emoji
        return 1.0
    return CAPITAL if character.isupper() else OTHER


def broken(content: str, width: float, size: float = SIZE, *, is_bold: bool = False) -> list[str]:
    """The text in lines that are no wider than `width`, broken between words."""
    lines = [""]
    for word in content.split():
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and text_width(longer, size, is_bold=is_bold) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def paragraph(
    x: float,
    y: float,
    content: str,
    *,
    width: float,
    size: float = SIZE,
    value: str = "ink",
    is_bold: bool = False,
) -> tuple[Html, float]:
    """A text in lines no wider than `width`, the first at `y`, and where the next would stand."""
    height = round(size * 1.45)
    lines = broken(content, width, size, is_bold=is_bold)
    drawn = [
        words(x, y + i * height, each, size=size, value=value, is_bold=is_bold)
        for i, each in enumerate(lines)
    ]
    return join(drawn), y + len(lines) * height
