"""Every network by name, in order of publication."""

from functools import cache
from importlib import import_module
from math import nan
from types import MappingProxyType
from typing import Any

import torch
from torch.nn import init
from torch.overrides import TorchFunctionMode

from eyespot.errors import InputError, lookup
from eyespot.networks.architecture import Architecture, Network

# One module per paper, oldest first; each has ARCHITECTURES. A new paper is one more line.
FAMILIES = (
    "lenet",
    "multi_column_dnn",
    "alexnet",
    "zfnet",
    "overfeat",
    "nin",
    "vgg",
    "googlenet",
    "bn_inception",
    "highway",
    "prelu_net",
    "inception_v3",
    "resnet",
    "resnet_cifar",
    "plain",
    "preact_resnet",
    "preact_resnet_cifar",
    "wide_resnet",
    "squeezenet",
    "inception_v4",
    "inception_resnet",
    "resnext",
    "densenet",
    "densenet_cifar",
    "xception",
    "mobilenet_v1",
    "mobilenet_v2",
    "shufflenet_v1",
    "shufflenet_v2",
    "senet",
    "nasnet",
    "amoebanet",
    "mobilenet_v3",
    "efficientnet",
    "vit",
)

# How weights are drawn
DRAWING = {
    init.kaiming_uniform_, init.xavier_uniform_, init.uniform_, init.normal_,
    torch.Tensor.uniform_, torch.Tensor.normal_,
}  # fmt: skip


@cache
def architectures() -> MappingProxyType[str, Architecture]:
    """All rows of all papers by name, oldest paper first."""
    modules = (import_module(f"eyespot.networks.{family}") for family in FAMILIES)
    rows: list[Architecture] = [row for module in modules for row in module.ARCHITECTURES]
    table = {row.name: row for row in rows}
    assert len(table) == len(rows), "two networks share a name"
    return MappingProxyType(table)


def find(name: str) -> Architecture:
    """The row of one network. Raises `InputError` with near matches for an unknown name."""
    return lookup("network", name, architectures(), groups=_families())


def _families() -> dict[str, list[str]]:
    """Family -> the names of its rows."""
    rows = architectures().values()
    return {family: [row.name for row in rows if row.family == family] for family in FAMILIES}


def build(name: str, *, num_classes: int | None = None, seed: int = 0) -> Network:
    """A freshly initialised network in train mode, as its paper initialises it.

    `num_classes` is the paper's unless given. The same `seed` gives the same weights, and torch's
    default generator is left as it was. Under `with torch.device("meta")` nothing is allocated.

    >>> build("resnet50", num_classes=10)(torch.zeros(2, 3, 224, 224)).shape
    torch.Size([2, 10])
    """
    architecture = find(name)
    if num_classes is None:
        num_classes = architecture.num_classes
    if num_classes < 1:
        raise InputError(f"{name} needs at least 1 class, not {num_classes}: pass num_classes=2")
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]), _NothingTwice():
        network = architecture.build(num_classes=num_classes, generator=generator)
    network.image_size = architecture.image_size
    return network


class _NothingTwice(TorchFunctionMode):
    """torch's layers draw weights of their own before ours are drawn, in half of the time.

    What would be drawn from torch's default generator becomes nan here, so that a layer that its
    paper's module forgets cannot be overlooked. On the meta device there is nothing to draw, for
    which torch needs a thousand steps in Python.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        given = kwargs or {}
        if func in DRAWING:
            tensor: torch.Tensor = args[0] if args else given["tensor"]
            if tensor.is_meta:
                return tensor
            if not any(isinstance(each, torch.Generator) for each in (*args, *given.values())):
                with torch.no_grad():
                    return tensor.fill_(nan)
        return func(*args, **given)
