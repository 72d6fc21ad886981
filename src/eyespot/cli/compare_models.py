"""`eyespot compare-models`: which of two classifiers is better, and what each costs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.charts import command_line, require_chart, write_chart
from eyespot.cli.sources import PHOTOS, open_classifier
from eyespot.cli.terminal import SEED, StageLines, note, note_left_out, print_json, print_wrapped

if TYPE_CHECKING:
    from eyespot.evaluation.models import Comparison, Contestant

NAME_WIDTH = 32  # columns of a classifier's name


@click.command("compare-models")
@click.argument("first")
@click.argument("second")
@click.option("--data", type=PHOTOS, required=True, help="Photos with known labels.")
@click.option("--group-by", help="Column, or pattern with one bracket: what belongs together.")
@click.option("--chart", type=click.Path(path_type=Path), help="Draw it as this SVG file.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --chart.")
@click.option("--runs", type=click.IntRange(2), default=20, show_default=True, help="To time each.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="For the intervals.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def compare_models(
    first: str,
    second: str,
    data: Path,
    group_by: str | None,
    chart: Path | None,
    overwrite: bool,
    runs: int,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Compare two classifiers on the same photos: paired test, interval, size, ms per photo.

    FIRST and SECOND are folders that eyespot train wrote, or the word imagenet. Photos that one of
    them learned from, or has no class for, are left out for both. Two that are measured on the same
    photos are told apart by the photos that only one of them names correctly.

    \b
    Example:
      eyespot compare-models a-model/ b-model/ --data test/
      eyespot compare-models a-model/ b-model/ --data test/ --chart a-and-b.svg
    """
    from eyespot.datasets.catalogue import open_dataset
    from eyespot.errors import InputError
    from eyespot.evaluation.models import compare_models as compared

    if chart is not None:
        require_chart(chart, overwrite=overwrite)
    if first == second:
        raise InputError(f"{first} is compared with itself: name two different classifiers")
    dataset = open_dataset(data, group_by=group_by)
    watcher = StageLines(is_quiet=as_json)
    watcher.begin("compare")
    began = time.perf_counter()
    one, other = ((word, open_classifier(word, device=device)) for word in (first, second))
    found = compared(one, other, dataset, seed=seed, runs=runs, progress=watcher.advance)
    watcher.end(f"{found.difference.n:,} photos", time.perf_counter() - began)
    if as_json:
        print_json(machine_answer(found))
    else:
        _print(found)
    words = ("compare-models", first, second, "--data", str(data))
    if chart is not None:
        grouped = ("--group-by", group_by) if group_by else ()
        write_chart(chart, _chart(found, command_line(*words, *grouped, "--chart", chart.name)))
    elif not as_json:
        click.echo(f"Try: {command_line(*words, '--chart', 'models.svg')}", err=True)


def machine_answer(found: Comparison) -> dict[str, Any]:
    """What `--json` prints. Documented in docs/json.md."""
    from eyespot.evaluation.models import verdict
    from eyespot.values import to_json

    return {
        "dataset": found.dataset,
        "verdict": verdict(found),
        "models": [to_json(found.first), to_json(found.second)],
        "difference": to_json(found.difference) | {"is_clear": found.difference.is_clear},
        "runs": found.runs,
        "skipped": to_json(found.left_out),
        "notes": list(found.notes),
    }


def _print(found: Comparison) -> None:
    """The finding, then a line for each."""
    from eyespot.datasets.names import shown
    from eyespot.evaluation.paired import sentence
    from eyespot.pages.words import between, percent

    both = (found.first, found.second)
    names = [shown(each.name) for each in both]
    print_wrapped(sentence(found.difference, first=names[0], second=names[1]), bold=True, indent=0)
    width = max(min(NAME_WIDTH, max(map(len, names))), len("classifier"))
    heads = f"{'top-1':>7}  {'interval':>8}  {'on disk':>8}  ms per photo"
    click.echo(f"\n{'classifier':<{width}}  {heads}")
    for name, each in zip(names, both, strict=True):
        share = f"{percent(each.top1):>7}  {between(each.top1_interval):>8}"
        click.echo(f"{name:<{width}}  {share}  {_size(each):>8}  {_time(each)}")
    click.echo(err=True)
    for remark in found.notes:
        note(remark)
    note_left_out(found.left_out)
    print_wrapped(
        f"Measured on {found.difference.n:,} photos of {shown(found.dataset)}, the same for both. "
        f"Time: from the file's bytes to the answer, one photo at a time, the median of "
        f"{found.runs} runs in turns; half of them lie in the brackets.",
        err=True,
    )


def _size(each: Contestant) -> str:
    return "built in" if each.bytes is None else f"{each.bytes / 1e6:.1f} MB"


def _time(each: Contestant) -> str:
    return f"{each.ms:.1f} ({each.ms_quartiles[0]:.1f}-{each.ms_quartiles[1]:.1f})"


def _chart(found: Comparison, source: str) -> str:
    from eyespot.datasets.names import shown
    from eyespot.evaluation.models import verdict
    from eyespot.evaluation.paired import sentence
    from eyespot.pages.versus_chart import Measured, versus_chart
    from eyespot.pages.words import percent

    both = (found.first, found.second)
    names = [shown(each.name) for each in both]
    shares = [
        Measured(
            name,
            100 * each.top1,
            (100 * each.top1_interval[0], 100 * each.top1_interval[1]),
            f"{percent(each.top1)}, {_size(each)}, {each.ms:.1f} ms",
        )
        for name, each in zip(names, both, strict=True)
    ]
    low, high = (100 * end for end in found.difference.interval)
    points = 100 * found.difference.difference
    between_them = Measured("difference", points, (low, high), f"{points:+.1f} points")
    return versus_chart(
        shares,
        between_them,
        title=verdict(found),
        notes=[sentence(found.difference, first=names[0], second=names[1])],
        source=source,
    )
