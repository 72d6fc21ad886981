"""The timeline of all families: as a table with links, and drawn."""

from collections.abc import Iterator, Mapping, Sequence

from network_blocks import FAMILIES
from network_tables import markdown

from eyespot.inspection.diagram import SMALL, TEXT, svg, text_width
from eyespot.networks.architecture import Architecture, Paper
from eyespot.networks.catalogue import find
from eyespot.networks.results import headline
from eyespot.pages.markup import Html, tag

Families = Mapping[str, Sequence[Architecture]]
ROW, TOP, LEFT = 26, 64, 24  # pixels
YEAR = 36  # pixels from a year to the next
NAME = 12  # pixels from a dot to its name


def timeline(families: Families) -> str:
    """The page: every family in a line, oldest first."""
    new = news(families)
    lines = [_line(family, rows, new[family]) for family, rows in families.items()]
    headers = (
        "year", "family", "what was new", "flagship", "parameters", "multiply-adds", "top-5",
    )  # fmt: skip
    count = sum(len(rows) for rows in families.values())
    return (
        "\n\n".join(
            (
                "# Networks, by year",
                f"{len(families)} families, {count} networks. Each page has the paper's blocks, "
                "drawn from the code, our figures beside the printed ones, and every difference "
                "with its arithmetic.",
                "![The families by year, with what was new](../pictures/networks/timeline.svg)",
                markdown(headers, lines, words=4),
                "Top-5 is the error in percent that stands for the flagship, its page has the "
                "protocol; \\* on other pictures than ImageNet's validation set, or not the "
                "paper's.",
                "`eyespot networks` prints all of them, `eyespot show NAME` one.",
            )
        )
        + "\n"
    )


def _line(family: str, rows: Sequence[Architecture], new: str) -> tuple[str, ...]:
    about = FAMILIES[family]
    flagship = find(about.flagship)
    return (
        str(rows[0].paper.year),
        f"[{about.title}]({family}.md)",
        new,
        f"`{flagship.name}`",
        f"{flagship.parameters:,}",
        f"{flagship.multiply_adds:,}",
        _error(flagship.name),
    )


def _error(name: str) -> str:
    best = headline(name)
    if best is None or best.top5_error is None:
        return "-"
    is_usual = best.is_papers and best.is_on_validation
    return f"{best.top5_error:g}" + ("" if is_usual else " \\*")


def timeline_picture(families: Families) -> str:
    """A dot for each family at its year, its name, and what was new."""
    title = "What was new, by year of publication"
    places = _places({rows[0].paper.year for rows in families.values()})
    bottom = TOP + ROW * len(families)
    marks = [tag("text", {"class": "title", "x": str(LEFT), "y": "30"}, title)]
    for year, x in places.items():
        ends = {"x1": f"{x:g}", "x2": f"{x:g}", "y1": str(TOP - 8), "y2": str(bottom)}
        marks.append(tag("line", {"class": "line", **ends}))
        marks.append(tag("text", {"class": "quiet", "x": f"{x:g}", "y": str(TOP - 14)}, f"{year}"))
    dots = {family: places[rows[0].paper.year] for family, rows in families.items()}
    phrases = 16 + max(_end(family, x) for family, x in dots.items())
    new = news(families)
    for i, (family, x) in enumerate(dots.items()):
        marks += _row(family, new[family], x, phrases, TOP + ROW * (i + 0.5))
    width = phrases + max(text_width(told, SMALL) for told in new.values())
    return svg(marks, width + LEFT, bottom + 16, title=title)


def _end(family: str, x: float) -> float:
    """Where the name ends that stands right of a dot."""
    return x + NAME + text_width(FAMILIES[family].title, TEXT)


def _row(family: str, new: str, x: float, phrases: float, y: float) -> Iterator[Html]:
    title, base = FAMILIES[family].title, f"{y + 4.5:g}"
    room = {"x": f"{x + NAME - 4:g}", "y": f"{y - 9:g}", "width": "", "height": "18"}
    room["width"] = f"{_end(family, x) - x - NAME + 8:g}"
    line = {"x1": f"{x:g}", "x2": f"{phrases - 8:g}", "y1": f"{y:g}", "y2": f"{y:g}"}
    yield tag("line", {"class": "line", **line})
    yield tag("rect", {"class": "paper", **room})
    yield tag("circle", {"class": "dot", "cx": f"{x:g}", "cy": f"{y:g}", "r": "5"})
    yield tag("text", {"class": "start", "x": f"{x + NAME:g}", "y": base}, title)
    yield tag("text", {"class": "quiet start", "x": f"{phrases:g}", "y": base}, new)


def news(families: Families) -> dict[str, str]:
    """What was new in each family's paper; of a second family of the same paper, what it is."""
    told: set[Paper] = set()
    found = {}
    for family in families:
        paper = find(FAMILIES[family].flagship).paper
        found[family] = FAMILIES[family].told if paper in told else paper.introduced
        told.add(paper)
    return found


def _places(years: set[int]) -> dict[int, float]:
    """Where the years stand; a long time without families is drawn as a short one."""
    places: dict[int, float] = {}
    for year in sorted(years):
        before = max(places, default=year)
        places[year] = places.get(before, LEFT + 16.0) + YEAR * min(year - before, 2)
    return places
