"""MobileNets: Inception-v3's training with less of everything that holds a network back.

Howard et al.: MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications,
arXiv:1704.04861, Sect. 4: small models hardly overfit, so weight decay and augmentation are less.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import RMSProp
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, RECALLED
from eyespot.training.schedules import Exponential

MOBILENET_V1 = Recipe(
    name="mobilenet_v1_2017",
    networks=("mobilenet_v1",),
    epochs=100,
    batch_size=32,
    optimiser=RMSProp(
        learning_rate=0.045,
        decay=0.9,
        momentum=0.9,
        epsilon=1.0,
        weight_decay=4e-5,
        spared=("norms", "biases", "depthwise"),
    ),
    schedule=Exponential(by=0.94, every=2 / 100),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="signed",
    augmentations=(RandomResizedCrop(224, area=(0.35, 1.0)), Flip()),
    photos=IMAGENET_PHOTOS,
    source="Howard et al. 2017, Sect. 4",
    expected="ImageNet validation accuracy, 1.0 at 224 pixels: top-1 70.6 %",
    notes=(
        RECALLED,
        "Asynchronous RMSProp on many machines is replaced by plain RMSProp.",
        "'Like Inception-v3': rate, schedule, batch, length and weight decay are taken from there; "
        "depthwise filters have no weight decay.",
        "How much smaller the crops may be is not printed: 35 % of the area at least is ours.",
    ),
)

RECIPES = (MOBILENET_V1,)
