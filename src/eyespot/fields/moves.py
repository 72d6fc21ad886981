"""What operators do that only move numbers: slices, splits, permutations, views of other shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from eyespot.fields.calls import AXES, Answer, Call, Operator
from eyespot.fields.seen import Dims, Seen
from eyespot.fields.spans import Window


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
    return [without(each, dim) if is_gone else each for each in found]


def _select(call: Call) -> Answer:
    dim = call.values["dim"] % call.taken.ndim
    start = call.values["index"] % call.taken.shape[dim]
    return [without(_taken_from(call.seen, dim, start, 1, 1), dim)]


def without(seen: Seen, gone: int) -> Seen:
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
            seen = without(seen, dim)
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


MOVES: Mapping[str, Operator] = {
    "slice": _slice, "split": _split, "split_with_sizes": _split, "unbind": _split,
    "select": _select, "squeeze": _squeeze, "unsqueeze": _unsqueeze,
    "permute": _permute, "transpose": _transpose, "t": _transpose,
    "view": _view, "_unsafe_view": _view, "_reshape_alias": _view,
}  # fmt: skip
