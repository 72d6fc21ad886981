"""`eyespot compare`: networks by accuracy, cost and time, or the errors of the years."""

from __future__ import annotations

from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_chart, write_chart
from eyespot.cli.terminal import columns, note, print_json, print_wrapped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eyespot.networks.architecture import Architecture
    from eyespot.networks.comparison import Compared
    from eyespot.networks.results import Result

ENGINES = ("torch", "openvino")
LISTED_UP_TO = 12  # networks whose protocols stand one by one under the chart


@click.command()
@click.argument("names", nargs=-1)
@click.option("--chart", type=click.Path(path_type=Path), help="Draw it as this SVG file.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --chart.")
@click.option("--one-view", is_flag=True, help="Only errors from one view of each photo.")
@click.option("--history", "by_year", is_flag=True, help="The challenge's errors by year instead.")
@click.option("--time", "is_timed", is_flag=True, help="Measure ms per photo on this machine.")
@click.option("--engine", "engines", multiple=True, type=click.Choice(ENGINES), help="For --time.")
@click.option("--runs", type=click.IntRange(2), help="For --time: runs of each network.  [20]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def compare(
    names: tuple[str, ...],
    chart: Path | None,
    overwrite: bool,
    one_view: bool,
    by_year: bool,
    is_timed: bool,
    engines: tuple[str, ...],
    runs: int | None,
    as_json: bool,
) -> None:
    """Compare networks: parameters, multiply-adds and published errors, each with its protocol.

    NAMES are networks of the catalogue; without any, all papers' networks that have an error on
    ImageNet. A chart never hides how an error was measured, and shows no ensembles.

    \b
    Examples:
      eyespot compare resnet50 vgg16 efficientnet_b0 --chart chart.svg
      eyespot compare --history --chart history.svg
      eyespot compare squeezenet1_1 resnet18 --time
    """
    _check(names, by_year, is_timed, bool(engines) or runs is not None, one_view)
    if chart is not None:
        require_chart(chart, overwrite=overwrite)
    if by_year:
        from eyespot.cli import history

        history.show(chart, as_json=as_json)
        return
    rows = _rows(names)
    found = _compared(rows, one_view)
    if not names:
        found = [row for row in found if row.result]
    svg = None if chart is None else _chart(found, names, one_view, chart.name)
    answer: dict[str, Any] = {"networks": [_facts(row) for row in found]}
    if not as_json:
        _print(found)
    if is_timed:
        from eyespot.cli import timing

        chosen = engines or ENGINES
        answer["time"] = timing.show([row.name for row in rows], chosen, runs, as_json=as_json)
    if as_json:
        print_json(answer)
    if chart is not None and svg is not None:
        write_chart(chart, svg)
    elif not as_json:
        again = command_line("compare", *names, *["--one-view"] * one_view, "--chart", "chart.svg")
        click.echo(f"Try: {again}", err=True)


def _check(
    names: Sequence[str], by_year: bool, is_timed: bool, has_details: bool, one_view: bool
) -> None:
    if by_year and (names or is_timed or one_view):
        raise click.UsageError("--history stands alone: leave out the networks and --time")
    if is_timed and not names:
        raise click.UsageError("--time takes a while for each network: name those to be timed")
    if has_details and not is_timed:
        raise click.UsageError("--engine and --runs are for --time")


def _rows(names: Sequence[str]) -> list[Architecture]:
    """The networks that were named, each once, or all that can be compared."""
    from eyespot.networks import find
    from eyespot.networks.comparison import comparable

    return [find(name) for name in dict.fromkeys(names)] or comparable()


def _compared(rows: Sequence[Architecture], one_view: bool) -> list[Compared]:
    """With the figure of a chart: of one measure, and if asked of one kind."""
    from eyespot.networks.comparison import compared, measure_of

    return compared(rows, measure_of(rows), only="one view" if one_view else None)


def _facts(row: Compared) -> dict[str, Any]:
    """One network in `--json`. Documented in docs/json.md."""
    from eyespot.networks.comparison import kind
    from eyespot.values import to_json

    network, result = row.architecture, row.result
    told = None if result is None else to_json(result) | {"kind": kind(result)}
    return {
        "name": network.name,
        "family": network.family,
        "year": network.paper.year,
        "edition": network.edition,
        "image_size": network.image_size,
        "parameters": network.parameters,
        "multiply_adds": network.multiply_adds,
        "result": told and told | {"caveat": row.caveat, "drawn": row.measure},
    }


