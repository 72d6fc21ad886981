"""Inception with batch norm: what the norm allows is a higher rate, less of all that regularises.

S. Ioffe, C. Szegedy: Batch Normalization: Accelerating Deep Network Training by Reducing Internal
Covariate Shift, ICML 2015 (arXiv:1502.03167), Sect. 4.2.
"""

from dataclasses import replace

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, passes
from eyespot.training.schedules import Exponential

BATCH = 32
EVERY = 8 / 6  # epochs; GoogLeNet's 8, "6 times faster"


def _epochs(iterations: int) -> int:
    return passes(iterations, BATCH, IMAGENET_PHOTOS)


X5 = Recipe(
    name="bn_inception_2015",
    networks=("bn_inception",),
    epochs=_epochs(2_100_000),  # 52
    batch_size=BATCH,
    optimiser=SGD(learning_rate=0.0075, momentum=0.9, weight_decay=0.0002 / 5),
    schedule=Exponential(by=0.96, every=EVERY / _epochs(2_100_000)),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="standardise",
    augmentations=(RandomResizedCrop(224), Flip()),
    photos=IMAGENET_PHOTOS,
    source="Ioffe and Szegedy 2015, Sect. 4.2, BN-x5",
    expected="ImageNet validation accuracy, 1 crop: top-1 72.2 % after 2,100,000 steps, 73.0 % at "
    "most",
    notes=(
        "Five steps at once on ten machines there, one after the other here.",
        "The length is that of the steps to 72.2 %. Momentum is not printed: 0.9 is ours.",
        "The weight decay of Inception is not printed: a fifth of BVLC's 0.0002.",
        "Less photometric distortion, without numbers: here none.",
    ),
)

X30 = replace(
    X5,
    name="bn_inception_2015_x30",
    epochs=_epochs(6_000_000),  # 150
    optimiser=replace(X5.optimiser, learning_rate=0.045),
    schedule=Exponential(by=0.96, every=EVERY / _epochs(6_000_000)),
    source="Ioffe and Szegedy 2015, Sect. 4.2, BN-x30",
    expected="ImageNet validation accuracy, 1 crop: top-1 72.2 % after 2,700,000 steps, 74.8 % "
    "after 6,000,000",
    notes=(X5.notes[0], "Momentum is not printed: 0.9 is ours.", *X5.notes[2:]),
)

BASELINE = replace(
    X5,
    name="bn_inception_2015_baseline",
    epochs=_epochs(13_300_000),  # 332
    optimiser=replace(X5.optimiser, learning_rate=0.0015),
    schedule=Exponential(by=0.96, every=8 / _epochs(13_300_000)),
    source="Ioffe and Szegedy 2015, Sect. 4.2, BN-Baseline",
    expected="ImageNet validation accuracy, 1 crop: top-1 72.2 % after 13,300,000 steps, 72.7 % at "
    "most",
    notes=(*X5.notes[:3], "The rate falls as slowly as GoogLeNet's."),
)

RECIPES = (X5, X30, BASELINE)
