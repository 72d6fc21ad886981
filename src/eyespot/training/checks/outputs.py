"""What a fresh network answers to its first photos, before any step: how sure, how alike, how dead.

All photos go through it once, with batch norm as in training and nothing dropped at random.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from eyespot.networks.architecture import Network
from eyespot.networks.modes import evaluating
from eyespot.training.checks.findings import Finding
from eyespot.training.losses import Loss, undecided

OUTPUTS, LOSS = "outputs", "loss"
RECTIFIERS = nn.ReLU | nn.ReLU6
DEAD = 0.9  # share of a layer's units from which it is called dead
ALIKE = 1e-5  # spread over photos, as a share of the logits' size, under which all are the same
# The first loss as a share of an undecided network's. Of the catalogue's 142 networks with fewer
# than 40 M weights, 84 begin within a quarter of it; deep sums begin high (NASNet: 20 times).
CLOSE, LEAST, MOST = 1.25, 0.5, 30.0


@dataclass(frozen=True)
class Rectifier:
    """One rectifier: how many of its channels are zero for all photos, everywhere."""

    place: str
    channels: int
    dead: int

    @property
    def share(self) -> float:
        return self.dead / self.channels


@dataclass(frozen=True)
class Outputs:
    """The first answers."""

    photos: int
    loss: float  # mean over the photos, main head
    undecided: float  # the loss if all logits were equal to their mean
    spread: float  # over the photos, the largest of a logit, as a share of the logits' size
    is_head_zero: bool  # all logits are zero, though what the last layer sees differs: ViT
    are_probabilities: bool  # rows that are positive and sum to one
    rectifiers: tuple[Rectifier, ...]

    @property
    def deadest(self) -> Rectifier | None:
        return max(self.rectifiers, key=lambda each: each.share, default=None)


def look_at_outputs(network: Network, images: Tensor, targets: Tensor, loss: Loss) -> Outputs:
    """(N, C, H, W), (N, K). The network is left as it was, its running statistics too."""
    rectifiers: list[Rectifier] = []
    with torch.no_grad(), _as_in_training(network), _watching(network, rectifiers):
        logits = network(images).double()
        losses = loss(logits, targets.double())
        is_head_zero = not logits.any() and _spread(network.forward_embedding(images)) >= ALIKE
    level = float(logits.mean())
    sums = logits.sum(1)
    return Outputs(
        photos=len(images),
        loss=float(losses.mean()),
        undecided=undecided(loss, level, logits.shape[1]) if math.isfinite(level) else math.nan,
        spread=_spread(logits),
        is_head_zero=is_head_zero,
        are_probabilities=bool((logits >= 0).all() and (sums - 1).abs().max() < 1e-3),
        rectifiers=tuple(rectifiers),
    )


def _spread(outputs: Tensor) -> float:
    """(N, D): the largest deviation over the photos, as a share of the largest output."""
    size = float(outputs.abs().max())
    return float(outputs.double().std(0).max()) / size if size else 0.0


@contextmanager
def _as_in_training(network: Network) -> Iterator[None]:
    """Batch norm by the batch, all else as at evaluation; afterwards everything as before."""
    buffers = [(buffer, buffer.clone()) for buffer in network.buffers()]
    with evaluating(network):
        for module in network.modules():
            if isinstance(module, nn.modules.batchnorm._BatchNorm):
                module.train()
        try:
            yield
        finally:
            for buffer, before in buffers:
                buffer.copy_(before)


@contextmanager
def _watching(network: Network, rectifiers: list[Rectifier]) -> Iterator[None]:
    """Within, `rectifiers` gets one entry for each time that a rectifier is called."""
    names = {module: name for name, module in network.named_modules()}

    def record(module: nn.Module, arguments: tuple[Tensor], output: Tensor) -> None:
        if output.ndim in (2, 4):
            lives = (output > 0).transpose(0, 1).flatten(1).any(1)  # (C,)
            rectifiers.append(Rectifier(names[module], len(lives), int((~lives).sum())))

    hooks = [m.register_forward_hook(record) for m in names if isinstance(m, RECTIFIERS)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def told_of_outputs(found: Outputs) -> str:
    """One line."""
    differ = f"differ by {100 * found.spread:.2g} % between photos"
    if found.is_head_zero:
        differ = "all zero, as the last layer is"
    if found.deadest is None:
        return f"{differ}; no rectifiers"
    return f"{differ}; {100 * found.deadest.share:.0f} % of a layer dead"


def told_of_loss(found: Outputs, num_classes: int) -> str:
    """One line."""
    share = found.loss / found.undecided
    is_close = 1 / CLOSE <= share <= CLOSE
    verdict = "as it should be" if is_close else "begins low" if share < 1 else "begins high"
    return f"{found.loss:.3f}, {verdict} ({num_classes} classes: {found.undecided:.3f})"


def findings_of_outputs(found: Outputs) -> tuple[Finding, ...]:
    """Probabilities in place of logits; the same answer whatever comes; dead rectifiers."""
    return (*_probabilities(found), *_alike(found), *_dead(found))


def _probabilities(found: Outputs) -> list[Finding]:
    if not found.are_probabilities:
        return []
    return [
        Finding(
            OUTPUTS,
            "The network's outputs are positive and sum to one in each row: they are probabilities "
            "already.",
            "The loss applies softmax once more. Of probabilities it can make no sure answer, so "
            "the loss stays high and gradients are small.",
            "Take the softmax out of the network: it should give logits.",
        )
    ]


def _alike(found: Outputs) -> list[Finding]:
    if not math.isfinite(found.spread) or not math.isfinite(found.loss):
        return [
            Finding(
                OUTPUTS,
                "The first outputs are no finite numbers.",
                "No step can be taken from there.",
                "Look at the inputs' scale and at the initialisation: numbers grow from layer to "
                "layer until they overflow.",
            )
        ]
    if found.spread >= ALIKE or found.is_head_zero:
        return []
    return [
        Finding(
            OUTPUTS,
            f"The network gives the same outputs for all {found.photos} photos.",
            "What the photos show gets lost on the way, and so do the gradients.",
            "Look for dead rectifiers, for weights that are all zero or far too small, and whether "
            "the photos differ at all.",
        )
    ]


def _dead(found: Outputs) -> list[Finding]:
    worst = found.deadest
    if worst is None or worst.share < DEAD:
        return []
    layers = sum(each.share >= DEAD for each in found.rectifiers)
    return [
        Finding(
            OUTPUTS,
            f"Dead rectifiers: in {layers} of {len(found.rectifiers)} layers, {DEAD:.0%} or more "
            f"are zero for all {found.photos} photos (in {worst.place}, {worst.dead:,} of "
            f"{worst.channels:,}).",
            "A rectifier that is always zero passes no gradient back: what is before it never "
            "learns.",
            "Initialise for rectifiers (He et al. 2015) with biases of 0 or a little above, and "
            "see that inputs have a mean near 0.",
        )
    ]


def findings_of_loss(found: Outputs, num_classes: int) -> tuple[Finding, ...]:
    """Far from that of a network that favours no class."""
    if not math.isfinite(found.loss):
        return ()  # the outputs are told
    if LEAST * found.undecided <= found.loss <= MOST * found.undecided:
        return ()
    expected = f"one that is undecided between {num_classes} classes has {found.undecided:.3g}"
    if found.loss > found.undecided:
        return (
            Finding(
                LOSS,
                f"The first loss is {found.loss:.3g}; {expected}.",
                "The network is sure of answers before it has seen a label, mostly because its "
                "weights or its inputs are too large. The first steps go into unlearning that.",
                "Look at the inputs' scale and at the initialisation of the last layer.",
            ),
        )
    return (
        Finding(
            LOSS,
            f"The first loss is {found.loss:.3g}; {expected}.",
            "A fresh network cannot know so much: the labels may leak into the photos, or the "
            "network has learned before.",
            "Begin with fresh weights, and look at the photos as the network gets them.",
        ),
    )
