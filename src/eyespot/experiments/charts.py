"""The charts of experiments: lines with the spread over seeds, and filters as pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eyespot.experiments.runs import Results
from eyespot.experiments.statistics import spread
from eyespot.pages.drawing import LARGE, SMALL, document, fragment, paragraph, words
from eyespot.pages.line_chart import Line, Panel, line_chart, line_drawing
from eyespot.pages.markup import Html, join, tag

WIDTH, MARGIN = 760, 24
TILE, GAP = 62, 8  # pixels: of a filter, and between two
LABEL = 24  # pixels of a row's words


@dataclass(frozen=True)
class Style:
    """How an arm is drawn, so that colour never stands alone."""

    colour: str  # by the pages' name
    dashes: str | None = None


@dataclass(frozen=True)
class LineFigure:
    """Panels over one lower axis."""

    panels: tuple[Panel, ...]
    across: str
    is_log: bool = False
    is_whole: bool = False

    def svg(self, title: str, notes: Sequence[str], source: str) -> str:
        """The file; `source` is the command that made it."""
        return line_chart(
            self.panels,
            title=title,
            across=self.across,
            is_log=self.is_log,
            is_whole=self.is_whole,
            notes=notes,
            source=source,
        )

    def drawing(self, title: str) -> Html:
        """The same for a page."""
        return line_drawing(
            self.panels,
            title=title,
            across=self.across,
            is_log=self.is_log,
            is_whole=self.is_whole,
        )


@dataclass(frozen=True)
class Tile:
    """One filter: height x width x (red, green, blue), levels of 0 to 255."""

    pixels: tuple[tuple[tuple[int, int, int], ...], ...]


@dataclass(frozen=True)
class TileFigure:
    """Rows of filters, each under its words."""

    rows: tuple[tuple[str, tuple[Tile, ...]], ...]

    def svg(self, title: str, notes: Sequence[str], source: str) -> str:
        """The file; `source` is the command that made it."""
        width = WIDTH - 2 * MARGIN
        head, y = paragraph(MARGIN, 42, title, width=width, size=LARGE, is_bold=True)
        drawn, y = self._drawn(y)
        parts = [head, *drawn]
        y += LABEL
        for sentence in (*notes, f"Made by {source}"):
            said, y = paragraph(MARGIN, y, sentence, width=width, size=SMALL, value="quiet")
            parts.append(said)
        return document(WIDTH, y + 8, parts, title=title, description=" ".join(notes))

    def drawing(self, title: str) -> Html:
        """The same for a page."""
        drawn, y = self._drawn(0)
        return fragment(WIDTH, y + GAP, drawn, description=title)

    def _drawn(self, y: float) -> tuple[list[Html], float]:
        in_a_row = int((WIDTH - 2 * MARGIN + GAP) // (TILE + GAP))
        parts = []
        for label, tiles in self.rows:
            y += LABEL
            parts.append(words(MARGIN, y - 7, label, value="quiet", size=SMALL))
            for start in range(0, len(tiles), in_a_row):
                for i, tile in enumerate(tiles[start : start + in_a_row]):
                    parts.append(_tile(tile, MARGIN + i * (TILE + GAP), y))
                y += TILE + GAP
        return parts, y


Figure = LineFigure | TileFigure


def _tile(tile: Tile, left: float, top: float) -> Html:
    """One square for each weight, one upon the next by a hair, so that no paper shines through."""
    side = TILE / len(tile.pixels)
    squares = [
        tag(
            "rect",
            {
                "x": f"{left + column * side:.2f}",
                "y": f"{top + row * side:.2f}",
                "width": f"{side + 0.3:.2f}",
                "height": f"{side + 0.3:.2f}",
                "fill": f"#{red:02x}{green:02x}{blue:02x}",
            },
        )
        for row, line in enumerate(tile.pixels)
        for column, (red, green, blue) in enumerate(line)
    ]
    return join(squares)


def over_seeds(
    name: str, series: Iterable[Mapping[float, float]], style: Style = Style("class-1")
) -> Line | None:
    """The mean of one series (place -> percent) per seed, with a band from the least to the most.

    Where a seed has no value, the others' mean is drawn; None where no seed has any.
    """
    rows = list(series)
    places = sorted({x for row in rows for x in row})
    if not places:
        return None
    spreads = [(x, spread(row[x] for row in rows if x in row)) for x in places]
    points = tuple((x, each.mean) for x, each in spreads)
    band = tuple((x, each.least, each.most) for x, each in spreads) if len(rows) > 1 else ()
    return Line(f"{name} {points[-1][1]:.1f} %", points, style.colour, style.dashes, band)


def panel(title: str, lines: Iterable[Line | None]) -> Panel:
    """Lines of errors in percent."""
    drawn = tuple(each for each in lines if each is not None)
    return Panel(title, drawn, unit=" %", least=0.0, most=100.0)


def error_curves(results: Results, styles: Mapping[str, Style]) -> LineFigure:
    """Both errors by epoch, one line for each arm of `styles`."""
    learned, held_out = [], []
    for label, style in styles.items():
        runs = results.of(label)
        training = [{float(e.epoch): 100 * (1 - e.top1) for e in run.history} for run in runs]
        others = [{float(e.epoch): 100 * e.error for e in run.history} for run in runs]
        learned.append(over_seeds(label, training, style))
        held_out.append(over_seeds(label, others, style))
    panels = (panel("training error", learned), panel("error on photos held out", held_out))
    return LineFigure(panels, across="epoch", is_whole=True)
