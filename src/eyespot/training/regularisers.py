"""What keeps a network from learning its photos by heart: penalties, limits, dropout, an early end.

L2 is the optimiser's `weight_decay`, as in all papers. The functions at the end are what the loop
calls; each regulariser acts in one of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from eyespot.errors import InputError


@dataclass(frozen=True)
class L1:
    """The strength times the sum of absolute weights, added to the loss: drives many to zero.

    Kernels and matrices only, not biases or the scales of norms (Tibshirani 1996 leaves the
    intercept out, too).
    """

    KIND: ClassVar[str] = "l1"
    strength: float

    def __post_init__(self) -> None:
        _require_positive("the strength of L1", self.strength)

    def penalty(self, network: nn.Module) -> Tensor:
        """A scalar with a gradient."""
        sums = [p.abs().sum() for p in network.parameters() if p.requires_grad and p.ndim > 1]
        return self.strength * torch.stack(sums).sum() if sums else torch.zeros(())


@dataclass(frozen=True)
class MaxNorm:
    """After each step, the incoming weights of each unit are scaled back to a length of `limit`.

    A unit is a row of a linear layer or a filter of a convolution; its bias is not counted.
    Srivastava et al.: Dropout, JMLR 15 (2014), Sect. 5.1: limits of 3 to 4 worked.
    """

    KIND: ClassVar[str] = "max-norm"
    limit: float

    def __post_init__(self) -> None:
        _require_positive("the limit of max-norm", self.limit)

    @torch.no_grad()
    def after_step(self, network: nn.Module) -> None:
        for module in network.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                _shorten(module.weight, module.weight.flatten(1).norm(dim=1), self.limit)


@dataclass(frozen=True)
class FilterNorm:
    """After each step, filters whose root mean square is over `limit` are scaled back to it.

    Convolutions only. Zeiler, Fergus: Visualizing and Understanding Convolutional Networks,
    arXiv:1311.2901, Sect. 3: without it, a few filters of the first layer dominate.
    """

    KIND: ClassVar[str] = "filter-norm"
    limit: float = 0.1

    def __post_init__(self) -> None:
        _require_positive("the limit of filter-norm", self.limit)

    @torch.no_grad()
    def after_step(self, network: nn.Module) -> None:
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                sizes = module.weight.flatten(1).square().mean(1).sqrt()
                _shorten(module.weight, sizes, self.limit)


@dataclass(frozen=True)
class Dropout:
    """All dropout layers of the network drop this share, in place of their paper's."""

    KIND: ClassVar[str] = "dropout"
    rate: float

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise InputError(f"dropout takes a share from 0 up to, not 1 itself; not {self.rate:g}")

    def prepare(self, network: nn.Module) -> None:
        """Raises `InputError` where the network has no dropout layer."""
        layers = [m for m in network.modules() if isinstance(m, nn.Dropout | nn.Dropout2d)]
        if not layers:
            raise InputError(
                f"{type(network).__name__} has no dropout layer to set to {self.rate:g}: leave "
                "dropout out of the recipe, or take a network that has one (eyespot show NAME)"
            )
        for layer in layers:
            layer.p = self.rate


@dataclass(frozen=True)
class EarlyStopping:
    """Training ends once the validation error has not fallen below its best for `patience` epochs.

    A pure function of the errors, so that a resumed training stops where the other would.
    """

    KIND: ClassVar[str] = "early-stopping"
    patience: int  # epochs

    def __post_init__(self) -> None:
        _require_positive("the patience of early stopping", self.patience)

    def stops(self, errors: Sequence[float]) -> bool:
        """`errors` is the validation error of every finished epoch, the first one first."""
        return bool(errors) and len(errors) - 1 - errors.index(min(errors)) >= self.patience


Regulariser = L1 | MaxNorm | FilterNorm | Dropout | EarlyStopping


def prepare(regularisers: Iterable[Regulariser], network: nn.Module) -> None:
    """Once, before the first step: sets the network's dropout."""
    for each in regularisers:
        if isinstance(each, Dropout):
            each.prepare(network)


def penalty(regularisers: Iterable[Regulariser], network: nn.Module) -> Tensor | None:
    """What is added to the mean loss of a batch; None where no regulariser adds anything."""
    parts = [each.penalty(network) for each in regularisers if isinstance(each, L1)]
    return torch.stack(parts).sum() if parts else None


def after_step(regularisers: Iterable[Regulariser], network: nn.Module) -> None:
    """After every step of the optimiser: limits the weights, in place."""
    for each in regularisers:
        if isinstance(each, MaxNorm | FilterNorm):
            each.after_step(network)


def stops(regularisers: Iterable[Regulariser], errors: Sequence[float]) -> bool:
    """Whether training should end after these epochs."""
    return any(each.stops(errors) for each in regularisers if isinstance(each, EarlyStopping))


def _shorten(weight: Tensor, sizes: Tensor, limit: float) -> None:
    """Scale the units whose size is over the limit down to it; the others keep their bits."""
    factors = torch.where(sizes > limit, limit / sizes, torch.ones_like(sizes))
    weight.mul_(factors.view(-1, *[1] * (weight.ndim - 1)))


def _require_positive(what: str, value: float) -> None:
    if value <= 0:
        raise InputError(f"{what} is positive, not {value:g}")
