"""A published state dict under our names, and what is said where it does not fit."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

from eyespot.errors import InputError, lookup
from eyespot.weights.fitting import COUNTER, Shapes, fitting, shapes_of
from eyespot.weights.published import PUBLISHED

if TYPE_CHECKING:
    from torch import Tensor

NAMED = 3  # networks that are named where weights do not fit


def adapt(state_dict: Mapping[str, Tensor], published: str) -> dict[str, Tensor]:
    """A published network's state dict under our names; the tensors are the same objects.

    Files older than torch 1.0 have no batch counters: those are added as 0. Raises `InputError`
    for a published network that is not known, and where another entry is missing, is one too many
    or has another shape than the network's.

    >>> adapt(state_dict, "timm/tf_efficientnet_b0")["features.0.0.weight"].shape
    torch.Size([32, 3, 3, 3])
    """
    import torch

    row = lookup("published network", published, PUBLISHED)
    given = {name: tuple(tensor.shape) for name, tensor in state_dict.items()}
    what = f"the state dict given as {published}"
    renamed = row.ours(state_dict)
    for name in check(row.ours(given), row.network, what, as_given=given):
        renamed[name] = torch.tensor(0)
    return renamed


def check(
    shapes: Shapes,
    network: str,
    what: str,
    *,
    num_classes: int | None = None,
    as_given: Shapes | None = None,
) -> tuple[str, ...]:
    """Names of the batch counters that lack in `shapes`, which else are our `network`'s entries.

    Raises `InputError` with the entries that do not fit, and the networks that they do fit;
    `what` says in it where they come from, `as_given` what they were called there.
    """
    expected = shapes_of(network, num_classes=num_classes)
    lacking = sorted(expected.keys() - shapes.keys())
    counters = tuple(name for name in lacking if name.endswith(COUNTER))
    missing = [name for name in lacking if name not in counters]
    unknown = sorted(shapes.keys() - expected.keys())
    other = [
        f"{name} is {_size(shapes[name])} instead of {_size(expected[name])}"
        for name in sorted(expected.keys() & shapes.keys())
        if shapes[name] != expected[name]
    ]
    found = [("missing", missing), ("unknown", unknown), ("of another shape", other)]
    faults = [f"{len(names)} {kind} ({_short(names)})" for kind, names in found if names]
    if faults:
        raise InputError(
            f"{network} expects {len(expected)} entries, but {what} does not fit: "
            f"{'; '.join(faults)}. {_instead(as_given or shapes)}"
        )
    return counters


def _instead(entries: Shapes) -> str:
    """Which networks the entries do fit, or what to do where none is known."""
    fits = list(islice(fitting(entries), NAMED))
    if not fits:
        return "Give the weights of this very network."
    *first, last = [fit.name for fit in fits]
    names = " and ".join(filter(None, [", ".join(first), last]))
    classes = fits[0].num_classes
    return f"They fit {names}." if classes is None else f"They fit {names}, with {classes} classes."


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a scalar"


def _short(names: list[str], limit: int = 3) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(name[:100] for name in names[:limit]) + more
