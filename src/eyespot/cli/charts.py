"""Where a command may write a chart, a picture or a page, and writing a chart."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from eyespot.errors import InputError


def require_chart(path: Path, *, overwrite: bool) -> None:
    """Raise `InputError`, before the work, where a chart could not or should not be written."""
    _require(path, "--chart", "charts are SVG files", "chart.svg", overwrite=overwrite)


def require_picture(path: Path, *, overwrite: bool) -> None:
    """The same for a PNG file."""
    _require(path, "--out", "a sheet is a PNG file", "sheet.png", overwrite=overwrite)


def require_page(path: Path, *, overwrite: bool) -> None:
    """The same for a page."""
    _require(path, "--out", "a page is an HTML file", "page.html", overwrite=overwrite)


def require_page_or_chart(path: Path, *, overwrite: bool) -> None:
    """The same for a page, or for a chart that takes its place."""
    kind = "a page is an HTML file, a chart an SVG file"
    _require(path, "--out", kind, "page.html", "chart.svg", overwrite=overwrite)


def _require(path: Path, option: str, kind: str, *examples: str, overwrite: bool) -> None:
    from eyespot import files
    from eyespot.datasets.names import shown

    name, suffixes = shown(str(path)), [Path(each).suffix for each in examples]
    if path.suffix.lower() not in suffixes:
        raise InputError(f"{name}: {kind}. Name one that ends in {' or '.join(suffixes)}")
    if path.is_dir():
        raise InputError(f"{name} is a folder: name a file in it, such as {examples[0]}")
    if path.exists() and not overwrite:
        raise InputError(f"{name} already exists: choose another {option}, or pass --overwrite")
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
