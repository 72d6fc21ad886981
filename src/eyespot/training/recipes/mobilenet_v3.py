"""MobileNetV3: RMSProp on large batches, averaged weights, dropout before the last layer.

Howard et al.: Searching for MobileNetV3, ICCV 2019, arXiv:1905.02244, Sect. 6.1.1.
"""

from eyespot.training.averaging import EMA
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import RMSProp
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, slim_crops
from eyespot.training.schedules import Exponential

EPOCHS = 600

MOBILENET_V3 = Recipe(
    name="mobilenet_v3_2019",
    networks=("mobilenet_v3",),
    epochs=EPOCHS,
    batch_size=4096,
    optimiser=RMSProp(learning_rate=0.1, decay=0.9, momentum=0.9, epsilon=0.002, weight_decay=1e-5),
    schedule=Exponential(by=0.99, every=3 / EPOCHS),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="signed",
    augmentations=slim_crops(224),
    ema=EMA(0.9999, warms_up=True),
    photos=IMAGENET_PHOTOS,
    source="Howard et al. 2019, Sect. 6.1.1",
    expected="ImageNet validation accuracy: Large 75.2 %, Small 67.4 %",
    notes=(
        "The batch is 4096, 128 on each of 32 chips.",
        "The paper prints a 'decay rate of 0.01 every 3 epochs', which we read as times 0.99.",
        "Its dropout of 0.8 we read as the share that stays; the networks drop 0.2.",
        "RMSProp's decay 0.9, epsilon 0.002 and the length of 600 epochs are not printed: ours.",
    ),
)

RECIPES = (MOBILENET_V3,)
