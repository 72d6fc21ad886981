"""ResNets as Torch trained them: the recipe that half of the field copied, and its CIFAR one.

S. Gross, M. Wilber: Training and investigating Residual Nets, 2016; facebook/fb.resnet.torch:
opts.lua, train.lua, datasets/imagenet.lua, datasets/cifar10.lua.
"""

from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import (
    CIFAR,
    CIFAR_CROPS,
    CIFAR_PHOTOS,
    IMAGENET,
    IMAGENET_PHOTOS,
    torch_crops,
)
from eyespot.training.schedules import Step

RESNET = Recipe(
    name="resnet_fb_torch",
    networks=(
        "resnet",
        "wrn_50_2",
        "wrn_101_2",
    ),
    epochs=90,
    batch_size=256,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4),
    schedule=Step(at=(30 / 90, 60 / 90), by=0.1),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="standardise",
    augmentations=torch_crops(224),
    photos=IMAGENET_PHOTOS,
    source="fb.resnet.torch, opts.lua and train.lua",
    expected="ImageNet validation error, ResNet-50, 1 crop: top-1 24.01 %, top-5 7.02 %",
    notes=(
        "Nothing is dampened, as in torch. Wide ResNets on ImageNet were trained with this program "
        "(Zagoruyko and Komodakis 2016, Sect. 3.3).",
    ),
)

RESNET_CIFAR = Recipe(
    name="resnet_cifar_fb_torch",
    networks=("resnet_cifar",),
    epochs=164,
    batch_size=128,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=1e-4),
    schedule=Step(at=(80 / 164, 121 / 164), by=0.1),
    loss=CrossEntropy(),
    image=CIFAR,
    normalisation="standardise",
    augmentations=CIFAR_CROPS,
    photos=CIFAR_PHOTOS,
    source="fb.resnet.torch, train.lua and datasets/cifar10.lua",
    notes=(
        "The rate is lower from the 81st and the 122nd epoch on. All 50,000 pictures are learned "
        "from.",
    ),
)

RECIPES = (RESNET, RESNET_CIFAR)
