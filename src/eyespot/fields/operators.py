"""What every operator of torch does to the grid of a map: which cells its outputs read.

Names and arguments are those of torch's aten schemas. What is not known here, and is not marked as
pointwise by torch, counts as reading everything: a field is never told smaller than it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from eyespot.fields.calls import AXES, Answer, Call, Operator
from eyespot.fields.moves import MOVES, without
from eyespot.fields.seen import Seen, united
from eyespot.fields.spans import Window


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


def _reduced(call: Call) -> Answer:
    """What reads whole dimensions: sums, means, largest numbers."""
    gone = call.dims("dim")
    seen = call.seen
    for axis in AXES:
        if seen.dims[axis] in gone:
            seen = seen.whole(axis)
    if call.given[0].ndim < call.taken.ndim:
        for dim in sorted(gone, reverse=True):
            seen = without(seen, dim)
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
    **MOVES,
    "mean": _reduced, "sum": _reduced, "amax": _reduced, "amin": _reduced, "logsumexp": _reduced,
    "_softmax": _along, "_log_softmax": _along, "_safe_softmax": _along,
    "native_layer_norm": _layer_norm, "native_batch_norm": _batch_norm,
    "cat": _cat, "index": _index, "stack": everything,
    "_prelu_kernel": _first, "hardswish": merged, "hardswish_": merged,  # no tag of torch's
    "clone": merged, "alias": merged, "detach": merged, "expand": merged, "_to_copy": merged,
    "copy_": merged,
}  # fmt: skip
