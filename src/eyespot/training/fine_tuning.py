"""The end of a network learns, the beginning stays as it was: which parameters, at which rates.

What the first layers see serves most photos, what the last ones see serves the photos they were
made for (Yosinski et al.: How transferable are features in deep neural networks? NIPS 2014,
arXiv:1411.1792). Rates that shrink stage by stage towards the beginning are Howard, Ruder:
Universal Language Model Fine-tuning for Text Classification, ACL 2018, arXiv:1801.06146, Sect. 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from eyespot.classifier.assembly import without_auxiliary
from eyespot.classifier.heads import LinearHead
from eyespot.errors import InputError
from eyespot.networks.architecture import Network
from eyespot.networks.modes import evaluating
from eyespot.values import LATER

RATE = "rate"  # of a group of parameters: its share of the learning rate
BATCH_NORMS = nn.modules.batchnorm._BatchNorm


@dataclass(frozen=True)
class FineTuning:
    """Which stages learn. What follows the last stage, the head included, always does.

    Frozen stages compute as at evaluation, without dropout, and cost no backward pass. With
    `norms` frozen, batch norm everywhere keeps the statistics that it came with, and only scales
    and shifts learn where their stage does: the means of a few photos at a time are worse than
    those of a million. With `norms` learned, the stages that learn take those of the batches.
    """

    stages: tuple[str, ...]  # the modules with which the network's stages end, the first one first
    unfrozen: int | None = None  # how many of the last stages learn; None: all of them
    norms: Literal["frozen", "learned"] = "frozen"
    layer_decay: float = 1.0  # a stage's learning rate as a share of the next one's
    views: int | None = field(default=None, metadata=LATER)  # pictures of each photo, in turns

    def __post_init__(self) -> None:
        """Raises `InputError` for more stages than there are."""
        if self.unfrozen is not None and not 0 <= self.unfrozen <= len(self.stages):
            raise InputError(
                f"The network has {len(self.stages)} stages, and {self.unfrozen} of them cannot "
                f"learn: unfreeze 0 to {len(self.stages)}"
            )
        if not 0 < self.layer_decay <= 1:
            raise InputError(
                "A stage learns at a share of the next one's rate above 0 and up to 1, not "
                f"{self.layer_decay:g}"
            )

    @property
    def boundary(self) -> str | None:
        """The module with which the last frozen stage ends; None: no stage is frozen."""
        last = len(self.stages) if self.unfrozen is None else self.unfrozen
        return None if last == len(self.stages) else self.stages[-last - 1]

    @property
    def words(self) -> str:
        """What learns, for people."""
        total, last = len(self.stages), self.unfrozen
        if last is None or last == total:
            what = f"the head and all {total} stages"
        elif last == 0:
            what = "the head"
        else:
            what = f"the head and the last {last} of {total} stages" if last > 1 else (
                f"the head and the last of {total} stages"
            )  # fmt: skip
        if self.layer_decay < 1 and last != 0:
            what += f", each stage at {self.layer_decay:g} of the next one's rate"
        return f"{what}; batch norm's statistics {'stay' if self.norms == 'frozen' else 'learn'}"

    def prepare(self, network: Network, size: int) -> None:
        """Freeze the parameters that do not learn. Images are of `size` pixels."""
        most = len(self.stages) if self.unfrozen is None else self.unfrozen
        for parameter, depth in depths(network, self.stages, size):
            parameter.requires_grad_(depth <= most)

    def hold(self, network: Network, size: int) -> None:
        """Put what is frozen in evaluation mode; the rest stays in train mode."""
        for module in network.modules():
            learning = [parameter.requires_grad for parameter in module.parameters()]
            is_frozen = bool(learning) and not any(learning)
            if is_frozen or (self.norms == "frozen" and isinstance(module, BATCH_NORMS)):
                module.train(False)
        if self.boundary is None:
            return
        learns_after = self.stages.index(self.boundary)
        for module, (_, last) in _calls(network, self.stages, size).items():
            if last <= learns_after and not any(True for _ in module.parameters()):
                module.eval()  # dropout between two frozen blocks

    def grade(self, optimiser: torch.optim.Optimizer, network: Network, size: int) -> None:
        """Give each parameter its share of the learning rate; before the first step."""
        if self.layer_decay == 1:
            return
        depth = {id(parameter): d for parameter, d in depths(network, self.stages, size)}
        optimiser.param_groups[:] = [
            {**group, "params": members, RATE: self.layer_decay**d}
            for group in optimiser.param_groups
            for d in sorted({depth[id(parameter)] for parameter in group["params"]})
            for members in [[p for p in group["params"] if depth[id(p)] == d]]
        ]


class WithHead(Network):
    """A network up to its embedding and a linear head on it, with dropout between them.

    So every network begins as its probe answers, whatever its own head does: SqueezeNet's takes
    the mean over positions after a ReLU.
    """

    def __init__(self, network: Network, place: str, head: LinearHead, *, dropout: float) -> None:
        """`network` gives its own head, at `place`, away."""
        super().__init__()
        without_auxiliary(network)
        network.set_submodule(place, nn.Identity())
        self.in_channels = network.in_channels
        self.smallest_image_size = network.smallest_image_size
        self.largest_image_size = network.largest_image_size
        self.image_size_step = network.image_size_step
        self.network = network
        self.dropout = nn.Dropout(dropout)
        self.head = nn.utils.skip_init(nn.Linear, head.width, len(head.bias))
        with torch.no_grad():
            self.head.weight.copy_(torch.from_numpy(head.weight) / head.temperature)
            self.head.bias.copy_(torch.from_numpy(head.bias) / head.temperature)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.network.forward_features(images)

    def forward_embedding(self, images: Tensor) -> Tensor:
        return self.network.forward_embedding(images)

    def classify(self, embedding: Tensor) -> Tensor:
        logits: Tensor = self.head(self.dropout(embedding))
        return logits

    @property
    def linear_head(self) -> LinearHead:
        """The head as a classifier holds it."""
        weight, bias = self.head.weight.detach().cpu(), self.head.bias.detach().cpu()
        return LinearHead("linear softmax", 0.0, 1.0, weight.numpy().copy(), bias.numpy().copy())


def depths(network: Network, stages: Sequence[str], size: int) -> list[tuple[nn.Parameter, int]]:
    """How many stages from the end each parameter is at work; 0 is behind the last one.

    Seen while the network looks at a black image: a parameter belongs to the stage during which
    its module is called first; where its module is never called (attention reads the weights of
    its projection), to that of the module around it. Raises `InputError` for unknown stages.
    """
    modules = dict(network.named_modules())
    started = _calls(network, stages, size)
    found = []
    for name, parameter in network.named_parameters():
        place = name.rpartition(".")[0]
        while modules[place] not in started:
            place = place.rpartition(".")[0]
        found.append((parameter, len(stages) - started[modules[place]][0]))
    return found


def _calls(network: Network, stages: Sequence[str], size: int) -> dict[nn.Module, tuple[int, int]]:
    """How many stages have ended when each module is called first, and last."""
    modules = dict(network.named_modules())
    if unknown := [name for name in stages if name not in modules]:
        raise InputError(f"{type(network).__name__} has no module {unknown[0]} to end a stage")
    passed = [0]
    started: dict[nn.Module, tuple[int, int]] = {}

    def starts(module: nn.Module, *_: Any) -> None:
        started[module] = (started.get(module, (passed[0],))[0], passed[0])

    def ends(stage: int, *_: Any) -> None:
        passed[0] = max(passed[0], stage)

    hooks = [module.register_forward_pre_hook(starts) for module in modules.values()]
    for number, name in enumerate(stages, start=1):
        hooks.append(modules[name].register_forward_hook(partial(ends, number)))
    held = next(network.parameters())
    try:
        with evaluating(network), torch.no_grad():
            network(held.new_zeros(1, network.in_channels, size, size))
    finally:
        for hook in hooks:
            hook.remove()
    return started
