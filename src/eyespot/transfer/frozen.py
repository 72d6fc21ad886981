"""What the frozen stages of a network answer to a photo is computed once, and learned from often.

They answer the same picture with the same numbers in every epoch. So each photo shows a few views,
in turns, and the answers to them are kept, in the numbers that they were computed in: nothing is
lost. A step then begins behind the last frozen stage: the stages before it run on a batch of no
images, and what leaves the last of them is replaced by what was kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from eyespot.networks.architecture import Network
from eyespot.networks.counting import layers
from eyespot.networks.modes import evaluating
from eyespot.training.facts import Precision
from eyespot.training.pictures import Pictures, ahead
from eyespot.training.precision import computing

MEMORY = 1_500_000_000  # bytes that are kept, as of pixels
BATCH_SIZE = 32
COMPARED = 4  # pictures on which going on from kept responses is compared with going through
CLOSE = 1e-2  # share of the largest response; in bfloat16, batches of two sizes differ by 1/256


class NotKeptError(Exception):
    """The responses cannot be kept; the message ends the sentence that says so."""


@dataclass(frozen=True)
class Setting:
    """All that the responses depend on besides the pictures."""

    boundary: str  # the module with which the last frozen stage ends
    precision: Precision
    device: torch.device
    workers: int = 2  # threads that prepare pictures


@dataclass
class Responses:
    """What the frozen stages answer: (number of the photo, view) -> (C, h, w) or (T, D)."""

    setting: Setting
    memory: int = MEMORY
    rows: dict[tuple[int, int], Tensor] = field(default_factory=dict, repr=False)
    seconds: float = 0.0  # that computing them took

    @property
    def bytes(self) -> int:
        """What is kept."""
        return sum(row.nbytes for row in self.rows.values())

    def ask(self, network: Network, pictures: Sequence[Pictures], *, seconds: float) -> None:
        """Compute what is missing of all views of some pictures, and keep it.

        Raises `NotKeptError` where that does not fit into memory or takes longer than `seconds`, or
        where the network cannot go on from them. Then it knows what it knew before.
        """
        missing = [
            (each, index, view)
            for each in pictures
            for index in range(len(each))
            for view in range(_views(each))
            if (int(each.numbers[index]), view) not in self.rows
        ]
        parts = [missing[i : i + BATCH_SIZE] for i in range(0, len(missing), BATCH_SIZE)]
        fresh: dict[tuple[int, int], Tensor] = {}
        began = time.monotonic()
        with evaluating(network), torch.no_grad():
            for done, (part, images) in enumerate(
                ahead(_shown, parts, workers=self.setting.workers)
            ):
                answers = self._answers(network, images)
                if not done:
                    self._require_space(answers, len(missing))
                    self._require_resumable(network, images[:COMPARED], answers[:COMPARED])
                for (each, index, view), answer in zip(part, answers, strict=True):
                    fresh[int(each.numbers[index]), view] = answer.clone()
                spent = time.monotonic() - began
                if spent * len(parts) / (done + 1) > seconds:
                    raise NotKeptError("take longer to be computed than the time limit allows")
        self.rows |= fresh
        self.seconds += time.monotonic() - began

    def of(self, numbers: Sequence[int], views: Sequence[int]) -> NDArray[np.float32]:
        """Some of them, as a batch."""
        kept = [self.rows[key] for key in zip(numbers, views, strict=True)]
        found: NDArray[np.float32] = torch.stack(kept).float().numpy()
        return found

    @contextmanager
    def resumed(self, network: Network) -> Iterator[None]:
        """Within, `network` takes responses besides images, and goes on from them."""
        shown = next(iter(self.rows.values()))
        with _resumed(network, self.setting.boundary, shown):
            yield

    def _answers(self, network: Network, images: Tensor) -> Tensor:
        setting, found = self.setting, []

        def reached(module: nn.Module, inputs: Any, output: Any) -> None:
            found.append(output)
            raise _ReachedError

        handle = network.get_submodule(setting.boundary).register_forward_hook(reached)
        try:
            with computing(setting.precision, setting.device):
                network(images.to(setting.device))
        except _ReachedError:
            pass
        finally:
            handle.remove()
        if not found or not isinstance(found[0], Tensor):
            raise NotKeptError("are not one tensor that the others go on from")
        answers: Tensor = found[0].cpu().contiguous()
        return answers

    def _require_space(self, answers: Tensor, count: int) -> None:
        needed = self.bytes + count * answers[0].nbytes
        if needed > self.memory:
            gigabytes = f"{needed / 1e9:.1f} GB, more than the {self.memory / 1e9:.1f} GB"
            raise NotKeptError(f"take {gigabytes} that are kept")

    def _require_resumable(self, network: Network, images: Tensor, answers: Tensor) -> None:
        """Some networks hand responses around a stage, or look at the size of the batch first."""
        setting = self.setting
        images, inside = images.to(setting.device), "do not tell the others all that they ask"
        with computing(setting.precision, setting.device):
            expected = network(images)
            try:
                with _resumed(network, setting.boundary, answers[0]):
                    found = network(answers.float().to(setting.device))
            except (RuntimeError, ValueError, IndexError) as error:
                raise NotKeptError(inside) from error
        if found.shape != expected.shape:
            raise NotKeptError(inside)
        if not (found - expected).abs().max() <= CLOSE * expected.abs().max():
            raise NotKeptError(inside)


def split_work(network: Network, boundary: str, size: int) -> tuple[int, int]:
    """One picture of `size` pixels: multiply-adds in the frozen stages, and in the others."""
    rows = layers(network, size)
    inside = [
        i for i, row in enumerate(rows) if row.module == boundary or _is_in(row.module, boundary)
    ]
    frozen = sum(row.multiply_adds for row in rows[: inside[-1] + 1]) if inside else 0
    return frozen, sum(row.multiply_adds for row in rows) - frozen


def times_less(
    frozen: int, learning: int, *, photos: int, tried: int, epochs: int, views: int
) -> float:
    """Multiply-adds of a training in which every epoch asks the frozen stages, by those of one that
    asks them once a view. A backward pass costs two forward ones, of the stages that learn alone.

    >>> round(times_less(300, 100, photos=100, tried=0, epochs=12, views=4), 2)
    1.5
    """
    steps = epochs * photos * 3 * learning + (epochs + 1) * tried * learning
    anew = (epochs * photos + (epochs + 1) * tried) * frozen
    once = (min(views, epochs) * photos + tried) * frozen
    return (steps + anew) / (steps + once)


class _ReachedError(Exception):
    """The last frozen stage has answered."""


def _is_in(module: str, boundary: str) -> bool:
    return module.startswith(f"{boundary}.")


def _views(pictures: Pictures) -> int:
    return (pictures.views or 1) if pictures.augmentations else 1


def _shown(
    part: Sequence[tuple[Pictures, int, int]],
) -> tuple[Sequence[tuple[Pictures, int, int]], Tensor]:
    pixels = np.stack([each.seen(index, view) for each, index, view in part])
    return part, torch.from_numpy(part[0][0].preprocessing.normalise(pixels))


@contextmanager
def _resumed(network: Network, boundary: str, shown: Tensor) -> Iterator[None]:
    """`shown` is one response: a batch of what has its shape is no batch of images."""
    passing: list[Tensor] = []

    def begin(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...] | None:
        passing.clear()
        (batch,) = inputs
        if batch.shape[1:] != shown.shape:
            return None
        passing.append(batch.to(shown.dtype))
        size = network.smallest_image_size
        return (batch.new_empty(0, network.in_channels, size, size),)

    def replace(module: nn.Module, inputs: Any, output: Any) -> Tensor | None:
        return passing.pop() if passing else None

    handles = [
        network.register_forward_pre_hook(begin),
        network.get_submodule(boundary).register_forward_hook(replace),
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
