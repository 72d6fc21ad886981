"""The two verbs of the Python face: make a classifier, and open one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
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
    from eyespot.training import scratch
    from eyespot.training.recipe import Recipe
    from eyespot.transfer.auto import Trying
    from eyespot.transfer.lesson import Tuning

Method = Literal["probe", "auto", "fine-tune", "scratch"]
Unfreeze = int | Literal["all"]


WAYS = (
    'method is "probe", "auto", "fine-tune" or "scratch"; recipe and image_size are for "scratch" '
    'alone, epochs, batch_size and learning_rate for "scratch" and "fine-tune", unfreeze for '
    '"fine-tune" and "auto", and time_limit for all but "probe"'
)


def train(
    photos: str | Path,
    *,
    method: Method = "probe",
    out: str | Path | None = None,
    overwrite: bool = False,
    network: str | None = None,
    group_by: str | None = None,
    group_column: str | None = None,
    labels: str | Path | None = None,
    add: str | Path | None = None,
    flip: bool = False,
    coverage: float | None = None,
    seed: int = 0,
    device: str = "auto",
    recipe: str | Path | Recipe | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    image_size: int | None = None,
    time_limit: float | None = None,
    unfreeze: Unfreeze | None = None,
) -> Classifier:
    """A classifier from a folder with a folder of photos for each class.

    "probe" trains a head on the pretrained weights `network`, with `coverage` also label sets that
    hold the truth in that share of photos; "fine-tune" lets its last `unfreeze` stages learn on,
    and "auto" takes the cheapest of these that is about as good as the best, both in `time_limit`
    seconds, 600 unless told; "scratch" trains the `network` of the catalogue itself, as its paper
    or `recipe` says, in `time_limit` seconds at most. What was measured is in `.card.measured`;
    with `out` the bundle is written, and a training from scratch goes on where it was stopped.
    Raises `InputError` where that cannot be, with what to do.

    >>> eyespot.train("photos/").predict("robin.jpg").label
    'robin'
    """
    asked = _Asked(
        located(photos), None if out is None else Path(out), overwrite, network, group_by,
        group_column, None if labels is None else Path(labels), None if add is None else Path(add),
        flip, coverage, seed, device,
        f"eyespot.train({photos!r})",
    )  # fmt: skip
    learning = _Learning(
        recipe, epochs, batch_size, learning_rate, time_limit, unfreeze, image_size
    )
    ways = {"probe": _probe, "auto": _probe, "fine-tune": _fine_tune, "scratch": _scratch}
    if method not in ways or not learning.is_for(method):
        raise InputError(WAYS)
    return ways[method](replace(asked, is_auto=method == "auto"), learning)


def load(bundle: str | Path, *, device: str = "auto") -> Classifier:
    """The classifier of a bundle. Raises `IntegrityError` if any byte is not as it was saved."""
    return Classifier.load(bundle, device=device)


@dataclass(frozen=True)
class _Asked:
    """What all methods take."""

    source: Path
    out: Path | None
    overwrite: bool
    network: str | None
    group_by: str | None
    group_column: str | None
    labels: Path | None
    add: Path | None
    flip: bool
    coverage: float | None
    seed: int
    device: str
    command: str
    is_auto: bool = False


@dataclass(frozen=True)
class _Learning:
    """What a network that learns takes besides."""

    recipe: str | Path | Recipe | None = None
    epochs: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    time_limit: float | None = None
    unfreeze: Unfreeze | None = None
    image_size: int | None = None

    def is_for(self, method: str) -> bool:
        """Whether all that is asked for does something with `method`."""
        lengths = (self.epochs, self.batch_size, self.learning_rate)
        pairs: tuple[tuple[object, tuple[str, ...]], ...] = (
            (self.recipe, ("scratch",)),
            (self.image_size, ("scratch",)),
            *((each, ("scratch", "fine-tune")) for each in lengths),
            (self.unfreeze, ("fine-tune", "auto")),
            (self.time_limit, ("scratch", "fine-tune", "auto")),
        )
        return all(value is None or method in methods for value, methods in pairs)


def _tuning(asked: _Asked, learning: _Learning) -> Tuning:
    from eyespot.transfer.lesson import UNFROZEN, Tuning, recipe_for
    from eyespot.weights import catalogue

    unfrozen = UNFROZEN if learning.unfreeze is None else learning.unfreeze
    weights = catalogue.find(asked.network or DEFAULT).name
    tuning = Tuning(weights, None if unfrozen == "all" else unfrozen)
    recipe_for(tuning, photos=1, has_mirrored=False)  # more stages than there are: refused now
    return tuning


def _trying(asked: _Asked, learning: _Learning) -> Trying:
    from eyespot.transfer.auto import Trying

    limit = learning.time_limit or Trying.time_limit
    return Trying(_tuning(asked, learning), limit)


def _learning_order(asked: _Asked, learning: _Learning, *, network: str) -> scratch.Order:
    """What is asked of a network that learns; `network` is of the catalogue."""
    from eyespot.training import scratch

    return scratch.Order(
        source=asked.source,
        network=network,
        epochs=learning.epochs,
        batch_size=learning.batch_size,
        learning_rate=learning.learning_rate,
        image_size=learning.image_size,
        time_limit=learning.time_limit,
        seed=asked.seed,
        group_by=asked.group_by,
        group_column=asked.group_column,
        labels=asked.labels,
        add=asked.add,
        device=asked.device,
        command=asked.command,
    )


def _fine_tune(asked: _Asked, learning: _Learning) -> Classifier:
    from eyespot.training import saving
    from eyespot.transfer.fine_tuning import learn
    from eyespot.transfer.tuned_trust import measured_with_trust
    from eyespot.trust.coverage import require_share
    from eyespot.weights import catalogue

    if asked.flip:
        raise InputError('method="fine-tune" does not take flip')
    if asked.coverage is not None:
        require_share(asked.coverage)
    tuning = _tuning(asked, learning)
    order = _learning_order(asked, learning, network=catalogue.find(tuning.weights).network)
    learning_on = partial(learn, tuning=tuning, coverage=asked.coverage)
    measuring = partial(measured_with_trust, coverage=asked.coverage)
    if asked.out is None:
        return saving.train(order, learning=learning_on, measuring=measuring).classifier
    saving.train_and_save(
        order,
        asked.out,
        overwrite=asked.overwrite,
        learning=learning_on,
        measuring=measuring,
        asked=tuning if asked.coverage is None else (tuning, asked.coverage),
    )
    return Classifier.load(asked.out, device=asked.device)


def _probe(asked: _Asked, learning: _Learning) -> Classifier:
    order = Order(
        source=asked.source,
        network=asked.network or DEFAULT,
        seed=asked.seed,
        flip=asked.flip,
        coverage=asked.coverage,
        group_by=asked.group_by,
        group_column=asked.group_column,
        labels=asked.labels,
        add=asked.add,
        device=asked.device,
        command=asked.command,
        trying=_trying(asked, learning) if asked.is_auto else None,
    )
    if asked.out is None:
        return train_order(order).classifier
    train_and_save(order, asked.out, overwrite=asked.overwrite)
    return Classifier.load(asked.out, device=asked.device)


def _scratch(asked: _Asked, learning: _Learning) -> Classifier:
    from eyespot.training import saving  # which loads torch
    from eyespot.training.recipe_files import read_recipe

    if asked.network is None or asked.flip or asked.coverage is not None:
        raise InputError(
            'method="scratch" needs a network of the catalogue, and takes neither flip nor coverage'
        )
    recipe = learning.recipe
    order = replace(
        _learning_order(asked, learning, network=asked.network),
        recipe=read_recipe(recipe) if isinstance(recipe, str | Path) else recipe,
    )
    if asked.out is None:
        return saving.train(order).classifier
    saving.train_and_save(order, asked.out, overwrite=asked.overwrite)
    return Classifier.load(asked.out, device=asked.device)
