"""A few steps on a copy of the network, made as the loop makes them, and thrown away."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Network
from eyespot.training import order
from eyespot.training import regularisers as regularising
from eyespot.training.facts import Precision
from eyespot.training.optimisers import before_epoch
from eyespot.training.precision import lay_out, prefers_channels_last
from eyespot.training.recipe import Recipe
from eyespot.training.step import Outcome, Rule, backward, scale


class Trial:
    """The recipe's optimiser, loss and limits on a copy; the learning rate comes with each step.

    A `is_plain` one learns by heart: nothing is dropped at random and no weights are punished.
    """

    def __init__(
        self,
        network: Network,
        recipe: Recipe,
        *,
        device: torch.device,
        precision: Precision,
        seed: int,
        samples: Sequence[tuple[Tensor, Tensor]],
        is_plain: bool = False,
    ) -> None:
        """`samples` are what LeNet-5's optimiser looks at before it begins; others do not."""
        self.network = copy.deepcopy(network).to(device).train()
        self._recipe, self._seed, self._steps = recipe, seed, 0
        self._regularisers = () if is_plain else recipe.regularisers
        if is_plain:
            _keep_all(self.network)
        is_last = prefers_channels_last(self.network, precision=precision, device=device)
        lay_out(self.network, channels_last=is_last)
        self._rule = Rule(recipe.loss, self._regularisers, precision, is_last, device)
        self._optimiser = recipe.optimiser.build(self.network)
        seen = [(images.to(device), targets.to(device)) for images, targets in samples]
        before_epoch(self._optimiser, self.network, seen, recipe.loss)

    def length(self) -> float:
        """Of all kernels and matrices, as one vector."""
        squares = [
            p.detach().double().square().sum() for p in self.network.parameters() if p.ndim > 1
        ]
        return float(torch.stack(squares).sum().sqrt())

    def step(self, images: Tensor, targets: Tensor, learning_rate: float) -> Outcome:
        """(N, C, H, W), (N, K). What the batch gave before the step; bad numbers make none."""
        with torch.random.fork_rng():
            torch.manual_seed(order.torch_seed(self._seed, self._steps, 0))
            outcome = backward(self.network, images, targets, self._rule, photos=len(images))
        self._steps += 1
        if not outcome.is_finite:
            return outcome
        if self._recipe.clip_norm is not None and outcome.norm > self._recipe.clip_norm:
            scale(self.network, self._recipe.clip_norm / outcome.norm)
        for group in self._optimiser.param_groups:
            group["lr"] = learning_rate
        self._optimiser.step()
        regularising.after_step(self._regularisers, self.network)
        return outcome


def _keep_all(network: Network) -> None:
    """Whatever drops at random keeps everything, and batch norm still goes by the batch."""
    for module in network.modules():
        if module is not network and not isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.training = False
