"""A download on the terminal: a bar of bytes, then what came and whether it was verified."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress

    from eyespot.weights.checkpoint import Checkpoint


def fetched(checkpoint: Checkpoint) -> None:
    """Download the file with a bar, verify and convert it, and say so."""
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
