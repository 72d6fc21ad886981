"""`eyespot advise`: what to do with these photos, measured on them."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import click

from eyespot.cli.charts import require_page
from eyespot.cli.option_groups import GroupedCommand
from eyespot.cli.sources import PHOTOS
from eyespot.cli.terminal import SEED, StageLines, note_left_out, print_json, wrapped
from eyespot.datasets.names import shown

if TYPE_CHECKING:
    from eyespot.transfer.advising import Advised


class AdviseCommand(GroupedCommand):
    """The options by what they are for."""

    groups: ClassVar[dict[str, tuple[str, ...]]] = {
        "Options": ("out", "overwrite", "seed", "device", "as_json"),
        "Which photos and which network, as for eyespot train": (
            "network", "group_by", "group_column", "labels", "add",
        ),
    }  # fmt: skip


@click.command(cls=AdviseCommand)
@click.argument("photos", type=PHOTOS)
@click.option("--out", type=click.Path(path_type=Path), help="Page to write, such as advice.html.")
@click.option("--overwrite", is_flag=True, help="Replace an existing page.")
@click.option("--network", help="Pretrained weights to ask: see eyespot weights.")
@click.option("--group-by", help="Column, or pattern with one bracket: what must not be split.")
@click.option("--group-column", metavar="NAME", help="A column of the table, for the same.")
@click.option("--labels", type=click.Path(path_type=Path), help="The audit's labels.csv, edited.")
@click.option("--add", type=click.Path(path_type=Path), help="Sorted photos that join PHOTOS.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="For the folds and shares.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def advise(ctx: click.Context) -> None:
    """Say what to do with PHOTOS: train a head, fine-tune, or photograph more.

    Looks at every photo once and asks linear heads on every stage of a pretrained network, and on
    1/8, 1/4, 1/2 and all of the photos, by grouped cross-validation. Early stages against late ones
    tell how like ImageNet the photos are, the last doubling of the photos tells whether there are
    enough. Nothing is trained or written but the page. The training that is advised gets the
    options that say which photos were looked at, and by which network.

    \b
    Example:
      eyespot advise photos/
      eyespot advise photos/ --out advice.html
      eyespot advise photos/ --add sorted/ --group-by "(bird\\d+)_"
    """
    from eyespot.transfer import advising
    from eyespot.weights.catalogue import DEFAULT

    values = ctx.params
    source, out = str(values["photos"]), values["out"]
    if out is not None:
        require_page(out, overwrite=values["overwrite"])
    order = advising.Order(
        source=values["photos"],
        network=values["network"] or DEFAULT,
        seed=values["seed"],
        group_by=values["group_by"],
        group_column=values["group_column"],
        labels=values["labels"],
        add=values["add"],
        device=values["device"],
    )
    found = advising.advise(order, watcher=StageLines(is_quiet=values["as_json"]))
    if out is not None:
        from eyespot import files
        from eyespot.transfer.advice_page import advice_html

        command = shlex.join(["eyespot", *sys.argv[1:]])
        files.write_atomic(out, advice_html(found, source=source, command=command))
    if values["as_json"]:
        print_json(machine_answer(found, source, out))
    else:
        _print(found, source, out)


def machine_answer(found: Advised, source: str, out: Path | None) -> dict[str, Any]:
    """What `--json` prints; docs/json.md describes every key."""
    from eyespot.transfer import advice_words as words
    from eyespot.values import to_json

    answer: dict[str, Any] = to_json(found.advice)
    told = {
        "advice": words.headline(found.advice),
        "evidence": [words.likeness(found.advice), words.amount(found.advice)],
        "command": words.command(found.advice, source, found.options),
    }
    made = {
        "network": found.network,
        "skipped": to_json(found.left_out),
        "notes": list(found.notes),
        "seconds": {stage: round(s, 3) for stage, s in found.seconds.items()},
        "page": None if out is None else str(out),
    }
    return told | answer | made


def _print(found: Advised, source: str, out: Path | None) -> None:
    """The advice, its evidence, a line for each stage and share, and what next."""
    from eyespot.pages.words import between, percent
    from eyespot.transfer import advice_words as words

    advice = found.advice
    note_left_out(found.left_out)
    click.echo()
    for line in wrapped(words.headline(advice)):
        click.echo(click.style(line, bold=True))
    for sentence in (words.likeness(advice), words.amount(advice)):
        for line in wrapped(sentence):
            click.echo(line)
    click.echo()
    width = max(len(each.stage) for each in advice.stages)
    width = max(width, len("1/8 of the photos"))
    for each in advice.stages:
        click.echo(
            f"  {each.stage:<{width}}  {percent(each.top1):>7}  {between(each.top1_interval)}"
        )
    click.echo()
    for point in advice.curve:
        share = "all photos" if point.share == 1 else f"1/{round(1 / point.share)} of the photos"
        interval = between(point.top1_interval)
        click.echo(f"  {share:<{width}}  {percent(point.top1):>7}  {interval}")
    click.echo()
    if out is not None:
        click.echo(f"Wrote {shown(str(out))}")
    click.echo(f"Try: {words.command(advice, source, found.options)}")
