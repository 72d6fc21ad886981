"""How long the processor waits for pictures while it trains, and what checkpoints cost.

`fit` itself, with workers and checkpoints: LeNet-5 on 28 x 28, ResNet-20 on 32 x 32 with random
crops (pixels of noise), ResNet-18 on the photos of ants and bees with random-resized crops.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from results import Result, arguments, photo_set, report

from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.dataset import Photo
from eyespot.images.augmentations.catalogue import Flip, RandomCrop, RandomResizedCrop
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks import build
from eyespot.training.facts import Fitted
from eyespot.training.fit import fit
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.schedules import Cosine

WAITING, SAVING = 0.05, 0.03  # shares of the time, at most
CLASSES = 10


def noise(count: int, side: int) -> tuple[list[Photo], list[int]]:
    generator = np.random.default_rng(0)
    head = b"P6 %d %d 255\n" % (side, side)
    contents = [
        head + generator.integers(0, 255, (side, side, 3), np.uint8).tobytes() for _ in range(count)
    ]
    photos = [Photo(Path("noise"), f"{i}", content=content) for i, content in enumerate(contents)]
    return photos, [i % CLASSES for i in range(count)]


def ants_and_bees(photos: Path) -> tuple[list[Photo], list[int]]:
    dataset = open_dataset(photo_set(photos, "hymenoptera"))
    learned = [photo for photo in dataset.photos if photo.part == "train"]
    return learned, [dataset.classes.index(photo.label or "") for photo in learned]


def trained(
    network: str, material: tuple[list[Photo], list[int]], recipe: Recipe, *, workers: int
) -> Fitted:
    size, channels = recipe.image.crop, 1 if network.startswith("lenet") else 3
    rule = Preprocessing(
        recipe.image.resize, size, "bilinear", (0.5,) * channels, (0.25,) * channels,
        channel_order="L" if channels == 1 else "RGB",
    )  # fmt: skip
    pictures = Pictures(
        *material, num_classes=CLASSES, preprocessing=rule, augmentations=recipe.augmentations
    )
    with tempfile.TemporaryDirectory() as place:
        built = build(network, num_classes=CLASSES)
        return fit(built, pictures, None, recipe, seed=0, workers=workers, place=Path(place))


def recipe(side: int, resize: int, epochs: int, batch_size: int, *augmentations: object) -> Recipe:
    return Recipe(
        name="benchmark", networks=(), epochs=epochs, batch_size=batch_size, optimiser=SGD(0.01),
        schedule=Cosine(), loss=CrossEntropy(), image=ImageRule(resize, side),
        normalisation="none", augmentations=augmentations,
    )  # type: ignore[arg-type]  # fmt: skip


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=12)
    options = parser.parse_args()
    many = options.epochs
    runs = {
        "lenet5_modern": (noise(12_000, 28), recipe(28, 28, 4 * many, 64)),
        "resnet20": (
            noise(4_000, 32),
            recipe(32, 32, many, 128, RandomCrop(32, padding=4), Flip()),
        ),
        "resnet18": (
            ants_and_bees(options.photos),
            recipe(224, 256, many, 32, RandomResizedCrop(224), Flip()),
        ),
    }
    fits = {name: trained(name, *what, workers=options.workers) for name, what in runs.items()}
    waiting = max(each.waiting for each in fits.values())
    saving = max(each.saving for each in fits.values())
    result = Result(
        name="training_pipeline",
        claim="waiting for pictures and saving checkpoints, share of the training time",
        target=f"<= {WAITING:.0%} and <= {SAVING:.0%}",
        reached=f"{waiting:.1%} and {saving:.1%}",
        is_met=waiting <= WAITING and saving <= SAVING,
        n=f"{len(fits)} networks, {many} epochs, {options.workers} workers",
        figures={
            "images_per_second": {name: each.images_per_second for name, each in fits.items()},
            "waiting": {name: each.waiting for name, each in fits.items()},
            "saving": {name: each.saving for name, each in fits.items()},
            "precision": {name: each.plan.precision for name, each in fits.items()},
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
