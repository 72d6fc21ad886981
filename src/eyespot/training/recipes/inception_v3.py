"""Inception-v3 on ImageNet: RMSProp, smoothed labels, clipped gradients, averaged weights.

C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens, Z. Wojna: Rethinking the Inception Architecture for
Computer Vision, CVPR 2016 (arXiv:1512.00567), Sect. 7 and 8. What it does not print is from the
released program, tensorflow/models, inception.
"""

from eyespot.training.averaging import EMA
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import RMSProp
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET_299, IMAGENET_PHOTOS, slim_crops
from eyespot.training.schedules import Exponential

EPOCHS = 100

INCEPTION_V3 = Recipe(
    name="inception_v3_2016",
    networks=("inception_v3",),
    epochs=EPOCHS,
    batch_size=32,
    optimiser=RMSProp(learning_rate=0.045, decay=0.9, momentum=0.9, epsilon=1.0, weight_decay=4e-5),
    schedule=Exponential(by=0.94, every=2 / EPOCHS),
    loss=CrossEntropy(label_smoothing=0.1),
    image=IMAGENET_299,
    normalisation="signed",
    augmentations=slim_crops(299),
    clip_norm=2.0,
    ema=EMA(0.9999, warms_up=True),
    photos=IMAGENET_PHOTOS,
    source="Szegedy et al. 2016, Sect. 7 and 8",
    expected="ImageNet validation error, 1 crop of 299: top-1 21.2 %, top-5 5.6 %",
    notes=(
        "Fifty machines with 32 photos each there; one here.",
        "Momentum, weight decay and the decay of the averages are the released program's.",
        "The auxiliary head counts 0.4, where the network has it (inception_v3_aux).",
    ),
)

RECIPES = (INCEPTION_V3,)
