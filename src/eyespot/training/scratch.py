"""From a folder of photos to a network that has learned from nothing else.

Read, look at every photo, divide, fit the recipe of the network's paper to the photos at hand,
train. What came out is measured in `measuring.py` and written in `saving.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from eyespot.datasets.dataset import ImageDataset
from eyespot.errors import InputError
from eyespot.networks import catalogue as networks
from eyespot.networks.architecture import Architecture, Network
from eyespot.pages.words import count, percent
from eyespot.training import facts
from eyespot.training.checkpoints import Saving
from eyespot.training.distributed import World
from eyespot.training.fit import fit
from eyespot.training.guards import WhenNotFinite
from eyespot.training.looking import look
from eyespot.training.parts import Parts, divided
from eyespot.training.pictures import Pictures
from eyespot.training.pixels import pictures
from eyespot.training.precision import Wish
from eyespot.training.recipe import Recipe
from eyespot.training.recipes import catalogue as recipes
from eyespot.training.recipes.scaling import is_alike, scaled
from eyespot.training.stages import Stages


@dataclass(frozen=True)
class Order:
    """What was asked for: all that the result depends on besides the photos, and the way there."""

    source: Path
    network: str  # of the catalogue
    recipe: Recipe | None = None  # None: the one of the network's paper
    epochs: int | None = None  # None: as the recipe says
    batch_size: int | None = None
    learning_rate: float | None = None
    image_size: int | None = None  # pixels; None: what the network is published for
    seed: int = 0
    group_by: str | None = None
    group_column: str | None = None
    labels: Path | None = None  # the audit's table, edited
    add: Path | None = None  # a folder of sorted photos that join those to learn from
    device: str = "auto"
    precision: Wish = "auto"
    time_limit: float | None = None  # seconds of training
    when_not_finite: WhenNotFinite = "stop"
    workers: int = 2  # threads that prepare photos; no result depends on them
    keep: int = 3  # checkpoints
    command: str = ""  # as the user typed it

    @property
    def torch_device(self) -> str:
        """The device as torch calls it: "auto" is a GPU where there is one."""
        if self.device != "auto":
            return self.device
        return "cuda" if torch.cuda.is_available() else "cpu"


@dataclass(frozen=True)
class Beginning:
    """All that a training begins with, before its first step."""

    architecture: Architecture
    network: Network  # as its paper initialises it
    recipe: Recipe  # fitted to the photos
    learned: Pictures  # what will be learned from
    tried: Pictures | None  # and chosen on
    dataset: ImageDataset  # the photos that can be read
    parts: Parts
    found: int  # files, usable or not
    notes: tuple[str, ...]  # what the owner of the photos should know, one sentence each
    weights: str | None = None  # the checkpoint that it begins with; None: its paper's first ones


@dataclass(frozen=True)
class Learned:
    """A network that has learned, and from what."""

    begun: Beginning
    fitted: facts.Fitted
    stages: Stages = field(compare=False)

    @property
    def recipe(self) -> Recipe:
        """As it was run."""
        return self.fitted.plan.recipe

    @property
    def notes(self) -> tuple[str, ...]:
        """What the owner of the photos should know, one sentence each."""
        return (*self.begun.notes, *self.fitted.notes)


def begin(
    order: Order, dataset: ImageDataset, stages: Stages, *, place: Path | None = None
) -> Beginning:
    """Look at the photos, divide them, fit the recipe. `eyespot check` looks at what this gives.

    What is measured of the pixels is kept in `place`, the folder of the checkpoints.

    Raises `InputError` where the photos, the network and the recipe do not go together.
    """
    architecture = networks.find(order.network)
    if order.image_size is not None:
        _require_image_size(order.network, order.image_size)
    found, asked = dataset.found, order.recipe or recipes.for_network(order.network)
    _fitted(order, asked, architecture, photos=len(dataset), channels=3)  # refused before the work
    with stages.stage("look") as stage:
        looked = look(dataset, progress=stages.watcher.advance)
        parts = divided(looked, validation=asked.validation, seed=order.seed)
        stage.figure = ", ".join(f"{n:,} {part}" for part, n in parts.sizes.items() if n)
    notes = (*looked.dataset.notes, *parts.notes)
    for sentence in notes:
        stages.watcher.note(sentence)
    network = networks.build(order.network, num_classes=len(parts.classes), seed=order.seed)
    recipe = _fitted(
        order, asked, architecture, photos=len(parts.train), channels=network.in_channels
    )
    recipe, learned, tried = pictures(
        recipe, parts, channels=network.in_channels, seed=order.seed, stages=stages, place=place
    )
    return Beginning(
        architecture, network, recipe, learned, tried, looked.dataset, parts, found, notes
    )


def learn(
    order: Order,
    dataset: ImageDataset,
    stages: Stages,
    *,
    place: Path | None = None,
    progress: facts.Watcher | None = None,
    world: World | None = None,
) -> Learned:
    """Train from scratch; with a `place` for checkpoints, go on where it stood.

    Raises `InputError` where the photos, the network and the recipe do not go together, and
    `Interrupted` after Ctrl-C and SIGTERM, with a checkpoint written.
    """
    begun = begin(order, dataset, stages, place=place)
    with stages.stage("training") as stage:
        fitted = fit_as(
            order,
            begun.network,
            begun.learned,
            begun.tried,
            begun.recipe,
            time_limit=order.time_limit,
            place=place,
            progress=progress,
            world=world,
        )
        stage.figure = told(fitted)
    return Learned(begun, fitted, stages)


def fit_as(
    order: Order,
    network: Network,
    learned: Pictures,
    tried: Pictures | None,
    recipe: Recipe,
    *,
    time_limit: float | None,
    spent: float = 0.0,
    place: Path | None = None,
    progress: facts.Watcher | None = None,
    world: World | None = None,
) -> facts.Fitted:
    """`fit` with all that `order` says of how a network is trained."""
    return fit(
        network,
        learned,
        tried,
        recipe,
        seed=order.seed,
        place=place,
        watcher=progress,
        precision=order.precision,
        workers=order.workers,
        time_limit=time_limit,
        spent=spent,
        when_not_finite=order.when_not_finite,
        saving=Saving(keep=order.keep),
        world=world or World(device=order.torch_device),
    )


def _fitted(
    order: Order, asked: Recipe, architecture: Architecture, *, photos: int, channels: int
) -> Recipe:
    """The recipe for these photos and this network.

    A user's own keeps its batches as they are, and its images where the network can take them.
    """
    is_own = asked not in recipes.recipes().values()
    size = order.image_size or architecture.image_size
    if is_own and order.image_size is None and _is_taken(order.network, asked.image.size):
        size = asked.image.size if is_alike(asked.image.size, size) else size
    return scaled(
        asked,
        epochs=order.epochs,
        batch_size=order.batch_size or (asked.batch_size if is_own else None),
        learning_rate=order.learning_rate,
        photos=photos,
        image_size=size,
        channels=channels,
    )


def _require_image_size(network: str, size: int) -> None:
    """Raise `InputError` where a network cannot take images of `size` pixels."""
    with torch.device("meta"):
        built = networks.build(network)
        built.check(torch.empty(1, built.in_channels, size, size))


def _is_taken(network: str, size: int) -> bool:
    try:
        _require_image_size(network, size)
    except InputError:
        return False
    return True


def told(fitted: facts.Fitted) -> str:
    """What a training gave, in a few words."""
    done, best = count(len(fitted.history), "epoch"), fitted.best
    if best is None or best.validation_top1 is None:
        return done
    return f"{done}, best {percent(best.validation_top1)} after epoch {best.epoch}"
