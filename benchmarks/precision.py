"""Does a training in bfloat16 learn as one in float32 does: ResNet-20, the losses of every epoch.

The same photos of FashionMNIST, the same order and the same first weights for both, with several
seeds. The curves agree where, in every epoch, the mean difference is not larger than the deviation
of float32's own seeds from each other.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, replace

from results import Result, arguments, report

from eyespot.experiments.experiment import Size
from eyespot.experiments.photos import drawn, opened
from eyespot.networks import build
from eyespot.training.facts import Epoch
from eyespot.training.fit import fit
from eyespot.training.pixels import pictures
from eyespot.training.recipes import catalogue as recipes
from eyespot.training.recipes.scaling import scaled
from eyespot.training.stages import Stages, Unwatched

NETWORK, PIXELS, BATCH = "resnet20", 28, 64
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class Curves:
    """What an epoch gave, with every seed: [epoch][seed]."""

    loss: list[list[float]]
    validation_loss: list[list[float]]
    validation_top1: list[list[float]]


def curves(size: Size, precision: str) -> Curves:
    photos = opened("fashion-mnist", size, progress=lambda done, total: None)
    recipe = scaled(
        recipes.find("resnet_cifar_short"),
        photos=size.photos,
        image_size=PIXELS,
        epochs=size.epochs,
        batch_size=BATCH,
    )
    histories: list[tuple[Epoch, ...]] = []
    for seed in range(size.seeds):
        parts = replace(drawn(photos.parts, size, seed=seed), test=())
        fitted, learned, tried = pictures(
            recipe, parts, channels=3, seed=seed, stages=Stages(Unwatched())
        )
        network = build(NETWORK, num_classes=len(parts.classes), seed=seed)
        done = fit(network, learned, tried, fitted, seed=seed, precision=precision)  # type: ignore[arg-type]
        histories.append(done.history)
    epochs = list(zip(*histories, strict=True))
    return Curves(
        [[row.loss for row in rows] for rows in epochs],
        [[row.validation_loss or 0.0 for row in rows] for rows in epochs],
        [[row.validation_top1 or 0.0 for row in rows] for rows in epochs],
    )


def furthest(ours: list[list[float]], theirs: list[list[float]]) -> float:
    """The largest mean difference of an epoch, in deviations of `ours` from seed to seed."""
    return max(
        abs(statistics.mean(b) - statistics.mean(a)) / statistics.stdev(a)
        for a, b in zip(ours, theirs, strict=True)
    )


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--learned", type=int, default=5_000, help="Photos to learn from.")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    size = Size(options.learned, 2_000, options.epochs, options.seeds, minutes=10)
    float32, bfloat16 = (curves(size, precision) for precision in PRECISIONS)
    apart = furthest(float32.loss, bfloat16.loss)
    ends = [statistics.mean(each.validation_top1[-1]) for each in (float32, bfloat16)]
    result = Result(
        name="precision",
        claim="training losses in bfloat16 and float32, furthest apart, in deviations of the seeds",
        target="<= 1",
        reached=f"{apart:.2f}; at the end {ends[0]:.1%} and {ends[1]:.1%} right",
        is_met=apart <= 1,
        n=f"{NETWORK}, {options.learned:,} photos, {options.epochs} epochs, {options.seeds} seeds",
        figures={
            "loss": {"float32": float32.loss, "bfloat16": bfloat16.loss},
            "validation_top1": {
                "float32": float32.validation_top1,
                "bfloat16": bfloat16.validation_top1,
            },
            "validation_loss_apart": furthest(float32.validation_loss, bfloat16.validation_loss),
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
