"""The running average of the weights along the way: steadier than the weights of the last step.

Polyak, Juditsky: Acceleration of Stochastic Approximation by Averaging, 1992; as an exponential
moving average in the papers from Inception-v3 on. Everything that is a real number is averaged,
parameters and buffers, so batch norm's running statistics are averages of averages, as TensorFlow's
`slim` and torchvision have them; counters are copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor, nn

from eyespot.errors import InputError


@dataclass(frozen=True)
class EMA:
    """average = decay * average + (1 - decay) * weights, once in `every` steps of the optimiser.

    With `warms_up`, the decay of step t is at most (1 + t) / (10 + t), as TensorFlow's
    `ExponentialMovingAverage(decay, num_updates=t)`: the first weights are soon forgotten.
    """

    KIND: ClassVar[str] = "ema"
    decay: float
    every: int = 1
    warms_up: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.decay < 1 or self.every < 1:
            raise InputError(
                "a moving average has a decay from 0 up to, not including, 1 and is taken every 1 "
                f"or more steps, not {self.decay:g} and {self.every}: 0.9999 and 1 are usual"
            )

    def stretched(self, share: float) -> EMA:
        """The average of a training `share` times as long: it looks back over as much of it.

        It remembers about every / (1 - decay) steps.
        """
        every = max(1, round(self.every * share))
        steps = share * self.every / (1 - self.decay)
        return replace(self, decay=max(0.0, 1 - every / steps), every=every)

    def decay_at(self, step: int) -> float:
        """The decay after `step` steps, the first one being 1."""
        return min(self.decay, (1 + step) / (10 + step)) if self.warms_up else self.decay


class Average:
    """The averaged weights of one network, beside it: begins with those it has now."""

    def __init__(self, rule: EMA, network: nn.Module) -> None:
        self.rule = rule
        self._tensors = {name: held.detach().clone() for name, held in _held(network).items()}

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """After the optimiser's `step`, the first one being 1."""
        if step % self.rule.every:
            return
        share = 1 - self.rule.decay_at(step)
        for name, held in _held(network).items():
            average = self._tensors[name]
            if average.is_floating_point():
                average.lerp_(held, share)
            else:
                average.copy_(held)

    def state_dict(self) -> dict[str, Tensor]:
        """All averages by the network's own names: what a checkpoint keeps."""
        return dict(self._tensors)

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from averages that `state_dict` gave. Raises `InputError` for another network's."""
        if wrong := set(state) ^ set(self._tensors):
            raise InputError(
                f"the averages are of another network: {min(wrong)} is in only one of the two"
            )
        for name, average in self._tensors.items():
            average.copy_(state[name])

    @contextmanager
    def inside(self, network: nn.Module) -> Iterator[None]:
        """Within, the network has the averaged weights; afterwards its own, to the bit."""
        own = {name: held.detach().clone() for name, held in _held(network).items()}
        _write(self._tensors, network)
        try:
            yield
        finally:
            _write(own, network)


def _held(network: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, those that are shared once."""
    return dict(network.named_parameters()) | dict(network.named_buffers())


@torch.no_grad()
def _write(tensors: Mapping[str, Tensor], network: nn.Module) -> None:
    for name, held in _held(network).items():
        held.copy_(tensors[name])
