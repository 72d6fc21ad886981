"""Pre-activation ResNets on CIFAR and on ImageNet.

K. He, X. Zhang, S. Ren, J. Sun: Identity Mappings in Deep Residual Networks, ECCV 2016
(arXiv:1603.05027), appendix.
"""

from dataclasses import replace

from eyespot.training.recipe import Recipe
from eyespot.training.recipes.fb_resnet_torch import RESNET
from eyespot.training.recipes.resnet import RESNET_IMAGENET
from eyespot.training.recipes.resnet_cifar import RESNET110
from eyespot.training.recipes.shared import RECALLED

PREACT_CIFAR: Recipe = replace(
    RESNET110,
    name="preact_resnet_2016",
    networks=("preact_resnet_cifar",),
    source="He et al. 2016 (identity mappings), appendix",
    expected="CIFAR-10 test error: ResNet-164 5.46 %, ResNet-1001 4.92 %",
    notes=(
        RECALLED,
        "The paper counts 64,000 steps of 128 pictures, the first 400 at a rate of 0.01.",
    ),
)

PREACT_IMAGENET: Recipe = replace(
    RESNET,
    name="preact_resnet_imagenet_2016",
    networks=("preact_resnet",),
    optimiser=RESNET_IMAGENET.optimiser,
    source="He et al. 2016 (identity mappings), appendix",
    expected="ImageNet validation error, ResNet-200, 1 crop of 320: top-1 20.7 %, top-5 5.3 %",
    notes=(RECALLED, "Crops and colours as in fb.resnet.torch, on which its program is built."),
)

RECIPES = (PREACT_CIFAR, PREACT_IMAGENET)
