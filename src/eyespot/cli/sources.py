"""What a word on the command line stands for: a path, or a name that eyespot knows."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eyespot.cli.terminal import note
from eyespot.errors import InputError

if TYPE_CHECKING:
    from eyespot.classifier.classifier import Classifier


class Photos(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.2
    """A path of photos, or a data set by its name: the word becomes where it lies."""

    name = "path"

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        from eyespot.datasets.places import located

        return located(value)


PHOTOS = Photos()
IMAGENET = "imagenet"  # the embedded network with its own 1,000 classes


def open_classifier(word: str, *, device: str = "auto") -> Classifier:
    """The classifier of a bundle, of `imagenet`, or of weights by their full name.

    Raises `InputError` where there is none, `IntegrityError` where it is damaged.
    """
    if word == IMAGENET:
        if Path(word).exists():
            raise InputError(
                f"{word!r} is a folder here and the name of the built-in classifier: write "
                f"./{word} for the folder, or run the command elsewhere for the name"
            )
        from eyespot.classifier.published import published

        return published(device=device)
    from eyespot.classifier.bundle import load
    from eyespot.weights import catalogue

    if catalogue.is_named(word) and not Path(word).exists():
        from eyespot.classifier.published import published

        return published(word, device=device)
    if get_close_matches(word, [IMAGENET]) and not Path(word).exists():
        raise InputError(f"There is no bundle {word!r}. Did you mean {IMAGENET}?")
    classifier = load(Path(word), device=device)
    for sentence in classifier.notes:
        note(sentence)
    return classifier
