"""Inception-v4 and the Inception-ResNets on ImageNet.

C. Szegedy, S. Ioffe, V. Vanhoucke, A. Alemi: Inception-v4, Inception-ResNet and the Impact of
Residual Connections on Learning, AAAI 2017 (arXiv:1602.07261), Sect. 4 and 5.
"""

from dataclasses import replace

from eyespot.training.recipes.inception_v3 import INCEPTION_V3
from eyespot.training.recipes.shared import RECALLED
from eyespot.training.schedules import Exponential

EPOCHS = 160

INCEPTION_V4 = replace(
    INCEPTION_V3,
    name="inception_v4_2017",
    networks=("inception_v4", "inception_resnet"),
    epochs=EPOCHS,
    schedule=Exponential(by=0.94, every=2 / EPOCHS),
    clip_norm=None,
    source="Szegedy et al. 2017, Sect. 4 and 5",
    expected="ImageNet validation error, 1 crop of 299: Inception-v4 top-1 20.0 %, top-5 5.0 %; "
    "Inception-ResNet-v2 19.9 %, 4.9 %",
    notes=(
        RECALLED,
        "Twenty machines there; 32 photos for each of them is not printed. One here.",
        "Length, momentum, weight decay and the decay of the averages are not printed: 160 epochs, "
        "and else what Inception-v3's program has.",
    ),
)

RECIPES = (INCEPTION_V4,)
