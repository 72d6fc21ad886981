"""`eyespot lineage`: which idea of a network came from where, as a tree or as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_chart, write_chart
from eyespot.cli.terminal import columns, print_json, print_wrapped
from eyespot.values import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from eyespot.networks.lineage import Branch, Lineage

Line = tuple[str, str, str, str]  # the tree before a name, the same below it, the name, whose


@click.command()
@click.argument("name")
@click.option("--chart", type=click.Path(path_type=Path), help="Draw it as this SVG file.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --chart.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def lineage(name: str, chart: Path | None, overwrite: bool, as_json: bool) -> None:
    """Say which ideas NAME, a network or a family, took over from whom, and what it added.

    \b
    Example:
      eyespot lineage densenet121
      eyespot lineage efficientnet --chart lineage.svg
    """
    from eyespot.networks.lineage import lineage as find

    if chart is not None:
        require_chart(chart, overwrite=overwrite)
    known = find(name)
    if as_json:
        print_json(facts(name, known))
    else:
        _print(name, known)
    if chart is not None:
        write_chart(chart, picture(known, command_line("lineage", name, "--chart", chart.name)))


def facts(name: str, known: Lineage) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    from eyespot.networks.ideas import WORKS
    from eyespot.networks.lineage import USES, told

    ideas = [
        {
            "idea": idea.name,
            "family": idea.work if idea.work in USES else None,
            **to_json(WORKS[idea.work]),
            "where": idea.where,
            "after": list(idea.after),
        }
        for idea in told(known)
    ]
    return {
        "name": name,
        "family": known.family,
        **to_json(known.work),
        "added": [idea.name for idea in known.added],
        "took": [idea.name for idea in known.took],
        "ideas": ideas,
        "passed_on": [
            {"idea": idea, "families": list(families)} for idea, families in known.passed_on.items()
        ],
    }


def _print(name: str, known: Lineage) -> None:
    from eyespot.networks.lineage import trees

    work = known.work
    arxiv = f", arXiv:{work.arxiv}" if work.arxiv else ""
    print_wrapped(f"{work.called}: {work.authors} {work.year}{arxiv}", bold=True)
    added, took = trees(known)
    parts = [("added", list(_lines(added, known.family))), ("took over", list(_lines(took, "")))]
    width = max((len(before + idea) for _, rows in parts for before, _, idea, _ in rows), default=0)
    for title, rows in parts:
        if rows:
            click.echo(f"\n{title}")
        for before, below, idea, whose in rows:
            if width + 2 + len(whose) <= columns():
                click.echo(f"{before + idea:<{width}}  {whose}")
            else:
                click.echo(f"{before}{idea}")
                print_wrapped(f"{below}  {whose}", indent=len(below) + 2)
    heirs = {idea: families for idea, families in known.passed_on.items() if families}
    if heirs:
        click.echo("\npassed on")
    for idea, families in heirs.items():
        print_wrapped(f"{idea}: {', '.join(families)}", indent=4)
    click.echo(f"\nTry: eyespot lineage {name} --chart lineage.svg", err=True)


def _lines(branches: Sequence[Branch], own: str, before: str = "") -> Iterator[Line]:
    """The tree line by line; of an idea of the family `own` only the place is told."""
    from eyespot.networks.lineage import source

    for i, branch in enumerate(branches):
        is_last = i == len(branches) - 1
        below = before + ("   " if is_last else "│  ")
        idea = branch.idea
        whose = idea.where if idea.work == own else source(idea)
        again = " (above)" if branch.was_told else ""
        yield before + ("└─ " if is_last else "├─ "), below, idea.name + again, whose
        yield from _lines(branch.after, own, below)


def picture(known: Lineage, command: str) -> str:
    """The lineage as an SVG file."""
    from eyespot.networks.lineage import public, source, told
    from eyespot.pages.lineage_chart import IdeaRow, lineage_chart
    from eyespot.pages.words import count

    ideas = told(known)
    direct = {idea.name for idea in known.took} | {
        name for idea in known.added for name in idea.after
    }
    rows = [
        IdeaRow(
            name=idea.name,
            source=source(idea),
            public=public(idea),
            is_own=idea.work == known.family,
            is_direct=idea.name in direct,
            grew_into=tuple(each.name for each in ideas if idea.name in each.after),
        )
        for idea in ideas
    ]
    called = known.work.called
    taken = [idea for idea in ideas if idea.name in direct]
    own = count(len(known.added), "idea") if known.added else "no idea of its own"
    heirs = {family: None for families in known.passed_on.values() for family in families}
    notes = [
        "From the top: every idea in the order in which it could first be read (arXiv's month, "
        "else the end of the year of publication). A line runs from an idea to the network that "
        "took it over, and down to the ideas that grew from it.",
    ]
    if heirs:
        notes.append(f"Families that took over from {called}: {', '.join(heirs)}.")
    return lineage_chart(
        rows,
        title=f"{called} adds {own} to {len(taken)} that it took over",
        network=called,
        notes=notes,
        source=command,
    )
