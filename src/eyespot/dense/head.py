"""What follows a network's last map, read off a run: the layers of its head, one after another.

The network says itself what its head does, in `forward`; nothing is stated twice. It runs on
torch's meta device with its last map given, and every layer that the map passes is noted. Between
two layers numbers may only be laid out anew (flattened, or given axes): a head is a chain.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.multiprocessing.reductions import StorageWeakRef

from eyespot.networks.architecture import Network


@dataclass(frozen=True)
class Layer:
    """One layer of a head in the order of the forward pass, shapes for one picture."""

    module: str  # its name in `network.named_modules()`
    taken: tuple[int, ...]  # (C, h, w), or (D,) behind flattening
    given: tuple[int, ...]


@dataclass(frozen=True)
class Head:
    """What the network makes of its last map at one image size."""

    window: tuple[int, int]  # cells, of the last map
    neck: tuple[Layer, ...]  # from the last map to the embedding
    layers: tuple[Layer, ...]  # from the last map to the logits; mostly the neck and a few more


def skeleton(network: Network) -> Network:
    """The network in eval mode on torch's meta device; nothing of its weights is copied."""
    tensors: list[Tensor] = [*network.parameters(), *network.buffers()]
    memo: dict[int, Any] = {}
    for tensor in tensors:
        empty = torch.empty_like(tensor, device="meta")
        memo[id(tensor)] = nn.Parameter(empty) if isinstance(tensor, nn.Parameter) else empty
    return copy.deepcopy(network, memo).eval()


def with_last_map(network: Network, features: Tensor) -> Network:
    """A twin of the network on the same weights whose last map is always `features`."""
    twin = copy.copy(network)  # its modules are the network's own
    vars(twin).update(forward_features=lambda images: features, check=lambda images: None)
    return twin


def read_head(bones: Network, images: Tensor, last_map: Tensor) -> Head | None:
    """The head of a `skeleton`, for images with that last map.

    None where the logits do not follow from the last map alone, or not in a chain of layers.
    """
    twin = with_last_map(bones, last_map)
    with torch.no_grad():
        neck = _chain(twin, last_map, lambda: twin.forward_embedding(images))
        layers = _chain(twin, last_map, lambda: twin(images))
    if neck is None or layers is None:
        return None
    height, width = last_map.shape[2:]
    return Head((height, width), neck, layers)


def _chain(twin: Network, last_map: Tensor, run: Callable[[], Tensor]) -> tuple[Layer, ...] | None:
    """The layers that `run` passes, or None where one reads what the one before has not given."""
    calls: list[tuple[str, Tensor, Tensor]] = []
    inside: list[str] = []

    def enter(name: str) -> Callable[..., None]:
        return lambda module, inputs: inside.append(name)

    def leave(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            inside.pop()
            if not inside:  # what runs inside a layer is that layer's own affair
                calls.append((name, inputs[0], output))

        return hook

    handles = []
    for name, module in twin.named_modules():
        if name and not isinstance(module, nn.Sequential | nn.ModuleList):
            handles.append(module.register_forward_pre_hook(enter(name)))
            handles.append(module.register_forward_hook(leave(name)))
    try:
        logits = run()
    finally:
        for handle in handles:
            handle.remove()
    given = [last_map, *(output for _, _, output in calls)]
    taken = [*(inputs for _, inputs, _ in calls), logits]
    if not all(_holds_the_same(a, b) for a, b in zip(given, taken, strict=True)):
        return None
    return tuple(Layer(name, tuple(a.shape[1:]), tuple(b.shape[1:])) for name, a, b in calls)


def _holds_the_same(one: Tensor, other: Tensor) -> bool:
    """Whether both are the same numbers, in whatever layout."""
    memory = [StorageWeakRef(each.untyped_storage()).cdata for each in (one, other)]
    return memory[0] == memory[1] and one.numel() == other.numel()
