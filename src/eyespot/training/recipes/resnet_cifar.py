"""ResNets and plain networks on CIFAR-10: short, and copied by most papers on small pictures.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, CVPR 2016
(arXiv:1512.03385), sect. 4.2.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.schedules import Step

ITERATIONS = 64_000
PHOTOS = 45_000  # of the 50,000; 5,000 are held out
BATCH = 128

RESNET_CIFAR = Recipe(
    name="resnet_cifar_2015",
    networks=("resnet_cifar", "plain"),
    epochs=round(ITERATIONS * BATCH / PHOTOS),  # 182
    batch_size=BATCH,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
    schedule=Step(at=(32_000 / ITERATIONS, 48_000 / ITERATIONS), by=0.1),
    loss=CrossEntropy(),
    image=ImageRule(resize=32, crop=32),
    normalisation="mean_image",
    augmentations=(ShortSide(32), RandomCrop(32, padding=4), Flip()),
    source="He et al. 2016, sect. 4.2",
    expected="CIFAR-10 test error: ResNet-20 8.75 %, 32 7.51 %, 44 7.17 %, 56 6.97 %, 110 6.43 %",
    notes=(
        "The paper counts 64,000 steps of 128 photos: 182 epochs of 45,000.",
        "ResNet-110 starts at a rate of 0.01 for about 400 steps; this recipe does not.",
    ),
)

RECIPES = (RESNET_CIFAR,)
