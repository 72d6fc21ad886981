"""NASNet: RMSProp with a rate that falls in every epoch, paths dropped more and more.

Zoph, Vasudevan, Shlens, Le: Learning Transferable Architectures for Scalable Image Recognition,
CVPR 2018, arXiv:1707.07012, appendix A.4.
"""

from eyespot.training.averaging import EMA
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import RMSProp
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import IMAGENET_PHOTOS, RECALLED, slim_crops
from eyespot.training.schedules import Exponential

EPOCHS = 250

NASNET = Recipe(
    name="nasnet_2018",
    networks=("nasnet", "amoebanet"),
    epochs=EPOCHS,
    batch_size=32,
    optimiser=RMSProp(learning_rate=0.04, decay=0.9, momentum=0.9, epsilon=1.0, weight_decay=4e-5),
    schedule=Exponential(by=0.97, every=1 / EPOCHS),
    loss=CrossEntropy(label_smoothing=0.1),
    image=ImageRule(resize=378, crop=331),
    normalisation="signed",
    augmentations=slim_crops(331),
    ema=EMA(0.9999, warms_up=True),
    photos=IMAGENET_PHOTOS,
    source="Zoph et al. 2018, appendix A.4",
    expected="ImageNet validation accuracy, NASNet-A: large 82.7 / 96.2 %, mobile 74.0 / 91.6 %",
    notes=(
        RECALLED,
        "A hundred workers with batches of 32 are replaced by one.",
        "The length is not printed: 250 epochs are ours.",
        "Our networks drop paths at their full rate from the start, and have no auxiliary head, "
        "which counts 0.4 in the paper.",
        "Also for AmoebaNet, whose paper trains with the same set-up.",
    ),
)

RECIPES = (NASNET,)
