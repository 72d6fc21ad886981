"""What the commands share that look inside a network: which one, and where the picture goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from eyespot.cli.terminal import SEED

Command = Callable[..., Any]


def looking(out: str, *, kind: str = "picture, a PNG") -> Callable[[Command], Command]:
    """The argument MODEL and the options of a command that draws `out`."""
    options = (
        click.argument("model"),
        click.option(
            "--out", type=click.Path(path_type=Path), default=Path(out), show_default=True,
            help=f"The {kind} file.",
        ),
        click.option("--overwrite", is_flag=True, help="Replace an existing --out."),
        click.option(
            "--random-weights", is_flag=True,
            help="Of a network (see eyespot networks), as it is before it learns.",
        ),
        click.option(
            "--seed", type=SEED, default=0, show_default=True, help="For --random-weights."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
    )  # fmt: skip

    def wrap(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return wrap


def rounded(values: Any) -> Any:
    """Arrays as lists with six digits, which is all that a float32 is worth in a table."""
    if isinstance(values, float):
        return float(f"{values:.6g}")
    if isinstance(values, list):
        return [rounded(each) for each in values]
    return values
