"""Training once: the bundle with its report on disk, and the same command again changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eyespot import files
from eyespot.classifier import bundle
from eyespot.classifier.readme import card_text
from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.dataset import Photo
from eyespot.datasets.names import shown
from eyespot.engines.run import in_threads
from eyespot.errors import EyespotError, ImageError, InputError
from eyespot.evaluation.report import report_html, summary_lines
from eyespot.evaluation.table import predictions_csv
from eyespot.transfer.stages import Unwatched, Watcher
from eyespot.transfer.train import Order, Trained, train
from eyespot.values import to_json
from eyespot.weights import catalogue

RESULT = "result.json"  # what `train --json` printed, and of which photos and options
TABLE = "predictions.csv"


@dataclass(frozen=True)
class Result:
    """What `eyespot train` says in the end, now or when it was asked first."""

    answer: dict[str, Any]
    summary: tuple[str, ...]
    is_new: bool


def bundle_for(source: Path) -> Path:
    """Where the bundle of a folder goes: `NAME-model` in the working directory.

    Beside the folder, where the working directory lies in it: nothing is written among photos.
    """
    whole = source.resolve()
    name = f"{(whole.name if whole.is_dir() else whole.stem) or 'photos'}-model"
    is_inside = whole.is_dir() and Path.cwd().is_relative_to(whole)
    return whole.with_name(name) if is_inside and whole.name else Path(name)


def train_and_save(
    order: Order, path: Path, *, overwrite: bool = False, watcher: Watcher | None = None
) -> Result:
    """Train and write the bundle `path`.

    Where it is there already, from the same photos and options, nothing is done; from others, it is
    replaced only with `overwrite`. Raises `InputError` before any work where it cannot be written.
    """
    catalogue.find(order.network)
    _require_outside(path, order.source)
    with _alone(path):
        if path.exists() and not (path / bundle.VALUES).is_file():
            raise InputError(
                f"{shown(str(path))} exists and is no bundle of eyespot: choose another --out"
            )
        if path.exists() and not overwrite:
            return _finished(order, path)
        files.require_writable(path)
        return _made(order, path, overwrite, watcher or Unwatched())


def _made(order: Order, path: Path, overwrite: bool, watcher: Watcher) -> Result:
    """Train, and write the bundle with its pages."""
    request = digest(order)
    trained = train(order, watcher=watcher)
    answer = machine_answer(trained, path)
    summary = tuple(summary_lines(trained.report))
    result = {"request": request, "answer": answer, "summary": summary}
    bundle.save(
        trained.classifier,
        path,
        overwrite=overwrite,
        pages={
            bundle.CARD: card_text(trained.classifier, name=path.name),
            bundle.REPORT: report_html(trained.report),
            TABLE: predictions_csv(trained.report.rows),
            RESULT: json.dumps(to_json(result), indent=1) + "\n",
        },
    )
    return Result(answer, summary, is_new=True)


def _require_outside(path: Path, source: Path) -> None:
    root = source.resolve()
    if root.is_dir() and path.resolve().is_relative_to(root):
        raise InputError(
            f"{shown(str(path))} lies inside {shown(str(source))}, and nothing is written among "
            "photos: choose another --out"
        )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the place `path` against other processes of this user, and clear what killed ones left.

    Raises `InputError` where another one is at work on it.
    """
    name = files.cache_folder("locks") / files.sha256(os.fsencode(path.absolute()))
    with ExitStack() as stack:
        try:
            stack.enter_context(files.lock(name, wait_s=0))
        except EyespotError as error:
            if error.__cause__ is not None:  # the lock itself cannot be written
                raise
            raise InputError(
                f"Another eyespot is writing {shown(str(path))}: wait for it, or choose another "
                "--out"
            ) from error
        files.sweep(path, older_than=0.0)
        yield


def _finished(order: Order, path: Path) -> Result:
    bundle.verify(path)
    kept = json.loads((path / RESULT).read_text("utf-8")) if (path / RESULT).is_file() else {}
    if kept.get("request") != digest(order):
        raise InputError(
            f"{shown(str(path))} was trained from other photos or with other options: "
            "pass --overwrite to replace it, or another --out"
        )
    return Result(kept["answer"], tuple(kept["summary"]), is_new=False)


def digest(order: Order) -> str:
    """SHA-256 over the options, and the names, labels and contents of all photos."""
    dataset = open_dataset(order.source, group_by=order.group_by, labels=order.labels)
    options = [order.network, order.seed, order.flip, order.group_by, order.device]
    contents = list(in_threads(_content, [*dataset.photos, *dataset.negatives]))
    text = json.dumps([options, dataset.fingerprint, to_json(dataset.left_out), contents])
    return hashlib.sha256(text.encode()).hexdigest()


def _content(photo: Photo) -> str:
    try:
        return files.sha256(photo.read())
    except ImageError as error:
        return str(error)


def machine_answer(trained: Trained, path: Path) -> dict[str, Any]:
    """What `train --json` prints; shares are in [0, 1]. Documented in docs/json.md."""
    metrics = trained.report.metrics
    skipped = [{"file": item.file, "reason": item.reason} for item in trained.left_out]
    per_class = [
        {"label": c.label, "n": c.n, "precision": c.precision, "recall": c.recall, "f1": c.f1}
        for c in metrics.per_class
    ]
    return {
        "bundle": str(path),
        "classes": list(metrics.classes),
        "photos": {
            "found": trained.found,
            "used": sum(trained.split.values()),
            "skipped": skipped,
        },
        "split": trained.split,
        "head": to_json(trained.head),
        "metrics": {
            "n": metrics.n,
            "groups": metrics.groups,
            "top1": metrics.top1,
            "top1_interval": list(metrics.top1_interval),
            "interval_method": metrics.interval_method,
            "balanced_accuracy": metrics.balanced_accuracy,
            "measured_by": trained.report.protocol,
            "random_split_top1": _random_top1(trained),
            "per_class": per_class,
        },
        "notes": list(trained.notes),
        "seconds": {stage: round(s, 3) for stage, s in trained.seconds.items()},
    }


def _random_top1(trained: Trained) -> float | None:
    split = trained.report.random_split
    return None if split is None else split.top1
