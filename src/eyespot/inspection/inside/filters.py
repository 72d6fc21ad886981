"""What a convolution looks for, as pictures: its filters.

A. Krizhevsky et al.: ImageNet Classification with Deep Convolutional Neural Networks, NIPS 2012,
Fig. 3. Filters that see colours are shown in colours; of deeper ones, the slices with the largest
weights. The middle grey is a weight of 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from eyespot.errors import InputError
from eyespot.inspection.inside.subject import Subject

DEAD = 1e-5  # of the largest weight of all: a filter below that adds nothing any more
SLICES = 8  # input channels of a filter that are shown, where it sees more than colours
GREY = 127.5  # level of a weight of 0


@dataclass(frozen=True, eq=False)
class Filters:
    """The filters of a layer, in their order."""

    name: str  # of the network, in words
    layer: str
    weights: NDArray[np.float32]  # (filters, channels of the input that each sees, h, w)
    likeness: float
    is_random: bool

    @property
    def sees_colours(self) -> bool:
        """Whether a filter is one picture: of red, green and blue, or of grey."""
        return self.weights.shape[1] in (1, 3)

    @property
    def largest(self) -> NDArray[np.float32]:
        """(filters,) the largest weight of each, without its sign: what white and black are."""
        most: NDArray[np.float32] = np.abs(self.weights).max((1, 2, 3))
        return most

    @property
    def dead(self) -> list[int]:
        """Filters whose weights have all but vanished."""
        found: list[int] = np.flatnonzero(self.largest <= DEAD * self.largest.max()).tolist()
        return found

    def strongest(self, number: int) -> list[int]:
        """The input channels that filter `number` has the largest weights for, those first."""
        norms = np.square(self.weights[number]).sum((1, 2))
        order: list[int] = np.argsort(-norms, kind="stable")[:SLICES].tolist()
        return order


def filters(subject: Subject, layer: str | None = None) -> Filters:
    """The filters of a convolution; without a `layer`, of the first one.

    Raises `InputError` for a layer that is no convolution, or whose filters are single weights.
    """
    found = _first(subject) if layer is None else subject.layer(layer)
    module = subject.network.get_submodule(found)
    if not isinstance(module, nn.Conv2d):
        inside = [name for name, each in module.named_modules() if _is_seen(each)]
        hint = f"{found}.{inside[0]}" if inside else _first(subject)
        raise InputError(
            f"Layer {found!r} is a {type(module).__name__}, and filters are of convolutions: name "
            f"one, such as {hint}"
        )
    if not _is_seen(module):
        raise InputError(
            f"The filters of layer {found!r} are 1 x 1: single weights, nothing to see. Name a "
            f"convolution with larger ones, such as {_first(subject)}"
        )
    weights = module.weight.detach().numpy()
    return Filters(subject.name, found, weights, likeness(weights), subject.is_random)


def likeness(kernels: NDArray[np.floating]) -> float:
    """The correlation of weights with those right of them and below them, in [-1, 1].

    (filters, channels, height, width). Around zero, not around their mean: a filter whose weights
    are all alike is as smooth as can be. Near 0 for weights that were drawn.
    """
    pairs = (
        (kernels[..., :-1], kernels[..., 1:]),
        (kernels[..., :-1, :], kernels[..., 1:, :]),
    )
    ones = np.concatenate([one.ravel() for one, _ in pairs]).astype(np.float64)
    others = np.concatenate([other.ravel() for _, other in pairs]).astype(np.float64)
    norm = float(np.sqrt((ones**2).sum() * (others**2).sum()))
    return float((ones * others).sum()) / norm if norm else 0.0


def levels(kernel: NDArray[np.floating], most: float) -> NDArray[np.uint8]:
    """(C, h, w) -> (h, w, 3): weights of -`most` to `most` as levels of 0 to 255.

    Three channels are red, green and blue; of others, the first one is shown in grey.
    """
    scaled = np.round(GREY + GREY * kernel / (most or 1.0)).clip(0, 255).astype(np.uint8)
    colours = scaled if len(scaled) == 3 else np.repeat(scaled[:1], 3, axis=0)
    return np.ascontiguousarray(colours.transpose(1, 2, 0))


def _is_seen(module: nn.Module) -> bool:
    return isinstance(module, nn.Conv2d) and max(module.kernel_size) > 1


def _first(subject: Subject) -> str:
    """The first convolution whose filters can be looked at."""
    for name, module in subject.network.named_modules():
        if _is_seen(module):
            return str(name)
    raise InputError(f"{subject.architecture.name} has no convolution with filters to look at")
