"""Evolution finds better cells than a controller: good ones have mutated children, the oldest die.

Real, Aggarwal, Huang, Le: Regularized Evolution for Image Classifier Architecture Search.
AAAI 2019, arXiv:1802.01548. What the paper leaves open: tensorflow/tpu, models/official/amoeba_net.

- The search space is NASNet's: cells of five pairs of operations, three runs of N normal cells
  behind its stem (Fig. 1). An operation has F channels in the first run, and twice as many in each
  following one.
- The cells A, which Fig. 5 draws, and C are the released code's tables: `amoebanet_cells.py`. They
  give the parameters and the multiply-adds that are printed.
- Behind a reduction, h_{i-1} is the cell before the reduction.
"""

from collections import OrderedDict
from functools import partial

from torch import Tensor, nn

from eyespot.networks.amoebanet_cells import NORMAL_A, NORMAL_C, REDUCTION_A, REDUCTION_C, operation
from eyespot.networks.architecture import Architecture, Deviation, Generator, Network, Paper, Stage
from eyespot.networks.nasnet import initialise, sequence  # the released code went on from NASNet's
from eyespot.networks.nasnet_cells import TENSORFLOW, Cell, Plan, Previous, norm

STEM = 32  # channels of the first convolution
Plans = tuple[Plan, Plan]  # normal, reduction


class AmoebaNet(Network):
    """Fig. 1: a 3x3 convolution, two reductions, three runs of N normal cells, pooling, linear."""

    smallest_image_size = 3  # the first convolution does not pad

    def __init__(
        self,
        cells: Plans,
        *,
        depth: int,
        filters: int,
        drop: float,
        num_classes: int = 1000,
        generator: Generator = None,
    ) -> None:
        super().__init__()
        conv = nn.Conv2d(3, STEM, kernel_size=3, stride=2, bias=False)
        self.conv0 = nn.Sequential(OrderedDict(conv=conv, bn=norm(STEM, TENSORFLOW)))
        self.act = nn.ReLU()
        normal, reduction = cells
        self.cells = sequence(depth, filters, normal=normal, reduction=reduction)
        make = partial(Cell, drop=drop, edition=TENSORFLOW, operation=operation)
        older = newer = STEM  # channels of h_{i-1} and h_i
        previous: Previous = "as it is"
        for name, plan, width in self.cells:
            self.add_module(name, make(plan, newer, older, width, previous=previous))
            older, newer = newer, len(plan.outputs) * width
            previous = "halved" if plan is reduction else "squeezed"
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.5)
        self.last_linear = nn.Linear(newer, num_classes)
        initialise(self, generator)

    def forward_features(self, images: Tensor) -> Tensor:
        older = self.conv0(images)  # (N, 32, H/2, W/2); the first cell pools it unrectified
        newer = self.act(older)
        for name, _, _ in self.cells:
            older, newer = newer, self.get_submodule(name)(newer, older)
        return newer  # (N, channels, H/32, W/32)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.avgpool(self.forward_features(images)).flatten(1)  # (N, channels)

    def classify(self, embedding: Tensor) -> Tensor:
        return self.last_linear(self.dropout(embedding))


PAPER = Paper(
    title="Regularized Evolution for Image Classifier Architecture Search",
    authors="Real, Aggarwal, Huang, Le",
    year=2019,
    venue="AAAI 2019",
    arxiv="1802.01548",
    introduced="cells found by evolution in which the oldest die",
)

