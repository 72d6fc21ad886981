"""What an experiment leaves behind: `chart.svg`, `report.html` and `results.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from eyespot import files
from eyespot.engines.openvino import processor
from eyespot.experiments.experiment import Arm, Finding
from eyespot.experiments.photos import Divided
from eyespot.experiments.running import Order
from eyespot.experiments.runs import FORMAT, Results
from eyespot.experiments.statistics import ENOUGH, spread
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.page import page
from eyespot.pages.pieces import chart, definitions, details, paragraph, quiet, section, table
from eyespot.pages.words import count, duration
from eyespot.training.telling import facts
from eyespot.values import to_json

CHART, REPORT, RESULTS = "chart.svg", "report.html", "results.json"
VERDICTS = {
    "as published": "It came out as published.",
    "otherwise": "It came out otherwise than published.",
    "undecided": "It is undecided: the difference may be chance.",
}


@dataclass(frozen=True)
class Account:
    """An experiment that was carried out, to be written down."""

    order: Order
    results: Results
    photos: Divided
    finding: Finding

    @property
    def verdict_told(self) -> str:
        """Whether it came out as published, in a sentence."""
        if len(self.results.seeds) < ENOUGH:
            return f"{count(ENOUGH, 'seed')} or more decide whether it came out as published."
        return VERDICTS[self.finding.verdict]

    @property
    def size_told(self) -> str:
        """How much was trained, in one line."""
        size = self.order.size
        return (
            f"{count(size.photos, 'photo')} of {self.photos.name} learned from, "
            f"{size.held_out:,} others measured on, {count(size.epochs, 'epoch')}, "
            f"{count(size.seeds, 'seed')}"
        )


def write(account: Account) -> dict[str, Any]:
    """All three files, each whole or not at all; and what is in `results.json`."""
    out, finding = account.order.out, account.finding
    answer = described(account)
    notes = (account.size_told + ".", f"Published: {account.order.experiment.published}.")
    svg = finding.figure.svg(finding.title, notes, account.order.command)
    files.write_atomic(out / CHART, svg)
    files.write_atomic(out / REPORT, _page(account, answer["machine"]))
    files.write_atomic(out / RESULTS, json.dumps(answer, allow_nan=False) + "\n")
    return answer


def described(account: Account) -> dict[str, Any]:
    """All numbers, as in `--json`. Documented in docs/experiments.md."""
    order, finding = account.order, account.finding
    return {
        "format": FORMAT,
        "experiment": order.experiment.name,
        "question": order.experiment.question,
        "source": order.experiment.source,
        "published": order.experiment.published,
        "title": finding.title,
        "sentence": finding.sentence,
        "verdict": finding.verdict,
        "data": account.photos.name,
        "size": to_json(order.size),
        "is_quick": order.is_quick,
        "arms": [_arm(arm) for arm in order.experiment.arms(order.size)],
        "runs": to_json(account.results.runs),
        "seconds": sum(run.seconds for run in account.results.runs),
        "machine": _machine(order),
        "command": order.command,
    }


def _arm(arm: Any) -> dict[str, Any]:
    network = arm.network if isinstance(arm, Arm) else "random linear classifiers"
    return {"label": arm.label, "network": network, "recipe": to_json(arm.recipe)}


def _machine(order: Order) -> dict[str, str]:
    return {
        "processor": processor(),
        "device": order.device,
        "threads": str(torch.get_num_threads()),
        "torch": str(torch.__version__),
    }


def _page(account: Account, machine: Mapping[str, str]) -> str:
    order, finding = account.order, account.finding
    experiment = order.experiment
    body = join(
        (
            tag("h1", None, experiment.question),
            paragraph(tag("strong", None, finding.sentence)),
            paragraph(account.verdict_told, " ", quiet(account.size_told, ".")),
            chart(finding.title, finding.figure.drawing(finding.title)),
            section("Every arm", _table(account), anchor="arms"),
            section("Where the question comes from", _origin(account), anchor="source"),
            section("How it was trained", *_recipes(account), anchor="training"),
            section("The machine", definitions(list(machine.items())), anchor="machine"),
        )
    )
    return page(title=f"eyespot: {experiment.name}", body=body, source=order.command)


def _table(account: Account) -> Html:
    rows = []
    for arm in account.results.arms:
        runs = account.results.of(arm)
        lost = sum(run.is_lost for run in runs)
        rows.append(
            (
                arm,
                f"{runs[0].parameters:,}",
                f"{runs[0].multiply_adds:,}",
                str(spread(account.results.training_errors(arm).values())),
                str(spread(account.results.held_out_errors(arm).values())),
                f"{lost} of {len(runs)}" if lost else "none",
                duration(sum(run.seconds for run in runs) / len(runs)),
            )
        )
    head = (
        "arm",
        "parameters",
        "multiply-adds",
        "training error",
        "held-out error",
        "ran away",
        "time of a run",
    )
    seeds = account.order.size.seeds
    spoken = "" if seeds == 1 else f" Mean of {seeds} seeds, and from the least to the most."
    caption = f"Errors of the last weights, on photos as they are.{spoken}"
    return table(head, rows, caption=caption)


def _origin(account: Account) -> Html:
    experiment = account.order.experiment
    pairs = [("source", experiment.source), ("published", experiment.published)]
    return join((definitions(pairs), *(paragraph(note) for note in experiment.notes)))


def _recipes(account: Account) -> list[Html]:
    """The recipe of every arm, equal ones once."""
    together: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for arm in account.order.experiment.arms(account.order.size):
        shown = tuple(row for row in facts(arm.recipe) if row[0] != "expected there")
        together.setdefault(shown, []).append(arm.label)
    return [
        details("; ".join(labels), definitions(list(shown)), is_open=len(together) == 1)
        for shown, labels in together.items()
    ]
