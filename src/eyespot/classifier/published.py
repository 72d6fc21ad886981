"""A published network as a classifier of its own classes: `eyespot predict imagenet`."""

from __future__ import annotations

from eyespot.classifier.card import Card
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import LinearHead, identity
from eyespot.datasets.names import plain
from eyespot.engines import EMBEDDING, LOGITS, pretrained
from eyespot.weights import catalogue, tensors
from eyespot.weights.cache import Ready, ready


def published(name: str = catalogue.DEFAULT, *, device: str = "auto") -> Classifier:
    """The checkpoint `name` with the classes that it was trained on. Loads no torch.

    Where its head runs before the pooling (SqueezeNet), what the head of the classifier sees are
    the network's own logits. Raises `InputError` for an unknown name, `MissingWeightsError` where
    the file is not here.

    >>> published().predict("cat.jpg").label
    'tabby'
    """
    checkpoint = catalogue.find(name)
    classes = catalogue.classes(checkpoint)
    made = ready(checkpoint)
    is_composed = made.facts.head_sees == "embedding"
    return Classifier(
        backbone=pretrained(checkpoint.name, output=EMBEDDING if is_composed else LOGITS),
        head=_head(made) if is_composed else identity(len(classes)),
        classes=classes,
        card=Card(licence=checkpoint.licence),
        device=device,
        synonyms=_synonyms() if checkpoint.classes == "imagenet" else {},
    )


def _head(made: Ready) -> LinearHead:
    """The checkpoint's own head: a linear layer, or a 1x1 convolution of the pooled map."""
    arrays = tensors.read_arrays(made.path, prefix=f"{made.facts.head}.")
    weight, bias = arrays["weight"], arrays["bias"]
    return LinearHead("linear softmax", 0.0, 1.0, weight.reshape(len(bias), -1), bias)


def _synonyms() -> dict[str, str]:
    """What the folders of ImageNet's classes are called: `n01440764`, `n01440764_tench`, `tench`.

    >>> _synonyms()["n01484850_great_white_shark"]
    'great white shark'
    """
    names = catalogue.imagenet_classes()
    return {plain(text): n for wnid, n in names for text in (wnid, n, f"{wnid}_{n}")}
