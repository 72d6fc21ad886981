"""Training from scratch once: the bundle and its pages on disk, and the same command again is done.

Checkpoints lie beside the bundle, in `NAME-checkpoints/`. They go when the bundle is whole, unless
they are to be kept.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import torch

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
from eyespot.datasets.dataset import ImageDataset
from eyespot.evaluation.figures import figures
from eyespot.evaluation.report import report_html, summary_lines
from eyespot.evaluation.table import predictions_csv
from eyespot.networks import catalogue as networks
from eyespot.training import checkpoints, facts
from eyespot.training.curves import curves_svg
from eyespot.training.distributed import World
from eyespot.training.history import history_csv, history_jsonl
from eyespot.training.measuring import Trained, measured
from eyespot.training.opening import opened
from eyespot.training.recipes import catalogue as recipes
from eyespot.training.scratch import Learned, Order, learn
from eyespot.training.stages import Stages, Unwatched, Watcher
from eyespot.training.telling import card_section, learning_section
from eyespot.values import to_json

RECIPE, CURVES = "recipe.json", "curves.svg"
REQUEST = "request"  # in the folder of checkpoints: of which photos and options they are
NO_MATTER = (
    "source",
    "labels",
    "group_column",
    "add",
    "recipe",
    "workers",
    "keep",
    "command",
)  # to the result, or its own


Measuring = Callable[[Order, Learned], Trained]


class Learning(Protocol):
    """From an order to a network that has learned, as `scratch.learn`."""

    def __call__(
        self,
        order: Order,
        dataset: ImageDataset,
        stages: Stages,
        *,
        place: Path | None,
        progress: facts.Watcher | None,
        world: World | None,
    ) -> Learned: ...


def checkpoints_of(path: Path) -> Path:
    """Where the checkpoints of a bundle lie: beside it."""
    return path.with_name(f"{path.name}-checkpoints")


def train(
    order: Order,
    *,
    watcher: Watcher | None = None,
    learning: Learning = learn,
    measuring: Measuring = measured,
) -> Trained:
    """Train without a place: nothing is written, and what is stopped is lost."""
    stages = Stages(watcher or Unwatched())
    dataset = opened(order, stages)
    learned = learning(order, dataset, stages, place=None, progress=None, world=None)
    return measuring(order, learned)


def train_and_save(
    order: Order,
    path: Path,
    *,
    overwrite: bool = False,
    keep_checkpoints: bool = False,
    watcher: Watcher | None = None,
    progress: facts.Watcher | None = None,
    world: World | None = None,
    learning: Learning = learn,
    measuring: Measuring = measured,
    asked: Any = None,
) -> Result | None:
    """Train and write the bundle `path`, going on where a former run of the same order stood.

    `learning` and `measuring` do the work; others than from scratch say in `asked` what else it
    hangs on.

    Where it is there already, from the same photos and options, nothing is done; from others, it
    is replaced only with `overwrite`, and so are checkpoints of another training. None in all
    processes but the first. Raises `InputError` before any work where nothing can be written.
    """
    world = world or World(device=order.torch_device)
    require_outside(path, order.source)
    require_bundle(path)
    networks.find(order.network)
    stages = Stages(watcher or Unwatched())
    dataset = opened(order, stages)
    place, digest = checkpoints_of(path), _digest(order, dataset, asked)
    with alone(path) if world.is_first else nullcontext():
        done = world.told(lambda: _done(path, digest, overwrite=overwrite))
        if done is not None:
            if world.is_first:
                _let_go(place, digest, keep=keep_checkpoints)
            return Result(done["answer"], tuple(done["summary"]), is_new=False)
        learned = learning(order, dataset, stages, place=place, progress=progress, world=world)
        if not world.is_first:
            return None
        trained = measuring(order, learned)
        answer = machine_answer(trained, path)
        summary = tuple(summary_lines(trained.report))
        page = result_page(digest, answer, summary)
        pages = _pages(order, trained, path.name) | {RESULT: page}
        files.write_atomic(place / REQUEST, _marked(digest))  # it went on with them
        bundle.save(trained.classifier, path, overwrite=overwrite, pages=pages)
        _let_go(place, digest, keep=keep_checkpoints)
    return Result(answer, summary, is_new=True)


def _done(path: Path, digest: str, *, overwrite: bool) -> dict[str, Any] | None:
    """The answer to the request `digest` where its bundle is there, else None: the way is free.

    With `overwrite`, checkpoints of another request go, so that those that stay are to be gone on
    with. Raises `InputError` where nothing can or should be written.
    """
    if path.exists() and not overwrite:
        return asdict(finished(path, digest))
    files.require_writable(path)
    place = checkpoints_of(path)
    if overwrite and _kept_for(place) != _marked(digest):
        checkpoints.clear(place)
    if not any(place.glob("step-*")):
        files.write_atomic(place / REQUEST, _marked(digest))
    return None


def _digest(order: Order, dataset: ImageDataset, asked: Any) -> str:
    """SHA-256 over all that the result depends on."""
    recipe = order.recipe or recipes.for_network(order.network)
    options = {
        field.name: to_json(getattr(order, field.name))
        for field in fields(order)
        if field.name not in NO_MATTER
    }
    more = [] if asked is None else [to_json(asked)]
    return request_digest([options, to_json(recipe), *more], dataset)


def _marked(digest: str) -> str:
    """What checkpoints are for: a request, as this version of everything understands it."""
    return f"{digest} eyespot {version('eyespot')} torch {torch.__version__}\n"


def _kept_for(place: Path) -> str:
    mark = place / REQUEST
    return mark.read_text("utf-8", "replace") if mark.is_file() else ""


def _let_go(place: Path, digest: str, *, keep: bool) -> None:
    """Remove the checkpoints of a request that has its bundle, or let them be the user's own."""
    files.sweep(place, older_than=0.0)
    if not _kept_for(place).startswith(digest):
        return
    if keep:
        (place / REQUEST).unlink()
    else:
        dying = place.with_name(f".{place.name}.removed.tmp")  # killed half way, it is swept
        with suppress(OSError):
            place.rename(dying)
        shutil.rmtree(dying, ignore_errors=True)


