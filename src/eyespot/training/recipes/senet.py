"""SENets: ResNet's training on batches of 1,024, the rate in proportion.

Hu, Shen, Albanie, Sun, Wu: Squeeze-and-Excitation Networks, CVPR 2018, arXiv:1709.01507, Sect. 5.1.
Code: hujie-frank/SENet.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS
from eyespot.training.schedules import Step

SENET = Recipe(
    name="senet_2018",
    networks=("senet",),
    epochs=100,
    batch_size=1024,
    optimiser=SGD(learning_rate=0.6, momentum=0.9, weight_decay=1e-4),
    schedule=Step(at=(30 / 100, 60 / 100, 90 / 100), by=0.1),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="channel_mean",
    augmentations=(RandomResizedCrop(224), Flip()),
    photos=IMAGENET_PHOTOS,
    source="Hu et al. 2018, Sect. 5.1",
    expected="ImageNet validation error, SE-ResNet-50, one crop: top-1 23.29 %, top-5 6.62 %",
    notes=(
        "Weight decay is not printed in the section: 0.0001, as ResNet has it.",
        "The README adds rotation by 10 degrees and jitter of pixels, and trains longer, on "
        "batches of 256 with a rate of 0.1; this is the paper.",
    ),
)

RECIPES = (SENET,)
