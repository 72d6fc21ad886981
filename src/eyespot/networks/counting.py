"""Parameters, buffers and multiply-adds of a network, counted by looking on while it runs.

The rule, for one picture in eval mode: a convolution costs its kernel's positions times the input
channels of a group for every number that leaves it, zero padding counted as work; a linear layer
costs its input features for every number that leaves it. Bias, normalisation, activation, pooling
and sums are not counted. The network runs on torch's meta device: nothing is computed or allocated.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from eyespot.errors import InputError

Note = Callable[[str, nn.Module, Tensor, Tensor], None]  # name, module, what it takes and gives


@dataclass(frozen=True)
class LayerRow:
    """One call of a module without children, for one picture."""

    module: str  # its name in `network.named_modules()`
    kind: str  # its class, e.g. "Conv2d"
    reads: int  # rows with the same number take the same tensor: branches start there
    input_shape: tuple[int, ...]  # (C, H, W) or (D,)
    output_shape: tuple[int, ...]
    parameters: int  # 0 when the module has been called before
    multiply_adds: int


@dataclass(frozen=True)
class Counts:
    """What a network holds, and what one picture costs it."""

    parameters: int
    buffers: int  # numbers, running statistics for the most part
    multiply_adds: int
    multiply_adds_conv: int
    multiply_adds_linear: int


def count(network: nn.Module, image_size: int) -> Counts:
    """Count for square RGB pictures of `image_size` pixels. The network is left as it was.

    Raises `InputError` if the network cannot take pictures of that size.
    """
    rows = layers(network, image_size)
    conv = sum(row.multiply_adds for row in rows if row.kind == "Conv2d")
    linear = sum(row.multiply_adds for row in rows if row.kind == "Linear")
    return Counts(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        buffers=sum(buffer.numel() for buffer in network.buffers()),
        multiply_adds=conv + linear,
        multiply_adds_conv=conv,
        multiply_adds_linear=linear,
    )


def layers(network: nn.Module, image_size: int) -> tuple[LayerRow, ...]:
    """Every layer in the order of the forward pass, for pictures of `image_size` pixels.

    Raises `InputError` if the network cannot take pictures of that size.
    """
    rows: list[LayerRow] = []
    called: set[str] = set()
    seen: dict[int, tuple[int, Tensor]] = {}  # the tensors stay alive, so no identity comes back

    def note(name: str, module: nn.Module, taken: Tensor, given: Tensor) -> None:
        row = LayerRow(
            module=name,
            kind=type(module).__name__,
            reads=seen.setdefault(id(taken), (len(seen), taken))[0],
            input_shape=tuple(taken.shape[1:]),
            output_shape=tuple(given.shape[1:]),
            parameters=0 if name in called else sum(p.numel() for p in module.parameters()),
            multiply_adds=_multiply_adds(module, given),
        )
        rows.append(row)
        called.add(name)

    with _in_eval_mode(network), _watched(network, note), torch.no_grad():
        _run_on_meta(network, image_size)
    return tuple(rows)


def _run_on_meta(network: nn.Module, image_size: int) -> None:
    state = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    meta = {name: torch.empty_like(tensor, device="meta") for name, tensor in state.items()}
    dtype = next((p.dtype for p in network.parameters()), torch.float32)
    try:
        functional_call(
            network, meta, torch.empty(1, 3, image_size, image_size, dtype=dtype, device="meta")
        )
    except RuntimeError as error:
        raise InputError(
            f"{type(network).__name__} cannot take pictures of {image_size} x {image_size} pixels: "
            "choose a larger image size"
        ) from error


def _multiply_adds(module: nn.Module, given: Tensor) -> int:
    if isinstance(module, nn.Conv2d):
        return module.weight[0].numel() * given.numel()
    if isinstance(module, nn.Linear):
        return module.in_features * given.numel()
    return 0


@contextmanager
def _in_eval_mode(network: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, is_training in modes:
            module.training = is_training


@contextmanager
def _watched(network: nn.Module, note: Note) -> Iterator[None]:
    """Within the block, `note` hears of every call of a module without children."""

    def hook(name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        return lambda module, inputs, output: note(name, module, inputs[0], output)

    leaves = [(name, each) for name, each in network.named_modules() if not any(each.children())]
    handles = [module.register_forward_hook(hook(name)) for name, module in leaves]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
