"""torchvision's references: one simple recipe for ten years of networks, and the one after it.

pytorch/vision, references/classification: README.md and train.py. The second: V. Vryniotis: How to
Train State-Of-The-Art Models Using TorchVision's Latest Primitives, 2021.
"""

from dataclasses import replace

from eyespot.images.augmentations.cutmix import Cutmix
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.mixup import Mixup
from eyespot.images.augmentations.random_erasing import RandomErasing
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.images.augmentations.trivial_augment import TrivialAugment
from eyespot.training.averaging import EMA
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, RECALLED
from eyespot.training.schedules import Cosine, Exponential, Step, WarmUp

BATCH = "A batch of 256 is 32 on each of 8 GPUs."

FIRST = Recipe(
    name="torchvision_reference_v1",
    networks=(
        "resnet50_v1_5",
        "resnet101_v1_5",
        "resnet152_v1_5",
        "vgg11_bn",
        "vgg13_bn",
        "vgg16_bn",
        "vgg19_bn",
        "resnet",
    ),
    epochs=90,
    batch_size=256,
    optimiser=SGD(learning_rate=0.1, momentum=0.9, weight_decay=1e-4),
    schedule=Step(at=(30 / 90, 60 / 90), by=0.1),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="standardise",
    augmentations=(RandomResizedCrop(224), Flip()),
    photos=IMAGENET_PHOTOS,
    source="pytorch/vision, references/classification/README.md and train.py",
    expected="ImageNet validation accuracy, ResNet-50 (v1.5): top-1 76.13 %",
    notes=(BATCH, "ResNeXts are trained for 100 epochs."),
)

SLOW = replace(
    FIRST,
    name="torchvision_reference_v1_slow",
    networks=("alexnet_torchvision", "vgg"),
    optimiser=replace(FIRST.optimiser, learning_rate=0.01),
    expected="ImageNet validation accuracy, AlexNet: top-1 56.52 %",
    notes=(BATCH, "For networks without batch norm: AlexNet, VGG, SqueezeNet."),
)

MOBILE = replace(
    FIRST,
    name="torchvision_reference_v1_mobile",
    networks=(
        "mobilenet_v2_1_0_torchvision",
        "mobilenet_v2_0_75_torchvision",
        "mobilenet_v2_0_5_torchvision",
        "mobilenet_v2_0_35_torchvision",
        "mobilenet_v2_1_4_torchvision",
    ),
    epochs=300,
    optimiser=SGD(learning_rate=0.045, momentum=0.9, weight_decay=4e-5),
    schedule=Exponential(by=0.98, every=1 / 300),
    expected="ImageNet validation accuracy, MobileNetV2: top-1 71.88 %",
    notes=(BATCH, "The line of MobileNetV2."),
)

SECOND = Recipe(
    name="torchvision_reference_v2",
    networks=("resnet50_v1_5", "resnet"),
    epochs=600,
    batch_size=1024,
    optimiser=SGD(learning_rate=0.5, momentum=0.9, weight_decay=2e-5, spared=("norms",)),
    schedule=WarmUp(length=5 / 600, start=0.01, then=Cosine(), restarts=True),
    loss=CrossEntropy(label_smoothing=0.1),
    image=ImageRule(resize=232, crop=224),
    normalisation="standardise",
    augmentations=(
        RandomResizedCrop(176),
        Flip(),
        TrivialAugment(),
        RandomErasing(0.1, (0.02, 0.33), (0.3, 3.3)),
    ),
    batch_augmentations=(Mixup(0.2), Cutmix(1.0)),
    ema=EMA(1 - 2e-5 * 1024 * 32 / 600, every=32, warms_up=True),
    photos=IMAGENET_PHOTOS,
    source="pytorch/vision, references/classification; Vryniotis 2021",
    expected="ImageNet validation accuracy, ResNet-50 (v1.5): top-1 80.858 %",
    notes=(
        RECALLED,
        "A batch of 1,024 is 128 on each of 8 GPUs.",
        "Trained on crops of 176 pixels, evaluated on 224.",
        "Every photo comes once in an epoch; there four differently augmented copies come and a "
        "quarter of the photos (repeated augmentation).",
        "The code turns its averaging decay of 0.99998 into 0.99891 every 32 steps, by the batch "
        "and the number of epochs. Its average begins after the 5 epochs of warm-up.",
        "Erased patches hold noise; torchvision's are black after normalisation.",
    ),
)

RECIPES = (FIRST, SLOW, MOBILE, SECOND)
