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

EMBEDDING = "embedding"  # the output that the head sees; any other output names a stage


@dataclass(frozen=True)
class Backbone:
    """A network as a value. The network itself is built only where no engine is cached for it."""

    architecture: str
    weights: str  # SHA-256 over the tensors without the head, see `weights.tensors_digest`
    preprocessing: Preprocessing
    output: str = EMBEDDING  # or a module of the network, averaged over positions
    source: str = ""  # where the weights come from, in words
    load: Callable[[], Network] | None = field(default=None, compare=False, repr=False)
    tensors: Callable[[], Tensors] | None = field(default=None, compare=False, repr=False)

    @property
    def key(self) -> str:
        """Equal keys give equal answers: architecture, weights, preprocessing, output."""
        parts = [self.architecture, self.weights, to_json(self.preprocessing), self.output]
        text = json.dumps(parts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def pretrained(name: str, *, output: str = EMBEDDING) -> Backbone:
    """The backbone of a published checkpoint, e.g. `weights.DEFAULT`. Loads no network yet.

    Raises `InputError` for an unknown name, `MissingWeightsError` where the file is not here.
    """
    from eyespot.weights import catalogue

    checkpoint = catalogue.find(name)

    def load() -> Network:
        from eyespot.weights.load import load as load_weights

        return load_weights(checkpoint.name).network

    def tensors() -> Tensors:
        from eyespot.weights.cache import ready
        from eyespot.weights.tensors import head_of, read_arrays

        arrays = read_arrays(ready(checkpoint).path)
        shapes = {name: array.shape for name, array in arrays.items()}
        head = head_of(shapes, len(catalogue.classes(checkpoint)), checkpoint.name)
        return {name: a for name, a in arrays.items() if not name.startswith(f"{head}.")}

    return Backbone(
        architecture=checkpoint.network,
        weights=catalogue.digest(checkpoint),
        preprocessing=checkpoint.preprocessing,
        output=output,
        source=checkpoint.name,
        load=load,
        tensors=tensors,
    )
