"""The two verbs of the Python face: make a classifier, and open one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from eyespot.classifier.classifier import Classifier
from eyespot.datasets.places import located
from eyespot.errors import InputError
from eyespot.transfer.saving import train_and_save
from eyespot.transfer.train import Order
from eyespot.transfer.train import train as train_order
from eyespot.weights.catalogue import DEFAULT

if TYPE_CHECKING:
    from eyespot.training.recipe import Recipe

Method = Literal["probe", "scratch"]


def train(
    photos: str | Path,
    *,
    method: Method = "probe",
    out: str | Path | None = None,
    overwrite: bool = False,
    network: str | None = None,
    group_by: str | None = None,
    labels: str | Path | None = None,
    flip: bool = False,
    coverage: float | None = None,
    seed: int = 0,
    device: str = "auto",
    recipe: str | Path | Recipe | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    time_limit: float | None = None,
) -> Classifier:
    """A classifier from a folder with a folder of photos for each class.

    "probe" trains a head on the pretrained weights `network`, with `coverage` also label sets that
    hold the truth in that share of photos; "scratch" trains the `network` of the
    catalogue itself, as its paper or `recipe` says, in `time_limit` seconds at most. What was
    measured is in `.card.measured`; with `out` the bundle is written, and a training from scratch
    goes on where it was stopped. Raises `InputError` where that cannot be, with what to do.

    >>> eyespot.train("photos/").predict("robin.jpg").label
    'robin'
    """
    asked = _Asked(
        located(photos), None if out is None else Path(out), overwrite, network, group_by,
        None if labels is None else Path(labels), flip, coverage, seed, device,
        f"eyespot.train({photos!r})",
    )  # fmt: skip
    learning = _Learning(recipe, epochs, batch_size, learning_rate, time_limit)
    if method == "scratch":
        return _scratch(asked, learning)
    if method != "probe" or learning != _Learning():
        raise InputError(
            'method is "probe" or "scratch"; recipe, epochs, batch_size, learning_rate and '
            'time_limit are for "scratch" alone'
        )
    return _probe(asked)


def load(bundle: str | Path, *, device: str = "auto") -> Classifier:
    """The classifier of a bundle. Raises `IntegrityError` if any byte is not as it was saved."""
    return Classifier.load(bundle, device=device)


@dataclass(frozen=True)
class _Asked:
    """What both methods take."""

    source: Path
    out: Path | None
    overwrite: bool
    network: str | None
    group_by: str | None
    labels: Path | None
    flip: bool
    coverage: float | None
    seed: int
    device: str
    command: str


@dataclass(frozen=True)
class _Learning:
    """What a training from scratch takes besides."""

    recipe: str | Path | Recipe | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    time_limit: float | None = None


def _probe(asked: _Asked) -> Classifier:
    order = Order(
        source=asked.source,
        network=asked.network or DEFAULT,
        seed=asked.seed,
        flip=asked.flip,
        coverage=asked.coverage,
        group_by=asked.group_by,
        labels=asked.labels,
        device=asked.device,
        command=asked.command,
    )
    if asked.out is None:
        return train_order(order).classifier
    train_and_save(order, asked.out, overwrite=asked.overwrite)
    return Classifier.load(asked.out, device=asked.device)


def _scratch(asked: _Asked, learning: _Learning) -> Classifier:
    from eyespot.training import saving, scratch  # which load torch
    from eyespot.training.recipe_files import read_recipe

    if asked.network is None or asked.flip or asked.coverage is not None:
        raise InputError(
            'method="scratch" needs a network of the catalogue, and takes neither flip nor coverage'
        )
    recipe = learning.recipe
    order = scratch.Order(
        source=asked.source,
        network=asked.network,
        recipe=read_recipe(recipe) if isinstance(recipe, str | Path) else recipe,
        epochs=learning.epochs,
        batch_size=learning.batch_size,
        learning_rate=learning.learning_rate,
        time_limit=learning.time_limit,
        seed=asked.seed,
        group_by=asked.group_by,
        labels=asked.labels,
        device=asked.device,
        command=asked.command,
    )
    if asked.out is None:
        return saving.train(order).classifier
    saving.train_and_save(order, asked.out, overwrite=asked.overwrite)
    return Classifier.load(asked.out, device=asked.device)
