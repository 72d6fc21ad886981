"""eyespot: a folder of photos becomes an image classifier you can trust.

Everything here is imported when it is first used, so `import eyespot` is quick.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eyespot.api import load, train
    from eyespot.classifier.classifier import Classifier, Prediction
    from eyespot.errors import (
        EyespotError,
        ImageError,
        InputError,
        IntegrityError,
        MissingWeightsError,
    )
    from eyespot.evaluation.findings import Report
    from eyespot.inspection.explanation import explain
    from eyespot.transfer.estimators import Embedder, HeadClassifier, ImageClassifier

_HOME = {  # name: the module that has it
    "train": "eyespot.api",
    "load": "eyespot.api",
    "explain": "eyespot.inspection.explanation",
    "Classifier": "eyespot.classifier.classifier",
    "Prediction": "eyespot.classifier.classifier",
    "Report": "eyespot.evaluation.findings",
    "ImageClassifier": "eyespot.transfer.estimators",
    "Embedder": "eyespot.transfer.estimators",
    "HeadClassifier": "eyespot.transfer.estimators",
    "EyespotError": "eyespot.errors",
    "InputError": "eyespot.errors",
    "ImageError": "eyespot.errors",
    "IntegrityError": "eyespot.errors",
    "MissingWeightsError": "eyespot.errors",
}
_ROOMS = ("networks", "weights", "datasets", "dense", "evaluation", "finding")

__all__ = [
    "Classifier",
    "Embedder",
    "EyespotError",
    "HeadClassifier",
    "ImageClassifier",
    "ImageError",
    "InputError",
    "IntegrityError",
    "MissingWeightsError",
    "Prediction",
    "Report",
    "explain",
    "load",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    if name in _ROOMS:
        return import_module(f"eyespot.{name}")
    raise AttributeError(f"module 'eyespot' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_ROOMS])
