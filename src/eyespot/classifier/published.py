"""A published network as a classifier of its own classes: `eyespot predict imagenet`."""

from __future__ import annotations

import numpy as np

from eyespot.classifier.bundle import read_arrays
from eyespot.classifier.card import Card
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import LinearHead
from eyespot.engines import pretrained
from eyespot.errors import EyespotError
from eyespot.weights import catalogue
from eyespot.weights.load import ready


def published(name: str = catalogue.DEFAULT, *, device: str = "auto") -> Classifier:
    """The checkpoint `name` with the classes that it was trained on. Loads no torch.

    Raises `InputError` for an unknown name, `MissingWeightsError` where the file is not here.

    >>> published().predict("cat.jpg").label
    'tabby'
    """
    checkpoint = catalogue.find(name)
    classes = catalogue.classes(checkpoint)
    arrays = read_arrays(ready(checkpoint).path, prefix="")
    heads = [n for n, a in arrays.items() if a.ndim == 2 and len(a) == len(classes)]
    if len(heads) != 1:
        raise EyespotError(f"{name} has {len(heads)} layers with {len(classes)} outputs, not one")
    head = heads[0].removesuffix("weight")
    bias = arrays.get(f"{head}bias", np.zeros(len(classes), np.float32))
    return Classifier(
        backbone=pretrained(checkpoint.name),
        head=LinearHead("linear softmax", 0.0, 1.0, arrays[f"{head}weight"], bias),
        classes=classes,
        card=Card(licence=checkpoint.licence),
        device=device,
    )
