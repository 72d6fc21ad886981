"""VGG on ImageNet.

K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition,
ICLR 2015 (arXiv:1409.1556), Sect. 3.1.
"""

from dataclasses import replace

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.pca_colour import PCAColour
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.scale_jitter import ScaleJitter
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, passes
from eyespot.training.schedules import Plateau

VGG = Recipe(
    name="vgg_2015",
    networks=("vgg",),
    epochs=passes(370_000, 256, IMAGENET_PHOTOS),  # 74, as the paper says
    batch_size=256,
    optimiser=SGD(learning_rate=0.01, momentum=0.9, weight_decay=5e-4),
    schedule=Plateau(patience=10, by=0.1, reductions=3),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="channel_mean",
    augmentations=(ShortSide(256), RandomCrop(224), Flip(), PCAColour()),
    photos=IMAGENET_PHOTOS,
    source="Simonyan and Zisserman 2015, Sect. 3.1, S = 256",
    expected="ImageNet validation error, D, S = Q = 256: top-1 27.0 %, top-5 8.8 %",
    notes=(
        "The paper counts 370,000 steps of 256 photos: 74 epochs.",
        "Deeper networks began with layers of A there; here they begin as the paper found to be "
        "as good, by Glorot's rule.",
        "When the validation accuracy counts as flat is not printed: 10 epochs are ours.",
    ),
)

JITTERED = replace(
    VGG,
    name="vgg_2015_jittered",
    augmentations=(ScaleJitter(256, 512), *VGG.augmentations[1:]),
    source="Simonyan and Zisserman 2015, Sect. 3.1, S in [256, 512]",
    expected="ImageNet validation error, D, S in [256, 512], Q = 384: top-1 25.6 %, top-5 8.1 %",
    notes=(*VGG.notes, "Fine-tuned from S = 384 there, jittered from the beginning here."),
)

RECIPES = (VGG, JITTERED)
