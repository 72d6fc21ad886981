"""Record what any named layer of a network answers, from outside; the network is not changed.

A response is copied the moment the layer gives it, since an activation that works in place would
change it otherwise.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from eyespot.errors import InputError, lookup


@contextmanager
def record(network: nn.Module, modules: Iterable[str]) -> Iterator[dict[str, Tensor]]:
    """Give a dictionary that holds each module's response after `network` has run in the block.

    A module that runs several times leaves its last response. With gradients enabled a response
    can be differentiated, and what follows can be by the response: the network goes on with a copy
    of it. Nothing stays on the network after the block, however it ends.
    Raises `InputError` for a module that the network does not have, with near matches.

    >>> with record(network, ["layer1", "layer4"]) as responses:
    ...     logits = network(images)
    >>> responses["layer4"].shape
    torch.Size([2, 512, 7, 7])
    """
    responses: dict[str, Tensor] = {}
    with _hooked(network, modules, responses.__setitem__):
        yield responses


@contextmanager
def record_runs(network: nn.Module, modules: Iterable[str]) -> Iterator[list[tuple[str, Tensor]]]:
    """As `record`, but every response in the order they came, with its module's name."""
    responses: list[tuple[str, Tensor]] = []
    with _hooked(network, modules, lambda name, response: responses.append((name, response))):
        yield responses


@contextmanager
def _hooked(
    network: nn.Module, modules: Iterable[str], keep: Callable[[str, Tensor], None]
) -> Iterator[None]:
    named = {name: module for name, module in network.named_modules() if name}
    wanted = {name: lookup("layer", name, named) for name in modules}
    handles: list[RemovableHandle] = []
    try:
        for name, module in wanted.items():
            handles.append(module.register_forward_hook(_copy_to(keep, name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _copy_to(keep: Callable[[str, Tensor], None], name: str) -> Any:
    def copy(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> Tensor | None:
        if not isinstance(output, Tensor):
            raise InputError(
                f"Layer {name!r} gives a {type(output).__name__}, not one tensor: "
                "name a layer inside it"
            )
        response = output.clone()
        keep(name, response)
        return response.clone() if torch.is_grad_enabled() else None

    return copy
