"""ResNets and plain networks on ImageNet, as the paper trains them.

K. He, X. Zhang, S. Ren, J. Sun: Deep Residual Learning for Image Recognition, CVPR 2016
(arXiv:1512.03385), Sect. 3.4.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, passes
from eyespot.training.schedules import Plateau

RESNET_IMAGENET = Recipe(
    name="resnet_imagenet_2015",
    networks=("resnet", "plain"),
    epochs=passes(600_000, 256, IMAGENET_PHOTOS),  # 120
    batch_size=256,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
    schedule=Plateau(patience=10, by=0.1, reductions=3),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="mean_image",
    augmentations=(ScaleJitter(256, 480), RandomCrop(224), Flip(), PCAColour()),
    photos=IMAGENET_PHOTOS,
    source="He et al. 2016, Sect. 3.4",
    expected="ImageNet validation error, ResNet-50, 10-crop: top-1 22.85 %, top-5 6.71 %",
    notes=(
        "The paper counts up to 600,000 steps of 256 photos: 120 epochs.",
        "When the error counts as flat is not printed: 10 epochs are ours.",
        "The statistics of norms are not computed anew over a large batch at the end.",
    ),
)

RECIPES = (RESNET_IMAGENET,)
