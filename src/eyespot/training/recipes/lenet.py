"""LeNet-5 on MNIST: one digit at a time, every weight with a learning rate of its own.

Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document
Recognition, Proc. IEEE 1998, sect. II, III.B and appendix C.
"""

from eyespot.training.levenberg_marquardt import LevenbergMarquardt
from eyespot.training.losses import CrossEntropy, MaximumAPosteriori
from eyespot.training.optimisers import SGD
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.schedules import Cosine, Levels

PASSES = 20
DIGITS = ImageRule(resize=28, crop=28, padding=2)  # the digit in a field of 32 x 32
JUNK = 1.0  # j of eq. 9, not printed: ours

LENET5 = Recipe(
    name="lenet5_1998",
    networks=("lenet5",),
    epochs=PASSES,
    batch_size=1,
    optimiser=LevenbergMarquardt(learning_rate=0.0005, mu=0.02, samples=500),
    schedule=Levels(
        at=(2 / PASSES, 5 / PASSES, 8 / PASSES, 12 / PASSES), factors=(0.4, 0.2, 0.1, 0.02)
    ),
    loss=MaximumAPosteriori(junk=JUNK),
    image=DIGITS,
    normalisation="lenet",
    augmentations=(),
    source="LeCun et al. 1998, sect. III.B, appendix C",
    expected="MNIST test error 0.95 %",
    notes=("The penalty of the rubbish class, j of eq. 9, is not printed: 1 is ours.",),
)

LENET5_MODERN = Recipe(
    name="lenet5_modern",
    networks=("lenet", "multi_column_dnn"),
    epochs=15,
    batch_size=64,
    optimiser=SGD(learning_rate=0.02, momentum=0.9, weight_decay=5e-4),
    schedule=Cosine(),
    loss=CrossEntropy(),
    image=ImageRule(resize=28, crop=28),
    normalisation="standardise",
    augmentations=(),
    source="ours: how LeNet-5 with ReLU and max pooling is trained today",
    expected="FashionMNIST test accuracy of 91 % or more",
    notes=("No paper gives this recipe: rate, length and batch are ours.",),
)

RECIPES = (LENET5, LENET5_MODERN)
