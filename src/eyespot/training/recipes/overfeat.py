"""OverFeat on ImageNet.

P. Sermanet, D. Eigen, X. Zhang, M. Mathieu, R. Fergus, Y. LeCun: OverFeat: Integrated Recognition,
Localization and Detection using Convolutional Networks, ICLR 2014 (arXiv:1312.6229), Sect. 3.1.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import IMAGENET_PHOTOS
from eyespot.training.schedules import Step

EPOCHS = 90

OVERFEAT = Recipe(
    name="overfeat_2014",
    networks=("overfeat",),
    epochs=EPOCHS,
    batch_size=128,
    optimiser=SGD(learning_rate=0.05, momentum=0.6, weight_decay=1e-5),
    schedule=Step(at=tuple(epoch / EPOCHS for epoch in (30, 50, 60, 70, 80)), by=0.5),
    loss=CrossEntropy(),
    image=ImageRule(resize=256, crop=221),
    normalisation="channel_mean",
    augmentations=(ShortSide(256), RandomCrop(221), Flip()),
    photos=IMAGENET_PHOTOS,
    source="Sermanet et al. 2014, Sect. 3.1",
    expected="ImageNet validation error, accurate network, 4 scales, fine stride: top-1 35.74 %, "
    "top-5 14.18 %",
    notes=(
        "How long after the last reduction, at epoch 80, is not printed: 90 epochs are ours.",
        "Each epoch sees five crops of a photo there, one here. The mean of each channel is ours.",
    ),
)

RECIPES = (OVERFEAT,)
