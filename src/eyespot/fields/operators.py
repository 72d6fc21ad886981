"""What every operator of torch does to the grid of a map: which cells its outputs read.

Names and arguments are those of torch's aten schemas. What is not known here, and is not marked as
pointwise by torch, counts as reading everything: a field is never told smaller than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from torch import Tensor

from eyespot.fields.seen import Dims, Seen, united
from eyespot.fields.spans import Window

AXES = (0, 1)  # rows, columns


@dataclass(frozen=True, eq=False)
class Call:
    """One operator that ran: its arguments, what it gave, and what is seen by what it read."""

    values: Mapping[str, Any]  # argument -> value, as the schema names them
    given: tuple[Tensor, ...]
    read: tuple[tuple[Tensor, Seen], ...]  # of those tensors among the arguments that see pixels

    @property
    def taken(self) -> Tensor:
        return self.read[0][0]

    @property
    def seen(self) -> Seen:
        return self.read[0][1]

    def pair(self, name: str, default: int) -> tuple[int, int]:
        """An argument of one number, or two; of three the last two; none are the default."""
        value = self.values.get(name)
        numbers = [value] if isinstance(value, int) else list(value or [default])
        return (numbers[0], numbers[0]) if len(numbers) == 1 else (numbers[-2], numbers[-1])

    def dims(self, name: str) -> set[int]:
        """An argument that names dimensions, counted from the front; none are all."""
        value, count = self.values.get(name), self.taken.ndim
        numbers = [value] if isinstance(value, int) else list(value or range(count))
        return {number % count for number in numbers}


Answer = Sequence[Seen]  # one for every tensor given, or one for all of them
Operator = Callable[[Call], Answer]


def follow(name: str, is_pointwise: bool, call: Call) -> Answer:
    """What the tensors that an operator gave see of the photo."""
    known = OPERATORS.get(name, merged if is_pointwise else everything)
    return known(call)


def everything(call: Call) -> Answer:
    """Every number that is given has read every number that was taken."""
    parts = [seen.whole(0).whole(1) for _, seen in call.read]
    return [united(parts)]


def merged(call: Call) -> Answer:
    """Every number that is given has read the number at its place in each tensor, as broadcast."""
    return [_joined(call.read, call.given[0].shape)]


def _joined(read: Sequence[tuple[Tensor, Seen]], shape: Sequence[int]) -> Seen:
    parts = []
    for taken, seen in read:
        more = len(shape) - taken.ndim
        rows, columns = (None if dim is None else dim + more for dim in seen.dims)
        parts.append(seen.moved((rows, columns)))
    for axis in AXES:
        places = {part.dims[axis] for part in parts} - {None}
        dim = places.pop() if places else None
        if places:  # rows of the one are columns of the other
            parts = [part.whole(axis) for part in parts]
        elif dim is not None:
            parts = [part.repeated(axis, shape[dim], dim) for part in parts]
    return united(parts)


def _convolution(call: Call) -> Answer:
    if call.values["transposed"]:
        return everything(call)
    sizes = call.values["weight"].shape[2:]
    return _windows(call, (sizes[-2], sizes[-1]) if len(sizes) > 1 else (1, sizes[0]), 1)


def _pool(call: Call) -> Answer:
    sizes = call.pair("kernel_size", 1)
    strides = call.pair("stride", 0)
    return _windows(call, sizes, strides if strides[0] else sizes)


def _windows(call: Call, sizes: tuple[int, int], stride: int | tuple[int, int]) -> Answer:
    strides = call.pair("stride", 1) if isinstance(stride, int) else stride
    paddings, dilations = call.pair("padding", 0), call.pair("dilation", 1)
    seen, shape = _on_last(call), call.given[0].shape
    for axis in AXES:
        window = Window(sizes[axis], strides[axis], paddings[axis], dilations[axis])
        seen = seen.read(axis, window, shape[axis - 2])
    return [seen]


def _on_last(call: Call) -> Seen:
    """With rows and columns as the last two dimensions; where they are others, read whole."""
    seen, count = call.seen, call.taken.ndim
    for axis in AXES:
        if seen.dims[axis] != count - 2 + axis:
            seen = seen.whole(axis)
    return seen


def _adaptive_pool(call: Call) -> Answer:
    """Windows from floor(i n / m) up to ceil((i + 1) n / m): all alike only where m divides n."""
    seen = _on_last(call)
    for axis in AXES:
        taken, given = call.taken.shape[axis - 2], call.given[0].shape[axis - 2]
        if given == 1 and taken > 1:
            seen = seen.whole(axis)
        elif taken % given == 0:
            size = taken // given
            seen = seen.read(axis, Window(size, size), given)
        else:
            ends = [(i * taken // given, -(-(i + 1) * taken // given)) for i in range(given)]
            seen = seen.each(axis, ends)
    return [seen]


def _pad(call: Call) -> Answer:
    sides, seen = call.values["pad"], call.seen
    for axis in AXES:
        dim = seen.dims[axis]
        place = 0 if dim is None else 2 * (call.taken.ndim - 1 - dim)
        if dim is not None and place < len(sides):
            window = Window(1, padding=sides[place])
            seen = seen.read(axis, window, call.given[0].shape[dim])
    return [seen]


def _slice(call: Call) -> Answer:
    size = call.taken.shape[dim := call.values.get("dim", 0) % call.taken.ndim]
    start = call.values.get("start") or 0
    start = max(0, min(size, start + size if start < 0 else start))
    step, count = call.values.get("step") or 1, call.given[0].shape[dim]
    return [_taken_from(call.seen, dim, start, step, count)]


def _taken_from(seen: Seen, dim: int, start: int, step: int, count: int) -> Seen:
    for axis in AXES:
        if seen.dims[axis] == dim:
            seen = seen.read(axis, Window(1, step, -start), count)
    return seen


def _split(call: Call) -> Answer:
    """Also for parts of one cell each, whose dimension is gone."""
    dim, start, found = call.values.get("dim", 0) % call.taken.ndim, 0, []
    for part in call.given:
        size = part.shape[dim] if part.ndim == call.taken.ndim else 1
        found.append(_taken_from(call.seen, dim, start, 1, size))
        start += size
    is_gone = call.given[0].ndim < call.taken.ndim
    return [_without(each, dim) if is_gone else each for each in found]


def _select(call: Call) -> Answer:
    dim = call.values["dim"] % call.taken.ndim
    start = call.values["index"] % call.taken.shape[dim]
    return [_without(_taken_from(call.seen, dim, start, 1, 1), dim)]


def _without(seen: Seen, gone: int) -> Seen:
    """The dimension `gone`, of size 1, is taken away."""
    for axis in AXES:
        if seen.dims[axis] == gone:
            seen = seen.dropped(axis)
    rows, columns = (dim if dim is None or dim < gone else dim - 1 for dim in seen.dims)
    return seen.moved((rows, columns))


def _squeeze(call: Call) -> Answer:
    seen = call.seen
    for dim in sorted(call.dims("dim"), reverse=True):
        if call.taken.shape[dim] == 1:
            seen = _without(seen, dim)
    return [seen]


def _unsqueeze(call: Call) -> Answer:
    new = call.values["dim"] % (call.taken.ndim + 1)
    rows, columns = (dim if dim is None or dim < new else dim + 1 for dim in call.seen.dims)
    return [call.seen.moved((rows, columns))]


def _permute(call: Call) -> Answer:
    order = [dim % call.taken.ndim for dim in call.values["dims"]]
    return [_reordered(call.seen, order)]


def _transpose(call: Call) -> Answer:
    count = call.taken.ndim
    one, other = (call.values.get(f"dim{i}", i) % max(count, 1) for i in (0, 1))
    order = list(range(count))
    if count > 1:
        order[one], order[other] = order[other], order[one]
    return [_reordered(call.seen, order)]


def _reordered(seen: Seen, order: Sequence[int]) -> Seen:
    rows, columns = (None if dim is None else order.index(dim) for dim in seen.dims)
    return seen.moved((rows, columns))


def _view(call: Call) -> Answer:
    """A dimension goes on where another of its size has as many numbers before it, and after."""
    old, new, seen = call.taken.shape, call.given[0].shape, call.seen
    found: list[int | None] = [None, None]
    free = set(range(len(new)))
    for axis in AXES:
        dim = seen.dims[axis]
        if dim is None:
            continue
        before = prod(old[:dim])
        same = [i for i in sorted(free) if new[i] == old[dim] and prod(new[:i]) == before]
        if same:
            found[axis] = same[0]
            free.discard(same[0])
        else:
            seen = seen.dropped(axis) if old[dim] == 1 else seen.whole(axis)
    dims: Dims = (found[0], found[1])
    return [seen.moved(dims)]


def _reduced(call: Call) -> Answer:
    """What reads whole dimensions: sums, means, largest numbers."""
    gone = call.dims("dim")
    seen = call.seen
    for axis in AXES:
        if seen.dims[axis] in gone:
            seen = seen.whole(axis)
    if call.given[0].ndim < call.taken.ndim:
        for dim in sorted(gone, reverse=True):
            seen = _without(seen, dim)
    return [seen]


def _along(call: Call) -> Answer:
    """What reads a whole dimension and keeps it: softmax."""
    gone, seen = call.dims("dim"), call.seen
    for axis in AXES:
        if seen.dims[axis] in gone:
            seen = seen.whole(axis)
    return [seen]


def _layer_norm(call: Call) -> Answer:
    first, seen = call.taken.ndim - len(call.values["normalized_shape"]), call.seen
    for axis in AXES:
        if (dim := seen.dims[axis]) is not None and dim >= first:
            seen = seen.whole(axis)
    return [seen]


def _cat(call: Call) -> Answer:
    dim = call.values.get("dim", 0) % call.taken.ndim
    read = []
    for taken, seen in call.read:
        for axis in AXES:
            if seen.dims[axis] == dim:
                seen = seen.whole(axis)
        read.append((taken, seen))
    return [_joined(read, call.given[0].shape)]


def _index(call: Call) -> Answer:
    """One list of numbers for one dimension, such as a choice of channels, leaves the others."""
    places = [i for i, each in enumerate(call.values["indices"]) if each is not None]
    is_plain = len(places) == 1 and call.values["indices"][places[0]].ndim == 1
    if not is_plain or places[0] in call.seen.dims:
        return everything(call)
    return [call.seen]


def _first(call: Call) -> Answer:
    """Each number has read the one in its place, and statistics that see nothing of the photo."""
    return [call.seen]


def _batch_norm(call: Call) -> Answer:
    """In training mode the statistics are the map's own."""
    return everything(call) if call.values.get("training") else _first(call)


