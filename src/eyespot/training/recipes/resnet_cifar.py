"""ResNets and plain networks on CIFAR-10: short, and copied by most papers on small pictures.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, CVPR 2016
(arXiv:1512.03385), Sect. 4.2.
"""

from dataclasses import replace

from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import CIFAR, CIFAR_CROPS, passes
from eyespot.training.schedules import Step, WarmUp

ITERATIONS = 64_000
PHOTOS = 45_000  # of the 50,000; 5,000 are held out
BATCH = 128

RESNET_CIFAR = Recipe(
    name="resnet_cifar_2015",
    networks=("resnet_cifar",),
    epochs=passes(ITERATIONS, BATCH, PHOTOS),  # 182
    batch_size=BATCH,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
    schedule=Step(at=(32_000 / ITERATIONS, 48_000 / ITERATIONS), by=0.1),
    loss=CrossEntropy(),
    image=CIFAR,
    normalisation="mean_image",
    augmentations=CIFAR_CROPS,
    photos=PHOTOS,
    source="He et al. 2016, Sect. 4.2",
    expected="CIFAR-10 test error: ResNet-20 8.75 %, 32 7.51 %, 44 7.17 %, 56 6.97 %, 110 6.43 %",
    notes=("The paper counts 64,000 steps of 128 pictures: 182 epochs over 45,000.",),
)

RESNET110 = replace(
    RESNET_CIFAR,
    name="resnet_cifar_2015_110",
    networks=("resnet110", "resnet1202"),
    schedule=WarmUp(
        length=400 / ITERATIONS, start=0.1, shape="constant", then=RESNET_CIFAR.schedule
    ),
    expected="CIFAR-10 test error: ResNet-110 6.43 %, ResNet-1202 7.93 %",
    notes=(
        *RESNET_CIFAR.notes,
        "The rate is 0.01 until the training error is under 80 %: here for the 400 steps that "
        "this took there, 0.6 % of the training.",
    ),
)

RECIPES = (RESNET_CIFAR, RESNET110)
