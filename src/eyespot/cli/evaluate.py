"""`eyespot evaluate`: how good classifiers are on photos with known labels."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.sources import open_classifier
from eyespot.cli.terminal import SEED, StageLines, note, note_left_out, print_json, wrapped
from eyespot.datasets.names import counted, shown

if TYPE_CHECKING:
    from eyespot.evaluation.findings import Report


PAGE, TABLE = "report.html", "predictions.csv"


@click.command()
@click.argument("bundles", nargs=-1, required=True, metavar="BUNDLE... [PHOTOS]")
@click.option("--data", type=click.Path(path_type=Path), help="PHOTOS; all words are bundles then.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the report and the table.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="For the intervals.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def evaluate(
    bundles: tuple[str, ...],
    data: Path | None,
    out: Path | None,
    overwrite: bool,
    seed: int,
    device: str,
    as_json: bool,
) -> None:
    """Measure classifiers on PHOTOS, a folder with a folder of photos for each class.

    Where PHOTOS has a test part, it is measured on that; else on its validation part; else on all.
    Photos of classes that a classifier does not have, and photos that it learned from, are left
    out and named. BUNDLE may be imagenet: folders are then named like its classes, or by their
    WordNet ids.

    \b
    Example:
      eyespot evaluate photos-model/ new-photos/ --out measured
      eyespot evaluate a-model/ b-model/ --data test/ --json
    """
    bundles, data = _sources(bundles, data)
    if out is not None:
        if len(bundles) > 1:
            raise click.UsageError("--out takes one BUNDLE at a time")
        _require_free(out, overwrite)
    reports = _measured(bundles, data, seed, device, is_quiet=as_json)
    if out is not None:
        _write(reports[0], out, overwrite=overwrite)
    if as_json:
        answers = [machine_answer(*pair) for pair in zip(bundles, reports, strict=True)]
        print_json(answers[0] if len(answers) == 1 else {"results": answers})
        return
    for word, report in zip(bundles, reports, strict=True):
        _tell(word, report)
    if out is not None:
        click.echo(f"Wrote {shown(str(out / PAGE))} and {TABLE} beside it.")


def _sources(words: tuple[str, ...], data: Path | None) -> tuple[tuple[str, ...], Path]:
    """The bundles and the photos: without --data, the last word is the photos."""
    if data is not None:
        return words, data
    *bundles, last = words
    if not bundles:
        raise click.UsageError("Expected a BUNDLE and PHOTOS: eyespot evaluate BUNDLE PHOTOS")
    return tuple(bundles), Path(last)


def _measured(
    bundles: tuple[str, ...], data: Path, seed: int, device: str, *, is_quiet: bool
) -> list[Report]:
    from eyespot.datasets.catalogue import open_dataset
    from eyespot.evaluation.evaluate import evaluate as measure

    dataset = open_dataset(data)
    command = " ".join(["eyespot", *sys.argv[1:]])
    reports = []
    for word in bundles:
        watcher = StageLines(is_quiet=is_quiet)
        watcher.begin("evaluate")
        start = time.perf_counter()
        classifier = open_classifier(word, device=device)
        report = measure(classifier, dataset, seed=seed, command=command, progress=watcher.advance)
        figure = f"{shown(word)}: {counted(report.metrics.n, 'photo')}"
        watcher.end(figure, time.perf_counter() - start)
        reports.append(report)
    return reports


def machine_answer(word: str, report: Report) -> dict[str, Any]:
    """What `--json` prints; shares are in [0, 1]. Documented in docs/json.md."""
    from eyespot.values import to_json

    metrics = report.metrics
    return {
        "bundle": word,
        "n": metrics.n,
        "groups": metrics.groups,
        "top1": metrics.top1,
        "top1_interval": list(metrics.top1_interval),
        "interval_method": metrics.interval_method,
        "top5": metrics.top5,
        "balanced_accuracy": metrics.balanced_accuracy,
        "per_class": to_json(metrics.per_class),
        "confusion": to_json(metrics.confusion),
        "classes": list(metrics.classes),
        "skipped": to_json(report.left_out),
        "measured_by": report.measured_by,
        "notes": [f"{n.seen} {n.why}" for n in report.notes],
    }


def _require_free(out: Path, overwrite: bool) -> None:
    """Raise `InputError` before the work where the report could not be written after it."""
    from eyespot import files
    from eyespot.errors import InputError

    files.require_writable(out)
    if not out.exists():
        return
    if not out.is_dir() or any(entry.name not in (PAGE, TABLE) for entry in out.iterdir()):
        raise InputError(f"{shown(str(out))} exists and is no report: choose another --out")
    if not overwrite:
        raise InputError(
            f"{shown(str(out))} already exists: choose another --out, or pass --overwrite"
        )


def _write(report: Report, out: Path, *, overwrite: bool) -> None:
    from eyespot import files
    from eyespot.evaluation.report import report_html
    from eyespot.evaluation.table import predictions_csv

    with files.folder_atomic(out, overwrite=overwrite) as folder:
        files.write_atomic(folder / PAGE, report_html(report))
        files.write_atomic(folder / TABLE, predictions_csv(report.rows))


def _tell(word: str, report: Report) -> None:
    from eyespot.evaluation.report import summary_lines

    click.echo()
    click.echo(f"{shown(word)} on {report.dataset}")
    for sentence in summary_lines(report):
        for line in wrapped(sentence):
            click.echo(line)
    for remark in report.notes:
        note(f"{remark.seen} {remark.why}")
    note_left_out(report.left_out)
