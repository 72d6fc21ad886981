"""Small invented measurements for the tests of summary and report."""

from pathlib import Path

import numpy as np

from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.evaluation.answers import Neighbour, Row, rows, truths
from eyespot.evaluation.findings import Note, Report
from eyespot.evaluation.metrics import Metrics, measure


def measured(confusion: list[list[int]], classes: tuple[str, ...], *, group_size: int = 1):
    """Metrics, photos and probabilities that give exactly this confusion matrix."""
    pairs = [(i, j) for i, row in enumerate(confusion) for j, n in enumerate(row) for _ in range(n)]
    probabilities = np.full((len(pairs), len(classes)), 0.3 / max(1, len(classes) - 1))
    for place, (_, answer) in enumerate(pairs):
        probabilities[place, answer] = 0.7
    photos = [
        Photo(Path(f"missing/{k}.jpg"), f"{k}.jpg", classes[i], group=f"g{k // group_size}")
        for k, (i, _) in enumerate(pairs)
    ]
    groups = [photo.group for photo in photos]
    metrics = measure(classes, truths(photos, classes), probabilities, groups=groups)
    return metrics, photos, probabilities


def report(
    confusion: list[list[int]],
    classes: tuple[str, ...],
    *,
    measured_by="held out",
    group_size: int = 1,
    random_split: Metrics | None = None,
    trained_on: tuple[tuple[str, int], ...] = (),
    suspects: int = 0,
) -> Report:
    metrics, photos, probabilities = measured(confusion, classes, group_size=group_size)
    return Report(
        "birds",
        metrics,
        rows(photos, classes, probabilities),
        measured_by,
        "eyespot train birds/",
        random_split=random_split,
        trained_on=trained_on,
        suspects=suspects,
    )


def evil_report(name: str, path: Path | None) -> Report:
    """A report with `name` in every place that a user or a file can fill."""
    classes = (name, "other")
    found = [
        Row(name, name, (("other", 0.9), (name, 0.1)), path, name, 0.1, (near(name, path),)),
        Row(name, name, ((name, 0.9), ("other", 0.1)), path, name),
        Row("x.jpg", "other", (("other", 0.9), (name, 0.1)), None),
    ]
    scores = np.array([[0.1, 0.9], [0.9, 0.1], [0.1, 0.9]])
    return Report(
        name,
        measure(classes, np.array([0, 0, 1]), scores, groups=[name, name, None]),
        tuple(found),
        "cross-validation",
        f"eyespot train {name}",
        trained_on=((name, 3), ("other", 4)),
        left_out=(LeftOut(name, f"the same bytes as {name}"),),
        notes=(Note(name, name, name),),
        making=((name, name),),
        seconds=((name, 1.0),),
        table=name,
    )


def near(name: str, path: Path | None) -> Neighbour:
    return Neighbour(name, name, 0.9, path)
