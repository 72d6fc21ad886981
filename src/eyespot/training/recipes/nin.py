"""Network in Network on CIFAR-10.

M. Lin, Q. Chen, S. Yan: Network In Network, ICLR 2014 (arXiv:1312.4400), Sect. 4.1 and 4.2.
"""

from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import CIFAR, CIFAR_CROPS, CIFAR_PHOTOS, RECALLED
from eyespot.training.schedules import Plateau

NIN = Recipe(
    name="nin_2014",
    networks=("nin",),
    epochs=230,
    batch_size=128,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, weight_decay=0.0001),
    schedule=Plateau(patience=20, by=0.1, reductions=2),
    loss=CrossEntropy(),
    image=CIFAR,
    normalisation="standardise",
    augmentations=CIFAR_CROPS,
    photos=CIFAR_PHOTOS,
    source="Lin et al. 2014, Sect. 4.1 and 4.2",
    expected="CIFAR-10 test error 10.41 %; with translation and flips 8.81 %",
    notes=(
        RECALLED,
        "Global contrast normalisation and ZCA whitening there; here each channel is standardised.",
        "The first rate, the length and the weight decay are the authors' cuda-convnet files', "
        "which the paper does not print: 0.1, 230 epochs and 0.0001 are ours.",
        "Divided by 10 when the training accuracy stopped improving: here after 20 epochs without "
        "a better validation error.",
    ),
)

RECIPES = (NIN,)
