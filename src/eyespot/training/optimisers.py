"""How gradients become steps. A value says it; `build` makes the torch optimiser of a network.

The loop sets `lr` of every group before a step: the value's `learning_rate` times the factor of the
schedule. States are tensors and plain numbers, so a checkpoint needs no pickle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from eyespot.errors import InputError
from eyespot.training.levenberg_marquardt import (
    Batch,
    LevenbergMarquardt,
    Loss,
    StochasticDiagonal,
)
from eyespot.training.uncompiled import uncompiled

# What weight decay leaves alone: the scales and shifts of norms; biases; depthwise filters.
Spared = tuple[Literal["norms", "biases", "depthwise"], ...]
CAFFE: Spared = ("biases",)  # decay_mult 0; a bias there also learns at twice the rate
TENSORFLOW: Spared = ("norms", "biases")  # slim's regulariser is of weights only
NORMS = nn.modules.batchnorm._BatchNorm | nn.LayerNorm | nn.GroupNorm


@dataclass(frozen=True)
class SGD:
    """buffer = momentum * buffer + gradient + weight_decay * w; w -= rate * buffer.

    AlexNet and Caffe keep the rate inside the buffer: v = momentum * v - rate * (...), w += v. With
    a constant rate v = -rate * buffer, the same walk; after a reduction theirs rolls on for about
    1 / (1 - momentum) steps at the old rate, torch's and TensorFlow's does not.
    """

    KIND: ClassVar[str] = "sgd"
    learning_rate: float
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 0.0
    spared: Spared = ()

    def __post_init__(self) -> None:
        _check(self.learning_rate, self.weight_decay, self.momentum)
        if self.nesterov and not self.momentum:
            raise InputError("Nesterov's step needs a momentum above 0: 0.9 is usual")

    @property
    def words(self) -> str:
        momentum = f"{'Nesterov' if self.nesterov else 'momentum'} {self.momentum:g}"
        return _words(f"SGD at {self.learning_rate:.3g}", momentum if self.momentum else "", self)

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        return uncompiled(torch.optim.SGD)(
            _groups(network, self.weight_decay, self.spared),
            lr=self.learning_rate,
            momentum=self.momentum,
            nesterov=self.nesterov,
        )


@dataclass(frozen=True)
class RMSProp:
    """TensorFlow's: square = decay * square + (1 - decay) * g^2, from 1 on, not from 0;
    buffer = momentum * buffer + rate * g / sqrt(square + epsilon); w -= buffer.

    So `tf.train.RMSPropOptimizer` has it, with which the papers from Inception-v3 to EfficientNet
    were trained: epsilon inside the root and the rate inside the buffer, neither of which holds for
    torch's. With their epsilon of 1, steps are hardly ever longer than those of SGD.
    """

    KIND: ClassVar[str] = "rmsprop"
    learning_rate: float
    decay: float = 0.9
    momentum: float = 0.9
    epsilon: float = 1.0
    weight_decay: float = 0.0
    spared: Spared = TENSORFLOW

    def __post_init__(self) -> None:
        _check(self.learning_rate, self.weight_decay, self.momentum, self.decay)
        if self.epsilon <= 0:
            raise InputError(f"RMSProp needs an epsilon above 0, not {self.epsilon:g}: 1 is usual")

    @property
    def words(self) -> str:
        numbers = f"decay {self.decay:g}, momentum {self.momentum:g}, epsilon {self.epsilon:g}"
        return _words(f"RMSProp at {self.learning_rate:.3g}", numbers, self)

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        groups = _groups(network, self.weight_decay, self.spared)
        return uncompiled(_TensorFlowRMSProp)(groups, self)


@dataclass(frozen=True)
class Adam:
    """torch's: weight decay is part of the gradient (Kingma, Ba: Adam, arXiv:1412.6980)."""

    KIND: ClassVar[str] = "adam"
    learning_rate: float
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    spared: Spared = ()

    def __post_init__(self) -> None:
        _check(self.learning_rate, self.weight_decay, self.beta1, self.beta2)

    @property
    def words(self) -> str:
        numbers = f"betas {self.beta1:g} and {self.beta2:g}"
        return _words(f"Adam at {self.learning_rate:.3g}", numbers, self)

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        return uncompiled(torch.optim.Adam)(
            _groups(network, self.weight_decay, self.spared),
            lr=self.learning_rate,
            betas=(self.beta1, self.beta2),
            eps=self.epsilon,
        )


