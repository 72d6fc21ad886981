"""Vision transformers on ImageNet alone: Adam, strong weight decay, a long warm-up, clipping.

Dosovitskiy et al.: An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale, ICLR
2021, arXiv:2010.11929, Sect. 4.1, appendix B.1 and Table 3.
"""

from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import AdamW
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.shared import IMAGENET, IMAGENET_PHOTOS, RECALLED
from eyespot.training.schedules import Cosine, WarmUp

EPOCHS, BATCH = 300, 4096
STEPS = EPOCHS * IMAGENET_PHOTOS / BATCH  # 93,835

VIT = Recipe(
    name="vit_2021",
    networks=("vit",),
    epochs=EPOCHS,
    batch_size=BATCH,
    optimiser=AdamW(learning_rate=3e-3, beta1=0.9, beta2=0.999, weight_decay=0.3, spared=()),
    schedule=WarmUp(length=10_000 / STEPS, then=Cosine(), restarts=True),
    loss=CrossEntropy(),
    image=IMAGENET,
    normalisation="signed",
    augmentations=(RandomResizedCrop(224), Flip()),
    clip_norm=1.0,
    photos=IMAGENET_PHOTOS,
    source="Dosovitskiy et al. 2021, Sect. 4.1 and Table 3, the row of ImageNet",
    expected="ImageNet validation accuracy, B/16 fine-tuned at 384 pixels: 77.91 %",
    notes=(
        RECALLED,
        "Adam with weight decay beside the gradient (AdamW), of all weights.",
        "The training alone; the expected figure comes after fine-tuning with SGD at 384 pixels.",
        "Dropout is the networks' own: 0.1 in the paper.",
        "On ImageNet-21k the paper has a rate of 0.001 falling in a straight line, weight decay "
        "0.03 and 90 epochs.",
    ),
)

RECIPES = (VIT,)