def _print(found: Sequence[Compared]) -> None:
    from eyespot.cli.networks import protocol, short

    width = max(len("network"), *(len(row.architecture.name) for row in found))
    head = f"{'network':<{width}}  year {'params':>7} {'mult-adds':>9} pixels"
    click.echo(f"{head} {'top-1':>5} {'top-5':>5}  measured by")
    for row in found:
        network = row.architecture
        costs = f"{short(network.parameters):>7} {short(network.multiply_adds):>9}"
        start = f"{network.name:<{width}}  {network.paper.year} {costs} {network.image_size:6}"
        start = f"{start} {_errors(row)} "
        room = max(columns() - len(start), 1)
        told = shorten(protocol(row.result, room), room, placeholder="")
        click.echo(f"{start}{told}".rstrip())
    click.echo(err=True)
    _warn(found)
    print_wrapped(
        "params: what training learns. mult-adds: multiplications, each with its sum, for one "
        "photo. top-1, top-5: errors in percent of a single network. * not in the paper, or on "
        "other photos; ~ recalled, not looked up again. --json has the sources.",
        err=True,
    )


def _warn(found: Sequence[Compared]) -> None:
    """Say where figures of the table do not compare: other photos, or measured otherwise."""
    from eyespot.networks.comparison import KINDS, kind, photos_of

    known = [(row.architecture.name, row.result) for row in found if row.result]
    for what, told in (
        ("on photos of", [(photos_of(result), name) for name, result in known]),
        ("by", [(KINDS[kind(result)], name) for name, result in known]),
    ):
        ways: dict[str, list[str]] = {}
        for way, name in told:
            ways.setdefault(way, []).append(name)
        if len(ways) > 1:
            parts = (
                f"{way} ({', '.join(names) if len(known) <= LISTED_UP_TO else len(names)})"
                for way, names in ways.items()
            )
            note(f"Errors that do not compare, being measured {what} {', '.join(parts)}.")


def _errors(row: Compared) -> str:
    """Two figures, their points aligned, and the marks that `_print` explains."""

    def figure(value: float | None) -> str:
        if value is None:
            return "  -  "
        text = f"{value:.1f}" if value >= 10 else f"{value:.2f}".removesuffix("0")
        return f"{' ' * (value < 10)}{text}".ljust(5)

    if row.result is None:
        return f"{figure(None)} {figure(None)} "
    is_recalled = row.caveat is not None and row.caveat.startswith("recalled")
    mark = "~" if is_recalled else "*" if row.caveat else " "
    return f"{figure(row.result.top1_error)} {figure(row.result.top5_error)}{mark}"


def _chart(found: Sequence[Compared], names: Sequence[str], one_view: bool, file: str) -> str:
    """The SVG file; says on stderr which networks it cannot hold."""
    from eyespot.networks.comparison import KINDS, drawable, finding, kind, photos_of, series
    from eyespot.pages.cost_chart import CostPoint, cost_chart

    shown, left_out = drawable(found)
    for name, reason in left_out.items():
        note(f"{name} is not drawn: {reason}.")
    lines = series([row.architecture for row in shown])
    points = [
        CostPoint(
            name=row.architecture.name,
            series=lines[row.architecture.name],
            accuracy=row.accuracy,
            multiply_adds=row.architecture.multiply_adds,
            parameters=row.architecture.parameters,
            kind=kind(row.result),
            has_caveat=row.caveat is not None,
            told=f"{row.architecture.name}: {row.accuracy:g} %, {_place(row.result)}",
        )
        for row in shown
        if row.result
    ]
    top = "top-1" if found[0].measure == "top1_error" else "top-5"
    photos = photos_of(shown[0].result) if shown[0].result else ""
    return cost_chart(
        points,
        title=finding(shown),
        accuracy=f"{top} accuracy, % of {photos} photos",
        kinds={str(each): told for each, told in KINDS.items()},
        notes=_notes(shown),
        source=command_line("compare", *names, *["--one-view"] * one_view, "--chart", file),
    )


def _place(result: Result) -> str:
    return f"{result.protocol}; {result.test_set}; {result.where}"


def _notes(shown: Sequence[Compared]) -> list[str]:
    """What stands under the chart: how each figure was measured, and what is odd about some."""
    notes = [
        "Accuracy is 100 % less the published error of a single network, never of an ensemble. "
        "Marks of one shape compare; image sizes and training still differ from paper to paper."
    ]
    if len(shown) <= LISTED_UP_TO:
        notes += [f"{row.architecture.name}: {_place(row.result)}." for row in shown if row.result]
    odd: dict[str, list[str]] = {}
    for row in shown:
        if row.caveat:
            odd.setdefault(row.caveat, []).append(row.architecture.name)
    if odd:
        told = "; ".join(f"{', '.join(names)}: {caveat}" for caveat, names in odd.items())
        notes.append(f"Hollow: {told}.")
    return notes
