"""A training of a second: drawn pictures, a small network with batch norm and dropout.

Run by name in processes of their own, which are killed, stopped and started again.
"""

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from eyespot.datasets.dataset import Photo
from eyespot.images.augmentations.catalogue import Flip, Mixup, RandomCrop
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks.architecture import Network
from eyespot.training.averaging import EMA
from eyespot.training.checkpoints import Saving
from eyespot.training.distributed import joined
from eyespot.training.fine_tuning import FineTuning
from eyespot.training.fit import fit
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD, Adam
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.schedules import Cosine, Plateau
from eyespot.training.stopping import Interrupted, listening
from eyespot.values import to_json

CLASSES, SIDE = 4, 12
PIXELS = Preprocessing(SIDE, SIDE, "bilinear", (0.5,) * 3, (0.25,) * 3)
AT_EVERY_STEP = Saving(seconds=0.0, share=1e9, keep=3)
PLAIN = Recipe(
    name="toy",
    networks=("toy",),
    epochs=3,
    batch_size=16,
    optimiser=SGD(0.05, weight_decay=1e-3),
    schedule=Cosine(),
    loss=CrossEntropy(),
    image=ImageRule(SIDE, SIDE),
    normalisation="none",
    augmentations=(),
)
CROPS = (RandomCrop(SIDE, padding=2), Flip())
# what a resumed training has to carry, each in one of them
VARIANTS = {
    "plain": (PLAIN, {"workers": 0}),
    "mixed": (
        replace(
            PLAIN,
            augmentations=CROPS,
            batch_augmentations=(Mixup(0.2),),
            ema=EMA(0.9),
            optimiser=Adam(0.01),
            clip_norm=1.0,
        ),
        {"workers": 2},
    ),
    "accumulated": (
        replace(PLAIN, augmentations=CROPS, schedule=Plateau(patience=1, by=0.5)),
        {"workers": 2, "micro_batch": 5, "precision": "bfloat16"},
    ),
    "fine-tuned": (
        replace(PLAIN, ema=EMA(0.9), fine_tuning=FineTuning(("conv", "norm"), 1, "learned", 0.5)),
        {"workers": 1},
    ),
}


class Small(Network):
    """Convolution, batch norm, dropout: everything that has a state of its own."""

    def __init__(self, *, norm: bool = True, seed: int = 0) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, kernel_size=3, padding=1)
        self.norm = nn.BatchNorm2d(8) if norm else nn.Identity()
        self.dropout = nn.Dropout(0.2 if norm else 0.0)
        self.fc = nn.Linear(8 * 9, CLASSES)
        generator = torch.Generator().manual_seed(seed)
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.normal_(parameter, 0, 0.1, generator)
            elif parameter is not getattr(self.norm, "weight", None):
                nn.init.zeros_(parameter)

    def forward_features(self, images: Tensor) -> Tensor:
        return torch.relu(self.norm(self.conv(images)))

    def forward_embedding(self, images: Tensor) -> Tensor:
        pooled = nn.functional.max_pool2d(self.forward_features(images), kernel_size=4)
        return self.dropout(pooled.flatten(1))

    def classify(self, embedding: Tensor) -> Tensor:
        return self.fc(embedding)


def drawn(count: int, *, seed: int = 0) -> tuple[list[Photo], list[int]]:
    """Noise with a bright corner; which corner is the label."""
    generator = np.random.default_rng(seed)
    photos, labels = [], []
    for i in range(count):
        label = i % CLASSES
        pixels = generator.integers(0, 120, (SIDE, SIDE, 3), dtype=np.uint8)
        top, left = 6 * (label // 2), 6 * (label % 2)
        pixels[top : top + 6, left : left + 6] += 60
        content = b"P6 %d %d 255\n" % (SIDE, SIDE) + pixels.tobytes()
        photos.append(Photo(Path("drawn"), f"{seed}/{i:03d}.ppm", str(label), content=content))
        labels.append(label)
    return photos, labels


def pictures(count: int, recipe: Recipe | None = None, *, seed: int = 0) -> Pictures:
    augmentations = recipe.augmentations if recipe else ()
    return Pictures(
        *drawn(count, seed=seed),
        num_classes=CLASSES,
        preprocessing=PIXELS,
        augmentations=augmentations,
        seed=7,
    )


def digest(network: nn.Module) -> str:
    total = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        total.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return total.hexdigest()


def train(variant: str, place: Path | None, *, epochs: int = 3, **options: object) -> dict:
    """One training of 107 photos; what came out, as a value that can be compared."""
    recipe, own = VARIANTS[variant]
    recipe = replace(recipe, epochs=epochs)
    network = Small(norm=bool(options.pop("norm", True)))
    settings = {"seed": 7, "threads": 1, "saving": AT_EVERY_STEP, **own, **options}
    fitted = fit(
        network, pictures(107, recipe), pictures(40, seed=1), recipe, place=place, **settings
    )
    return {
        "weights": digest(network),
        "history": to_json(fitted.history),
        "stopped": fitted.stopped,
        "resumed_from": fitted.resumed_from,
    }


def run(
    variant: str, place: str, answer: str, options: dict, environment: dict | None = None
) -> None:
    """`train` in a process of its own: the answer is a file, the exit code tells of signals."""
    torch.set_num_threads(1)
    os.environ.update(environment or {})
    try:
        with listening() as stop, joined(patience=10) as world:
            Path(answer).with_suffix(".listens").touch()
            came = train(variant, Path(place), world=world, stop=stop, **options)
    except Interrupted as asked:
        raise SystemExit(asked.exit_code) from None
    Path(answer).write_text(json.dumps(came))
