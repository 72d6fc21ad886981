"""EfficientNets: RMSProp on TPU-sized batches, the rate in proportion, after five gentle epochs.

Tan, Le: EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks, ICML 2019,
arXiv:1905.11946, Sect. 5.2. Code: tensorflow/tpu, models/official/efficientnet.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.training.averaging import EMA
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import RMSProp
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import IMAGENET_PHOTOS
from eyespot.training.schedules import Exponential, WarmUp

EPOCHS = 350

EFFICIENTNET = Recipe(
    name="efficientnet_2019",
    networks=("efficientnet",),
    epochs=EPOCHS,
    batch_size=4096,
    optimiser=RMSProp(
        learning_rate=0.256,  # 0.016 for each 256 photos
        decay=0.9,
        momentum=0.9,
        epsilon=0.001,
        weight_decay=1e-5,
        spared=("norms",),
    ),
    schedule=WarmUp(length=5 / EPOCHS, then=Exponential(by=0.97, every=2.4 / EPOCHS)),
    loss=CrossEntropy(label_smoothing=0.1),
    image=ImageRule(resize=256, crop=224, interpolation="bicubic"),
    normalisation="standardise",
    augmentations=(RandomResizedCrop(224, interpolation="bicubic"), Flip()),
    ema=EMA(0.9999, warms_up=True),
    photos=IMAGENET_PHOTOS,
    source="Tan and Le 2019, Sect. 5.2; defaults of the released code",
    expected="ImageNet validation accuracy, B0: top-1 76.7 %, with AutoAugment 77.1 %",
    notes=(
        "Batches of 4,096, for which the paper's rate of 0.256 is; the code's default is 2,048.",
        "Without AutoAugment, which the first version of the paper does without.",
        "350 epochs are recalled, not looked up again. The authors stop early by 25,022 photos "
        "that they hold out.",
        "Dropout and stochastic depth grow from B0 to B7 in the networks themselves.",
    ),
)

RECIPES = (EFFICIENTNET,)
