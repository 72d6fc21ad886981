"""A block's layers in one line, as papers draw them: "1x1 64, 3x3 64, 1x1 256 | 1x1 256".

A comma is one after the other, "|" beside each other from the same input; branches that more
layers follow, or come before, stand in brackets. Which layer reads whose output is known of every
module; what happens between them (sums, concatenation, a split of channels) need not be.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from eyespot.networks.counting import LayerRow


@dataclass(frozen=True)
class Step:
    """A layer worth a word, the tensor that it reads and the one that it gives, by number."""

    module: str
    text: str
    reads: int
    gives: int
    at: int  # which row it is
    since: int  # in which row the tensor that it reads came up


@dataclass
class Fork:
    """Branches side by side."""

    branches: list["Line"]


Line = list[str | Fork]
Place = tuple[Line, int]  # what stands at this index of the line reads a certain tensor


def steps(rows: Sequence[LayerRow], modules: dict[str, nn.Module]) -> list[Step]:
    """The convolutions, pools, linear layers and attention among `rows`, in order.

    Norms, activations and padding are passed over: who reads them reads what they read.
    """
    found: list[Step] = []
    source: dict[int, int] = {}  # tensor -> the one that a step gave, of which it is made
    since: dict[int, int] = {}
    squeezed: set[int] = set()  # tensors behind a pooling inside a block: squeeze and excitation
    padded: set[int] = set()  # by a module of its own
    for at, row in enumerate(rows):
        module, reads = modules[row.module], source.get(row.reads, row.reads)
        is_inside = isinstance(module, nn.AdaptiveAvgPool2d) and "." in row.module
        if (is_inside or row.reads in squeezed) and row.output_shape[1:] == (1, 1):
            squeezed.add(row.gives)
        text = "" if is_inside and row.gives in squeezed else layer(module, row)
        if row.reads in squeezed and isinstance(module, nn.Conv2d):
            text = f"[{module.out_channels}]"
        if "Pad" in row.kind:
            padded.add(row.gives)
        elif row.reads in padded:
            text = text.removesuffix(" V")
        since.setdefault(reads, at)
        if not text:
            source[row.gives] = reads
            continue
        since.setdefault(row.gives, at)
        if found and found[-1].gives == row.reads and " dw " in found[-1].text:
            # no norm and no activation between the two
            text, first = _separable(found[-1].text, text), found.pop()
            found.append(replace(first, text=text, gives=row.gives))
        else:
            found.append(Step(row.module, text, reads, row.gives, at, since[reads]))
    return found


def _separable(depthwise: str, pointwise: str) -> str:
    """ "3x3 dw 64/2", "1x1 128" -> "3x3 sep 128/2"."""
    size, _, rest = depthwise.partition(" dw ")
    return f"{size} sep {pointwise.removeprefix('1x1 ')}{''.join(rest.partition('/')[1:])}"


def layer(module: nn.Module, row: LayerRow | None = None) -> str:
    """One layer: kernel size and channels. Empty where papers' tables have no word for it."""
    if isinstance(module, nn.Conv2d):
        return _convolution(module)
    if isinstance(module, nn.Linear):
        return f"linear {module.out_features}"
    if isinstance(module, nn.LocalResponseNorm):
        return "LRN"
    if "Attention" in type(module).__name__:
        heads = getattr(module, "heads", getattr(module, "num_heads", 1))
        return f"attention of {heads} heads"
    if isinstance(module, nn.AdaptiveAvgPool2d):
        changes = row is None or row.input_shape != row.output_shape
        size = module.output_size
        return (
            "average pool" if size in (1, (1, 1)) else f"average pool to {size}x{size}"
        ) * changes
    if "Pool" in type(module).__name__:
        return _pool(module)
    if row is not None and row.multiply_adds:  # a layer of one paper alone, by its name
        return f"{type(module).__name__} {row.output_shape[0]}"
    return ""


def _convolution(module: nn.Conv2d) -> str:
    height, width = module.kernel_size
    is_depthwise = module.groups == module.in_channels > 1
    groups = "dw " if is_depthwise else f"g{module.groups} " if module.groups > 1 else ""
    stride = f"/{module.stride[0]}" if module.stride[0] > 1 else ""
    is_valid = module.stride[0] == 1 and height * width > 1 and module.padding == (0, 0)
    return f"{height}x{width} {groups}{module.out_channels}{stride}{' V' * is_valid}"


