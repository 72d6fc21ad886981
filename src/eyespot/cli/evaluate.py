"""`eyespot evaluate`: how good classifiers are on photos with known labels."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.sources import open_classifier
from eyespot.cli.terminal import StageLines, print_json, wrapped

if TYPE_CHECKING:
    from eyespot.evaluation.findings import Report


@click.command()
@click.argument("bundles", nargs=-1, required=True, metavar="BUNDLE... [PHOTOS]")
@click.option("--data", type=click.Path(path_type=Path), help="PHOTOS; all words are bundles then.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the report and the table.")
@click.option("--overwrite", is_flag=True, help="Replace an existing --out.")
@click.option("--seed", default=0, show_default=True, help="For the intervals.")
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
    Photos of classes that a classifier does not have are left out, and named.

    \b
    Example:
      eyespot evaluate photos-model/ new-photos/ --out measured
      eyespot evaluate a-model/ b-model/ --data test/ --json
    """
    from eyespot.datasets.catalogue import open_dataset
    from eyespot.evaluation.evaluate import evaluate as measure

    if data is None:
        *words, last = bundles
        bundles, data = tuple(words), Path(last)
        if not bundles:
            raise click.UsageError("expected a BUNDLE and PHOTOS: eyespot evaluate BUNDLE PHOTOS")
    if out is not None and len(bundles) > 1:
        raise click.UsageError("--out takes one BUNDLE at a time")
    dataset = open_dataset(data)
    reports = {}
    for word in bundles:
        watcher = StageLines(is_quiet=as_json)
        watcher.begin("evaluate")
        start = time.perf_counter()
        command = " ".join(["eyespot", *sys.argv[1:]])
        classifier = open_classifier(word, device=device)
        report = measure(classifier, dataset, seed=seed, command=command, progress=watcher.advance)
        watcher.end(f"{word}: {report.metrics.n:,} photos", time.perf_counter() - start)
        reports[word] = report
    if out is not None:
        _write(report, out, overwrite=overwrite)
    if as_json:
        answers = [machine_answer(word, report) for word, report in reports.items()]
        print_json(answers[0] if len(answers) == 1 else {"results": answers})
        return
    for word, report in reports.items():
        _tell(word, report)
    if out is not None:
        click.echo(f"Wrote {out}/report.html and {out}/predictions.csv")


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
    }


def _write(report: Report, out: Path, *, overwrite: bool) -> None:
    from eyespot import files
    from eyespot.evaluation.report import report_html
    from eyespot.evaluation.table import predictions_csv

    with files.folder_atomic(out, overwrite=overwrite) as folder:
        files.write_atomic(folder / "report.html", report_html(report))
        files.write_atomic(folder / "predictions.csv", predictions_csv(report.rows))


def _tell(word: str, report: Report) -> None:
    from eyespot.evaluation.report import summary_lines

    click.echo()
    click.echo(f"{word} on {report.dataset}")
    for sentence in summary_lines(report):
        for line in wrapped(sentence):
            click.echo(line)
