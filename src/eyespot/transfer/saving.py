"""Training once: the bundle with its report on disk, and the same command again changes nothing."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from eyespot import files
from eyespot.classifier import bundle
from eyespot.classifier.place import (
    RESULT,
    TABLE,
    Result,
    alone,
    finished,
    request_digest,
    require_bundle,
    require_outside,
    result_page,
)
from eyespot.classifier.readme import card_text
from eyespot.evaluation.figures import figures
from eyespot.evaluation.report import report_html, summary_lines
from eyespot.evaluation.table import predictions_csv
from eyespot.training.opening import dataset_of
from eyespot.training.stages import Unwatched, Watcher
from eyespot.transfer.train import Order, Trained, train
from eyespot.transfer.tried import Tried
from eyespot.values import to_json
from eyespot.weights import catalogue


def train_and_save(
    order: Order, path: Path, *, overwrite: bool = False, watcher: Watcher | None = None
) -> Result:
    """Train and write the bundle `path`.

    Where it is there already, from the same photos and options, nothing is done; from others, it is
    replaced only with `overwrite`. Raises `InputError` before any work where it cannot be written.
    """
    catalogue.find(order.network)
    require_outside(path, order.source)
    with alone(path):
        require_bundle(path)
        if path.exists() and not overwrite:
            return finished(path, digest(order))
        files.require_writable(path)
        return _made(order, path, overwrite, watcher or Unwatched())


def _made(order: Order, path: Path, overwrite: bool, watcher: Watcher) -> Result:
    """Train, and write the bundle with its pages."""
    request = digest(order)
    kept = Tried(tried_of(path) if order.trying else None, _versions(request))
    trained = train(order, watcher=watcher, kept=kept)
    answer = machine_answer(trained, path)
    summary = tuple(summary_lines(trained.report))
    bundle.save(
        trained.classifier,
        path,
        overwrite=overwrite,
        pages={
            bundle.CARD: card_text(
                trained.classifier,
                name=path.name,
                left_out=len(trained.report.left_out),
                remarks=trained.report.remarks,
            ),
            bundle.REPORT: report_html(trained.report),
            TABLE: predictions_csv(trained.report.rows),
            RESULT: result_page(request, answer, summary),
        },
    )
    kept.clear()
    return Result(answer, summary, is_new=True)


def tried_of(path: Path) -> Path:
    """Where what `auto` has tried is kept until the bundle is there: beside it."""
    return path.with_name(f"{path.name}-tried")


def _versions(request: str) -> str:
    """The request as this version of everything understands it."""
    return f"{request} eyespot {version('eyespot')} torch {version('torch')}"


def digest(order: Order) -> str:
    """SHA-256 over the options, and the names, labels and contents of all photos."""
    options = [order.network, order.seed, order.flip, order.group_by, order.device]
    options += [] if order.coverage is None else [order.coverage]
    options += [] if order.trying is None else [to_json(order.trying)]
    return request_digest(options, dataset_of(order))


def machine_answer(trained: Trained, path: Path) -> dict[str, Any]:
    """What `train --json` prints; shares are in [0, 1]. Documented in docs/json.md."""
    return {
        "bundle": str(path),
        "classes": list(trained.report.metrics.classes),
        "photos": {
            "found": trained.found,
            "used": sum(trained.split.values()),
            "skipped": to_json(trained.left_out),
        },
        "split": trained.split,
        "head": to_json(trained.head),
        "tried": to_json(trained.report.trials),
        "metrics": figures(trained.report),
        "notes": list(trained.notes),
        "seconds": {stage: round(s, 3) for stage, s in trained.seconds.items()},
    }
