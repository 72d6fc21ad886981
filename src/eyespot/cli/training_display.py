"""What the terminal shows while a network learns: a curve that grows, or a plain line per epoch.

On a terminal a few lines are drawn anew in place. Elsewhere (a file, a log, a pipe) there are
finished lines only, in columns, and seldom enough to be read.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from eyespot.cli.terminal import columns, note
from eyespot.pages.words import duration, percent

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

    from eyespot.training.facts import Epoch, Fitted, Plan, Progress

DRAWN_EVERY = 0.2  # seconds
LINE_EVERY = 4.0  # seconds, at least, between the lines of two epochs
LINE_AT_LEAST_EVERY = 60.0  # seconds, within a long epoch
CURVE_ROWS = 5  # of characters, four dots each
CURVE_COLUMNS = 60  # at most, two dots each
BAR = 28
HEAD = "    epoch     loss    right  validation  learning rate  photos/s"
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # Braille: rows, left and right


class TrainingDisplay:
    """Watches a training. Use it in a `with` block, which takes the live lines away at the end."""

    def __init__(self, title: str, *, is_quiet: bool = False) -> None:
        self._title, self._is_quiet = title, is_quiet
        self._live: Live | None = None
        self._epochs: list[Epoch] = []
        self._printed = self._drawn = 0.0
        self._last: Progress | None = None

    def __enter__(self) -> TrainingDisplay:
        return self

    def __exit__(self, *ended: object) -> None:
        self.stop()

    def begin(self, plan: Plan, done: int) -> None:
        if self._is_quiet:
            return
        if done:
            epoch = done // plan.steps_per_epoch + 1
            where = f"epoch {epoch}, step {done:,}" if done < plan.steps else "its end"
            click.echo(f"going on at {where}", err=True)
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.live import Live

            console = Console(stderr=True, highlight=False)
            self._live = Live(console=console, auto_refresh=False, transient=True)
            self._live.start()
        else:
            click.echo(HEAD, err=True)
        self._printed = time.monotonic()

    def step(self, progress: Progress) -> None:
        self._last, now = progress, time.monotonic()
        if self._is_quiet:
            return
        if self._live is not None:
            if now - self._drawn >= DRAWN_EVERY:
                self._draw(progress)
        elif now - self._printed >= LINE_AT_LEAST_EVERY:
            self._print(_row(progress, None))

    def epoch(self, epoch: Epoch) -> None:
        self._epochs.append(epoch)
        last = self._last
        if self._is_quiet or last is None:
            return
        if self._live is not None:
            self._draw(last)
        elif time.monotonic() - self._printed >= LINE_EVERY or epoch.epoch in (1, last.epochs):
            self._print(_row(last, epoch))

    def note(self, sentence: str) -> None:
        if self._is_quiet:
            return
        if self._live is not None:
            self._live.console.print(f"! {sentence}", style="yellow", markup=False)
        else:
            note(sentence)

    def end(self, fitted: Fitted) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the live lines away."""
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _print(self, line: str) -> None:
        self._printed = time.monotonic()
        click.echo(line, err=True)

    def _draw(self, progress: Progress) -> None:
        assert self._live is not None
        self._drawn = time.monotonic()
        self._live.update(picture(self._title, progress, self._epochs), refresh=True)


def _row(progress: Progress, epoch: Epoch | None) -> str:
    """A line in the columns of `HEAD`; within an epoch, which has no validation yet."""
    done = progress.step * progress.epochs / progress.steps
    of = f"/{progress.epochs}"
    where = f"{done:.1f}{of}" if epoch is None else f"{epoch.epoch}{of}"
    loss, right = (progress.loss, progress.top1) if epoch is None else (epoch.loss, epoch.top1)
    tried = "" if epoch is None or epoch.validation_top1 is None else percent(epoch.validation_top1)
    left = f"   {duration(progress.seconds_left)} left" if progress.seconds_left >= 1 else ""
    return (
        f"{where:>9} {loss:8.4f} {percent(right):>8} {tried:>11} {progress.learning_rate:>14.3g} "
        f"{progress.images_per_second:>9,.0f}{left}"
    )


def picture(title: str, progress: Progress, epochs: Sequence[Epoch]) -> Text:
    """The live lines: where it is, how it does, and the curve of what was right."""
    from rich.text import Text

    share = progress.step / progress.steps
    done = round(BAR * share)
    lines = Text(no_wrap=True, overflow="ellipsis")
    lines.append(f"{title}\n", style="bold")
    lines.append(f"epoch {progress.epoch} of {progress.epochs}   ")
    lines.append("━" * done, style="bold").append("─" * (BAR - done), style="dim")
    lines.append(f"  {percent(share)}   {duration(progress.seconds_left)} left\n")
    lines.append(
        f"loss {progress.loss:.4f}   right {percent(progress.top1)}   "
        f"learning rate {progress.learning_rate:.3g}   {progress.images_per_second:,.0f} photos/s"
    )
    if len(epochs) > 1:
        lines.append("\n").append_text(_curve(epochs, of=progress.epochs))
    return lines


def _curve(epochs: Sequence[Epoch], *, of: int) -> Text:
    """The share of photos named correctly by epoch, of those held out where there are some.

    The width is that of all epochs, `of`, so that the curve grows to the right.
    """
    from rich.text import Text

    is_validated = epochs[-1].validation_top1 is not None
    shares = [e.top1 if e.validation_top1 is None else e.validation_top1 for e in epochs]
    best = max(range(len(shares)), key=lambda i: shares[i])
    low, high = min(shares), shares[best]
    width = min(CURVE_COLUMNS, columns() - 12) * len(epochs) / max(of, len(epochs))
    rows = braille(shares, columns=max(1, round(width)), rows=CURVE_ROWS)
    whose = "validation" if is_validated else "training"
    drawn = Text()
    for i, row in enumerate(rows):
        scale = {0: percent(high), len(rows) - 1: percent(low)}.get(i, "")
        drawn.append(f"{scale:>8} ", style="dim").append(f"{row}\n", style="blue")
    said = f"{whose}: best {percent(high)} after epoch {epochs[best].epoch}"
    return drawn.append(f"{'':9}{said}", style="dim")


def braille(values: Sequence[float], *, columns: int, rows: int) -> list[str]:
    """A line through `values`, from left to right, as `rows` lines of `columns` Braille characters.

    The lowest value stands at the foot, the highest at the head, the last one at the right end.
    """
    dots, levels = 2 * columns, 4 * rows
    low, span = min(values), (max(values) - min(values)) or 1.0
    heights = [(value - low) / span * (levels - 1) for value in values]
    cells = [[0x2800] * columns for _ in range(rows)]
    before = round(heights[0])
    for x in range(dots):
        place = x * (len(heights) - 1) / (dots - 1)
        i = min(int(place), len(heights) - 2) if len(heights) > 1 else 0
        following = heights[min(i + 1, len(heights) - 1)]
        now = round(heights[i] + (following - heights[i]) * (place - i))
        for level in range(min(before + 1, now), max(before - 1, now) + 1):
            row = levels - 1 - level
            cells[row // 4][x // 2] |= DOTS[row % 4][x % 2]
        before = now
    return ["".join(map(chr, row)) for row in cells]
