"""Ants and bees: is `auto` ever below the probe, and what does it reach on the validation photos?

Two measurements. Repeats of grouped five-fold cross-validation over all photos: in every fold the
probe and `auto` learn from the same photos and answer the others, compared photo by photo. And the
photos' own training part against its validation part, the median over seeds; `auto` chooses
without the validation photos. Photos are linked, not copied. An hour with the defaults.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from results import Result, arguments, photo_set, report

from eyespot import audit as auditing
from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.dataset import Photo
from eyespot.datasets.splits import grouped_folds
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.evaluation.intervals import numbered
from eyespot.evaluation.paired import Difference, compare
from eyespot.transfer.auto import Trying
from eyespot.transfer.lesson import UNFROZEN, Tuning
from eyespot.transfer.train import Order, Trained, train
from eyespot.weights.catalogue import DEFAULT

TARGET = 0.95  # top-1 on the validation photos
FOLDS = 5


def taken(trained: Trained) -> str:
    """The name of the way that was taken."""
    return next((each.name for each in trained.report.trials if each.is_chosen), "probe")


def linked(photos: list[tuple[Photo, str]], folder: Path) -> Path:
    """A folder with the photos in train/ and val/, by links that keep their names apart."""
    for i, (photo, part) in enumerate(photos):
        place = folder / part / str(photo.label)
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i:05d}-{photo.path.name}").symlink_to(photo.path.resolve())
    return folder


def cross_validated(
    source: Path, trying: Trying, repeats: int
) -> tuple[Difference, dict[str, Any]]:
    """`auto` minus the probe, over `repeats` of grouped five-fold on all photos."""
    dataset = open_dataset(source)
    dataset = replace(dataset, photos=tuple(replace(p, part=None) for p in dataset.photos))
    embedded = embed(dataset.photos, pretrained(DEFAULT))
    groups = auditing.audit(dataset, embedded).groups
    labels = [str(photo.label) for photo in embedded.photos]
    right: dict[str, list[bool]] = {"auto": [], "probe": []}
    together: list[int] = []
    ways: Counter[str] = Counter()
    for repeat in range(repeats):
        folds = grouped_folds(labels, groups, folds=FOLDS, seed=repeat)
        for fold in range(folds.count):
            parts = ["val" if number == fold else "train" for number in folds.number.tolist()]
            with tempfile.TemporaryDirectory() as folder:
                place = linked(list(zip(embedded.photos, parts, strict=True)), Path(folder))
                order = Order(source=place, seed=repeat)
                probe, auto = train(order), train(replace(order, trying=trying))
            ways[taken(auto)] += 1
            answers = {name: {row.file: row.is_right for row in found.report.rows}
                       for name, found in (("auto", auto), ("probe", probe))}  # fmt: skip
            for file in sorted(answers["probe"]):
                together.append(groups[int(Path(file).name[:5])])
                for name, of in answers.items():
                    right[name].append(of[file])
    arrays = {name: np.array(found) for name, found in right.items()}
    found = compare(
        ("auto", arrays["auto"]),
        ("probe", arrays["probe"]),
        groups=numbered(together, len(together)),
        seed=0,
    )
    return found, dict(ways)


def seeded(source: Path, trying: Trying, seeds: int) -> dict[str, Any]:
    """`auto` on the given parts: top-1, what was taken and the seconds, by seed."""
    rows = []
    for seed in range(seeds):
        start = time.perf_counter()
        found = train(Order(source=source, seed=seed, trying=trying))
        rows.append((found.report.metrics.top1, taken(found), time.perf_counter() - start))
    top1, ways, seconds = zip(*rows, strict=True)
    return {"top1": list(top1), "taken": list(ways), "seconds": [round(s, 1) for s in seconds]}


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--time-limit", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--unfreeze", type=int, default=UNFROZEN, metavar="N")
    parser.add_argument("--repeats", type=int, default=2, help="of cross-validation; 0: none")
    parser.add_argument("--seeds", type=int, default=3, help="on the given parts")
    options = parser.parse_args()
    source = photo_set(options.photos, "hymenoptera")
    trying = Trying(Tuning(unfrozen=options.unfreeze), time_limit=options.time_limit)
    found = seeded(source, trying, options.seeds)
    median = statistics.median(found["top1"])
    reached = f"{100 * median:.1f} % on the validation photos"
    figures: dict[str, Any] = {"validation": found, "time_limit_s": options.time_limit}
    is_met = median >= TARGET
    if options.repeats:
        difference, ways = cross_validated(source, trying, options.repeats)
        low, high = difference.interval
        points = (
            f"{100 * difference.difference:+.1f} points ({100 * low:+.1f} to {100 * high:+.1f})"
        )
        reached += f"; auto minus probe {points}"
        figures |= {"difference": asdict(difference), "taken_in_folds": ways}
        is_met = is_met and high >= 0
    result = Result(
        name="auto",
        claim="ants and bees, auto: median top-1 on the validation photos; never below the probe",
        target=">= 95 %; the interval of auto minus probe reaches 0 or more",
        reached=reached,
        is_met=is_met,
        n=f"{options.seeds} seeds; {options.repeats} x {FOLDS} grouped folds of all photos",
        figures=figures,
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
