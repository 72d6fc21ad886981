"""The figures of a training's report as `--json` prints them; shares are in [0, 1]."""

from __future__ import annotations

from typing import Any

from eyespot.evaluation.findings import Report
from eyespot.values import to_json


def figures(report: Report) -> dict[str, Any]:
    """What `train --json` has under `metrics`. Documented in docs/json.md."""
    metrics, by_chance = report.metrics, report.random_split
    return {
        "n": metrics.n,
        "groups": metrics.groups,
        "top1": metrics.top1,
        "top1_interval": list(metrics.top1_interval),
        "interval_method": metrics.interval_method,
        "balanced_accuracy": metrics.balanced_accuracy,
        "measured_by": report.measured_by,
        "random_split_top1": None if by_chance is None else by_chance.top1,
        "per_class": [
            {"label": c.label, "n": c.n, "precision": c.precision, "recall": c.recall, "f1": c.f1}
            for c in metrics.per_class
        ],
        "calibration": to_json(report.calibration),
        "none_of_these": to_json(report.novelty),
        "label_sets": to_json(report.coverage),
        "suspects": report.suspects,
        "suspects_wrong": report.suspects_wrong,
        "fingerprint": report.fingerprint,
    }
