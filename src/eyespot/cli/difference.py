"""What `eyespot show A --diff B` prints: the lines of two tables that differ, side by side."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING

import click

from eyespot.cli.networks import facts
from eyespot.cli.show import figure, kernel_lines, print_deviations, print_legend, shape
from eyespot.cli.terminal import columns, print_json, print_wrapped
from eyespot.values import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eyespot.networks.architecture import Architecture
    from eyespot.networks.difference import Difference, LinePair, Setting
    from eyespot.networks.table import StageRow

GAP = 3  # columns between the two sides


def print_difference(left: Architecture, right: Architecture, *, as_json: bool) -> None:
    """Everything that is not alike in two networks, and nothing else."""
    from eyespot.networks.difference import difference

    found = difference(left, right)
    if as_json:
        print_json({"left": facts(left), "right": facts(right)} | to_json(found))
        return
    stage = max((len(_stage(pair)) for pair in found.lines), default=0)
    stage = max(stage, len("parameters"))
    side = (columns() - stage - 2 * GAP) // 2
    _print_columns(stage, side, "", [left.name], [right.name])
    for name, values in _totals(left, right):
        if values[0] != values[1]:
            _print_columns(stage, side, name, values[:1], values[1:])
    click.echo()
    for pair in found.lines:
        _print_columns(stage, side, _stage(pair), *_cells(pair, side))
    _print_what_the_table_hides(found)
    click.echo()
    if found.lines:
        rows = [row for pair in found.lines for row in (pair.left, pair.right) if row]
        print_legend(run for row in rows for run in row.kernels)
    _print_deviations(left, right)
    click.echo(f"Try: eyespot show {right.name}", err=True)


def _print_deviations(left: Architecture, right: Architecture) -> None:
    """What each has of its own; how much they share is counted."""
    for one, other in ((left, right), (right, left)):
        own = tuple(each for each in one.deviations if each not in other.deviations)
        if own:
            print_deviations(f"{one.name} differs from its paper", own)
        else:
            print_wrapped(f"{one.name} differs from its paper in nothing of its own.")
    shared = sum(each in right.deviations for each in left.deviations)
    if shared:
        things = "one thing" if shared == 1 else f"{shared} things"
        print_wrapped(f"Both differ from it in {things} more, alike: eyespot show {left.name}")


def _totals(left: Architecture, right: Architecture) -> list[tuple[str, list[str]]]:
    rows = (left, right)
    return [
        ("edition", [f"{row.paper.year}, {row.edition}" for row in rows]),
        ("parameters", [f"{row.parameters:,}" for row in rows]),
        ("mult-adds", [f"{row.multiply_adds:,}" for row in rows]),
        ("pixels", [f"{row.image_size} x {row.image_size}" for row in rows]),
        ("classes", [f"{row.num_classes:,}" for row in rows]),
    ]


def _stage(pair: LinePair) -> str:
    row = pair.left or pair.right
    return row.module if row else ""


def _cells(pair: LinePair, side: int) -> tuple[list[str], list[str]]:
    """Of both lines what is not alike: output, kernels, parameters, multiply-adds."""
    left, right = pair.left, pair.right
    if left is None or right is None:
        return _whole(left, side), _whole(right, side)
    cells: tuple[list[str], list[str]] = ([], [])
    for mine, other, cell in ((left, right, cells[0]), (right, left, cells[1])):
        if left.output_shape != right.output_shape:
            cell.append(shape(mine))
        for run in _not_in(mine.kernels, other.kernels):
            cell += kernel_lines(run, side)
        if left.parameters != right.parameters:
            cell.append(f"{figure(mine.parameters)} parameters")
        if left.multiply_adds != right.multiply_adds:
            cell.append(f"{figure(mine.multiply_adds)} multiply-adds")
    return cells


def _whole(row: StageRow | None, side: int) -> list[str]:
    if row is None:
        return ["-"]
    kernels = [line for run in row.kernels for line in kernel_lines(run, side)]
    costs = "in training only" if row.is_auxiliary else f"{figure(row.multiply_adds)} multiply-adds"
    return [shape(row), *kernels, f"{figure(row.parameters)} parameters", costs]


def _not_in(runs: Sequence[str], others: Sequence[str]) -> list[str]:
    blocks = SequenceMatcher(None, runs, others, autojunk=False).get_matching_blocks()
    alike = {i for block in blocks for i in range(block.a, block.a + block.size)}
    return [run for i, run in enumerate(runs) if i not in alike]


def _print_columns(
    width: int, side: int, stage: str, left: Sequence[str], right: Sequence[str]
) -> None:
    gap = " " * GAP
    for i, (a, b) in enumerate(zip_longest(left, right, fillvalue="")):
        line = f"{stage if i == 0 else '':<{width}}{gap}{a:<{side}}{gap}{b}"
        click.echo(line.rstrip())


def _print_what_the_table_hides(found: Difference) -> None:
    if not found.lines:
        print_wrapped("The tables are alike: every size, every kernel, every count.")
    if found.settings:
        click.echo()
        click.echo("What no table shows (left, right):")
        for setting in found.settings:
            print_wrapped(f"  - {_told(setting)}", indent=4)


def _told(setting: Setting) -> str:
    if setting.attribute == "modules":
        return f"{setting.kind}: {setting.left}, {setting.right}"
    if setting.attribute == "class":
        return f"{setting.count} {setting.left}: {setting.right} on the right"
    named = f"{setting.attribute} of {setting.count} {setting.kind}"
    return f"{named}: {setting.left}, {setting.right}"
