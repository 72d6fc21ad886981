"""Wide ResNets on CIFAR.

S. Zagoruyko, N. Komodakis: Wide Residual Networks, BMVC 2016 (arXiv:1605.07146), Sect. 3, and the
authors' scripts/train_cifar.sh.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import CIFAR, CIFAR_PHOTOS
from eyespot.training.schedules import Step

WRN_CIFAR = Recipe(
    name="wrn_cifar_2016",
    networks=("wide_resnet",),
    epochs=200,
    batch_size=128,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=0.0005),
    schedule=Step(at=(60 / 200, 120 / 200, 160 / 200), by=0.2),
    loss=CrossEntropy(),
    image=CIFAR,
    normalisation="standardise",
    augmentations=(ShortSide(32), Flip(), RandomCrop(32, padding=4, mode="reflect")),
    photos=CIFAR_PHOTOS,
    source="Zagoruyko and Komodakis 2016, Sect. 3; scripts/train_cifar.sh",
    expected="Test error, WRN-28-10: CIFAR-10 4.0 %, CIFAR-100 19.25 %",
    notes=(
        "SVHN: from 0.01, times 0.1 at epochs 80 and 120 of 160. Dropout is in the networks whose "
        "names say so.",
    ),
)

RECIPES = (WRN_CIFAR,)