OUTPUTS = Deviation(
    "a cell puts more states side by side than those that no block reads: h_{i-1}, and in the "
    "reduction A all five sums; only so are there the parameters that are printed",
    "tensorflow/tpu, models/official/amoeba_net, model_specs.py",
)
AUXILIARY = Deviation(
    "without the auxiliary classifier before the second reduction, of weight 0.4 in training",
    "tensorflow/tpu, models/official/amoeba_net, model_builder.py",
)
SCHEDULE = Deviation(
    "drop path leaves out 0.3 of the operations from the start; the authors' share grows with the "
    "steps",
    "tensorflow/tpu, models/official/amoeba_net, network_utils.py",
)
PARAMETERS = Deviation(
    "the paper prints 469 million parameters, which these are with the norms' running means and "
    "variances; the 86.7 million of the smaller network are without",
    "Table 2",
    "round((468151184 + 2 * 223836) / 10**6) == 469",
)
OPERATIONS = Deviation(
    "the paper prints 104 billion multiply-adds: those of a picture of 299 pixels, the size that "
    "the released code starts from; 331 pixels make 127 billion",
    "Table 2; tensorflow/tpu, models/official/amoeba_net, amoeba_net.py",
    "round(103887693968 / 10**9) == 104",
)
CELL_C = Deviation(
    "the EfficientNet paper prints the figures of this size, trained with AutoAugment: 155 million "
    "parameters and 41 billion multiply-adds",
    "arXiv:1905.11946, Table 2",
    "round(155272667 / 10**6) == 155",
)
DARTS = Deviation(
    "the DARTS paper prints the figures of this size: 5.1 million parameters and 555 million "
    "multiply-adds",
    "arXiv:1806.09055, Table 3",
    "round(554687204 / 10**6) == 555",
)


def uneven(filters: int) -> Deviation:
    """F / 2 is odd, and so is what two paths have to share in the second cell of the stem."""
    width, half = filters // 2, filters // 4
    return Deviation(
        f"the second cell of the stem has {width} channels: those of its h_{{i-1}} come from two "
        f"paths of {half} and {width - half}, where the released code demands equal ones",
        "tensorflow/tpu, models/official/amoeba_net, network_utils.py",
        f"{filters} // 2 == {half} + {width - half}",
    )


A, C = (NORMAL_A, REDUCTION_A), (NORMAL_C, REDUCTION_C)
# fmt: off
# name, cells, N, F, drop path, image size, parameters, multiply-adds, deviations
ROWS: tuple[tuple[str, Plans, int, int, float, int, int, int, tuple[Deviation, ...]], ...] = (
    ("amoebanet_a",        A, 6, 190, 0.3, 331,  86_718_797,  23_133_663_507, (uneven(190),)),
    ("amoebanet_a_448",    A, 6, 448, 0.3, 331, 468_151_184, 126_520_757_776,
     (PARAMETERS, OPERATIONS)),
    ("amoebanet_a_mobile", A, 4,  50, 0.0, 224,   5_086_930,     554_687_204, (DARTS, uneven(50))),
    ("amoebanet_c",        C, 6, 228, 0.3, 331, 155_272_667,  41_129_488_875, (CELL_C,)),
)
# fmt: on


def stages(cells: Plans, depth: int, filters: int) -> tuple[Stage, ...]:
    """The first convolution, both cells of the stem, the last cell of each run."""
    normal, reduction = (len(plan.outputs) for plan in cells)
    return (
        Stage("act", STEM, 2),
        Stage("cell_stem_0", reduction * (filters // 4), 4),
        Stage("cell_stem_1", reduction * (filters // 2), 8),
        *(
            Stage(f"cell_{(run + 1) * depth - 1}", normal * filters * 2**run, 8 * 2**run)
            for run in range(3)
        ),
    )


ARCHITECTURES = tuple(
    Architecture(
        name=name,
        family="amoebanet",
        edition="paper",
        build=partial(AmoebaNet, cells, depth=depth, filters=filters, drop=drop),
        paper=PAPER,
        stages=stages(cells, depth, filters),
        head="last_linear",
        parameters=parameters,
        multiply_adds=multiply_adds,
        image_size=image_size,
        deviations=(*deviations, OUTPUTS, AUXILIARY, *((SCHEDULE,) if drop else ())),
    )
    for name, cells, depth, filters, drop, image_size, parameters, multiply_adds, deviations in ROWS
)
