"""The network that is to be looked at: of a bundle, of published weights, or drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eyespot.classifier import bundle
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.published import published
from eyespot.datasets.names import shown
from eyespot.errors import EyespotError, ImageError, InputError, MissingWeightsError, lookup
from eyespot.images.preprocessing import Preprocessing
from eyespot.inspection.stages import as_maps, stage_modules
from eyespot.networks import catalogue as networks
from eyespot.networks.architecture import Architecture, Network
from eyespot.taps import record
from eyespot.weights import catalogue, load
from eyespot.weights.assumed import usual

IMAGENET = "imagenet"  # the embedded network, as everywhere
NEAR = 0.9  # likeness of a word that means it: 0.93 of imagnet, but 0.8 of nin_imagenet, a network


@dataclass(frozen=True, eq=False)
class Subject:
    """A network in eval mode on the processor, and what it is shown."""

    name: str  # what it is, in words
    network: Network
    architecture: Architecture
    preprocessing: Preprocessing
    classifier: Classifier | None  # what it says of a photo; None where it has learned nothing

    @property
    def is_random(self) -> bool:
        """Whether its weights were drawn and have learned nothing."""
        return self.classifier is None

    def pixels(self, photo: Path) -> NDArray[np.uint8]:
        """(size, size, C): the photo as the network sees it. Raises `ImageError` with its name."""
        try:
            return self.preprocessing.read(photo)[1]
        except ImageError as error:
            raise ImageError(f"{shown(str(photo))}: {error}") from error

    def images(self, pixels: NDArray[np.uint8]) -> Tensor:
        """(size, size, C) -> (1, C, H, W), as the network takes it."""
        return torch.from_numpy(self.preprocessing.normalise(pixels[None]))

    def responses(self, pixels: NDArray[np.uint8], layers: tuple[str, ...]) -> dict[str, Tensor]:
        """Layer -> (1, C, h, w), what it answers to a photo; of tokens, the patches as a map.

        Raises `InputError` for a layer that is none, or that gives no maps.
        """
        with torch.no_grad(), record(self.network, layers) as answers:
            self.network(self.images(pixels))
        return {name: self._as_maps(name, answers) for name in layers}

    def layer(self, name: str) -> str:
        """The module of a stage: "3" is the third, "-1" the last; any module goes by its own name.

        Raises `InputError` for what is neither, with near matches.
        """
        stages = self.stages
        if name.lstrip("-").isdigit():
            number = int(name)
            if not (1 <= number <= len(stages) or -len(stages) <= number <= -1):
                raise InputError(
                    f"{self.architecture.name} has {len(stages)} stages, 1 to {len(stages)}, not "
                    f"{number}"
                )
            return stages[number - 1 if number > 0 else number]
        modules = {each: each for each, _ in self.network.named_modules() if each}
        found: str = lookup("layer", name, modules)
        return found

    @property
    def stages(self) -> tuple[str, ...]:
        """The modules that end the stages, early ones first; a Transformer's layers."""
        return stage_modules(self.network, self.architecture)

    def _as_maps(self, name: str, answers: dict[str, Tensor]) -> Tensor:
        if name not in answers:
            raise InputError(
                f"Layer {name!r} does not take part when {self.architecture.name} answers: name "
                f"another, such as {self.stages[0]}"
            )
        side = self.preprocessing.size
        try:
            return as_maps(answers[name], (side, side))
        except InputError as error:
            raise InputError(f"{error}, such as {self.stages[-1]}, not {name!r}") from error


def subject(word: str, *, random_weights: bool = False, seed: int = 0) -> Subject:
    """What `word` stands for: a bundle, `imagenet`, a checkpoint, a network of the catalogue.

    A network is taken with its published weights; with `random_weights` it is drawn with `seed` as
    its paper initialises it. Raises `InputError` for an unknown word, `MissingWeightsError` where
    the weights are not here.
    """
    if random_weights:
        return _drawn(word, seed)
    if word == IMAGENET:
        return _published(catalogue.DEFAULT)
    if Path(word).exists() or ("/" in word and not catalogue.is_named(word)):
        return _of_bundle(Path(word))
    if get_close_matches(word, [IMAGENET], cutoff=NEAR):
        raise InputError(f"There is no network {word!r}. Did you mean {IMAGENET}?")
    try:
        return _published(word)
    except MissingWeightsError as error:
        raise MissingWeightsError(
            f"{str(error).removesuffix('.')}, or pass --random-weights to look at the network as "
            "it is before it learns."
        ) from error


def _of_bundle(path: Path) -> Subject:
    classifier = bundle.load(path)
    backbone = classifier.backbone
    if backbone.load is None:
        raise EyespotError(f"{backbone.architecture} came without its network")
    return Subject(
        name=f"{backbone.architecture} of {shown(path.name)}",
        network=_still(backbone.load()),
        architecture=networks.find(backbone.architecture),
        preprocessing=backbone.preprocessing,
        classifier=classifier,
    )


def _published(name: str) -> Subject:
    checkpoint = catalogue.find(name)
    found = load(checkpoint)
    return Subject(
        name=f"{checkpoint.network}, weights {checkpoint.name}",
        network=_still(found.network),
        architecture=networks.find(checkpoint.network),
        preprocessing=checkpoint.preprocessing,
        classifier=published(checkpoint.name),
    )


def _drawn(name: str, seed: int) -> Subject:
    architecture = networks.find(name)
    network = networks.build(name, seed=seed)
    return Subject(
        name=f"{name}, random weights",
        network=_still(network),
        architecture=architecture,
        preprocessing=usual(architecture, network.in_channels),
        classifier=None,
    )


def _still(network: Network) -> Network:
    return network.requires_grad_(False).eval()
