"""A network from its tensors, as torch runs it: what a bundle holds, put together again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from eyespot.classifier.heads import Head, LinearHead
from eyespot.engines import EMBEDDING, LOGITS, may_read_head
from eyespot.errors import IntegrityError
from eyespot.networks import build, find
from eyespot.networks.architecture import Network

AUXILIARY = "aux"  # in the name of every head that runs in training only
Arrays = Mapping[str, NDArray[Any]]


def assembled(
    architecture: str, arrays: Arrays, *, output: str, head: Head, num_classes: int
) -> Network:
    """The network in eval mode, with the trained head where that is linear on the embedding.

    `arrays` are the network's tensors; without its head, but with it where that takes part in the
    output. Auxiliary heads are as published where they have tensors, else they are left out.
    Raises `IntegrityError` where the tensors are not those of the architecture.
    """
    state: dict[str, Tensor] = {name: torch.from_numpy(array) for name, array in arrays.items()}
    network = build(
        architecture,
        num_classes=num_classes if output == LOGITS else _published_outputs(architecture, state),
    )
    place = find(architecture).head
    without_auxiliary(network, but=state)
    if isinstance(head, LinearHead) and output == EMBEDDING:
        layer = _like(network.get_submodule(place), head)
        network.set_submodule(place, layer)
        weight = torch.from_numpy(head.weight)
        weight = weight.reshape(*weight.shape, *[1] * (layer.weight.dim() - 2))
        state |= {f"{place}.weight": weight, f"{place}.bias": torch.from_numpy(head.bias)}
    try:
        lacking, unknown = network.load_state_dict(state, strict=False)
    except RuntimeError as error:  # torch's word for tensors of another shape
        raise IntegrityError(f"the tensors are not those of a {architecture}") from error
    may_lack = () if may_read_head(output) else f"{place}."
    if unknown or any(not name.startswith(may_lack) for name in lacking):
        raise IntegrityError(f"the tensors are not those of a {architecture}")
    return network.eval()


def without_auxiliary(network: Network, *, but: Mapping[str, object] | None = None) -> None:
    """Take the heads off that run in training only, unless `but` has an entry of theirs."""
    for name, _ in list(network.named_children()):
        is_kept = any(entry.startswith(f"{name}.") for entry in but or {})
        if AUXILIARY in name.lower() and not is_kept:
            setattr(network, name, None)


def _published_outputs(architecture: str, state: Mapping[str, Tensor]) -> int | None:
    """How many classes the heads have that came along; None: as many as published ones."""
    own = state.get(f"{find(architecture).head}.weight")
    if own is not None:
        return len(own)
    auxiliary = {name: state[name] for name in state if AUXILIARY in name.lower()}
    if not auxiliary:
        return None
    with torch.device("meta"):
        usual = build(architecture).state_dict()
    other = [t for n, t in auxiliary.items() if n in usual and t.shape != usual[n].shape]
    return len(other[0]) if other else None


def _like(layer: nn.Module, head: LinearHead) -> nn.Linear | nn.Conv2d:
    """A layer for `head`, not yet filled: a 1x1 convolution where the network has one."""
    num_classes, width = head.weight.shape
    empty: nn.Linear | nn.Conv2d
    if isinstance(layer, nn.Conv2d):
        empty = nn.utils.skip_init(nn.Conv2d, layer.in_channels, num_classes, kernel_size=1)
    else:
        in_features = layer.in_features if isinstance(layer, nn.Linear) else width
        empty = nn.utils.skip_init(nn.Linear, in_features, num_classes)
    return empty
