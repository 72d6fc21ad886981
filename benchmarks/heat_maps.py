"""What heat maps are worth: blacking out the hottest tenth, against as much anywhere else.

Every photo that the built-in network names correctly; the tenth elsewhere is the hottest one moved
at random, in 20 draws, whose mean is what it has to beat.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from results import Result, arguments, photo_set, report

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.published import published
from eyespot.datasets.catalogue import find_photos
from eyespot.datasets.names import plain
from eyespot.evaluation.intervals import wilson
from eyespot.inspection.deletion import Deletion, delete
from eyespot.inspection.heat_map import HeatMaps

LEAST = 0.8  # share of the photos


@dataclass(frozen=True)
class Tried:
    """One photo that was named correctly."""

    file: str
    deletion: Deletion


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--seed", type=int, default=0, help="of the draws")
    parser.add_argument("--draws", type=int, default=20, help="tenths elsewhere, of each photo")
    options = parser.parse_args()
    folder = photo_set(options.photos, "imagenet-100")
    found, total = tried(published(), folder, seed=options.seed, draws=options.draws)
    beaten = [each.deletion.beats_random for each in found]
    share = float(np.mean(beaten))
    low, high = wilson(share, len(found))
    drops = [each.deletion.before - each.deletion.hottest for each in found]
    others = [each.deletion.before - each.deletion.random for each in found]
    result = Result(
        name="heat_maps",
        claim="blacking out a heat map's hottest tenth costs more than a tenth elsewhere",
        target=f"on at least {100 * LEAST:.0f} % of the photos named correctly",
        reached=f"{100 * share:.0f} %",
        is_met=share >= LEAST,
        n=f"{len(found)} photos named correctly of {total}, {options.draws} draws each",
        figures={
            "interval_%": [100 * low, 100 * high],
            "mean_drop_hottest_points": 100 * float(np.mean(drops)),
            "mean_drop_elsewhere_points": 100 * float(np.mean(others)),
            "not_beaten": [each.file for each in found if not each.deletion.beats_random],
        },
    )
    report(result, as_json=options.json)


def tried(
    classifier: Classifier, folder: Path, *, seed: int, draws: int
) -> tuple[list[Tried], int]:
    """The photos that are named as their files are, with what deletion did, and all photos."""
    maps, found = HeatMaps(classifier), []
    photos, _ = find_photos([folder])
    for photo in photos:
        truth = classifier.synonyms[plain(photo.path.stem)]
        answer = classifier.predict(photo.path)
        if answer.label != truth:
            continue
        _, pixels = classifier.backbone.preprocessing.read(photo.path)
        label = classifier.classes.index(truth)
        heat = maps(pixels, label).heat
        deletion = delete(classifier, pixels, label, heat=heat, seed=seed, draws=draws)
        found.append(Tried(photo.path.name, deletion))
    return found, len(photos)


if __name__ == "__main__":
    main()
