"""A network that was trained here, from its first weights on, as a classifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeGuard

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from eyespot.classifier.assembly import Arrays, assembled, without_auxiliary
from eyespot.classifier.card import Card
from eyespot.classifier.classifier import SCRATCH, Classifier, Reference
from eyespot.classifier.heads import LinearHead, identity
from eyespot.engines import EMBEDDING, LOGITS, Backbone
from eyespot.engines.graph import PixelsToAnswer
from eyespot.errors import EyespotError, InputError
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks import build, find
from eyespot.networks.architecture import Network
from eyespot.weights import tensors_digest

REMEMBERED = 5_000  # photos with a vector; of the others the content is enough
PICTURES_AT_ONCE = 32
PROBES = 4  # embeddings that prove a head to be linear
ALIKE = 1e-4  # of the logits: float32 in another order of summation


@dataclass(frozen=True)
class Learned:
    """The training photos, as their classifier will remember them.

    The first ones, up to `REMEMBERED`, also by what the network sees in them: let them be of every
    class.
    """

    contents: tuple[str, ...]  # SHA-256 of every photo
    labels: tuple[int, ...]  # of the first M photos
    pictures: Iterable[NDArray[np.uint8]]  # theirs, (H, W, C) as `Preprocessing` gives them


def from_network(
    network: Network,
    *,
    architecture: str,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    learned: Learned,
    card: Card,
    temperature: float = 1.0,
    source: str = SCRATCH,
    device: str = "auto",
) -> Classifier:
    """A copy of `network` with its preprocessing and its classes, in the order of its logits.

    Auxiliary heads are left behind. A head that is linear on the embedding becomes the classifier's
    own; with any other (LeNet-5's codes, SqueezeNet's maps, columns) the classifier sees the
    network's logits. Raises `InputError` where classes or pictures are none of the network's, and
    `EyespotError` where it holds a number that is not finite.
    """
    own = _copied(network, architecture, num_classes=len(classes))
    own.check(torch.empty(1, preprocessing.channels, preprocessing.size, preprocessing.size))
    arrays = {name: tensor.numpy() for name, tensor in own.state_dict().items()}
    place = find(architecture).head
    layer = own.get_submodule(place)
    if is_linear := _is_linear(own, layer):
        head = _head(layer, temperature)
        arrays = {name: a for name, a in arrays.items() if not name.startswith(f"{place}.")}
    else:
        head = replace(identity(len(classes)), temperature=temperature)
    backbone = _backbone(
        architecture,
        arrays,
        head,
        output=EMBEDDING if is_linear else LOGITS,
        preprocessing=preprocessing,
        source=source,
    )
    device_of_training = next(network.parameters()).device
    reference = _reference(learned, PixelsToAnswer(own, backbone).to(device_of_training))
    return Classifier(backbone, head, tuple(classes), reference, card, device=device)


def from_embedding(
    network: Network,
    head: LinearHead,
    *,
    architecture: str,
    preprocessing: Preprocessing,
    classes: Sequence[str],
    learned: Learned,
    card: Card,
    source: str,
    device: str = "auto",
) -> Classifier:
    """A copy of `network` up to its embedding, with `head` on it: what fine-tuning gives.

    Raises as `from_network` does.
    """
    backbone = tuned_backbone(
        network, head, architecture=architecture, preprocessing=preprocessing, source=source
    )
    assert backbone.load is not None
    where = next(network.parameters()).device
    reference = _reference(learned, PixelsToAnswer(backbone.load(), backbone).to(where))
    return Classifier(backbone, head, tuple(classes), reference, card, device=device)


def tuned_backbone(
    network: Network,
    head: LinearHead,
    *,
    architecture: str,
    preprocessing: Preprocessing,
    source: str,
) -> Backbone:
    """A copy of `network`, which may have lost its own head, up to its embedding.

    Raises `EyespotError` where it or `head` holds a number that is not finite.
    """
    given = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
    _require_finite({**given, "its head": torch.from_numpy(head.weight)})
    place = f"{find(architecture).head}."
    arrays = {n: t.numpy().copy() for n, t in given.items() if not n.startswith(place)}
    return _backbone(
        architecture,
        arrays,
        head,
        output=EMBEDDING,
        preprocessing=preprocessing,
        source=source,
    )


def _backbone(
    architecture: str,
    arrays: Arrays,
    head: LinearHead,
    *,
    output: str,
    preprocessing: Preprocessing,
    source: str,
) -> Backbone:
    """A network by its tensors, put together where it is asked for; `head` is what follows."""
    tensors = dict(arrays)

    def load() -> Network:
        num_classes = len(head.bias)
        return assembled(architecture, tensors, output=output, head=head, num_classes=num_classes)

    return Backbone(
        architecture=architecture,
        weights=tensors_digest({name: torch.from_numpy(a) for name, a in tensors.items()}),
        preprocessing=preprocessing,
        output=output,
        source=source,
        load=load,
        tensors=lambda: tensors,
    )


def _copied(network: Network, architecture: str, *, num_classes: int) -> Network:
    """The network in eval mode on the processor, in float32, without its auxiliary heads."""
    own = build(architecture, num_classes=num_classes)
    without_auxiliary(own)
    given = network.state_dict()
    state = {name: given[name].detach().cpu() for name in own.state_dict() if name in given}
    _require_finite(state)
    try:
        own.load_state_dict(state)
    except RuntimeError as error:
        raise InputError(
            f"The network is no {architecture} with {num_classes} outputs, one for each class: "
            "name its architecture and all of its classes"
        ) from error
    return own.eval()


def _require_finite(state: Mapping[str, torch.Tensor]) -> None:
    for name, tensor in state.items():
        if not tensor.isfinite().all():
            raise EyespotError(
                f"The network has numbers in {name} that are not finite, so it is not kept: train "
                "with a smaller learning rate"
            )


def _is_linear(network: Network, layer: nn.Module) -> TypeGuard[nn.Linear | nn.Conv2d]:
    """Whether the logits are `layer` of the embedding and nothing else, tried on random ones."""
    is_product = isinstance(layer, nn.Linear) or (
        isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) and layer.groups == 1
    )
    if not is_product or type(network).forward is not Network.forward:
        return False
    head = _head(layer, 1.0)
    generator = torch.Generator().manual_seed(0)
    embeddings = torch.randn(PROBES, head.width, generator=generator)
    with torch.inference_mode():
        logits = network.classify(embeddings).numpy()
    scores = head.scores(embeddings.numpy())
    return bool(np.abs(logits - scores).max() <= ALIKE * np.abs(scores).max())


def _head(layer: nn.Module, temperature: float) -> LinearHead:
    """A linear layer, or a 1x1 convolution of the pooled map, as the classifier's head."""
    assert isinstance(layer, nn.Linear | nn.Conv2d), f"{type(layer).__name__} is no linear head"
    weight = layer.weight.detach().flatten(1).numpy().copy()
    bias = np.zeros(len(weight), np.float32) if layer.bias is None else layer.bias.detach().numpy()
    return LinearHead("linear softmax", 0.0, temperature, weight, bias.copy())


def _reference(learned: Learned, graph: PixelsToAnswer) -> Reference:
    """The training photos: all by content, the first also by what the backbone answers."""
    labels = np.array(learned.labels, np.int64)
    if not 1 <= len(labels) <= min(REMEMBERED, len(learned.contents)):
        raise InputError(
            f"Expected labels of 1 to {REMEMBERED:,} training photos, not {len(labels):,} of "
            f"{len(learned.contents):,}: give those of the first photos"
        )
    pictures = iter(learned.pictures)
    batches = iter(lambda: list(islice(pictures, PICTURES_AT_ONCE)), [])
    vectors = np.concatenate([_answers(graph, np.stack(batch)) for batch in batches])
    if len(vectors) != len(labels) or not np.isfinite(vectors).all():
        raise EyespotError(
            f"The network gave {len(vectors):,} answers to {len(labels):,} pictures, or one that "
            "is not finite: give a picture for each label, and train with a smaller learning rate"
        )
    return Reference(learned.contents, vectors, labels)


def _answers(graph: PixelsToAnswer, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    with torch.inference_mode():
        answers = graph(torch.from_numpy(pixels).to(graph.shift.device))
    found: NDArray[np.float32] = answers.float().cpu().numpy()
    return found
