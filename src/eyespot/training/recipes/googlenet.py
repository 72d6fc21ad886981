"""GoogLeNet on ImageNet, by its paper and by the program most people had.

C. Szegedy et al.: Going Deeper with Convolutions, CVPR 2015 (arXiv:1409.4842), Sect. 5 and 6.
Caffe: models/bvlc_googlenet/quick_solver.prototxt.
"""

from eyespot.images.augmentations.centre_crop import CentreCrop
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_crop import RandomCrop
from eyespot.images.augmentations.short_side import ShortSide
from eyespot.training.averaging import EMA
from eyespot.training.initialisation import Xavier
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import CAFFE, SGD
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import (
    IMAGENET,
    IMAGENET_PHOTOS,
    inception_crops,
    passes,
)
from eyespot.training.schedules import Exponential, Polynomial

EPOCHS = 250

GOOGLENET = Recipe(
    name="googlenet_2015",
    networks=("googlenet",),
    epochs=EPOCHS,
    batch_size=32,
    optimiser=SGD(learning_rate=0.01, momentum=0.9, weight_decay=0.0002),
    schedule=Exponential(by=0.96, every=8 / EPOCHS),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="channel_mean",
    augmentations=inception_crops(224),
    ema=EMA(0.9999, warms_up=True),
    photos=IMAGENET_PHOTOS,
    source="Szegedy et al. 2015, Sect. 5 and 6",
    expected="ImageNet top-5 error: 1 network, 1 crop 10.07 %; 7 networks, 144 crops 6.67 %",
    notes=(
        "Asynchronous SGD on many machines there, one machine after the other here.",
        "Rate, batch, length and weight decay are not printed: those of BVLC's first solver.",
        "Polyak's average without numbers: a decay of 0.9999 is ours. The amounts of the change of "
        "colours are those of the authors' later program.",
        "Auxiliary heads count 0.3 each, where the network has them (googlenet_aux).",
    ),
)

BVLC = Recipe(
    name="googlenet_bvlc_quick",
    networks=("googlenet",),
    epochs=passes(2_400_000, 32, IMAGENET_PHOTOS),  # 60
    batch_size=32,
    optimiser=SGD(learning_rate=0.01, momentum=0.9, weight_decay=0.0002, spared=CAFFE),
    schedule=Polynomial(power=0.5),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="channel_mean",
    augmentations=(ShortSide(256), CentreCrop(256), RandomCrop(224), Flip()),
    initialisation=Xavier(caffe=True),
    photos=IMAGENET_PHOTOS,
    source="Caffe, models/bvlc_googlenet, quick_solver",
    expected="ImageNet validation accuracy, centre crop: top-1 68.7 %, top-5 88.9 %",
    notes=(
        "Caffe counts 2,400,000 steps of 32 photos: 60 epochs. Its biases learn at twice the rate, "
        "and begin at 0.2; here they do not.",
        "Caffe squeezes photos to 256 x 256; here the short side is 256 and the middle is taken.",
        "Its other solver: times 0.96 every 320,000 of 10,000,000 steps, which are 250 epochs.",
    ),
)

RECIPES = (GOOGLENET, BVLC)
