"""What `eyespot evaluate` measures and says, of classifiers each for itself and of ensembles."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.sources import open_classifier
from eyespot.cli.terminal import StageLines, note, note_left_out, wrapped
from eyespot.datasets.names import counted, shown

if TYPE_CHECKING:
    from eyespot.classifier.classifier import Classifier
    from eyespot.evaluation.ensemble import Ensemble
    from eyespot.evaluation.findings import Report
    from eyespot.evaluation.protocols import Protocol

NAME_WIDTH = 40  # columns of a member's name
PAIRS_TOLD = 3  # of the members; more are in --json only


@dataclass(frozen=True)
class Order:
    """What was asked for on the command line."""

    bundles: tuple[str, ...]  # as typed
    data: Path
    protocol: Protocol
    seed: int
    device: str
    command: str  # all that was typed
    is_quiet: bool


@dataclass(frozen=True)
class Measured:
    """What came of it: the report that can be written, what `--json` prints, and what is told."""

    report: Report
    answer: dict[str, Any]
    tell: Callable[[], None]
    classifier: Classifier | None = None  # whose report it is; None: an ensemble's


def measure_each(order: Order) -> Measured:
    """Each bundle for itself, on the photos that it did not learn from."""
    from eyespot.datasets.catalogue import open_dataset
    from eyespot.evaluation.evaluate import evaluate

    dataset = open_dataset(order.data)
    reports, classifiers = [], []
    for word in order.bundles:
        watcher = StageLines(is_quiet=order.is_quiet)
        watcher.begin("evaluate")
        start = time.perf_counter()
        classifiers.append(open_classifier(word, device=order.device))
        report = evaluate(
            classifiers[-1],
            dataset,
            protocol=order.protocol,
            seed=order.seed,
            command=order.command,
            progress=watcher.advance,
        )
        figure = f"{shown(word)}: {counted(report.metrics.n, 'photo')}"
        watcher.end(figure, time.perf_counter() - start)
        reports.append(report)

    def tell() -> None:
        for word, report in zip(order.bundles, reports, strict=True):
            _tell(f"{shown(word)} on {report.dataset}", report)

    pairs = zip(order.bundles, reports, strict=True)
    answers = [{"bundle": word, **machine_answer(report)} for word, report in pairs]
    answer = answers[0] if len(answers) == 1 else {"results": answers}
    return Measured(reports[0], answer, tell, classifiers[0])


def measure_together(order: Order) -> Measured:
    """All bundles and the mean of their probabilities, on the photos that none learned from."""
    from eyespot.datasets.catalogue import open_dataset
    from eyespot.evaluation.ensemble import evaluate_together

    dataset = open_dataset(order.data)
    watcher = StageLines(is_quiet=order.is_quiet)
    watcher.begin("evaluate")
    start = time.perf_counter()
    found = evaluate_together(
        [(word, open_classifier(word, device=order.device)) for word in order.bundles],
        dataset,
        protocol=order.protocol,
        seed=order.seed,
        command=order.command,
        progress=watcher.advance,
    )
    n = counted(found.together.metrics.n, "photo")
    watcher.end(f"{len(order.bundles)} classifiers: {n}", time.perf_counter() - start)
    return Measured(found.together, ensemble_answer(found), lambda: _tell_ensemble(found))


def machine_answer(report: Report) -> dict[str, Any]:
    """What `--json` prints of a report; shares are in [0, 1]. Documented in docs/json.md."""
    from eyespot.values import to_json

    metrics, protocol = report.metrics, report.protocol
    return {
        "n": metrics.n,
        "groups": metrics.groups,
        "top1": metrics.top1,
        "top1_interval": list(metrics.top1_interval),
        "interval_method": metrics.interval_method,
        "top5": metrics.top5,
        "balanced_accuracy": metrics.balanced_accuracy,
        "per_class": to_json(metrics.per_class),
        "confusion": to_json(metrics.confusion),
        "calibration": to_json(report.calibration),
        "none_of_these": to_json(report.novelty),
        "label_sets": to_json(report.coverage),
        "classes": list(metrics.classes),
        "skipped": to_json(report.left_out),
        "measured_by": report.measured_by,
        "notes": [f"{n.seen} {n.why}" for n in report.notes],
        "protocol": {
            "name": protocol.name,
            "views": protocol.views.count,
            "averages": protocol.averages,
            "source": protocol.source,
        },
        "against_center": to_json(report.against_center),
    }


def ensemble_answer(found: Ensemble) -> dict[str, Any]:
    """What `--json` prints of an ensemble."""
    from eyespot.values import to_json

    members = zip(found.names, found.members, strict=True)
    return {
        "ensemble": machine_answer(found.together),
        "members": [{"bundle": name, **machine_answer(report)} for name, report in members],
        "best": found.names[found.best],
        "against_best": to_json(found.against_best),
        "pairs": to_json(found.pairs),
    }


def _tell(title: str, report: Report) -> None:
    from eyespot.evaluation.limits_section import in_short
    from eyespot.evaluation.report import summary_lines

    click.echo()
    click.echo(title)
    limits = in_short(report.novelty, report.coverage)
    for sentence in (*summary_lines(report), *([limits] if limits else [])):
        for line in wrapped(sentence):
            click.echo(line)
    for remark in report.notes:
        note(f"{remark.seen} {remark.why}")
    note_left_out(report.left_out)


def _tell_ensemble(found: Ensemble) -> None:
    """The members and their mean in columns, the differences in sentences, then the report."""
    from eyespot.evaluation.ensemble import ENSEMBLE
    from eyespot.evaluation.paired import sentence
    from eyespot.pages.words import between, percent

    names = [*(shown(name) for name in found.names), ENSEMBLE]
    width = min(NAME_WIDTH, max(map(len, names)))
    click.echo()
    click.echo(f"{'':<{width}}  {'top-1':>7}  interval")
    for place, report in enumerate((*found.members, found.together)):
        metrics = report.metrics
        best = "  the best member" if place == found.best else ""
        cells = f"{percent(metrics.top1):>7}  {between(metrics.top1_interval):>8}{best}"
        click.echo(f"{names[place]:<{width}}  {cells}")
    photos = f"{found.together.metrics.n:,} photos, the same for all"
    click.echo(f"{'':<{width}}  {photos}")
    click.echo()
    if len(found.pairs) <= PAIRS_TOLD:
        told = [sentence(p, first=shown(p.first), second=shown(p.second)) for p in found.pairs]
    else:
        told = [f"The {len(found.pairs)} pairs of members are compared in --json."]
    for text in told:
        for line in wrapped(text):
            click.echo(line)
    _tell(f"{ENSEMBLE} on {found.together.dataset}", found.together)
