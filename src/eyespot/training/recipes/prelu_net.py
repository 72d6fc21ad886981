"""Rectifier networks of 19 and 22 layers from He's beginning, without pre-training.

K. He, X. Zhang, S. Ren, J. Sun: Delving Deep into Rectifiers, ICCV 2015 (arXiv:1502.01852),
Sect. 3.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, RECALLED
from eyespot.training.schedules import Plateau

PRELU_NET = Recipe(
    name="prelu_net_2015",
    networks=("prelu_net",),
    epochs=80,
    batch_size=128,
    optimiser=SGD(learning_rate=0.01, momentum=0.9, weight_decay=0.0005),
    schedule=Plateau(patience=10, by=0.1, reductions=2),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="mean_image",
    augmentations=(ScaleJitter(256, 512), RandomCrop(224), Flip(), PCAColour()),
    photos=IMAGENET_PHOTOS,
    source="He et al. 2015 (rectifiers), Sect. 3.1",
    expected="ImageNet validation error, C, multi-scale: top-1 21.59 %, top-5 5.71 %",
    notes=(
        RECALLED,
        "When the error counts as flat is not printed: 10 epochs are ours.",
        "Slopes of rectifiers are not decayed there (Sect. 2.1); here they are, like all weights.",
    ),
)

RECIPES = (PRELU_NET,)
