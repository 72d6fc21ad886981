"""ResNeXts: ResNet's training in Facebook's code, on ImageNet and on CIFAR.

Xie, Girshick, Dollar, Tu, He: Aggregated Residual Transformations for Deep Neural Networks, CVPR
2017, arXiv:1611.05431, Sect. 4 and 5. Code: facebookresearch/ResNeXt.
"""

from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import (
    CIFAR,
    CIFAR_CROPS,
    CIFAR_PHOTOS,
    IMAGENET_PHOTOS,
    torch_crops,
)
from eyespot.training.schedules import Step

IMAGENET_RECIPE = Recipe(
    name="resnext_imagenet_2017",
    networks=("resnext",),
    epochs=100,
    batch_size=256,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4),
    schedule=Step(at=(30 / 100, 60 / 100, 90 / 100), by=0.1),
    loss=CrossEntropy(),
    image=ImageRule(resize=256, crop=224, interpolation="bicubic"),
    normalisation="standardise",
    augmentations=torch_crops(224),
    photos=IMAGENET_PHOTOS,
    source="Xie et al. 2017, Sect. 4; README of the code",
    expected="ImageNet validation top-1 error, one crop: 50 (32x4d) 22.2 %, 101 (32x4d) 21.2 %, "
    "101 (64x4d) 20.4 %",
    notes=(
        "Divided by 10 three times, every 30 epochs, which takes 90 to 100 epochs: 100 here.",
        "Nesterov's momentum is the code's.",
    ),
)

CIFAR_RECIPE = Recipe(
    name="resnext_cifar_2017",
    networks=("resnext29_8x64d", "resnext29_16x64d"),
    epochs=300,
    batch_size=128,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
    schedule=Step(at=(0.5, 0.75), by=0.1),
    loss=CrossEntropy(),
    image=CIFAR,
    normalisation="standardise",
    augmentations=CIFAR_CROPS,
    photos=CIFAR_PHOTOS,
    source="Xie et al. 2017, Sect. 5.2; README and train.lua of the code",
    expected="test error, 29 (8x64d): CIFAR-10 3.65 %, CIFAR-100 17.77 %",
)

RECIPES = (IMAGENET_RECIPE, CIFAR_RECIPE)
