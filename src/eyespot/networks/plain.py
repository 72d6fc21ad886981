"""The network that ResNet was measured against: the same layers without one shortcut.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition. CVPR 2016, arXiv:1512.03385,
Sect. 3.3 and Fig. 3 middle.

- VGG's rule: 3x3 convolutions, and where the map halves, the channels double.
- 34 layers train to a larger error than 18, though batch norm keeps their gradients alive: what
  more layers could do, gradient descent does not find (Fig. 4 left).
- The plain networks for CIFAR stand beside the residual ones, in `resnet_cifar.py`.
"""

from functools import partial

from eyespot.networks.architecture import Architecture, Stage
from eyespot.networks.resnet import PAPER, POOLING, Depths, ResNet
from eyespot.networks.resnet_cifar import PLAIN

# fmt: off
# name, depths (Table 1), parameters, multiply-adds at 224 pixels
ROWS: tuple[tuple[str, Depths, int, int], ...] = (
    ("plain18", (2, 2, 2, 2), 11_515_688, 1_794_805_760),
    ("plain34", (3, 4, 6, 3), 21_623_848, 3_644_493_824),
)
# fmt: on

ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="plain",
        edition="paper",
        build=partial(ResNet, PLAIN, depths, channels=64),
        paper=PAPER,
        stages=(
            Stage("relu", 64, 2),
            *(Stage(f"layer{i + 1}", 64 * 2**i, 4 * 2**i) for i in range(4)),
        ),
        head="fc",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=224,
        deviations=(POOLING,),
    )
    for name, depths, parameters, multiply_adds in ROWS
)