OPERATORS: Mapping[str, Operator] = {
    "convolution": _convolution,
    "avg_pool2d": _pool, "avg_pool3d": _pool, "max_pool2d_with_indices": _pool,
    "_adaptive_avg_pool2d": _adaptive_pool, "adaptive_max_pool2d": _adaptive_pool,
    "constant_pad_nd": _pad,
    "slice": _slice, "split": _split, "split_with_sizes": _split, "unbind": _split,
    "select": _select, "squeeze": _squeeze, "unsqueeze": _unsqueeze,
    "permute": _permute, "transpose": _transpose, "t": _transpose,
    "view": _view, "_unsafe_view": _view, "_reshape_alias": _view,
    "mean": _reduced, "sum": _reduced, "amax": _reduced, "amin": _reduced, "logsumexp": _reduced,
    "_softmax": _along, "_log_softmax": _along, "_safe_softmax": _along,
    "native_layer_norm": _layer_norm, "native_batch_norm": _batch_norm,
    "cat": _cat, "index": _index, "stack": everything,
    "_prelu_kernel": _first, "hardswish": merged, "hardswish_": merged,  # no tag of torch's
    "clone": merged, "alias": merged, "detach": merged, "expand": merged, "_to_copy": merged,
    "copy_": merged,
}  # fmt: skip
