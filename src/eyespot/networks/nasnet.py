"""A search on small pictures finds two cells; stacked more often and wider, they fit large ones.

Zoph, Vasudevan, Shlens, Le: Learning Transferable Architectures for Scalable Image Recognition.
CVPR 2018, arXiv:1707.07012. What the paper leaves open: tensorflow/models, research/slim, nasnet.

- The searched cells, normal and reduction (Fig. 4), are tables: `nasnet_cells.py`.
- "NASNet-A (6 @ 4032)": runs of 6 normal cells, 4032 channels behind the last one.
- A reduction halves the map and doubles the filters; two more of them, narrower, are the stem.
- Behind a reduction, mobile reads the cell before the reduction as h_{i-1}, large the one before.
- Drop path grows from cell to cell. The auxiliary classifier, which is for training, is left out.
"""

from collections import OrderedDict
from functools import partial
from math import sqrt

from torch import Tensor, nn

from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.layers import Edition
from eyespot.networks.nasnet_cells import (
    NORMAL,
    REDUCTION,
    TENSORFLOW,
    TIMM,
    Cell,
    Plan,
    Previous,
    norm,
)


def sequence(
    depth: int, filters: int, *, normal: Plan = NORMAL, reduction: Plan = REDUCTION
) -> tuple[tuple[str, Plan, int], ...]:
    """The cells in order (Fig. 2 right): name, plan, filters of each operation."""
    cells = [("cell_stem_0", reduction, filters // 4), ("cell_stem_1", reduction, filters // 2)]
    for run in range(3):
        if run > 0:
            cells.append((f"reduction_cell_{run - 1}", reduction, filters * 2**run))
        start = run * depth
        cells += [(f"cell_{i}", normal, filters * 2**run) for i in range(start, start + depth)]
    return tuple(cells)


class NASNet(Network):
    """Fig. 2 right: a 3x3 convolution, two reductions, three runs of normal cells, pooling, linear.

    The paper names a network "depth @ channels": the channels are 6 states side by side, of filters
    that have doubled twice.
    """

    smallest_image_size = 3  # the first convolution does not pad

    def __init__(
        self,
        depth: int,
        channels: int,
        *,
        stem: int,
        skips: bool,
        drop: float,
        edition: Edition,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(3, stem, kernel_size=3, stride=2, bias=False)
        relu = nn.ReLU(inplace=True)
        self.conv0 = nn.Sequential(OrderedDict(conv=conv, bn=norm(stem, edition), act=relu))
        self.skips = skips
        self.cells = sequence(depth, channels // 24)
        older = newer = stem  # channels of h_{i-1} and h_i
        previous: Previous = "as it is"
        for i, (name, plan, filters) in enumerate(self.cells):
            share = drop * (i + 1) / len(self.cells)
            cell = Cell(plan, newer, older, filters, previous=previous, drop=share, edition=edition)
            self.add_module(name, cell)
            older = older if self.is_skipped(name) else newer
            newer = len(plan.outputs) * filters
            previous = "halved" if plan is REDUCTION else "squeezed"
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.5)
        self.last_linear = nn.Linear(channels, num_classes)
        initialise(self, generator)

    def is_skipped(self, name: str) -> bool:
        """Whether the cell behind `name` has the h_{i-1} of `name`, instead of its h_i."""
        return self.skips and name.startswith("reduction_cell")

    def forward_features(self, images: Tensor) -> Tensor:
        older = newer = self.conv0(images)  # (N, stem, H/2, W/2)
        for name, _, _ in self.cells:
            following = self.get_submodule(name)(newer, older)
            older = older if self.is_skipped(name) else newer
            newer = following
        return newer  # (N, channels, H/32, W/32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, channels)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.last_linear(self.dropout(embedding))


def initialise(network: nn.Module, generator: Generator) -> None:
    """The released code's: normal with variance 2 / fan-out, drawn again beyond two deviations.

    A depthwise convolution's fan-out is that of one group, its kernel's area.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            groups = module.groups if isinstance(module, nn.Conv2d) else 1
            fan_out = module.weight[0, 0].numel() * len(module.weight) // groups
            std = sqrt(1.3 * 2 / fan_out)  # a third of the variance goes with the tails
            nn.init.trunc_normal_(module.weight, 0, std, -2 * std, 2 * std, generator)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


PAPER = Paper(
    title="Learning Transferable Architectures for Scalable Image Recognition",
    authors="Zoph, Vasudevan, Shlens, Le",
    year=2018,
    venue="CVPR 2018",
    arxiv="1707.07012",
    introduced="cells found by a search on CIFAR-10, stacked for ImageNet",
)

AUXILIARY = Deviation(
    "without the auxiliary classifier at two thirds of the depth, of weight 0.4 in training",
    "Appendix A.7",
)
SCHEDULE = Deviation(
    "drop path has its full shares, up to 0.3, from the start; the authors' grow with the steps",
    "Appendix A.5",
)
PRINTED = Deviation(
    "the paper prints 88.9 million parameters: that is with the norms' running means and variances",
    "Table 2",
    "(88753150 + 2 * 98334) // 10**5 == 889",
)
PADDING = Deviation(
    "average pools with stride 2 divide by 9 at the border, too, where TensorFlow divides by the "
    "pixels that are there, 4 in a corner; the norms' momentum is the library's",
    "timm nasnet.py, pool2d_same.py",
    "9 - (3 + 3 - 1) == 4",
)
# fmt: off
# name, normal cells in a run @ channels, stem, skips, drop path, image size, parameters, mult-adds
LARGE  = ("nasnet_a_large",  6, 4032, 96, True,  0.3, 331, 88_753_150, 23_783_414_658)
MOBILE = ("nasnet_a_mobile", 4, 1056, 32, False, 0.0, 224,  5_289_978,    563_638_816)
# fmt: on
Row = tuple[str, int, int, int, bool, float, int, int, int]


def architecture(row: Row, edition: Edition, *deviations: Deviation) -> Architecture:
    """A row in the paper's edition, or in another one, which its name then ends with."""
    name, depth, channels, stem, skips, drop, image_size, parameters, multiply_adds = row
    last = [f"cell_{(run + 1) * depth - 1}" for run in range(3)]
    return Architecture(
        name=name if edition is TENSORFLOW else f"{name}_{edition.name}",
        family="nasnet",
        edition=edition.name,
        build=partial(NASNet, depth, channels, stem=stem, skips=skips, drop=drop, edition=edition),
        paper=PAPER,
        stages=(
            Stage("conv0", stem, 2),
            Stage("cell_stem_0", channels // 24, 4),
            Stage("cell_stem_1", channels // 12, 8),
            *(Stage(last[run], channels // 4 * 2**run, 8 * 2**run) for run in range(3)),
        ),
        head="last_linear",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=image_size,
        deviations=(*deviations, AUXILIARY),
    )


ARCHITECTURES = (
    architecture(LARGE, TENSORFLOW, PRINTED, SCHEDULE),
    architecture(MOBILE, TENSORFLOW),
    architecture(LARGE, TIMM, PADDING, PRINTED, SCHEDULE),
)
