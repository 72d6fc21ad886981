"""SqueezeNet 1.0 with the real weights of a file, on ants and bees: every way to a classifier.

As a user does it: the file becomes weights of one's own, which `train` takes by name. What is
chosen is chosen on the training photos alone; the 153 validation photos are answered once by each
way. The weights are those of the Deep Compression release, whose network takes levels of 0 to 255
less (123, 117, 104), in crops of 227 pixels.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from results import PHOTOS, Result, arguments, photo_set, report, skip

import eyespot
from eyespot.transfer.auto import Trying
from eyespot.transfer.lesson import Tuning
from eyespot.transfer.train import Order, train
from eyespot.weights import add, remove

NAME = "own/squeezenet1_0.benchmark"  # kept for this run
FILE = PHOTOS.parent / "weights" / "squeezenet1_0_deepcompression.safetensors"
MEAN = (123 / 255, 117 / 255, 104 / 255)
STD = (1 / 255, 1 / 255, 1 / 255)


def tried(photos: Path, options: Any) -> tuple[dict[str, float], int, dict[str, str]]:
    """Top-1 of every way on the validation photos, their number, and what `auto` tried."""
    order = Order(source=photos, network=NAME, seed=options.seed)
    tuning = Tuning(weights=NAME, unfrozen=options.unfreeze)
    probe = train(order)
    auto = train(replace(order, trying=Trying(tuning, time_limit=options.time_limit)))
    tuned = eyespot.train(
        photos,
        method="fine-tune",
        network=NAME,
        seed=options.seed,
        unfreeze=options.unfreeze,
        time_limit=options.time_limit,
    )
    assert tuned.card.measured is not None
    top1 = {
        "probe": probe.report.metrics.top1,
        "fine-tuned": tuned.card.measured.top1,
        "auto": auto.report.metrics.top1,
    }
    ways = {
        f"{each.name} (taken)" if each.is_chosen else each.name: (
            f"{100 * each.top1:.1f} %, log loss {each.log_loss:.3f} on {each.n}"
        )
        for each in auto.report.trials
    }
    return top1, probe.report.metrics.n, ways


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--weights", type=Path, default=FILE, help="the .safetensors file")
    parser.add_argument("--unfreeze", type=int, default=2, metavar="N")
    parser.add_argument("--time-limit", type=float, default=300.0, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if not options.weights.is_file():
        skip(f"There are no weights {options.weights}: name the file with --weights")
    photos = photo_set(options.photos, "hymenoptera")
    add(options.weights, NAME, mean=MEAN, std=STD, resize=256, crop=227, overwrite=True)
    try:
        top1, n, ways = tried(photos, options)
    finally:
        remove(NAME)
    result = Result(
        name="squeezenet_tuning",
        claim="SqueezeNet 1.0 on ants and bees, top-1 on the validation photos",
        target="to be said",
        reached=", ".join(f"{way} {100 * share:.1f} %" for way, share in top1.items()),
        is_met=True,
        n=f"{n} photos, seed {options.seed}",
        figures={"auto_tried": ways, "unfrozen": options.unfreeze},
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
