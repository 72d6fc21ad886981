"""`eyespot networks` lists every network by paper; `eyespot show` prints one as its paper does."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import WIDTH, print_json, wrapped
from eyespot.errors import lookup
from eyespot.values import to_json

if TYPE_CHECKING:
    from eyespot.networks.architecture import Architecture, Paper
    from eyespot.networks.table import StageRow

KERNELS_AT = 59  # column where the kernels begin
LEGEND = {
    "/": "/2: stride",
    " dw ": "dw: depthwise, one kernel per channel",
    "[": "[4, 96]: squeeze and excitation, on the pooled map",
    "|": "|: beside, from the same input",
    "  x ": "x 2: blocks alike",
}


@click.command()
@click.option("--family", help="Only one family, e.g. resnet.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list on stdout.")
def networks(family: str | None, as_json: bool) -> None:
    """List the networks, by paper in order of publication.

    \b
    Example:
      eyespot networks --family efficientnet
    """
    from eyespot.networks import architectures

    rows = list(architectures().values())
    if family is not None:
        lookup("family", family, {row.family: row for row in rows})
        rows = [row for row in rows if row.family == family]
    if as_json:
        print_json([_facts(row) for row in rows])
        return
    for paper, group in groupby(rows, key=lambda row: row.paper):
        _print_paper(paper)
        click.echo(_line("network", "edition", "parameters", "mult-adds", "pixels", "weights"))
        for row in group:
            click.echo(_row(row))
        click.echo()
    click.echo(f"{len(rows)} networks. Try: eyespot show {rows[0].name}", err=True)


@click.command()
@click.argument("name")
@click.option("--image-size", type=click.IntRange(min=1), help="Pixels; its own size if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def show(name: str, image_size: int | None, as_json: bool) -> None:
    """Print the table of one network: stages, kernels, costs, and how it differs from its paper.

    \b
    Example:
      eyespot show resnet50
    """
    from eyespot.networks import find
    from eyespot.networks.table import table

    architecture = find(name)
    stages = table(architecture, image_size=image_size)
    size = image_size or architecture.image_size
    if as_json:
        facts = _facts(architecture) | {
            "image_size": size,
            "multiply_adds": sum(stage.multiply_adds for stage in stages),
            "paper": to_json(architecture.paper),
            "table": to_json(stages),
        }
        print_json(facts)
        return
    edition = "the paper's" if architecture.edition == "paper" else architecture.edition
    title = click.style(architecture.name, bold=True)
    click.echo(f"{title}, edition: {edition}, {architecture.num_classes:,} classes")
    _print_paper(architecture.paper)
    _print_table(architecture, stages, size)
    _print_remarks(architecture)


def _facts(row: Architecture) -> dict[str, Any]:
    from eyespot.weights.catalogue import loads, renamed

    return {
        "name": row.name,
        "family": row.family,
        "year": row.paper.year,
        "edition": row.edition,
        "parameters": row.parameters,
        "multiply_adds": row.multiply_adds,
        "image_size": row.image_size,
        "num_classes": row.num_classes,
        "stages": to_json(row.stages),
        "head": row.head,
        "loads": list(loads(row.name)),
        "renamed": list(renamed(row.name)),
        "deviations": to_json(row.deviations),
    }


def _print_paper(paper: Paper) -> None:
    arxiv = f", arXiv:{paper.arxiv}" if paper.arxiv else ""
    click.echo(click.style(paper.title, bold=True))
    _print_wrapped(f"{paper.authors}. {paper.venue}{arxiv}. New: {paper.introduced}.")
    click.echo()


def _line(name: str, edition: str, parameters: str, costs: str, pixels: str, weights: str) -> str:
    return f"{name:<27}  {edition:<11} {parameters:>10} {costs:>10} {pixels:>6}  {weights}".rstrip()


def _row(row: Architecture) -> str:
    from eyespot.weights.catalogue import loads

    millions = f"{row.parameters / 1e6:.2f} M"
    weights = ", ".join(loads(row.name))
    pixels = str(row.image_size)
    return _line(row.name, row.edition, millions, _short(row.multiply_adds), pixels, weights)


def _short(number: int) -> str:
    """1,814,073,344 -> "1.81 G"; what is below a million stays in full."""
    for unit, size in (("G", 10**9), ("M", 10**6)):
        if number >= size:
            return f"{number / size:.2f} {unit}"
    return f"{number:,}"


def _print_table(architecture: Architecture, stages: tuple[StageRow, ...], size: int) -> None:
    click.echo(_stage_line("stage", "output", "parameters", "mult-adds", "memory", "kernels"))
    click.echo(_stage_line("input", f"3 x {size} x {size}", "", "", _bytes(12 * size**2), ""))
    for stage in stages:
        output = " x ".join(map(str, stage.output_shape))
        numbers = (_short(stage.parameters), _short(stage.multiply_adds), _bytes(stage.memory))
        first, *rest = [line for run in stage.kernels for line in _kernel_lines(run)]
        click.echo(_stage_line(stage.module, output, *numbers, first))
        for line in rest:
            click.echo(_stage_line("", "", "", "", "", line))
    multiply_adds = sum(stage.multiply_adds for stage in stages)
    memory = 12 * size**2 + sum(stage.memory for stage in stages)
    total = (_short(architecture.parameters), _short(multiply_adds), _bytes(memory))
    click.echo(_stage_line("total", "", *total, ""))
    click.echo()
    click.echo(
        f"{architecture.parameters:,} parameters. {multiply_adds:,} multiply-adds, one photo."
    )
    kernels = " ".join(run for stage in stages for run in stage.kernels)
    signs = [meaning for sign, meaning in LEGEND.items() if sign in kernels]
    _print_wrapped("Kernels: " + "; ".join(["3x3 64: size and channels", *signs]) + ".")
    _print_wrapped("Memory: what convolutions, pools and linear layers give, float32, one photo.")
    click.echo()


def _stage_line(
    stage: str, output: str, parameters: str, costs: str, memory: str, kernels: str
) -> str:
    return f"{stage:<12} {output:<14} {parameters:>10} {costs:>9} {memory:>8}  {kernels}".rstrip()


def _kernel_lines(run: str) -> list[str]:
    """Broken behind a comma or before a bar only."""
    glued = run.replace(" ", "\xa0").replace(",\xa0", ", ").replace("\xa0|", " |")
    return [
        line.replace("\xa0", " ")
        for line in wrap(glued, WIDTH - KERNELS_AT, subsequent_indent="  ")
    ]


def _print_remarks(architecture: Architecture) -> None:
    from eyespot.networks import architectures
    from eyespot.weights.catalogue import loads, renamed

    for deviation in architecture.deviations:
        sum_up = f" Arithmetic: {deviation.arithmetic}." if deviation.arithmetic else ""
        _print_wrapped(f"Differs: {deviation.what}. Source: {deviation.source}.{sum_up}")
    if not architecture.deviations:
        _print_wrapped("Differs: in nothing that we know of.")
    by_table = renamed(architecture.name)
    weights = [
        f"{n} (entry names translated)" if n in by_table else n for n in loads(architecture.name)
    ]
    _print_wrapped(f"Weights: {', '.join(weights) or 'none published for this edition'}.")
    others = [
        row.name
        for row in architectures().values()
        if row.parameters == architecture.parameters and row.name != architecture.name
    ]
    if others:
        _print_wrapped(f"Other editions: {', '.join(others)}.")


def _print_wrapped(text: str) -> None:
    for i, line in enumerate(wrapped(text, indent=2)):
        click.echo(f"  {line}" if i else line)


def _bytes(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"
