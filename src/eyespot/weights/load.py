"""From a checkpoint's name, or a file of tensors, to a network that answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eyespot.errors import InputError, IntegrityError
from eyespot.files import sha256
from eyespot.images.preprocessing import Preprocessing
from eyespot.weights import catalogue, tensors
from eyespot.weights.adapt import check
from eyespot.weights.cache import ready
from eyespot.weights.checkpoint import Checkpoint
from eyespot.weights.fitting import classes_of
from eyespot.weights.published import row_of

if TYPE_CHECKING:
    from torch import Tensor

    from eyespot.networks.architecture import Network
    from eyespot.weights.download import Progress


@dataclass(frozen=True)
class Pretrained:
    """A network with its published weights, in eval mode, and all that goes with it."""

    network: Network
    preprocessing: Preprocessing
    classes: tuple[str, ...]  # in the order of the logits
    checkpoint: Checkpoint
    notes: tuple[str, ...] = ()  # what its user should know, one sentence each


def load(
    name: str | Checkpoint, *, fetch: bool = False, progress: Progress | None = None
) -> Pretrained:
    """A published checkpoint, ready to answer. Downloads only with `fetch=True`.

    Raises `InputError` for an unknown name, `MissingWeightsError` where the file is not on this
    machine (the message says where to put it), `IntegrityError` where it is not the published one.

    >>> load("embedded/efficientnet_lite0.imagenet1k").classes[:2]
    ('tench', 'goldfish')
    """
    checkpoint = catalogue.find(name) if isinstance(name, str) else name
    state = state_dict(checkpoint, fetch=fetch, progress=progress)
    return Pretrained(
        network=_filled(
            checkpoint.network, state, checkpoint.name, num_classes=len(checkpoint.labels) or None
        ),
        preprocessing=checkpoint.preprocessing,
        classes=catalogue.classes(checkpoint),
        checkpoint=checkpoint,
        notes=catalogue.notes(name if isinstance(name, str) else name.name, checkpoint),
    )


def state_dict(
    checkpoint: Checkpoint, *, fetch: bool = False, progress: Progress | None = None
) -> dict[str, Tensor]:
    """The checkpoint's tensors under our names. Raises as `load` does."""
    made = ready(checkpoint, fetch=fetch, progress=progress)
    content = made.path.read_bytes()
    if sha256(content) != made.sha256:
        raise IntegrityError(f"{made.path} changed while it was read: run the same command again")
    return _tensors(content)


def from_file(path: Path, network: str) -> Network:
    """One of our networks in eval mode with the weights of a `.safetensors` file of yours.

    `network` is our name, or a published one ("timm/tf_efficientnet_b0") whose entry names the
    file has. The number of classes is the file's. Raises `InputError` where the entries are not
    the network's (or the file is a pickle), `IntegrityError` where the file is damaged.
    """
    import torch

    from eyespot.networks import find

    row = row_of(network)
    head = find(row.network).head
    given = {name: entry.shape for name, entry in tensors.read_header(path).entries.items()}
    shapes = row.ours(given)
    num_classes = classes_of(shapes, head)
    what = str(path)
    counters = check(shapes, row.network, what, num_classes=num_classes, as_given=given)
    state = row.ours(_tensors(path.read_bytes()))
    state |= {name: torch.tensor(0) for name in counters}
    return _filled(row.network, state, str(path), num_classes=num_classes)


def _tensors(content: bytes) -> dict[str, Tensor]:
    from safetensors.torch import load

    return {name: tensor.clone() for name, tensor in load(content).items()}


def _filled(
    network: str, state: dict[str, Tensor], source: str, *, num_classes: int | None
) -> Network:
    """The network in eval mode with these weights, in its own types."""
    import torch

    from eyespot.networks import build

    with torch.device("meta"):
        built = build(network, num_classes=num_classes)
    for name, own in built.state_dict().items():
        if state[name].is_floating_point() != own.is_floating_point():
            raise InputError(
                f"{source} gives {name} as {state[name].dtype}, expected {own.dtype}: "
                "give the weights as they were trained, not quantised."
            )
        state[name] = state[name].to(own.dtype)
    built.load_state_dict(state, assign=True)
    return built.eval()
