"""`eyespot networks` draws the family tree: every network by paper, in order of publication."""

from __future__ import annotations

import re
from itertools import groupby
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import columns, print_json, print_wrapped
from eyespot.errors import lookup
from eyespot.values import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from eyespot.networks.architecture import Architecture, Paper
    from eyespot.networks.results import Result


@click.command()
@click.option("--family", help="Only one family with all its editions, e.g. resnet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout.")
def networks(family: str | None, as_json: bool) -> None:
    """List the networks, by paper in order of publication: what was new, what it costs, how good.

    \b
    Examples:
      eyespot networks
      eyespot networks --family efficientnet
    """
    from eyespot.networks import architectures

    rows = list(architectures().values())
    if family is not None:
        lookup("family", family, {row.family: row for row in rows})
        rows = [row for row in rows if row.family == family]
    if as_json:
        print_json([facts(row) for row in rows])
    elif family is None:
        _print_tree(rows)
    else:
        _print_family(rows)


def facts(row: Architecture) -> dict[str, Any]:
    """All that is known of a network without running it."""
    from eyespot.networks.results import headline, results
    from eyespot.weights.catalogue import loads, renamed

    return {
        "name": row.name,
        "family": row.family,
        "year": row.paper.year,
        "edition": row.edition,
        "paper": to_json(row.paper),
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        "image_size": row.image_size,
        "num_classes": row.num_classes,
        "stages": to_json(row.stages),
        "head": row.head,
        "result": to_json(headline(row.name)),
        "results": to_json(results().get(row.name, ())),
        "loads": list(loads(row.name)),
        "renamed": list(renamed(row.name)),
        "deviations": to_json(row.deviations),
    }


def editions(rows: Iterable[Architecture]) -> dict[str, list[str]]:
    """The paper's networks and those that have none of the paper's -> their further editions."""
    rows = list(rows)
    found: dict[str, list[str]] = {}
    for row in rows:
        roots = [
            other.name
            for other in rows
            if other.edition == "paper" and row.name.startswith(f"{other.name}_")
        ]
        is_edition = row.edition != "paper" or row.name.endswith(("_aux", "_committee"))
        if roots and is_edition:
            found.setdefault(min(roots, key=len), []).append(row.name)
        else:
            found.setdefault(row.name, [])
    return found


