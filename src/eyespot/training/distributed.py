"""Several processes on one training: torchrun's environment, and the few sums they share.

Every process has the whole network and makes its share of each batch. What they exchange is small:
the sum of the gradients, a few numbers for the history, and whether one of them was asked to stop.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from eyespot.errors import EyespotError, InputError

PATIENCE = 30.0  # seconds that processes wait for one another
LOST = (
    "Another process of this training has ended or does not answer: nothing is lost, run the same "
    "command again to go on"
)


class World:
    """All processes of a training, seen from one of them; most trainings have but one."""

    def __init__(self, rank: int = 0, size: int = 1, device: str = "cpu") -> None:
        self.rank, self.size, self.device = rank, size, device

    @property
    def is_first(self) -> bool:
        """Does this process write, and talk to the user?"""
        return self.rank == 0

    def share(self, photos: int) -> slice:
        """This process's part of a batch; together they are the batch, in order."""
        return slice(photos * self.rank // self.size, photos * (self.rank + 1) // self.size)

    def total(self, *numbers: float) -> list[float]:
        """The sums over all processes."""
        if self.size == 1:
            return list(numbers)
        values = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        _answered(lambda: torch.distributed.all_reduce(values))
        return [float(value) for value in values]

    def largest(self, number: int) -> int:
        """The largest of all processes' numbers: is anybody asked to stop, and by which signal?"""
        if self.size == 1:
            return number
        value = torch.tensor([number], device=self.device)
        largest = torch.distributed.ReduceOp.MAX
        _answered(lambda: torch.distributed.all_reduce(value, op=largest))
        return int(value)

    def add_gradients(self, network: nn.Module) -> None:
        """Every process gets the sum of all gradients, in one exchange."""
        if self.size == 1:
            return
        learning = [p for p in network.parameters() if p.requires_grad]
        for parameter in learning:
            if parameter.grad is None:  # a share without photos
                parameter.grad = torch.zeros_like(parameter)
        gradients = [parameter.grad for parameter in learning if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        _answered(lambda: torch.distributed.all_reduce(flat))
        parts = flat.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def copy_from_first(self, tensors: Iterable[Tensor]) -> None:
        """All processes take the first one's: batch norm's running statistics."""
        if self.size == 1:
            return
        for tensor in tensors:
            _answered(partial(torch.distributed.broadcast, tensor, 0))

    def told(self, work: Callable[[], Any]) -> Any:
        """What `work` gives in the first process, as JSON takes it, in all; or its error in all."""
        if self.size == 1:
            return work()
        answer: dict[str, Any] = {}
        failure: EyespotError | None = None
        if self.is_first:
            try:
                answer = {"value": work()}
            except EyespotError as error:
                failure, answer = error, {"error": str(error)}
        answer = json.loads(self._sent(json.dumps(answer).encode()))
        if failure is not None:
            raise failure
        if "error" in answer:
            raise InputError(answer["error"])
        return answer["value"]

    def _sent(self, content: bytes) -> bytes:
        """The first process's bytes in all of them."""
        length = torch.tensor([len(content)], device=self.device)
        _answered(lambda: torch.distributed.broadcast(length, 0))
        data = torch.zeros(int(length), dtype=torch.uint8, device=self.device)
        if self.is_first:
            data.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
        _answered(lambda: torch.distributed.broadcast(data, 0))
        return data.cpu().numpy().tobytes()


@contextmanager
def joined(*, device: str = "cpu", patience: float = PATIENCE) -> Iterator[World]:
    """The world that torchrun started us in; alone, where it did not.

    torchrun says so in RANK, WORLD_SIZE and LOCAL_RANK, which are read here and nowhere else. On
    processors the exchange is gloo's, on GPUs nccl's, and `World.device` is this process's own.
    Raises `EyespotError` where the others do not answer within `patience` seconds.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield World(device=device)
        return
    rank, local = int(os.environ["RANK"]), int(os.environ.get("LOCAL_RANK", "0"))
    if device == "cuda":
        device = f"cuda:{local}"
        torch.cuda.set_device(device)
    _answered(
        lambda: torch.distributed.init_process_group(
            "nccl" if device.startswith("cuda") else "gloo",
            timeout=timedelta(seconds=patience),
        )
    )
    try:
        yield World(rank, size, device)
    finally:
        torch.distributed.destroy_process_group()


def _answered(exchange: Callable[[], Any]) -> None:
    """An exchange with the others, or one sentence about why there was none."""
    try:
        exchange()
    except RuntimeError as error:  # gloo's and nccl's only kind: closed connection, time out
        raise EyespotError(LOST) from error
