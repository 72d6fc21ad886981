"""The small pieces of a page: photo cards, bars, intervals, tables, warnings, folds, figures.

Every function takes plain text or `Html` and gives `Html`. Colour never stands alone: right and
wrong carry a mark and a word for screen readers, a class always its name.
"""

from collections.abc import Sequence

from eyespot.pages.markup import Html, join, tag
from eyespot.pages.words import between, percent

Cell = str  # what a table's cell holds: text, or `Html`
MARKS = {  # drawn in a box of 14 x 14
    "right": "M2 7.5 5.5 11 12 3",
    "wrong": "M3 3 11 11 M11 3 3 11",
    "note": "M7 1.5 12.5 7 7 12.5 1.5 7Z",
}
LABELS_SHOWN = 5


def name(value: str) -> Html:
    """The name of a class or a file: set apart in italics, and by itself whatever its script."""
    return tag("bdi", {"class": "name"}, value)


def paragraph(*parts: str) -> Html:
    return tag("p", None, *parts)


def quiet(*parts: str) -> Html:
    """Smaller and grey: n, intervals, asides."""
    return tag("span", {"class": "quiet"}, *parts)


def code(value: str) -> Html:
    """A command or a key, to be copied as it stands."""
    return tag("code", None, value)


def hidden(value: str) -> Html:
    """Words for screen readers only."""
    return tag("span", {"class": "hidden"}, value)


def mark(kind: str) -> Html:
    """A drawn tick (`right`), cross (`wrong`) or diamond (`note`), with the word for readers."""
    path = tag("path", {"d": MARKS[kind]})
    drawn = {"class": f"mark {kind}", "viewBox": "0 0 14 14", "aria-hidden": "true"}
    return join((tag("svg", drawn, path), hidden(f"{kind}: ")))


def section(title: str, *children: str, anchor: str) -> Html:
    """A part of the page under a heading that can be linked to as `#anchor`."""
    return tag("section", {"id": anchor}, tag("h2", None, title), *children)


def link(anchor: str, *children: str) -> Html:
    """A link to a place on the same page."""
    return tag("a", {"href": f"#{anchor}"}, *children)


def details(summary: str, *children: str, is_open: bool = False) -> Html:
    """Something that unfolds on demand; printed unfolded."""
    attributes = {"open": "" if is_open else None}
    return tag("details", attributes, tag("summary", None, summary), *children)


def warning(seen: str, why: str, *, command: str | None = None) -> Html:
    """One sentence what was seen, one why it matters, one command; a mark in the margin."""
    run = join((" ", code(command))) if command else ""
    words = tag("p", None, mark("note"), tag("strong", None, seen), " ", why, run)
    return tag("aside", {"class": "warning"}, words)


def measured(share: float, n: int, *, interval: tuple[float, float] | None) -> Html:
    """A share with its interval and n beside it, in smaller grey."""
    sure = f"interval {between(interval)}, " if interval else ""
    figure = tag("b", {"class": "number"}, percent(share))
    return join((figure, " ", quiet(tag("span", {"class": "number"}, f"{sure}n = {n:,}"))))


def probability_bars(
    labels: Sequence[tuple[str, float]],
    *,
    none_of_these: float | None = None,
    truth: str | None = None,
) -> Html:
    """Up to five labels with horizontal bars from 0 to 100 %; "none of these" last, in grey.

    With a `truth`, its bar is marked right, and a first label that is another one wrong.
    """
    rows = [
        _bar(label, share, _kind(place, label, truth))
        for place, (label, share) in enumerate(labels[:LABELS_SHOWN])
    ]
    if none_of_these is not None:
        rows.append(_bar("none of these", none_of_these, "none"))
    return tag("ul", {"class": "bars"}, *rows)


def _kind(place: int, label: str, truth: str | None) -> str:
    if truth is not None and label == truth:
        return "right"
    return "wrong" if truth is not None and place == 0 else "other"


def _bar(label: str, share: float, kind: str) -> Html:
    shown = min(max(share, 0.0), 1.0)
    words = label if kind == "none" else name(label)
    track = tag("rect", {"class": "track", "width": "100%", "height": "100%"})
    fill = tag("rect", {"class": kind, "width": f"{100 * shown:.1f}%", "height": "100%"})
    return tag(
        "li",
        None,
        tag("span", {"class": "label"}, mark(kind) if kind in MARKS else "", words),
        tag("span", {"class": "number"}, percent(shown)),
        tag("svg", {"class": "bar", "aria-hidden": "true"}, track, fill),
    )


def table(
    headers: Sequence[str], rows: Sequence[Sequence[Cell]], *, caption: str, text_columns: int = 1
) -> Html:
    """A table; the first `text_columns` columns are words, the others numbers, set right.

    Each row's first cell is its header. Wide tables scroll by themselves, also by keyboard.
    """
    kinds = [None if i < text_columns else "number" for i in range(len(headers))]
    top = [
        tag("th", {"scope": "col", "class": kind}, header)
        for header, kind in zip(headers, kinds, strict=True)
    ]
    body = [
        tag(
            "tr",
            None,
            tag("th", {"scope": "row"}, row[0]),
            *(
                tag("td", {"class": kind}, cell)
                for cell, kind in zip(row[1:], kinds[1:], strict=True)
            ),
        )
        for row in rows
    ]
    whole = tag(
        "table",
        None,
        tag("caption", None, hidden(caption)),
        tag("thead", None, tag("tr", None, *top)),
        tag("tbody", None, *body),
    )
    above = tag("p", {"class": "quiet caption", "aria-hidden": "true"}, caption)
    return join((above, scrolling(whole, caption)))


def scrolling(content: Html, what: str) -> Html:
    """A region that scrolls sideways where the window is narrower than its content."""
    region = {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": what}
    return tag("div", region, content)


def definitions(pairs: Sequence[tuple[str, Cell]]) -> Html:
    """Facts in two columns: what, and its value."""
    rows = [join((tag("dt", None, what), tag("dd", None, value))) for what, value in pairs]
    return tag("dl", {"class": "facts"}, *rows)


def chart(title: str, drawing: Html, *, note: str = "", source: str = "") -> Html:
    """A figure whose title is its finding in words; the command that made it in small print."""
    small = join((note, " " if note and source else "", code(source) if source else ""))
    caption = tag("figcaption", None, tag("strong", None, title))
    foot = tag("p", {"class": "quiet"}, small) if small else ""
    return tag("figure", {"class": "chart"}, caption, drawing, foot)
