"""`eyespot predict`: one line for each file, in order, whatever happens to it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.sources import PHOTOS, open_classifier
from eyespot.cli.terminal import StageLines

if TYPE_CHECKING:
    from eyespot.classifier.classifier import Prediction
    from eyespot.datasets.dataset import LeftOut

    Answer = Prediction | LeftOut

NOTHING_ANSWERED = 2  # exit code
LABELS_COUNTED = 20  # labels in the last lines, the most frequent first


@click.command()
@click.argument("bundle")
@click.argument("photos", nargs=-1, required=True, type=PHOTOS)
@click.option("--jsonl", is_flag=True, help="Print one JSON object per line.")
@click.option("--csv", "table", type=click.Path(path_type=Path), help="Write a table besides.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps (torch).")
def predict(
    bundle: str, photos: tuple[Path, ...], jsonl: bool, table: Path | None, device: str
) -> int:
    """Name PHOTOS, files or folders, with the classifier BUNDLE.

    BUNDLE is a folder that eyespot train wrote, or the word imagenet for the built-in network with
    its 1,000 classes. Every file gets one line: its label with a probability, or why it has none.

    \b
    Example:
      eyespot predict photos-model/ inbox/ --csv answers.csv
      eyespot predict imagenet robin.jpg --jsonl
    """
    from eyespot import files
    from eyespot.datasets.catalogue import find_photos
    from eyespot.datasets.dataset import LeftOut
    from eyespot.datasets.names import shown

    if table is not None:
        files.require_writable(table)
    classifier = open_classifier(bundle, device=device)
    found, left_out = find_photos(photos)
    labels: Counter[str] = Counter()
    unanswered = 0
    rows = []
    for answer in chain(_watched(classifier.answers(found), len(found)), left_out):
        if isinstance(answer, LeftOut):
            unanswered += 1
        else:
            labels[answer.label] += 1
        click.echo(json.dumps(as_json(answer)) if jsonl else _line(answer))
        if table is not None:
            rows.append(_cells(answer))
    if table is not None:
        files.write_atomic(table, _csv(rows))
        click.echo(f"Wrote {shown(str(table))} ({len(rows):,} rows)", err=True)
    _count(labels, unanswered)
    return 0 if labels else NOTHING_ANSWERED


def as_json(answer: Answer) -> dict[str, Any]:
    """What `--jsonl` prints of one file. Documented in docs/json.md."""
    from eyespot.datasets.dataset import LeftOut

    if isinstance(answer, LeftOut):
        return {"file": answer.file, "error": answer.reason}
    return {
        "file": answer.file,
        "label": answer.label,
        "probability": answer.probability,
        "none_of_these": answer.none_of_these,
        "labels": [{"label": label, "score": score} for label, score in answer.labels],
    }


def _watched(answers: Iterator[Answer], total: int) -> Iterator[Answer]:
    """Pass the answers on and draw a bar, where nothing else is written to this terminal."""
    bar = StageLines(is_quiet=sys.stdout.isatty())
    bar.begin("predict")
    for done, answer in enumerate(answers, start=1):
        bar.advance(done, total)
        yield answer
    bar.stop()


def _line(answer: Answer) -> str:
    """`robin.jpg    robin  97.1 %    thrush 2.0 %`, or the reason why there is no label."""
    from eyespot.datasets.dataset import LeftOut
    from eyespot.datasets.names import shown

    if isinstance(answer, LeftOut):
        return f"{shown(answer.file):<40}  not answered: {answer.reason}"
    others = ", ".join(f"{shown(label)} {100 * p:.1f} %" for label, p in answer.labels[1:3])
    first = f"{shown(answer.label):<20} {100 * answer.probability:5.1f} %"
    return f"{shown(answer.file):<40}  {first}   {others}".rstrip()


def _cells(answer: Answer) -> list[str]:
    from eyespot.datasets.dataset import LeftOut

    if isinstance(answer, LeftOut):
        return [answer.file, "", "", "", answer.reason]
    none = "" if answer.none_of_these is None else f"{answer.none_of_these:.6f}"
    further = [cell for label, p in answer.labels[1:] for cell in (label, f"{p:.6f}")]
    return [answer.file, answer.label, f"{answer.probability:.6f}", none, "", *further]


def _csv(rows: list[list[str]]) -> str:
    from eyespot.datasets import spreadsheet
    from eyespot.datasets.names import shown

    further = max((len(row) for row in rows), default=5) - 5
    head = ["file", "label", "probability", "none_of_these", "error"]
    head += [f"{what}_{i // 2 + 2}" for i, what in enumerate(["label", "probability"] * further)]
    return spreadsheet.as_csv(head[: 5 + further], ([shown(text) for text in row] for row in rows))


def _count(labels: Counter[str], unanswered: int) -> None:
    """The last lines, on stderr: how many photos got which label."""
    from eyespot.datasets.names import shown

    total = labels.total() + unanswered
    for label, count in labels.most_common(LABELS_COUNTED):
        click.echo(f"{count:>8,}  {shown(label)}", err=True)
    if len(labels) > LABELS_COUNTED:
        click.echo(f"{'':>8}  and {len(labels) - LABELS_COUNTED:,} more labels", err=True)
    if unanswered:
        click.echo(f"{unanswered:>8,}  not answered", err=True)
    click.echo(f"{total:>8,}  {'file' if total == 1 else 'files'}", err=True)
