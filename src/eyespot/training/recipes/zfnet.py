"""ZFNet on ImageNet: AlexNet's recipe, and filters that are kept from growing.

M. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014
(arXiv:1311.2901), Sect. 3.
"""

from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, RECALLED
from eyespot.training.regularisers import FilterNorm
from eyespot.training.schedules import Plateau

ZFNET = Recipe(
    name="zfnet_2014",
    networks=("zfnet",),
    epochs=70,
    batch_size=128,
    optimiser=SGD(learning_rate=0.01, momentum=0.9, weight_decay=0.0005),
    schedule=Plateau(patience=10, by=0.1, reductions=3),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="mean_image",
    augmentations=(ShortSide(256), CentreCrop(256), RandomCrop(224), Flip()),
    regularisers=(FilterNorm(limit=0.1),),
    photos=IMAGENET_PHOTOS,
    source="Zeiler and Fergus 2014, Sect. 3",
    expected="ImageNet validation error: top-1 38.4 %, top-5 16.5 %",
    notes=(
        RECALLED,
        "Ten fixed crops (corners, centre, mirrored) there; here each photo is cropped at random.",
        "Annealed by hand, by an amount that is not printed: divided by 10 after 10 epochs without "
        "a better validation error is ours. Weight decay is not printed: 0.0005 is AlexNet's.",
    ),
)

RECIPES = (ZFNET,)