def _pool(module: nn.Module) -> str:
    """Any module called a pool that says its kernel size and stride."""
    size, stride = getattr(module, "kernel_size", None), getattr(module, "stride", 1)
    if isinstance(module, nn.AdaptiveMaxPool2d):
        return f"max pool to {module.output_size}x{module.output_size}"
    if size is None:
        return ""
    described = f"{type(module).__name__} {getattr(module, 'kind', '')}".lower()
    kind = "average" if "avg" in described or "average" in described else "max"
    return f"{kind} pool {size}x{size}" + (f"/{stride}" if stride > 1 else "")


def searched(plan: Any, filters: str) -> str:
    """A cell that a search has found, sum by sum: h and h' are what the two cells before give.

    `plan` has `blocks`, (operation, state, operation, state) each, and a stride: `nasnet_cells.py`.
    """
    states = ["h", "h'", *(f"s{i + 1}" for i in range(len(plan.blocks)))]
    stride = f"/{plan.stride}" if plan.stride > 1 else ""

    def side(operation: str, state: int) -> str:
        return f"{operation} {states[state]}".removeprefix("identity ")

    sums = [f"{side(left, a)} + {side(right, b)}" for left, a, right, b in plan.blocks]
    return f"cell {filters}{stride}: {', '.join(sums)}"


def line(block: Sequence[Step]) -> Line:
    """The steps of a block as a line with forks."""
    whole: Line = []
    places: dict[int, Place] = {}
    for step in block:
        if step.reads not in places:  # an input of the block, or made of what stands there already
            is_input = step.since < block[0].at
            places[step.reads] = (whole, 0 if is_input else len(whole))
        at = _put(step.text, places[step.reads], places)
        places[step.gives] = (at, len(at))
    return whole


def _put(text: str, place: Place, places: dict[int, Place]) -> Line:
    """Write a layer at its place: at the end of a line, or as a further branch. Its line."""
    onto, index = place
    if index == len(onto):
        last = onto[-1] if onto else ""
        if text.startswith("[") and isinstance(last, str) and last.startswith("["):
            onto[-1] = f"{last[:-1]}, {text[1:]}"  # both convolutions of the squeeze
        else:
            onto.append(text)
        return onto
    branch: Line = [text]
    tail = onto[index:]
    if len(tail) == 1 and isinstance(tail[0], Fork):
        tail[0].branches.append(branch)
        return branch
    onto[index:] = [Fork([tail, branch])]
    for tensor, (other, i) in places.items():
        if other is onto and i > index:
            places[tensor] = (tail, i - index)
    return branch


def written(whole: Line) -> str:
    """A line as text, with what comes often in a row written once."""
    return ", ".join(_folded(_texts(whole), least=4))


def listed(layers: Sequence[str]) -> str:
    """Layers one after another that are no block: VGG's "3x3 512 x 3, max pool 2x2/2"."""
    return ", ".join(_folded(list(layers), least=3))


def _texts(whole: Line) -> list[str]:
    if len(whole) == 1 and isinstance(whole[0], Fork):
        return [" | ".join(map(written, whole[0].branches))]
    return [item if isinstance(item, str) else f"({_nested(item)})" for item in whole]


def _nested(fork: Fork) -> str:
    """In brackets a separable convolution that is applied twice, as NASNet's are, stands once."""
    return " | ".join(", ".join(_folded(_texts(branch), least=2)) for branch in fork.branches)


def _folded(texts: list[str], *, least: int) -> Iterator[str]:
    """["a", "b", "a", "b", "a", "b", "c"] -> "(a, b) x 3", "c"."""
    start = 0
    while start < len(texts):
        length, count = _repeat(texts[start:])
        run = ", ".join(texts[start : start + length])
        if count < least or (count == 2 and " sep " not in run):
            length, count, run = 1, 1, texts[start]
        yield run if count == 1 else f"{run} x {count}" if length == 1 else f"({run}) x {count}"
        start += length * count


def _repeat(texts: list[str]) -> tuple[int, int]:
    """How many of the first texts come again right behind them, and how often: the most covered."""
    found = (1, 1)
    for length in range(1, len(texts) // 2 + 1):
        count = 1
        while texts[count * length : (count + 1) * length] == texts[:length]:
            count += 1
        if count > 1 and length * count > found[0] * found[1]:
            found = (length, count)
    return found
