"""DenseNets: ResNet's training in Facebook's code; on CIFAR 300 epochs in batches of 64.

Huang, Liu, van der Maaten, Weinberger: Densely Connected Convolutional Networks, CVPR 2017,
arXiv:1608.06993, Sect. 4.2. Code: liuzhuang13/DenseNet.
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
    name="densenet_imagenet_2017",
    networks=("densenet",),
    epochs=90,
    batch_size=256,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4),
    schedule=Step(at=(30 / 90, 60 / 90), by=0.1),
    loss=CrossEntropy(),
    image=ImageRule(resize=256, crop=224, interpolation="bicubic"),
    normalisation="standardise",
    augmentations=torch_crops(224),
    photos=IMAGENET_PHOTOS,
    source="Huang et al. 2017, Sect. 4.2; README of the code",
    expected="ImageNet validation error, DenseNet-121, one crop: top-1 25.02 %, top-5 7.71 %",
)

CIFAR_RECIPE = Recipe(
    name="densenet_cifar_2017",
    networks=("densenet_cifar",),
    epochs=300,
    batch_size=64,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4),
    schedule=Step(at=(0.5, 0.75), by=0.1),
    loss=CrossEntropy(),
    image=CIFAR,
    normalisation="standardise",
    augmentations=CIFAR_CROPS,
    photos=CIFAR_PHOTOS,
    source="Huang et al. 2017, Sect. 4.2; README of the code",
    expected="CIFAR-10 test error with augmentation, BC (L = 100, k = 12): 4.51 %",
    notes=(
        "With augmentation (C10+). Without it the paper adds dropout of 0.2 after every "
        "convolution but the first.",
        "On SVHN it trains for 40 epochs.",
    ),
)

RECIPES = (IMAGENET_RECIPE, CIFAR_RECIPE)
