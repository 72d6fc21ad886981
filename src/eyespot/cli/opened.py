"""The network that a word on the command line stands for: of a bundle, of the catalogue, a name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eyespot.cli.sources import IMAGENET, open_classifier
from eyespot.cli.terminal import note
from eyespot.errors import InputError, MissingWeightsError

if TYPE_CHECKING:
    from eyespot.images.preprocessing import Preprocessing
    from eyespot.networks.architecture import Network

BUNDLE = "classifier.json"


@dataclass(frozen=True, eq=False)
class Opened:
    """A network in eval mode, and how photos become its input."""

    name: str  # of the network in the catalogue
    network: Network
    preprocessing: Preprocessing
    source: str  # where the weights come from, in words
    is_random: bool  # nothing has been learned


def is_bundle(word: str) -> bool:
    """Whether the word stands for a classifier, not for a network of the catalogue.

    A word with a slash is a path, unless it names published weights. Raises `InputError` for a
    bare word that is both.
    """
    from eyespot.networks import architectures
    from eyespot.weights import catalogue

    is_known = word in architectures()
    if is_known and Path(word, BUNDLE).exists():
        raise InputError(
            f"{word!r} is a folder here and the name of a network: write ./{word} for the folder, "
            "or run the command elsewhere for the name"
        )
    if is_known or word in catalogue.checkpoints():
        return False
    return word == IMAGENET or Path(word).exists() or _looks_like_a_path(word)


def _looks_like_a_path(word: str) -> bool:
    from eyespot.weights.published import PUBLISHED

    return "/" in word and word.partition("/")[0] not in {name.split("/")[0] for name in PUBLISHED}


def open_network(word: str, *, weights: Path | None = None, is_random: bool = False) -> Opened:
    """The network of a bundle, of `imagenet`, or of the catalogue with its published weights.

    With the weights in a file of the user's, or with none that were learned where it `is_random`.
    Raises `InputError` for an unknown name, `MissingWeightsError` where the weights are not here.
    """
    if is_bundle(word):
        if weights is not None or is_random:
            raise InputError(f"{word} has its own weights: leave out --weights, --random-weights")
        return _of_bundle(word)
    if weights is not None and is_random:
        raise InputError("Weights are those of --weights or random: leave out one of the two")
    if weights is not None:
        return _of_file(word, weights)
    return _random(word) if is_random else _published(word)


def _of_bundle(word: str) -> Opened:
    backbone = open_classifier(word, device="cpu").backbone
    if backbone.load is None:
        raise InputError(f"{word} came without its network")
    network = backbone.load().eval()
    return Opened(backbone.architecture, network, backbone.preprocessing, word, False)


def _published(word: str) -> Opened:
    from eyespot.networks import architectures
    from eyespot.weights import load

    try:
        found = load(word)
    except MissingWeightsError as error:
        hint = "With weights that learned nothing: --random-weights"
        raise MissingWeightsError(f"{error} {hint}.") from error
    except InputError as error:
        if word in architectures():
            raise
        raise InputError(f"{error} Folders are written with a slash: {word}/") from error
    for sentence in found.notes:
        note(sentence)
    checkpoint = found.checkpoint
    return Opened(
        checkpoint.network, found.network, found.preprocessing, checkpoint.name, is_random=False
    )


def _of_file(word: str, weights: Path) -> Opened:
    from eyespot.datasets.names import shown
    from eyespot.weights.load import from_file
    from eyespot.weights.published import PUBLISHED

    network = from_file(weights, word)
    name = PUBLISHED[word].network if word in PUBLISHED else word
    return Opened(name, network, preprocessing_of(name), shown(str(weights)), is_random=False)


def _random(word: str) -> Opened:
    from eyespot.networks import build, find

    name = find(word).name
    return Opened(name, build(name).eval(), preprocessing_of(name), "random weights", True)


def preprocessing_of(name: str) -> Preprocessing:
    """That of the network's published weights; without any, its size and numbers around 0."""
    from eyespot.images.preprocessing import Preprocessing
    from eyespot.networks import find
    from eyespot.weights import catalogue

    for checkpoint in catalogue.checkpoints().values():
        if checkpoint.network == name:
            return checkpoint.preprocessing
    size, is_grey = find(name).image_size, find(name).build(num_classes=2).in_channels == 1
    half = (0.5,) if is_grey else (0.5, 0.5, 0.5)
    return Preprocessing(
        resize=round(size / 0.875) if size > 64 else size,
        crop=size,
        interpolation="bicubic",
        mean=half,
        std=half,
        channel_order="L" if is_grey else "RGB",
    )
