"""What the terminal shows while work goes on: a line for each stage, a bar with the time left.

Results go to stdout, everything here to stderr. Where stderr is not a terminal there is no bar and
no colour, only the finished lines.
"""

from __future__ import annotations

import json
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress

    from eyespot.datasets.dataset import LeftOut

WIDTH = 100  # columns at most
REASONS = 3  # why files were left out; the others are in the report
SEED = click.IntRange(0, 2**32 - 1)  # what every generator takes
STAGE_WIDTH, FIGURE_WIDTH = 10, 62  # columns of a stage's line


class StageLines:
    """Watches stages: `embedding   1,243 photos                        6.1 s    204/s`."""

    def __init__(self, *, is_quiet: bool = False) -> None:
        self._is_quiet = is_quiet
        self._stage = ""
        self._bar: Progress | None = None
        self._known: int | None = None  # what was done before the stage began
        self._done = 0

    def begin(self, stage: str) -> None:
        self._stage, self._known, self._done = stage, None, 0

    def advance(self, done: int, total: int) -> None:
        if self._known is None:
            self._known = done
        self._done = done
        if self._is_quiet or not sys.stderr.isatty() or done == total:
            return
        if self._bar is None:
            self._bar = progress_bar()
            self._bar.add_task(self._stage, completed=done, total=total)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=done, total=total)

    def stop(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def end(self, figure: str, seconds: float) -> None:
        self.stop()
        if self._is_quiet:
            return
        fresh = self._done - (self._known or 0)
        rate = f"{fresh / seconds:,.0f}/s" if fresh > 0 else ""
        line = f"{self._stage:<{STAGE_WIDTH}}  {figure:<{FIGURE_WIDTH}} {seconds:7.1f} s {rate:>8}"
        click.echo(line.rstrip(), err=True)

    def note(self, sentence: str) -> None:
        if not self._is_quiet:
            note(sentence)


def progress_bar() -> Progress:
    """A bar on stderr with the time left, gone when it is stopped."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn(f"{{task.description:<{STAGE_WIDTH}}}"),
        BarColumn(bar_width=28, complete_style="bold", finished_style="bold"),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("left"),
        console=Console(stderr=True, highlight=False),
        transient=True,
    )


def note(sentence: str) -> None:
    """One sentence that the user should know, on stderr, wrapped to the terminal."""
    mark = click.style("!", fg="yellow") if sys.stderr.isatty() else "!"
    for i, line in enumerate(wrapped(sentence, indent=2)):
        click.echo(f"{mark if i == 0 else ' '} {line}", err=True)


def note_left_out(left_out: Sequence[LeftOut]) -> None:
    """How many files were left out, and why, the commonest reasons first."""
    from eyespot.datasets.names import counted, shown

    if not left_out:
        return
    named: dict[str, list[str]] = {}
    for item in left_out:
        named.setdefault(item.reason, []).append(shown(item.file))
    reasons = sorted(named, key=lambda reason: -len(named[reason]))
    parts = [
        f"{names[0]}: {reason}" if len(names) == 1 else f"{len(names):,} ({names[0]} ...): {reason}"
        for reason in reasons[:REASONS]
        for names in [named[reason]]
    ]
    if len(reasons) > REASONS:
        parts.append(f"{len(reasons) - REASONS:,} more reasons are in the report")
    were = "was" if len(left_out) == 1 else "were"
    note(f"{counted(len(left_out), 'file')} {were} left out. {'; '.join(parts)}.")


def columns() -> int:
    """How wide a line may be here."""
    return min(WIDTH, shutil.get_terminal_size((WIDTH, 24)).columns)


def wrapped(sentence: str, *, indent: int = 0) -> list[str]:
    """The sentence in lines that fit the terminal; file names are not broken."""
    lines = textwrap.wrap(
        sentence, columns() - indent, break_on_hyphens=False, break_long_words=False
    )
    return lines or [""]


def print_wrapped(text: str, *, indent: int = 2, bold: bool = False, err: bool = False) -> None:
    """A text in lines that fit the terminal, all but the first indented; blanks before it stay."""
    first = text[: len(text) - len(text.lstrip())]
    lines = textwrap.wrap(
        text.lstrip(),
        columns(),
        initial_indent=first,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
        break_long_words=False,
    )
    for line in lines:
        click.echo(click.style(line, bold=True) if bold else line, err=err)


def print_json(value: Any) -> None:
    """One JSON object on a line of stdout. Bytes of names that are no Unicode stay as escapes."""
    click.echo(json.dumps(value))
