"""Which networks have a file's entries: what is said of weights that do not fit the one asked for.

A row of the catalogue states its number of parameters, which tells most networks apart: only those
that have the file's number, whatever its number of classes, are built and compared entry by entry.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from math import prod

from eyespot.weights.published import PUBLISHED, Published

Shapes = Mapping[str, tuple[int, ...]]

CLASS_LIMIT = 100_000
COUNTER = ".num_batches_tracked"  # how many batches a norm has seen; old files lack it
BUFFERS = (COUNTER, ".running_mean", ".running_var")


@dataclass(frozen=True)
class Fit:
    """A network with just these entries: by our name, or a published one whose names they have."""

    name: str
    num_classes: int | None  # where they are not as many as the network's own


def fitting(entries: Shapes) -> Iterator[Fit]:
    """The networks that have these entries, batch counters apart; ours before published ones."""
    from eyespot.networks import architectures

    @cache
    def totals(extra: tuple[str, ...], num_classes: int) -> set[int]:
        return _possible_parameters(Published("", "", extra=extra).ours(entries), num_classes)

    rows = [Published(name, name) for name in architectures()]
    rows += [row for row in PUBLISHED.values() if row.renames or row.old_names or row.extra]
    for row in rows:
        network = architectures()[row.network]
        if network.parameters not in totals(row.extra, network.num_classes):
            continue
        ours = row.ours(entries)
        if row.name in PUBLISHED and ours.keys() == entries.keys():
            continue  # has been seen under our name
        num_classes = classes_of(ours, network.head)
        if uncounted(ours) == uncounted(shapes_of(row.network, num_classes=num_classes)):
            yield Fit(row.name, None if num_classes == network.num_classes else num_classes)


def classes_of(ours: Shapes, head: str) -> int | None:
    """How many classes the `head` among our entries has; `None` where that cannot be."""
    first, *_ = (*ours.get(f"{head}.weight", ()), 0)
    return first if 0 < first <= CLASS_LIMIT else None


def shapes_of(network: str, *, num_classes: int | None) -> dict[str, tuple[int, ...]]:
    """Entry names and shapes of one of our networks, built without memory."""
    import torch

    from eyespot.networks import build

    with torch.device("meta"):
        state = build(network, num_classes=num_classes).state_dict()
    return {name: tuple(tensor.shape) for name, tensor in state.items()}


def uncounted(shapes: Shapes) -> dict[str, tuple[int, ...]]:
    """The entries without batch counters."""
    return {name: shape for name, shape in shapes.items() if not name.endswith(COUNTER)}


def _possible_parameters(entries: Shapes, num_classes: int) -> set[int]:
    """How many parameters there would be with `num_classes` classes, for each layer as the head.

    Auxiliary heads change with it where they have as many outputs; their names hold "aux".
    """
    sizes = {name: prod(s) for name, s in entries.items() if not name.endswith(BUFFERS)}
    layers = {
        name.removesuffix(".weight"): (shape[0], prod(shape[1:]))
        for name, shape in entries.items()
        if len(shape) > 1 and name.endswith(".weight")
    }
    widths = {  # of one output: its weights, and its bias or the biases of a committee's columns
        name: fan_in + sizes.get(f"{name}.bias", 0) // max(outputs, 1)
        for name, (outputs, fan_in) in layers.items()
    }
    auxiliary: Counter[int] = Counter()  # outputs -> widths of the auxiliary layers with as many
    for name in layers:
        if "aux" in name.lower():
            auxiliary[layers[name][0]] += widths[name]
    total = sum(sizes.values())
    found = {total}
    for name, (outputs, _) in layers.items():
        found.add(total - outputs * widths[name])  # a head of codes, which LeNet-5 does not learn
        for width in (widths[name], widths[name] + auxiliary[outputs]):
            found.add(total + (num_classes - outputs) * width)
    return found
