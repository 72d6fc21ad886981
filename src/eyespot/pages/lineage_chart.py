"""Where a network's ideas come from: a stair in time, with lines from each idea to its heirs."""

from collections.abc import Sequence
from dataclasses import dataclass

from eyespot.pages.drawing import (
    LARGE,
    MARK,
    SMALL,
    document,
    line,
    mark,
    paragraph,
    path,
    text_width,
    words,
)
from eyespot.pages.markup import Html, join

WIDTH, MARGIN = 1200, 28
TRUNK = WIDTH - 90  # pixels: the network itself
BETWEEN = 22  # pixels between columns
TINY = 11  # pixels: years where they stand close
ROW = 27  # pixels
ARROW = 4.0  # pixels: half the width of an arrow's head


@dataclass(frozen=True)
class IdeaRow:
    """One idea: whose it is, when it could first be read, and where it leads."""

    name: str
    source: str
    public: tuple[int, int]  # year and month
    is_own: bool  # added by the network itself
    is_direct: bool  # the network took it over, or grew an idea of its own from it
    grew_into: tuple[str, ...]  # names of the rows that grew from it


def lineage_chart(
    rows: Sequence[IdeaRow],
    *,
    title: str,
    network: str,
    notes: Sequence[str],
    source: str,
) -> str:
    """The SVG file. `network` is the name over the line that all leads to; `notes` are sentences
    under the chart, `source` is the command that made it."""
    ordered = sorted(rows, key=lambda row: (row.is_own, row.public))
    head, y = paragraph(MARGIN, 42, title, width=WIDTH - 2 * MARGIN, size=LARGE, is_bold=True)
    top = y + 48
    bottom = top + ROW * len(ordered)
    whose = MARGIN + BETWEEN + max(text_width(row.name, is_bold=row.is_own) for row in rows)
    start = whose + BETWEEN + max(text_width(row.source, SMALL) for row in rows)
    places = _places(ordered, start, top)
    parts = [head, _years([row for row in ordered if not row.is_own], places, top, bottom)]
    parts.append(words(TRUNK, top - 32, network, anchor="middle", is_bold=True))
    parts += [_lines(row, ordered, places) for row in ordered if not row.is_own]
    ends = [places[row.name][1] for row in ordered if row.is_direct or row.is_own]
    parts.append(path([(TRUNK, min(ends)), (TRUNK, max(ends))], value="ink", width=2))
    parts += [_row(row, *places[row.name], whose, start) for row in ordered]
    y = bottom + 34
    for sentence in (*notes, f"Made by {source}"):
        drawn, y = paragraph(
            MARGIN, y, sentence, width=WIDTH - 2 * MARGIN, size=SMALL, value="quiet"
        )
        parts.append(drawn)
    return document(WIDTH, y + 8, parts, title=title, description=" ".join(notes))


def _places(rows: Sequence[IdeaRow], start: float, top: float) -> dict[str, tuple[float, float]]:
    """Every idea one step lower and farther right than the one before it; the network's own last.

    Equal steps, not equal years: so no two lines down stand in one another's way.
    """
    steps = sum(not row.is_own for row in rows) + 1
    step = (TRUNK - start) / steps
    return {
        row.name: (TRUNK if row.is_own else start + step * (i + 0.5), top + ROW * (i + 0.5))
        for i, row in enumerate(rows)
    }


def _years(
    rows: Sequence[IdeaRow], places: dict[str, tuple[float, float]], top: float, bottom: float
) -> Html:
    """The years above the stair, each as wide as it has ideas, with a faint line between them."""
    parts: list[Html] = []
    step = places[rows[1].name][0] - places[rows[0].name][0] if len(rows) > 1 else 60.0
    for year in sorted({row.public[0] for row in rows}):
        spots = [places[row.name][0] for row in rows if row.public[0] == year]
        left, right = min(spots) - step / 2, max(spots) + step / 2
        is_wide = text_width("2000", SMALL) + 6 <= right - left
        said, size = (str(year), SMALL) if is_wide else (f"'{year % 100:02d}", TINY)
        parts.append(line(left, top - 26, left, bottom))
        middle = (left + right) / 2
        parts.append(words(middle, top - 12, said, value="quiet", size=size, anchor="middle"))
    return join(parts)


def _lines(row: IdeaRow, rows: Sequence[IdeaRow], places: dict[str, tuple[float, float]]) -> Html:
    """From the idea to the right, as far as it is needed, and down to what grew from it."""
    start, y = places[row.name]
    children = [
        places[each.name] for each in rows if each.name in row.grew_into and not each.is_own
    ]
    ends = [x for x, _ in children] + [TRUNK] * row.is_direct
    parts = [path([(start, y), (max(ends, default=start), y)], value="none", width=1.5)]
    for x, below in children:
        foot = below - 8
        head = [(x - ARROW, foot - 2 * ARROW), (x, foot), (x + ARROW, foot - 2 * ARROW)]
        parts.append(path([(x, y), (x, foot)], value="none", width=1.5))
        parts.append(path(head, value="none", width=1.5))
    return join(parts)


def _row(row: IdeaRow, x: float, y: float, whose: float, start: float) -> Html:
    """The words of an idea, a faint line that leads the eye, and its dot."""
    value = "class-1" if row.is_own else "ink"
    return join(
        (
            line(start - 10, y, x - MARK, y, value="none", width=0.8, dashes="1 4"),
            words(MARGIN, y + 5, row.name, is_bold=row.is_own),
            words(whose, y + 5, row.source, value="quiet", size=SMALL),
            mark(
                x, y, "dot", value=value, is_hollow=not row.is_own, told=f"{row.name}: {row.source}"
            ),
        )
    )
