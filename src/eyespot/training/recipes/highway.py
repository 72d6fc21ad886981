"""Highway networks on digits and on CIFAR.

R. K. Srivastava, K. Greff, J. Schmidhuber: Training Very Deep Networks, NIPS 2015
(arXiv:1507.06228), Sect. 3.
"""

from dataclasses import replace

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import CIFAR, CIFAR_PHOTOS, MNIST_PHOTOS, RECALLED
from eyespot.training.schedules import ExponentialDecay

HIGHWAY = Recipe(
    name="highway_2015",
    networks=("highway",),
    epochs=400,
    batch_size=128,
    optimiser=SGD(learning_rate=0.05, momentum=0.9),
    schedule=ExponentialDecay(rate=5.0),
    loss=CrossEntropy(),
    image=CIFAR,
    normalisation="standardise",
    augmentations=(ShortSide(32), RandomCrop(32, padding=2), Flip()),
    photos=CIFAR_PHOTOS,
    source="Srivastava et al. 2015, Sect. 3 and 4",
    expected="CIFAR-10 test accuracy, 19 layers: 92.4 %",
    notes=(
        RECALLED,
        "Rate, its decay and momentum were searched for there, and are not printed: 0.05, down to "
        "e^-5 of it, and 0.9 are ours, as are the batch and the length.",
        "Global contrast normalisation there; here each channel is standardised. By how much "
        "pictures are moved is not printed: 2 pixels are ours.",
    ),
)

DIGITS = replace(
    HIGHWAY,
    name="highway_2015_mnist",
    networks=(
        "highway_mnist_10",
        "highway_mnist_20",
        "highway_mnist_50",
        "highway_mnist_100",
        "highway_mnist_conv_16",
        "highway_mnist_conv_32",
    ),
    epochs=60,
    image=ImageRule(resize=28, crop=28),
    augmentations=(),
    photos=MNIST_PHOTOS,
    source="Srivastava et al. 2015, Sect. 3.1 and 3.2",
    expected="MNIST test accuracy, 10 convolutional layers: 99.5 %",
    notes=(
        RECALLED,
        "The best of 40 random settings there, not printed: rate, decay, momentum, batch and "
        "length are ours.",
    ),
)

RECIPES = (HIGHWAY, DIGITS)
