"""What a network holds and what one picture costs it, counted by looking on while it runs.

The rule, for one picture in eval mode: a convolution costs its kernel's positions times the input
channels of a group for every number that leaves it, zero padding counted as work; a linear layer
costs its input features for every number that leaves it; attention costs its two products (queries
with keys, weights with values) as well. Bias, normalisation, activation, pooling and sums are not
counted. Every operator is seen, whichever module or function calls it, so the rule holds for any
`nn.Module`. The network runs on torch's meta device: nothing is computed or allocated. Attention
is taken apart there, so that its weights count as memory, which fused kernels spare.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.hooks import RemovableHandle

from eyespot.errors import InputError
from eyespot.networks.modes import evaluating

aten = torch.ops.aten


@dataclass(frozen=True)
class LayerRow:
    """One call of a module that has no children, or computes or holds something beside them."""

    module: str  # its name in `network.named_modules()`
    kind: str  # its class, e.g. "Conv2d"
    reads: int  # rows with the same number take the same tensor: branches start there
    gives: int  # the number under which a later row reads what leaves this one
    input_shape: tuple[int, ...]  # (C, H, W) or (D,), for one picture
    output_shape: tuple[int, ...]
    parameters: int  # its own, without its children's; 0 when the module has been called before
    multiply_adds: int  # its own


@dataclass(frozen=True)
class Counts:
    """What a network holds, and what one picture costs it."""

    parameters: int
    buffers: int  # numbers, running statistics for the most part
    multiply_adds: int
    multiply_adds_conv: int
    multiply_adds_linear: int
    multiply_adds_attention: int  # the two products; the projections are linear layers
    activations: int  # numbers that leave convolutions and linear layers
    peak_memory: int  # bytes alive at once in a forward pass without gradients, weights apart


def count(network: nn.Module, image_size: int) -> Counts:
    """Count for square pictures of `image_size` pixels. The network is left as it was.

    The pictures have `network.in_channels` channels, 3 where the network has no such attribute.
    Raises `InputError` if the network cannot take pictures of that size.
    """
    costs, memory = _Costs(), _Memory()
    with evaluating(network), torch.no_grad():
        run = _on_meta(network, image_size)
        with Shapes(), memory, costs:
            run()
    return Counts(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        buffers=sum(buffer.numel() for buffer in network.buffers()),
        multiply_adds=costs.total,
        multiply_adds_conv=costs.multiply_adds["conv"],
        multiply_adds_linear=costs.multiply_adds["linear"],
        multiply_adds_attention=costs.multiply_adds["attention"],
        activations=costs.activations,
        peak_memory=memory.peak,
    )


def layers(network: nn.Module, image_size: int) -> tuple[LayerRow, ...]:
    """Every layer in the order of the forward pass, for pictures of `image_size` pixels.

    Raises `InputError` if the network cannot take pictures of that size.
    """
    costs = _Costs()
    with evaluating(network), torch.no_grad(), _Rows(network, costs) as noted:
        run = _on_meta(network, image_size)
        with Shapes(), costs:
            run()
    return tuple(noted.rows)


class Shapes(TorchDispatchMode):
    """On the meta device, batch norm gives at once what torch asks nine operators in Python for.

    They are four fifths of the time that a deep network's shapes take.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is aten.native_batch_norm.default and args[0].is_meta:
            features, running_mean, is_training = args[0], args[3], args[5]
            if not is_training:
                return tuple(map(torch.empty_like, (features, running_mean, running_mean)))
        return func(*args, **(kwargs or {}))


def _conv(output: Tensor, weight: Tensor, transposed: bool, given: Tensor) -> int:
    return weight[0].numel() * (given if transposed else output).numel()


def _attention(query: Tensor, key: Tensor, value: Tensor) -> int:
    return prod(query.shape[:-1]) * key.shape[-2] * (query.shape[-1] + value.shape[-1])


