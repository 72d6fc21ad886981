"""ResNets and plain networks on CIFAR-10: short, and copied by most papers on small pictures.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, CVPR 2016
(arXiv:1512.03385), Sect. 4.2.
"""

from dataclasses import replace

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import CIFAR, CIFAR_CROPS, passes
from eyespot.training.schedules import Cosine, Step, WarmUp

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

SHORT = replace(
    RESNET_CIFAR,
    name="resnet_cifar_short",
    epochs=16,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4),
    schedule=WarmUp(length=0.1, start=0.1, then=Cosine()),
    normalisation="standardise",
    augmentations=(ShortSide(32), RandomCrop(32, padding=2), Flip()),
    source="ours: how a short training of such a network is done today",
    expected="FashionMNIST test accuracy: ResNet-20 93.9 % (docs/results.md)",
    notes=(
        "No paper gives this recipe. The paper's own, cut to as few epochs, ends where its rate "
        "has only just been lowered; a cosine comes down all the way. Decay and Nesterov's "
        "momentum are those that wide ResNets came with (arXiv:1605.07146, Sect. 3), crops move "
        "half as far, and a tenth of the steps warm up.",
    ),
)

RECIPES = (RESNET_CIFAR, RESNET110, SHORT)
