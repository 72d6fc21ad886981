"""Two classifiers side by side: which names more photos correctly, and what each costs."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import numpy as np

from eyespot.classifier.classifier import Classifier
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.names import shown
from eyespot.engines.timing import interleaved
from eyespot.errors import InputError
from eyespot.evaluation.answered import Answered, Progress, Way, answered, unasked
from eyespot.evaluation.evaluate import rights
from eyespot.evaluation.intervals import Bools, Interval, numbered, share_interval
from eyespot.evaluation.paired import Difference, compare
from eyespot.evaluation.protocols import CENTER

RUNS = 20  # of each classifier, in turns
TIMED = 10  # photos that they take turns on


@dataclass(frozen=True)
class Contestant:
    """One of the two, by name."""

    name: str
    network: str
    head: str
    classes: int
    top1: float  # in [0, 1]
    top1_interval: Interval  # 95 %
    bytes: int | None  # of its bundle; None for one that is built in
    ms: float  # milliseconds from a photo's file to its answer, the median of all runs
    ms_quartiles: tuple[float, float]


@dataclass(frozen=True)
class Comparison:
    """Both on the photos that neither learned from, and their difference."""

    dataset: str
    first: Contestant
    second: Contestant
    difference: Difference
    runs: int
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


def compare_models(
    first: tuple[str, Classifier],
    second: tuple[str, Classifier],
    dataset: ImageDataset,
    *,
    seed: int = 0,
    runs: int = RUNS,
    progress: Progress = lambda done, total: None,
) -> Comparison:
    """Measure both on the test part of `dataset`, else on its validation part, else on all of it.

    Left out for both: what one of them cannot read, has no class for, or learned from; if one
    learned from all of them, they are measured all the same and a note says so. Raises
    `InputError` where no photo remains for both.
    """
    pairs = (first, second)
    found = [
        answered([Way(classifier, CENTER)], dataset, _half(progress, place))
        for place, (_, classifier) in enumerate(pairs)
    ]
    photos, right, left_out = _together(found, dataset)
    together = numbered([photo.group for photo in photos], len(photos))
    times = _times([classifier for _, classifier in pairs], photos, runs)
    one, other = (
        Contestant(
            name=name,
            network=classifier.backbone.architecture,
            head=classifier.head.kind,
            classes=len(classifier.classes),
            top1=float(is_right.mean()),
            top1_interval=share_interval(is_right, together, seed=seed)[0],
            bytes=size_on_disk(Path(name)),
            ms=taken[1],
            ms_quartiles=(taken[0], taken[2]),
        )
        for (name, classifier), is_right, taken in zip(pairs, right, times, strict=True)
    )
    difference = compare((one.name, right[0]), (other.name, right[1]), groups=together, seed=seed)
    notes = _notes(pairs, found)
    return Comparison(dataset.name, one, other, difference, runs, left_out, notes)


def verdict(found: Comparison) -> str:
    """The finding in a few words."""
    one, other = shown(found.first.name), shown(found.second.name)
    if not found.difference.is_clear:
        return f"No clear difference between {one} and {other}"
    better, worse = (one, other) if found.difference.difference > 0 else (other, one)
    return f"{better} names more photos correctly than {worse}"


def size_on_disk(bundle: Path) -> int | None:
    """Bytes of all files of a bundle; None where it is no folder."""
    if not bundle.is_dir():
        return None
    return sum(file.stat().st_size for file in bundle.rglob("*") if file.is_file())


def _half(progress: Progress, place: int) -> Progress:
    """The progress of one of two."""
    return lambda done, total: progress(place * total + done, 2 * total)


def _together(
    found: list[Answered], dataset: ImageDataset
) -> tuple[tuple[Photo, ...], list[Bools], tuple[LeftOut, ...]]:
    """The photos that both answered, who was right on which, and what either left out."""
    files = [{photo.file: row for row, photo in enumerate(each.photos)} for each in found]
    photos = tuple(photo for photo in found[0].photos if photo.file in files[1])
    if not photos:
        raise InputError(
            f"{dataset.name} has no photo that both can be measured on: expected photos of classes "
            "that both know, and that neither learned from. Name other photos with --data."
        )
    right = [
        all_right[0][np.array([rows[photo.file] for photo in photos])]
        for all_right, rows in zip(map(rights, found), files, strict=True)
    ]
    kept = {photo.file for photo in photos}
    each_left = [item for each in found for item in each.left_out] + list(unasked(dataset))
    reasons = {item.file: item for item in each_left if item.file not in kept}
    return photos, right, tuple(reasons[file] for file in sorted(reasons))


def _times(
    classifiers: list[Classifier], photos: tuple[Photo, ...], runs: int
) -> list[list[float]]:
    """Quartiles of the milliseconds from file to answer, one photo at a time, in turns."""
    contents = [photo.read() for photo in photos[:: max(1, len(photos) // TIMED)][:TIMED]]

    def task(classifier: Classifier) -> Callable[[], object]:
        turns = cycle(contents)

        def run() -> object:
            photo = Photo(Path("timed"), "timed", content=next(turns))
            return list(classifier.answers([photo]))

        return run

    tasks = [task(classifier) for classifier in classifiers]
    seconds = interleaved(tasks, runs=runs, advance=lambda turn: None)
    return [
        statistics.quantiles([1000 * each for each in taken], n=4, method="inclusive")
        for taken in seconds
    ]


def _notes(pairs: tuple[tuple[str, Classifier], ...], found: list[Answered]) -> tuple[str, ...]:
    notes = []
    for (name, _), each in zip(pairs, found, strict=True):
        if each.are_remembered:
            notes.append(
                f"{shown(name)} learned from all of these photos: its figure says how well it "
                "remembers them. Compare on photos that neither was trained on."
            )
    (one, first), (other, second) = pairs
    if set(first.classes) != set(second.classes):
        notes.append(
            f"{shown(one)} knows {len(first.classes)} classes and {shown(other)} "
            f"{len(second.classes)}: they are compared on photos of classes that both know, where "
            "the one with fewer classes has the easier task."
        )
    return tuple(notes)
