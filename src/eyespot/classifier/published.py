"""A published network as a classifier of its own classes: `eyespot predict imagenet`."""

from __future__ import annotations

from eyespot.classifier.card import Card
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import LinearHead
from eyespot.datasets.names import plain
from eyespot.engines import pretrained
from eyespot.weights import catalogue, tensors
from eyespot.weights.cache import ready


def published(name: str = catalogue.DEFAULT, *, device: str = "auto") -> Classifier:
    """The checkpoint `name` with the classes that it was trained on. Loads no torch.

    Raises `InputError` for an unknown name, `MissingWeightsError` where the file is not here.

    >>> published().predict("cat.jpg").label
    'tabby'
    """
    checkpoint = catalogue.find(name)
    classes = catalogue.classes(checkpoint)
    path = ready(checkpoint).path
    shapes = {name: entry.shape for name, entry in tensors.read_header(path).entries.items()}
    head = tensors.head_of(shapes, len(classes), checkpoint.name)
    arrays = tensors.read_arrays(path, prefix=f"{head}.")
    return Classifier(
        backbone=pretrained(checkpoint.name),
        head=LinearHead("linear softmax", 0.0, 1.0, arrays["weight"], arrays["bias"]),
        classes=classes,
        card=Card(licence=checkpoint.licence),
        device=device,
        synonyms=_synonyms() if checkpoint.classes == "imagenet" else {},
    )


def _synonyms() -> dict[str, str]:
    """What the folders of ImageNet's classes are called: `n01440764`, `n01440764_tench`, `tench`.

    >>> _synonyms()["n01484850_great_white_shark"]
    'great white shark'
    """
    names = catalogue.imagenet_classes()
    return {plain(text): n for wnid, n in names for text in (wnid, n, f"{wnid}_{n}")}
