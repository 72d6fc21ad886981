"""Runs a network without computing anything, and notes what every layer sees of the photo."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from eyespot.errors import InputError
from eyespot.fields.calls import Call
from eyespot.fields.operators import follow
from eyespot.fields.seen import Seen
from eyespot.fields.spans import Axis, Span
from eyespot.networks.modes import evaluating

Note = Callable[[str, nn.Module, Tensor, Seen], None]


def track(
    network: nn.Module, size: tuple[int, int], *, note: Note, is_exact: bool, only: Iterable[str]
) -> None:
    """Call `note` for every call of a module that gives one tensor, in the order of their ends.

    With its name, itself, its output without numbers and what that sees. `only` are the modules
    that are asked for; none are all. Cell by cell if it `is_exact`.
    Raises `InputError` if the network cannot take photos of that size.
    """
    wanted = set(only)
    with ExitStack() as left:
        left.enter_context(evaluating(network))
        left.enter_context(torch.inference_mode(False))  # which would hide the parts of operators
        left.enter_context(torch.no_grad())
        tracker = left.enter_context(_Tracker(size, is_exact))
        for name, module in network.named_modules():
            if not wanted or name in wanted:
                handle = module.register_forward_hook(_told(name, tracker, note))
                left.callback(handle.remove)
        _run(network, size, tracker)


def _run(network: nn.Module, size: tuple[int, int], tracker: _Tracker) -> None:
    state = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    meta = {name: torch.empty_like(tensor, device="meta") for name, tensor in state.items()}
    dtype = next((p.dtype for p in network.parameters()), torch.float32)
    images = torch.empty(1, getattr(network, "in_channels", 3), *size, dtype=dtype, device="meta")
    tracker.begin(images)
    try:
        functional_call(network, meta, images)
    except RuntimeError as error:
        raise InputError(
            f"{type(network).__name__} cannot take photos of {size[0]} x {size[1]} pixels: "
            "choose a larger image size"
        ) from error


def _told(name: str, tracker: _Tracker, note: Note) -> Callable[..., None]:
    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and (seen := tracker.seen(output)) is not None:
            note(name, module, output, seen)

    return hook


@dataclass(frozen=True, eq=False)
class _Known:
    tensor: Tensor  # alive, so that no identity comes back
    seen: Seen


class _Tracker(TorchDispatchMode):
    """Follows every operator that runs in the block."""

    def __init__(self, size: tuple[int, int], is_exact: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._size, self._is_exact = size, is_exact
        self._known: dict[int, _Known] = {}

    def __enter__(self) -> Self:
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def begin(self, images: Tensor) -> None:
        """Every pixel of the photo sees itself."""
        rows, columns = (
            Axis(Span(1, 0, 0), False, np.eye(pixels, dtype=np.bool_) if self._is_exact else None)
            for pixels in self._size
        )
        self._known[id(images)] = _Known(images, Seen(((rows, columns),), (2, 3)))

    def seen(self, tensor: Tensor) -> Seen | None:
        known = self._known.get(id(tensor))
        return None if known is None else known.seen

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        taken = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
        read = tuple((each, seen) for each in taken if (seen := self.seen(each)) is not None)
        given = tuple(each for each in tree_leaves(output) if isinstance(each, Tensor))
        if read and given:
            names = [argument.name for argument in func._schema.arguments]
            values = {**dict(zip(names, args, strict=False)), **(kwargs or {})}
            name = func.overloadpacket.__name__
            is_pointwise = torch.Tag.pointwise in func.tags
            answers = follow(name, is_pointwise, Call(values, given, read))
            each_own = answers if len(answers) == len(given) else [answers[0]] * len(given)
            for tensor, seen in zip(given, each_own, strict=True):
                self._known[id(tensor)] = _Known(tensor, seen)
        return output
