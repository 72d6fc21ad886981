"""Columns of a committee on digits, small photos and traffic signs: distorted anew in every epoch.

D. Ciresan, U. Meier, J. Schmidhuber: Multi-column Deep Neural Networks for Image Classification,
CVPR 2012 (arXiv:1202.2745), Sect. 3.
"""

from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.rotation import Rotation
from eyespot.images.augmentations.scale import Scale
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.images.augmentations.translation import Translation
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import MNIST_PHOTOS, RECALLED
from eyespot.training.schedules import ExponentialDecay

COLUMNS = Recipe(
    name="multi_column_dnn_2012",
    networks=("multi_column_dnn",),
    epochs=30,
    batch_size=64,
    optimiser=SGD(learning_rate=0.01, momentum=0.9),
    schedule=ExponentialDecay(rate=3.5),  # from 0.001 down to 0.00003 there
    loss=CrossEntropy(),
    image=ImageRule(resize=29, crop=29),
    normalisation="none",
    augmentations=(ShortSide(29), CentreCrop(29), Translation(2), Rotation(5), Scale(0.85, 1.15)),
    photos=MNIST_PHOTOS,
    source="Ciresan et al. 2012, Sect. 3",
    expected="MNIST test error of a committee of 35 columns 0.23 %",
    notes=(
        RECALLED,
        "The paper learns from one picture at a time, for 800 epochs, at rates from 0.001 down to "
        "0.00003. Batches of 64, 30 epochs and the rate of 0.01 are ours; the decay is in "
        "proportion.",
        "Elastic distortions of digits are left out.",
    ),
)

RECIPES = (COLUMNS,)
