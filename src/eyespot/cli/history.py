"""What `eyespot compare --history` shows: the errors of the ImageNet challenge's years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from eyespot.cli.charts import command_line, write_chart
from eyespot.cli.terminal import columns, print_json, print_wrapped
from eyespot.values import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from eyespot.networks.history import Entry

NOTES = (
    "Winners of the ImageNet challenge (ILSVRC) and papers that were measured by its rules: top-5 "
    "error on the test photos of the year or, where it says so, on the validation photos.",
    "Filled: features made by hand (grey), or several networks averaged, or their number is not "
    "said. Hollow: one network alone, which does not compare with an average.",
    "Human: one person who labelled 1,500 test photos (Russakovsky et al. 2015). "
    "~ recalled, not looked up again.",
)


def show(chart: Path | None, *, as_json: bool) -> None:
    """Print the years and write the chart, if one is wanted."""
    from eyespot.networks.history import entries, human

    if as_json:
        print_json({"history": to_json(entries())})
    else:
        _print([entry for entry in entries() if entry.is_measured], human())
    if chart is not None:
        write_chart(chart, picture(command_line("compare", "--history", "--chart", chart.name)))
    elif not as_json:
        click.echo("Try: eyespot compare --history --chart history.svg", err=True)


def made_of(entry: Entry) -> str:
    """ "7 networks", "one network", "hand-made features"."""
    if entry.networks and entry.networks > 1:
        return f"{entry.networks} networks"
    words = {
        "features": "hand-made features",
        "one network": "one network",
        "ensemble": "several networks",
    }
    return words.get(entry.kind, "number not said")


def finding(entries: Sequence[Entry], human: Entry) -> str:
    """The challenge in a sentence: from where to where, and when it passed the human."""
    contest = [entry for entry in entries if entry.kind != "one network"]
    first, best = contest[0], min(contest, key=lambda entry: entry.top5_error)
    passed = next(entry for entry in contest if entry.top5_error < human.top5_error)
    return (
        f"From {first.top5_error:.0f} % of photos wrong in {first.year} to "
        f"{best.top5_error:.1f} % in {best.year}: networks passed the human in {passed.year}"
    )


def picture(command: str) -> str:
    """The chart as an SVG file."""
    from eyespot.networks.history import entries, human
    from eyespot.pages.history_chart import HistoryBar, history_chart

    shown = [entry for entry in entries() if entry.is_measured]
    bars = [
        HistoryBar(
            year=entry.year,
            name=entry.name,
            remark=entry.remark,
            how=made_of(entry),
            error=entry.top5_error,
            is_features=entry.kind == "features",
            is_single=entry.kind == "one network",
            is_recalled=entry.confidence == "recalled",
        )
        for entry in shown
    ]
    return history_chart(
        bars,
        title=finding(shown, human()),
        error="top-5 error, % of photos",
        human=("human", human().top5_error),
        notes=NOTES,
        source=command,
    )


def _print(entries: Sequence[Entry], human: Entry) -> None:
    """A line for each entry, in order of year, the human among them."""
    rows = sorted([*entries, human], key=lambda entry: entry.year)
    names = max(len(entry.name) for entry in rows)
    click.echo(f"year  {'entry':<{names}}  top-5 %  {'of':<18}  remark")
    for entry in rows:
        mark = "~" if entry.confidence == "recalled" else " "
        made = "one person" if entry.kind == "people" else made_of(entry)
        text = f"{entry.year}  {entry.name:<{names}}  {entry.top5_error:7g}{mark} {made:<18}  "
        room = columns() - len(text)
        remark = "1,500 photos" if entry.kind == "people" else entry.remark
        line = text.rstrip() if len(remark) > room else text + remark
        click.echo(click.style(line, bold=True) if entry.kind == "people" else line)
        if len(remark) > room:
            print_wrapped(f"      {remark}", indent=6)
    click.echo(err=True)
    print_wrapped(
        "Errors on the challenge's test photos, but for one network alone, measured on validation "
        "photos. ~ recalled, not looked up again. --json has the sources, and what lectures print.",
        err=True,
    )
