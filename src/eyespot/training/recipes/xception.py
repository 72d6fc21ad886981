"""Xception: Inception-v3's schedule with plain momentum in place of RMSProp, and less weight decay.

Chollet: Xception: Deep Learning with Depthwise Separable Convolutions, CVPR 2017, arXiv:1610.02357,
Sect. 4.2 to 4.4.
"""

from eyespot.training.averaging import EMA
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD, TENSORFLOW
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import IMAGENET_PHOTOS, slim_crops
from eyespot.training.schedules import Exponential

XCEPTION = Recipe(
    name="xception_2017",
    networks=("xception",),
    epochs=100,
    batch_size=256,
    optimiser=SGD(learning_rate=0.045, momentum=0.9, weight_decay=1e-5, spared=TENSORFLOW),
    schedule=Exponential(by=0.94, every=2 / 100),
    loss=CrossEntropy(),
    image=ImageRule(resize=342, crop=299),
    normalisation="signed",
    augmentations=slim_crops(299),
    ema=EMA(0.9999, warms_up=True),
    photos=IMAGENET_PHOTOS,
    source="Chollet 2017, Sect. 4.2 to 4.4",
    expected="ImageNet validation accuracy, one crop: top-1 79.0 %, top-5 94.5 %",
    notes=(
        "The recipe for ImageNet; the paper's other one, with RMSProp, is for JFT.",
        "Batch and length are not printed: 256 photos and 100 epochs are ours.",
        "Polyak averaging is the moving average of the weights; its decay 0.9999 is ours.",
    ),
)

RECIPES = (XCEPTION,)