def _pages(order: Order, trained: Trained, name: str) -> dict[str, str]:
    """The files of the bundle for people, and the recipe and the history for programs."""
    fitted, report, recipe = trained.learned.fitted, trained.report, trained.learned.recipe
    learning = learning_section(fitted, recipe)
    card = card_text(
        trained.classifier, name=name, left_out=len(report.left_out), remarks=report.remarks
    )
    return {
        bundle.CARD: card + card_section(fitted, recipe),
        bundle.REPORT: report_html(report, learning=learning),
        TABLE: predictions_csv(report.rows),
        RECIPE: json.dumps(to_json(recipe), indent=1) + "\n",
        CURVES: curves_svg(fitted.history, fitted.best, source=order.command),
        "history.csv": history_csv(fitted.history),
        "history.jsonl": history_jsonl(fitted.history),
    }


def machine_answer(trained: Trained, path: Path) -> dict[str, Any]:
    """What `train --method scratch --json` prints; shares are in [0, 1]. See docs/json.md."""
    learned, report = trained.learned, trained.report
    fitted, best = learned.fitted, learned.fitted.best
    split, reference = learned.begun.parts.sizes, trained.classifier.reference
    if reference is not None and reference.negatives is not None:
        split |= {"none_of_these": len(reference.negatives)}
    return {
        "bundle": str(path),
        "network": learned.begun.architecture.name,
        "classes": list(report.metrics.classes),
        "photos": {
            "found": learned.begun.found,
            "used": sum(split.values()),
            "skipped": to_json(report.left_out),
        },
        "split": split,
        "epochs": len(fitted.history),
        "best": None if best is None else {"epoch": best.epoch, "top1": best.validation_top1},
        "stopped": fitted.stopped,
        "metrics": figures(report),
        "images_per_second": round(fitted.images_per_second, 1),
        "resumed_from": fitted.resumed_from,
        "machine": to_json(fitted.machine),
        "recipe": to_json(learned.recipe),
        "notes": list(learned.notes),
        "seconds": {stage: round(s, 3) for stage, s in report.seconds},
    }
