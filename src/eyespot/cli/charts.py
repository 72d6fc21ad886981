"""Where a command may write a chart, and writing it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from eyespot.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def require_chart(path: Path, *, overwrite: bool) -> None:
    """Raise `InputError`, before the work, where a chart could not or should not be written."""
    from eyespot import files
    from eyespot.datasets.names import shown

    name = shown(str(path))
    if path.suffix.lower() != ".svg":
        raise InputError(f"{name}: charts are SVG files. Name one that ends in .svg")
    if path.is_dir():
        raise InputError(f"{name} is a folder: name a file in it, such as chart.svg")
    if path.exists() and not overwrite:
        raise InputError(f"{name} already exists: choose another --chart, or pass --overwrite")
    files.require_writable(path)


def write_chart(path: Path, svg: str) -> None:
    """Write the chart and say so."""
    from eyespot import files
    from eyespot.datasets.names import shown

    files.write_atomic(path, svg)
    click.echo(f"Wrote {shown(str(path))}", err=True)


def command_line(*words: str) -> str:
    """A command of eyespot as it would be typed, for the small print of what it made."""
    return shlex.join(("eyespot", *words))
