"""SqueezeNet on ImageNet.

F. Iandola et al.: SqueezeNet: AlexNet-level accuracy with 50x fewer parameters, 2016
(arXiv:1602.07360), and the authors' SqueezeNet_v1.0/solver.prototxt.
"""

from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import CAFFE, SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import IMAGENET_PHOTOS, passes
from eyespot.training.schedules import Polynomial

SQUEEZENET = Recipe(
    name="squeezenet_2016",
    networks=("squeezenet",),
    epochs=passes(170_000, 512, IMAGENET_PHOTOS),  # 68
    batch_size=512,
    optimiser=SGD(learning_rate=0.04, momentum=0.9, weight_decay=0.0002, spared=CAFFE),
    schedule=Polynomial(power=1.0),
    loss=CrossEntropy(),
    image=ImageRule(resize=256, crop=227),
    normalisation="channel_mean",
    augmentations=(ShortSide(256), CentreCrop(256), RandomCrop(227), Flip()),
    photos=IMAGENET_PHOTOS,
    source="Iandola et al. 2016; SqueezeNet_v1.0/solver.prototxt",
    expected="ImageNet validation accuracy: top-1 57.5 %, top-5 80.3 %",
    notes=(
        "170,000 steps of 512 photos (32, sixteen times) there: 68 epochs. Biases of Caffe learn "
        "at twice the rate; here they do not.",
        "Flips are not in its files: ours, as in all other recipes for ImageNet.",
    ),
)

RECIPES = (SQUEEZENET,)
