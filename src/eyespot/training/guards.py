"""What keeps one bad batch from spoiling a training: numbers that are none, jumps, lack of memory.

- A loss or a gradient that is no finite number never reaches the weights, and the photos are named.
- A gradient that jumps far beyond all recent ones is cut down to their usual size.
- A batch that does not fit in memory is made in smaller parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn

from eyespot.datasets.names import shown
from eyespot.errors import EyespotError
from eyespot.networks.architecture import Network
from eyespot.networks.modes import evaluating
from eyespot.training.step import Outcome, Rule, forward, gradients

WhenNotFinite = Literal["stop", "skip", "roll back"]
WINDOW = 50  # steps whose gradients are remembered
ENOUGH = 5  # of them, before a jump can be told
JUMP = 10.0  # times the largest of them
NAMED = 3  # photos


class NotFiniteError(EyespotError):
    """Numbers that are none, in a loss, a gradient or a weight; nothing of it was written."""

    def __init__(self, message: str, step: int | None = None) -> None:
        super().__init__(message)
        self.step = step  # whose batch did it; None: it was seen later


class Buffers:
    """Batch norm's statistics as they were before a step, in case it is taken back."""

    def __init__(self, network: nn.Module) -> None:
        self._now = list(network.buffers())
        self._before = [buffer.detach().clone() for buffer in self._now]

    @contextmanager
    def as_before_if_it_fails(self) -> Iterator[None]:
        """Remember them; where the block raises, they are restored."""
        if self._now:
            with torch.no_grad():
                torch._foreach_copy_(self._before, self._now)
        try:
            yield
        except BaseException:
            self.restore()
            raise

    @torch.no_grad()
    def restore(self) -> None:
        if self._now:
            torch._foreach_copy_(self._now, self._before)


def allowed_norm(norm: float, recent: Sequence[float]) -> float:
    """The norm that a gradient may have: its own, or the usual one where it has jumped.

    A jump is ten times the largest of the last 50 within one step. Trainings that leave a plateau
    grow step by step, and each step raises the bound.
    """
    if len(recent) < ENOUGH or norm <= JUMP * max(recent):
        return norm
    return sorted(recent)[len(recent) // 2]


def remembered(norm: float, recent: Sequence[float]) -> tuple[float, ...]:
    """The recent norms with this one. A jump counts as two of the largest, so that one batch does
    not move the bound far, and a lasting change is believed after a few steps."""
    bound = 2 * max(recent) if len(recent) >= ENOUGH else norm
    return (*recent, norm if norm <= JUMP / 2 * bound else bound)[-WINDOW:]


def culprits(network: Network, images: Tensor, targets: Tensor, rule: Rule) -> list[int]:
    """The places in a batch of photos whose own loss or gradient is no finite number.

    Each goes through the network alone, in eval mode, so that no other photo can be blamed for it
    through the statistics of a batch. All photos: it is the weights. None: only together.
    """
    found = []
    with evaluating(network):
        for place in range(len(images)):
            network.zero_grad(set_to_none=True)
            alone = slice(place, place + 1)
            losses, _ = forward(network, images[alone], targets[alone], rule)
            losses.sum().backward()
            norm = nn.utils.get_total_norm(gradients(network))
            if not (math.isfinite(float(losses.detach().sum())) and math.isfinite(float(norm))):
                found.append(place)
    network.zero_grad(set_to_none=True)
    return found


def blame(
    outcome: Outcome, guilty: Sequence[str], everywhere: int, *, photos: int, rate: float
) -> str:
    """What is no number, and because of what, without a full stop.

    `guilty` are this process's culprits by name, `everywhere` is how many there are in all.
    """
    what = "loss" if not math.isfinite(outcome.loss_sum) else "gradient"
    if not 0 < everywhere < photos:
        return (
            f"The {what} is no finite number, and no single photo is to blame: the learning rate "
            f"{rate:g} may be too high"
        )
    named = [shown(file) for file in guilty[:NAMED]]
    if everywhere > len(named):
        named.append(f"{everywhere - len(named)} more")
    return f"The {what} is no finite number because of {' and '.join(named)}"


def require_finite(tensors: Mapping[str, Tensor]) -> None:
    """Raise `NotFiniteError` naming the first tensor with a number that is none."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise NotFiniteError(
                f"{name} holds numbers that are not finite, so no checkpoint was written: the "
                "training has run away. The last checkpoint is whole; take a lower learning rate"
            )


def is_out_of_memory(error: BaseException) -> bool:
    """torch says it in several ways, by device and allocator."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    words = ("can't allocate memory", "out of memory", "could not create a memory")
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in words)


def in_memory(
    attempt: Callable[[int | None], Outcome],
    *,
    micro_batch: int | None,
    photos: int,
    retreat: Callable[[], None],
    note: Callable[[str], None],
) -> tuple[Outcome, int | None]:
    """`attempt(micro_batch)`, with half of it as often as memory runs out; and what fitted.

    Raises `EyespotError` where not even one photo fits.
    """
    while True:
        try:
            return attempt(micro_batch), micro_batch
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            retreat()
            size = micro_batch or photos
            if size == 1:
                raise EyespotError(
                    "Not even one photo at a time fits in memory: take a smaller network or "
                    "smaller pictures"
                ) from error
            micro_batch = (size + 1) // 2
            note(
                f"Memory ran out with {size} photos at a time: from now on it is {micro_batch}, "
                "and the gradient is the same."
            )
