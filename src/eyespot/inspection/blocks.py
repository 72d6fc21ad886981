"""What a block is made of: every layer, and which reads whose output, noted while the block runs.

A layer is a module without children, a module whose class the caller calls one, or a function that
computes: a sum, a product, a concatenation. What only reshapes, pads or is for training is passed
over: who reads it reads what it read. Run under `torch.device("meta")`, nothing is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from eyespot.inspection.words import Kind, function_text, is_passed_over, kind, module_text
from eyespot.networks.modes import evaluating

Leaves = Mapping[str, str]  # class -> its words, with {m.heads} and the like for its attributes
SHUFFLED = (("unflatten", "transpose"), ("view", "transpose"), ("reshape", "transpose"))


@dataclass(frozen=True)
class Layer:
    """One computation in a block. Numbers count the layers in the order of their run."""

    kind: Kind
    text: str  # "3x3, 64"
    notes: tuple[str, ...]  # "stride 2", "32 groups"
    reads: tuple[int, ...]  # the numbers of the layers whose outputs it takes
    shape: tuple[int, ...]  # of its output, for one picture
    module: str  # its name in the block, or that of the module that calls the function


def trace(block: nn.Module, inputs: tuple[Any, ...], *, leaves: Leaves) -> tuple[Layer, ...]:
    """The layers of `block` run in eval mode on `inputs`: inputs first, outputs last.

    >>> trace(nn.ReLU(), (torch.zeros(1, 8, 4, 4),), leaves={})[1].text
    'ReLU'
    """
    notes = _Notes(block, leaves)
    with evaluating(block):
        for value in tree_leaves(inputs):
            if isinstance(value, Tensor):
                notes.add("input", "input", (), (), value, "")
        with torch.no_grad(), notes:
            given = block(*inputs)
    for value in tree_leaves(given):
        if isinstance(value, Tensor):
            notes.add("output", "output", (), (value,), value, "")
    return tuple(notes.layers)


class _Done(Exception):  # noqa: N818  (nothing went wrong)
    """The block has been reached."""


def taken(network: nn.Module, name: str, images: Tensor) -> tuple[Any, ...]:
    """What the module `name` of `network` is called with, the first time, for these images."""
    found: list[tuple[Any, ...]] = []

    def note(module: nn.Module, inputs: tuple[Any, ...]) -> None:
        found.append(inputs)
        raise _Done

    if not name:
        return (images,)
    handle = network.get_submodule(name).register_forward_pre_hook(note)
    try:
        with torch.no_grad():
            network(images)
    except _Done:
        pass
    finally:
        handle.remove()
    assert found, f"{name} is not called"
    return found[0]


class _Notes(TorchFunctionMode):
    """Within the block, notes every layer; tensors are told apart by identity, and kept alive."""

    def __init__(self, block: nn.Module, leaves: Leaves) -> None:
        super().__init__()
        self.layers: list[Layer] = []
        self._block, self._leaves = block, leaves
        self._sources: dict[int, tuple[int, Tensor, tuple[str, ...]]] = {}
        self._weights = {id(each): name for name, each in block.named_parameters()}
        self._weights |= {id(each): name for name, each in block.named_buffers()}
        self._alive: list[Tensor] = []
        self._inside: list[str] = []  # the leaf that is running
        self._calling: list[str] = []  # modules that are running
        self._hooks = ExitStack()

    def __enter__(self) -> _Notes:
        for name, module in self._block.named_modules():
            for handle in (
                module.register_forward_pre_hook(self._begin(name)),
                module.register_forward_hook(self._end(name)),
            ):
                self._hooks.callback(handle.remove)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *exception: object) -> None:
        super().__exit__(*exception)  # type: ignore[no-untyped-call]
        self._hooks.close()

    def add(
        self,
        kind: Kind,
        text: str,
        notes: tuple[str, ...],
        reads: tuple[Tensor, ...],
        given: Tensor,
        module: str,
    ) -> None:
        sources = [self._sources[id(each)][0] for each in reads if id(each) in self._sources]
        numbers = tuple(dict.fromkeys(sources))
        self.layers.append(Layer(kind, text, notes, numbers, tuple(given.shape[1:]), module))
        self._keep(given, len(self.layers) - 1, ())

    def _keep(self, tensor: Tensor, number: int, way: tuple[str, ...]) -> None:
        self._sources[id(tensor)] = (number, tensor, way)

    def _is_leaf(self, module: nn.Module) -> bool:
        is_named = type(module).__name__ in self._leaves
        return is_named or (not any(module.children()) and module is not self._block)

    def _begin(self, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...]) -> None:
            self._calling.append(name)
            if not self._inside and self._is_leaf(module):
                self._inside.append(name)

        return hook

    def _end(self, name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            self._calling.pop()
            if self._inside != [name]:
                return
            self._inside.clear()
            reads = tuple(each for each in tree_leaves(inputs) if isinstance(each, Tensor))
            words = self._leaves.get(type(module).__name__)
            if words is None and is_passed_over(module, reads[0], output):
                self._pass(reads[0], output, "")
                return
            text, notes = module_text(module, words, reads[0], output)
            self.add(kind(module, reads[0], output), text, notes, reads, output, name)

        return hook

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        given = func(*args, **(kwargs or {}))
        if not self._inside:
            self._function(func, args, kwargs or {}, given)
        return given

    def _function(self, func: Any, args: tuple[Any, ...], kwargs: Any, given: Any) -> None:
        reads = tuple(each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor))
        known = [each for each in reads if id(each) in self._sources]
        outputs = [each for each in tree_leaves(given) if isinstance(each, Tensor)]
        name = getattr(func, "__name__", "").strip("_")
        if not known or not outputs:
            self._note_weight(reads, outputs)
            return
        way = self._sources[id(known[0])][2]
        here = self._calling[-1] if self._calling else ""
        if way in SHUFFLED and name in ("flatten", "view", "reshape"):
            self.add("other", "channel shuffle", (), reads, outputs[0], here)
            return
        weights = [self._weights[id(each)] for each in reads if id(each) in self._weights]
        words = function_text(name, args, kwargs, weights)
        if words is None or (words[1] == "concat" and len(reads) == 1):
            for each in outputs:
                self._pass(known[0], each, name)
            return
        self.add(*words, reads, outputs[0], here)
        for each in outputs[1:]:
            self._keep(each, len(self.layers) - 1, ())

    def _note_weight(self, reads: Sequence[Tensor], outputs: Sequence[Tensor]) -> None:
        """What is made of a weight alone keeps its name: a class token for every picture."""
        names = [self._weights[id(each)] for each in reads if id(each) in self._weights]
        for each in outputs if names else ():
            self._weights[id(each)] = names[0]
            self._alive.append(each)

    def _pass(self, read: Tensor, given: Any, name: str) -> None:
        if id(read) in self._sources and isinstance(given, Tensor):
            number, _, way = self._sources[id(read)]
            self._keep(given, number, (*way, name) if name else way)
