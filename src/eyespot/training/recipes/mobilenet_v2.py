"""MobileNetV2: RMSProp with a rate that falls slowly over some four hundred epochs.

Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2: Inverted Residuals and Linear Bottlenecks, CVPR
2018, arXiv:1801.04381, Sect. 6.1. Code: tensorflow/models, research/slim/nets/mobilenet/README.md.
"""

from eyespot.training.averaging import EMA
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import RMSProp
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, passes, slim_crops
from eyespot.training.schedules import Exponential

EPOCHS = passes(5_500_000, batch_size=96)  # 412: "full convergence is after 5.5M steps"

MOBILENET_V2 = Recipe(
    name="mobilenet_v2_2018",
    networks=("mobilenet_v2",),
    epochs=EPOCHS,
    batch_size=96,
    optimiser=RMSProp(learning_rate=0.045, decay=0.9, momentum=0.9, epsilon=1.0, weight_decay=4e-5),
    schedule=Exponential(by=0.98, every=2.5 / EPOCHS),
    loss=CrossEntropy(label_smoothing=0.1),
    image=IMAGENET,
    normalisation="signed",
    augmentations=slim_crops(224),
    ema=EMA(0.9999, warms_up=True),
    photos=IMAGENET_PHOTOS,
    source="Sandler et al. 2018, Sect. 6.1; README of the code",
    expected="ImageNet validation accuracy, 1.0 at 224 pixels: top-1 72.0 %",
    notes=(
        "As the README has it for one machine: batches of 96, 5,500,000 steps. The paper has 16 "
        "asynchronous ones and prints a reduction in every epoch; the README one in 2.5.",
        "Label smoothing and averaging are the README's, epsilon that of the paper's family.",
    ),
)

RECIPES = (MOBILENET_V2,)
