"""What answers a photo: a network up to one of its outputs, its weights and its preprocessing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from eyespot.images.preprocessing import Preprocessing
from eyespot.values import to_json

if TYPE_CHECKING:
    from eyespot.networks.architecture import Network

Tensors = dict[str, NDArray[Any]]  # of a network without its head, by our names

EMBEDDING = "embedding"  # the output that the head sees
LOGITS = "logits"  # the network's own; any other output names a stage
CLOSER = "closer look"  # the logits of windows at full size; other parts see half of it
JOINED = "+"  # between the parts of an output that joins several: "features.4+embedding"


@dataclass(frozen=True)
class Backbone:
    """A network as a value. The network itself is built only where no engine is cached for it."""

    architecture: str
    weights: str  # SHA-256 over the tensors, see `weights.tensors_digest`; without the head, but
    # with it where it takes part: in a closer look, and where the logits of a network that was
    # trained here, or added, are the output
    preprocessing: Preprocessing
    output: str = EMBEDDING  # or LOGITS, or a module of the network, averaged over positions; or
    # several modules, EMBEDDING and CLOSER, joined, each part brought to length 1
    source: str = ""  # where the weights come from, in words
    load: Callable[[], Network] | None = field(default=None, compare=False, repr=False)
    tensors: Callable[[], Tensors] | None = field(default=None, compare=False, repr=False)

    @property
    def parts(self) -> tuple[str, ...]:
        """What the output is made of: itself, or what it joins."""
        return tuple(self.output.split(JOINED))

    @property
    def may_read_head(self) -> bool:
        """Whether the network's own head can take part in the answer."""
        return may_read_head(self.output)

    @property
    def key(self) -> str:
        """Equal keys give equal answers: architecture, weights, preprocessing, output."""
        parts = [self.architecture, self.weights, to_json(self.preprocessing), self.output]
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def may_read_head(output: str) -> bool:
    """Whether a network's own head can take part in this output."""
    return output == LOGITS or CLOSER in output.split(JOINED)


def is_plain(output: str) -> bool:
    """Whether it is what the network ends with, before or behind its head: no stage, no join."""
    return output in (EMBEDDING, LOGITS)


def pretrained(name: str, *, output: str = EMBEDDING) -> Backbone:
    """The backbone of a checkpoint, e.g. `weights.DEFAULT`. Loads no network yet.

    Raises `InputError` for an unknown name, `MissingWeightsError` where the file is not here.
    """
    from eyespot.weights import catalogue
    from eyespot.weights.tensors import file_digest

    checkpoint = catalogue.find(name)
    # Of other logits the body alone is told: the file may have it with another head.
    is_whole = may_read_head(output) and (checkpoint.is_own or output != LOGITS)

    def load() -> Network:
        from eyespot.weights import load as load_weights

        return load_weights(checkpoint).network

    def tensors() -> Tensors:
        from eyespot.weights.cache import ready
        from eyespot.weights.tensors import read_arrays

        made = ready(checkpoint)
        head = f"{made.facts.head}."
        arrays = read_arrays(made.path)
        return {n: array for n, array in arrays.items() if is_whole or not n.startswith(head)}

    def digest() -> str:
        from eyespot.weights.cache import ready

        return file_digest(ready(checkpoint).path) if is_whole else catalogue.digest(checkpoint)

    return Backbone(
        architecture=checkpoint.network,
        weights=digest(),
        preprocessing=checkpoint.preprocessing,
        output=output,
        source=checkpoint.name,
        load=load,
        tensors=tensors,
    )
