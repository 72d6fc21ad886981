"""One step: photos forward, the error backward, and what may keep it from changing the weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Network
from eyespot.training import regularisers as regularising
from eyespot.training.distributed import World
from eyespot.training.facts import Precision
from eyespot.training.losses import Loss
from eyespot.training.precision import computing
from eyespot.training.regularisers import Regulariser

ALONE = World()


@dataclass(frozen=True)
class Rule:
    """What is minimised, and in which numbers."""

    loss: Loss
    regularisers: tuple[Regulariser, ...]
    precision: Precision
    channels_last: bool
    device: torch.device


@dataclass(frozen=True)
class Outcome:
    """What a batch gave, before any weight has changed. Of all processes together."""

    loss_sum: float  # over the photos; auxiliary heads with their weights
    correct: float
    photos: int
    norm: float  # of the whole gradient

    @property
    def is_finite(self) -> bool:
        return abs(self.loss_sum) < float("inf") and self.norm < float("inf")  # not for nan


def backward(
    network: Network,
    images: Tensor,
    targets: Tensor,
    rule: Rule,
    *,
    photos: int,
    micro_batch: int | None = None,
    world: World = ALONE,
) -> Outcome:
    """Leave the gradient of the mean loss over `photos` in the parameters.

    `images` (n, C, H, W) and `targets` (n, K) are this process's share of them. With `micro_batch`
    they go through the network in parts of at most that many, and the gradients add up.
    """
    network.zero_grad(set_to_none=True)
    sums = torch.zeros(2, dtype=torch.float64, device=rule.device)  # of losses, of right answers
    size = micro_batch or max(1, len(images))
    for start in range(0, len(images), size):
        part = slice(start, start + size)
        losses, right = forward(network, images[part], targets[part], rule)
        (losses.sum() / photos).backward()
        sums += torch.stack([losses.detach().sum().double(), right.sum().double()])
    added = regularising.penalty(rule.regularisers, network)
    if added is not None:
        (added / world.size).backward()
    world.add_gradients(network)
    loss_sum, correct = world.total(*sums.tolist())
    norm = nn.utils.get_total_norm(gradients(network))
    return Outcome(loss_sum, correct, photos, float(norm))


def forward(network: Network, images: Tensor, targets: Tensor, rule: Rule) -> tuple[Tensor, Tensor]:
    """(n, C, H, W), (n, K) -> each photo's loss over all heads (n,), and whether it was right."""
    images, targets = placed(images, rule), targets.to(rule.device)
    with computing(rule.precision, rule.device):
        heads = network.forward_train(images) if network.training else [(1.0, network(images))]
    losses = [weight * rule.loss(logits, targets) for weight, logits in heads]
    right = heads[0][1].argmax(1) == targets.argmax(1)
    return torch.stack(losses).sum(0), right


def placed(images: Tensor, rule: Rule) -> Tensor:
    """The images where the network is, laid out as its kernels like them."""
    is_map = images.ndim == 4  # frozen stages may answer with tokens (N, T, D)
    layout = torch.channels_last if rule.channels_last and is_map else torch.contiguous_format
    return images.to(rule.device, memory_format=layout)


def gradients(network: nn.Module) -> Sequence[Tensor]:
    return [p.grad for p in network.parameters() if p.grad is not None]


def scale(network: nn.Module, factor: float) -> None:
    """Multiply the whole gradient."""
    for gradient in gradients(network):
        gradient.mul_(factor)
