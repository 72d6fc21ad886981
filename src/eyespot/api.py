"""The two verbs of the Python face: make a classifier, and open one."""

from __future__ import annotations

from pathlib import Path

from eyespot.classifier.classifier import Classifier
from eyespot.transfer.saving import train_and_save
from eyespot.transfer.train import Order
from eyespot.transfer.train import train as train_order
from eyespot.weights.catalogue import DEFAULT


def train(
    photos: str | Path,
    *,
    out: str | Path | None = None,
    overwrite: bool = False,
    network: str = DEFAULT,
    group_by: str | None = None,
    labels: str | Path | None = None,
    flip: bool = False,
    seed: int = 0,
    device: str = "auto",
) -> Classifier:
    """A classifier from a folder with a folder of photos for each class.

    What was measured of it is in `.card.measured`; with `out` its bundle is written, with a report.
    Raises `InputError` where the photos cannot be trained on, with what to do.

    >>> classifier = eyespot.train("photos/")
    >>> classifier.predict("robin.jpg").label
    'robin'
    """
    order = Order(
        source=Path(photos),
        network=network,
        seed=seed,
        flip=flip,
        group_by=group_by,
        labels=None if labels is None else Path(labels),
        device=device,
        command=f"eyespot.train({str(photos)!r})",
    )
    if out is None:
        return train_order(order).classifier
    train_and_save(order, Path(out), overwrite=overwrite)
    return Classifier.load(out, device=device)


def load(bundle: str | Path, *, device: str = "auto") -> Classifier:
    """The classifier of a bundle. Raises `IntegrityError` if any byte is not as it was saved."""
    return Classifier.load(bundle, device=device)
