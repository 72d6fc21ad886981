"""ShuffleNets: ResNeXt's training on large batches, the rate in a straight line to zero.

Zhang, Zhou, Lin, Sun: ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile
Devices, CVPR 2018, arXiv:1707.01083, Sect. 4. Ma, Zhang, Zheng, Sun: ShuffleNet V2: Practical
Guidelines for Efficient CNN Architecture Design, ECCV 2018, arXiv:1807.11164, which follows it.
"""

from dataclasses import replace

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, RECALLED, passes
from eyespot.training.schedules import Polynomial

STEPS = "300,000 steps of 1,024 photos are 240 epochs of ImageNet."
CROPS = (
    "'Slightly less aggressive scale augmentation' has no number: at least 20 % of the area is "
    "ours."
)

SHUFFLENET_V1 = Recipe(
    name="shufflenet_v1_2018",
    networks=("shufflenet_v1",),
    epochs=passes(300_000, batch_size=1024),
    batch_size=1024,
    optimiser=SGD(learning_rate=0.5, momentum=0.9, weight_decay=4e-5),
    schedule=Polynomial(power=1.0),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="standardise",
    augmentations=(RandomResizedCrop(224, area=(0.2, 1.0)), Flip()),
    photos=IMAGENET_PHOTOS,
    source="Zhang et al. 2018, Sect. 4",
    expected="ImageNet validation top-1 error, 1x with 3 groups: 32.6 %",
    notes=(STEPS, CROPS),
)

SHUFFLENET_V2 = replace(
    SHUFFLENET_V1,
    name="shufflenet_v2_2018",
    networks=("shufflenet_v2",),
    optimiser=SGD(learning_rate=0.5, momentum=0.9, weight_decay=4e-5, spared=("norms", "biases")),
    loss=CrossEntropy(label_smoothing=0.1),
    source="Ma et al. 2018, Sect. 4; the released code",
    expected="ImageNet validation top-1 error, 1x: 30.6 %",
    notes=(
        RECALLED,
        STEPS,
        CROPS,
        "Label smoothing and what weight decay leaves alone are the released code's.",
    ),
)

RECIPES = (SHUFFLENET_V1, SHUFFLENET_V2)