class _Costs(TorchDispatchMode):
    """Adds up the multiply-adds of every operator that runs in the block, by kind."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.multiply_adds = {"conv": 0, "linear": 0, "attention": 0}
        self.activations = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        name = func.overloadpacket
        if name is aten.convolution:
            self._add("conv", _conv(output, args[1], args[6], args[0]), output)
        elif name in (aten.mm, aten.addmm):
            rows, columns = args[-2:]
            self._add("linear", rows.numel() * columns.shape[-1], output)
        elif name in (aten.bmm, aten.baddbmm):
            rows, columns = args[-2:]
            self._add("attention", rows.numel() * columns.shape[-1], None)
        elif "scaled_dot_product" in str(name) and "backward" not in str(name):
            self._add("attention", _attention(*args[:3]), None)
        return output

    @property
    def total(self) -> int:
        return sum(self.multiply_adds.values())

    def _add(self, kind: str, multiply_adds: int, output: Tensor | None) -> None:
        self.multiply_adds[kind] += multiply_adds
        self.activations += 0 if output is None else output.numel()


class _Memory(TorchDispatchMode):
    """Follows which tensors that were made in the block are alive after every operator."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak = 0
        self._alive: dict[int, tuple[StorageWeakRef, int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = func(*args, **(kwargs or {}))
        self._alive = {k: row for k, row in self._alive.items() if not row[0].expired()}
        taken = {reference.cdata for reference, _ in _storages((args, kwargs))}
        for reference, size in _storages(output):
            if reference.cdata not in taken:  # a view, of a weight for instance, holds nothing new
                self._alive[reference.cdata] = (reference, size)
        self.peak = max(self.peak, sum(size for _, size in self._alive.values()))
        return output


def _storages(values: Any) -> Iterator[tuple[StorageWeakRef, int]]:
    """The memory of every tensor among `values`, and its bytes."""
    for tensor in tree_leaves(values):
        if isinstance(tensor, Tensor):
            storage = tensor.untyped_storage()
            yield StorageWeakRef(storage), storage.nbytes()


class _Rows:
    """Within the block, notes every call of a module and what `costs` grew by in it."""

    def __init__(self, network: nn.Module, costs: _Costs) -> None:
        self.rows: list[LayerRow] = []
        self._network = network
        self._costs = costs
        self._running: list[int] = []  # what each module that is running leaves to its parent
        self._called: set[str] = set()
        self._seen: dict[int, tuple[int, Tensor]] = {}  # alive, so that no identity comes back
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        for name, module in self._network.named_modules():
            self._handles.append(module.register_forward_pre_hook(self._enter))
            self._handles.append(module.register_forward_hook(self._leave(name)))
        return self

    def __exit__(self, *exception: object) -> None:
        for handle in self._handles:
            handle.remove()

    def _enter(self, module: nn.Module, inputs: tuple[Any, ...]) -> None:
        self._running.append(self._costs.total)

    def _leave(self, name: str) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
            own_cost = self._costs.total - self._running.pop()
            # What happens in here is no longer the parents' own.
            self._running = [before + own_cost for before in self._running]
            own = [] if name in self._called else module.parameters(recurse=False)
            parameters = sum(parameter.numel() for parameter in own)
            self._called.add(name)
            if not isinstance(output, Tensor) or not inputs or not isinstance(inputs[0], Tensor):
                return
            if own_cost or parameters or not any(module.children()):
                self.rows.append(self._row(name, module, inputs[0], output, parameters, own_cost))

        return hook

    def _row(
        self,
        name: str,
        module: nn.Module,
        taken: Tensor,
        given: Tensor,
        parameters: int,
        multiply_adds: int,
    ) -> LayerRow:
        return LayerRow(
            module=name,
            kind=type(module).__name__,
            reads=self._number(taken),
            gives=self._number(given),
            input_shape=tuple(taken.shape[1:]),
            output_shape=tuple(given.shape[1:]),
            parameters=parameters,
            multiply_adds=multiply_adds,
        )

    def _number(self, tensor: Tensor) -> int:
        return self._seen.setdefault(id(tensor), (len(self._seen), tensor))[0]


def _on_meta(network: nn.Module, image_size: int) -> Callable[[], None]:
    """What runs the network without memory on one picture, which it makes."""
    state = {**dict(network.named_parameters()), **dict(network.named_buffers())}
    meta = {name: torch.empty_like(tensor, device="meta") for name, tensor in state.items()}
    dtype = next((p.dtype for p in network.parameters()), torch.float32)
    channels = getattr(network, "in_channels", 3)

    def run() -> None:
        size = (1, channels, image_size, image_size)
        try:
            functional_call(network, meta, torch.empty(size, dtype=dtype, device="meta"))
        except RuntimeError as error:
            raise InputError(
                f"{type(network).__name__} cannot take pictures of {image_size} x {image_size} "
                "pixels: choose a larger image size"
            ) from error

    return run