def short(number: int) -> str:
    """1,814,073,344 -> "1.81 G": three digits."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= 0.9995 * size:
            value = number / size
            decimals = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
            return f"{value:.{decimals}f} {unit}"
    return str(number)


def _print_tree(rows: Sequence[Architecture]) -> None:
    """One line for each network of a paper; its other editions stand at the end of the line."""
    names = editions(rows)
    width = 2 + max(map(len, names))
    head = (
        f"{'network':<{width}} {'params':>7} {'mult-adds':>9} {'top-1':>5} {'top-5':>5}  protocol"
    )
    click.echo(head)
    by_name = {row.name: row for row in rows}
    shown = [by_name[name] for name in names]
    told: dict[Paper, str] = {}  # a paper that stands in two families is told once
    for (family, paper), group in groupby(shown, key=lambda row: (row.family, row.paper)):
        title = f"in the paper of {told[paper]}" if paper in told else paper.title
        click.echo()
        print_wrapped(f"{paper.year}  {family}: {title}", indent=6, bold=True)
        if paper not in told:
            about = f"{_first_authors(paper)}, {paper.venue}. New: {paper.introduced}."
            print_wrapped(f"      {about}", indent=6)
        told.setdefault(paper, family)
        for row in group:
            click.echo(_tree_line(row, names[row.name], width))
    click.echo()
    more = len(rows) - len(names)
    example = next((others[0] for others in names.values() if others), "")
    _print_legend(
        f"{len(names)} networks, and {more} further editions of them behind a +, such as {example}."
    )
    click.echo("Try: eyespot networks --family resnet, or eyespot show resnet50", err=True)


def _first_authors(paper: Paper) -> str:
    """ "He et al."; up to three in full."""
    names = re.sub(r" \(.*\)", "", paper.authors).split(", ")
    return paper.authors if len(names) <= 3 else f"{names[0]} et al."


def _print_legend(*sentences: str) -> None:
    from eyespot.networks.results import RULE

    for sentence in (
        *sentences,
        "params: what training learns. mult-adds: multiplications, each with its sum, for one "
        f"photo. top-1, top-5: errors in percent, {RULE}; never of an ensemble. Compare them only "
        "under one protocol. * not in the paper; ~ recalled, not looked up again.",
    ):
        print_wrapped(sentence, err=True)


def _tree_line(row: Architecture, others: Sequence[str], width: int) -> str:
    from eyespot.networks.results import headline

    result = headline(row.name)
    figures = f"{short(row.parameters):>7} {short(row.multiply_adds):>9} {_errors(result)}"
    start = f"{'  ' + row.name:<{width}} {figures} "
    room = columns() - len(start)
    more, count = _folded(row, others)
    if not more:
        return f"{start}{shorten(protocol(result, room), room, placeholder='')}".rstrip()
    wide = 25 if room >= 40 else 11  # columns for the protocol
    wide = max(wide, 1 + len(protocol(result, 0)))
    told = next((text for text in (more, count) if len(text) <= room - wide), "")
    return f"{start}{protocol(result, wide - 1):<{wide}}{told}".rstrip()


def _folded(row: Architecture, others: Sequence[str]) -> tuple[str, str]:
    """The further editions by their endings, and how many there are."""
    if row.edition != "paper":
        return f"{row.edition} only", f"{row.edition} only"
    endings = ", ".join(name.removeprefix(f"{row.name}_") for name in others)
    return (f"+ {endings}", f"+ {len(others)}") if others else ("", "")


def _errors(result: Result | None) -> str:
    """Two figures, their points aligned, and the marks that `_print_legend` explains."""

    def figure(value: float | None) -> str:
        if value is None:
            return "  -  "
        text = f"{value:.1f}" if value >= 10 else f"{value:.2f}".removesuffix("0")
        return f"{' ' * (value < 10)}{text}".ljust(5)

    if result is None:
        return f"{figure(None)} {figure(None)} "
    mark = "*" if not result.is_papers else "~" if result.confidence != "verified" else " "
    return f"{figure(result.top1_error)} {figure(result.top5_error)}{mark}"


def protocol(result: Result | None, room: int) -> str:
    """As many of its clauses as fit, but one at least: "1 crop 224", "10 crops, option B"."""
    if result is None:
        return ""
    text = re.sub(r"^1 net, |, 1 net$|, single model| checkpoint| \(.*\)", "", result.protocol)
    text = re.sub(r"\bsingle (centre )?(?=crop\b|net\b|view\b)", "1 ", text)
    text = re.sub(r"\b(\d+)-crop\b", r"\1 crops", text)
    text = text.replace("with augmentation", "augmented").removesuffix(" runs")
    parts = re.split(r"; |, (?![^{]*})", text)
    if not result.is_on_validation:
        parts[0] = f"{result.test_set.removesuffix(' test')}: {parts[0]}"
    elif not result.test_set.startswith("ILSVRC-2012 validation"):
        parts.insert(1, "subset")  # Inception-v4: without photos whose labels are wrong
    while len(parts) > 1 and len(", ".join(parts)) > room:
        parts.pop()
    return ", ".join(parts)


def _print_family(rows: Sequence[Architecture]) -> None:
    """Every edition, with where its error stands and whose weights it loads."""
    from eyespot.networks.results import headline
    from eyespot.weights.catalogue import loads

    for paper, group in groupby(rows, key=lambda row: row.paper):
        print_wrapped(f"{paper.year}  {paper.title}", indent=6, bold=True)
        arxiv = f", arXiv:{paper.arxiv}" if paper.arxiv else ""
        print_wrapped(
            f"      {paper.authors}. {paper.venue}{arxiv}. New: {paper.introduced}.", indent=6
        )
        click.echo()
        width = max(len(row.name) for row in rows)
        last = max(len("edition"), *(len(row.edition) for row in rows))
        head = f"{'network':<{width}}  {'edition':<{last}} {'params':>7} {'mult-adds':>9} pixels"
        click.echo(f"{head} {'top-1':>5} {'top-5':>5}")
        for row in group:
            result = headline(row.name)
            figures = f"{short(row.parameters):>7} {short(row.multiply_adds):>9} {row.image_size:6}"
            click.echo(
                f"{row.name:<{width}}  {row.edition:<{last}} {figures} {_errors(result)}".rstrip()
            )
            if result:
                told = "" if result.confidence == "verified" else f", {result.confidence}"
                place = f"{result.protocol}; {result.test_set}; {result.where}{told}"
                print_wrapped(f"    errors: {place}", indent=12)
            if published := loads(row.name):
                print_wrapped(f"    weights: {', '.join(published)}", indent=13)
        click.echo()
    _print_legend(f"{len(rows)} networks.")
    paper_edition = rows[0].name
    click.echo(f"Try: eyespot show {paper_edition}", err=True)