@dataclass(frozen=True)
class AdamW:
    """torch's: weights shrink by rate * weight_decay, beside the gradient (arXiv:1711.05101)."""

    KIND: ClassVar[str] = "adamw"
    learning_rate: float
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.01
    spared: Spared = ("norms", "biases")

    def __post_init__(self) -> None:
        _check(self.learning_rate, self.weight_decay, self.beta1, self.beta2)

    @property
    def words(self) -> str:
        numbers = f"betas {self.beta1:g} and {self.beta2:g}"
        return _words(f"AdamW at {self.learning_rate:.3g}", numbers, self)

    def build(self, network: nn.Module) -> torch.optim.Optimizer:
        return uncompiled(torch.optim.AdamW)(
            _groups(network, self.weight_decay, self.spared),
            lr=self.learning_rate,
            betas=(self.beta1, self.beta2),
            eps=self.epsilon,
        )


Optimiser = SGD | RMSProp | Adam | AdamW | LevenbergMarquardt


def _words(name: str, numbers: str, rule: SGD | RMSProp | Adam | AdamW) -> str:
    decay = ""
    if rule.weight_decay:
        decay = "weight decay " + f"{rule.weight_decay:.7f}".rstrip("0")
        if rule.spared:
            kinds = [f"{kind} filters" if kind == "depthwise" else kind for kind in rule.spared]
            decay += f" (not of {_listed(kinds)})"
    return ", ".join(part for part in (name, numbers, decay) if part)


def _listed(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def before_epoch(
    optimiser: torch.optim.Optimizer, network: nn.Module, batches: Iterable[Batch], loss: Loss
) -> None:
    """What an optimiser looks at before a pass over the photos. LeNet-5's alone does, and reads.

    `batches` are (images, targets), 500 photos or more if there are as many. Within a pass that is
    resumed it must not be called: what it found is in the optimiser's state.
    """
    if isinstance(optimiser, StochasticDiagonal):
        optimiser.before_epoch(network, batches, loss)


class _TensorFlowRMSProp(torch.optim.Optimizer):
    """The steps of `RMSProp`."""

    def __init__(self, groups: list[dict[str, Any]], rule: RMSProp) -> None:
        super().__init__(groups, {"lr": rule.learning_rate})
        self._rule = rule

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._change(weight, group["lr"], group["weight_decay"])

    def _change(self, weight: Tensor, rate: float, weight_decay: float) -> None:
        rule, state = self._rule, self.state[weight]
        if not state:
            state["square"] = torch.ones_like(weight)
            state["buffer"] = torch.zeros_like(weight)
        assert weight.grad is not None
        gradient = weight.grad.add(weight, alpha=weight_decay) if weight_decay else weight.grad
        state["square"].mul_(rule.decay).addcmul_(gradient, gradient, value=1 - rule.decay)
        root = (state["square"] + rule.epsilon).sqrt_()
        state["buffer"].mul_(rule.momentum).addcdiv_(gradient, root, value=rate)
        weight.sub_(state["buffer"])


def _groups(network: nn.Module, weight_decay: float, spared: Spared) -> list[dict[str, Any]]:
    """What decays, and what does not; every parameter that learns is in one of the two."""
    free = {id(p) for name, p in _named(network) if name in spared} if weight_decay else set()
    every = [p for p in network.parameters() if p.requires_grad]
    if not every:
        raise InputError(f"{type(network).__name__} has no parameter that learns")
    parts = (
        ([p for p in every if id(p) not in free], weight_decay),
        ([p for p in every if id(p) in free], 0.0),
    )
    return [{"params": part, "weight_decay": decay} for part, decay in parts if part]


def _named(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Each parameter under the name of what it is; those of norms are no biases."""
    for module in network.modules():
        is_depthwise = isinstance(module, nn.Conv2d) and module.groups == module.in_channels > 1
        for name, parameter in module.named_parameters(recurse=False):
            if isinstance(module, NORMS):
                yield "norms", parameter
            elif name.endswith("bias"):
                yield "biases", parameter
            elif is_depthwise:
                yield "depthwise", parameter


def _check(learning_rate: float, weight_decay: float, *shares: float) -> None:
    if learning_rate <= 0 or weight_decay < 0:
        raise InputError(
            "an optimiser needs a learning rate above 0 and no negative weight decay, not "
            f"{learning_rate:g} and {weight_decay:g}"
        )
    if any(not 0 <= share < 1 for share in shares):
        raise InputError(
            "momentum, decay and betas are shares from 0 up to, not including, 1; not "
            f"{', '.join(f'{share:g}' for share in shares)}"
        )
