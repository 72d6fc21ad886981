"""How a network was trained, as a value: all that a paper says, and what it does not say.

A recipe is data that goes to JSON and back; the loop (`fit.py`) does what it says. The papers' are
in `recipes/`; `scaled` fits one to other photos, another length or another network.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import nn

from eyespot.errors import InputError
from eyespot.images.augmentations.catalogue import Augmentation, BatchAugmentation
from eyespot.images.augmentations.geometry import Interpolation
from eyespot.images.statistics import Normalisation
from eyespot.networks.architecture import Network
from eyespot.training import regularisers as regularising
from eyespot.training.averaging import EMA
from eyespot.training.fine_tuning import FineTuning
from eyespot.training.initialisation import Initialisation
from eyespot.training.losses import Loss
from eyespot.training.optimisers import Optimiser
from eyespot.training.regularisers import EarlyStopping, Regulariser
from eyespot.training.schedules import Schedule, stretched
from eyespot.values import LATER


@dataclass(frozen=True)
class ImageRule:
    """What is seen at evaluation, and where nothing is augmented: see `Preprocessing`."""

    resize: int  # pixels of the short side
    crop: int  # pixels of the central square
    interpolation: Interpolation = "bilinear"
    padding: int = 0  # black pixels put around the crop

    @property
    def size(self) -> int:
        """Pixels, height and width, of what the network gets."""
        return self.crop + 2 * self.padding


@dataclass(frozen=True)
class Recipe:
    """One way to train. Numbers that a paper does not print are in `notes`, with their origin.

    Weight decay belongs to the optimiser; auxiliary heads have their weights in the network.
    `augmentations` are of training photos, one after the other: they begin with a resize and end
    with a crop, or there are none and the photos are seen as at evaluation.
    """

    name: str
    networks: tuple[str, ...]  # of the catalogue, or whole families: what it was written for
    epochs: int
    batch_size: int
    optimiser: Optimiser
    schedule: Schedule
    loss: Loss
    image: ImageRule
    normalisation: Normalisation
    augmentations: tuple[Augmentation, ...]
    batch_augmentations: tuple[BatchAugmentation, ...] = ()  # one of them, drawn for each batch
    regularisers: tuple[Regulariser, ...] = ()
    clip_norm: float | None = None  # of the gradient over all parameters
    ema: EMA | None = None
    initialisation: Initialisation | None = None  # None: as the network's paper
    norm_momentum: float | None = None  # batch norm's share of a new batch, at least
    validation: float = 0.1  # share of the training photos, where the data have no such part
    photos: int | None = None  # that were learned from there
    source: str = ""  # paper and section, or the file of the published code
    expected: str = ""  # what came out there
    notes: tuple[str, ...] = ()  # what could not be taken literally, and what is ours
    fine_tuning: FineTuning | None = field(default=None, metadata=LATER)  # None: all of it learns

    def __post_init__(self) -> None:
        """Raises `InputError` for numbers with which nothing can be trained."""
        if self.epochs < 1 or self.batch_size < 1:
            raise InputError(
                "a training takes 1 epoch or more, of batches of 1 photo or more; not "
                f"{self.epochs} epochs of batches of {self.batch_size}"
            )
        if self.clip_norm is not None and self.clip_norm <= 0:
            raise InputError(f"gradients are clipped to a positive norm, not {self.clip_norm:g}")
        if not 0 <= self.validation < 1:
            raise InputError(
                "the share of photos held out for validation is from 0 up to, not including, 1; "
                f"not {self.validation:g}"
            )


def lasting(recipe: Recipe, epochs: int) -> Recipe:
    """The same for another number of epochs: all that is counted in epochs or steps follows."""
    share = epochs / recipe.epochs
    return replace(
        recipe,
        epochs=epochs,
        schedule=stretched(recipe.schedule, share),
        ema=None if recipe.ema is None else recipe.ema.stretched(share),
        regularisers=tuple(
            EarlyStopping(max(1, round(share * each.patience)))
            if isinstance(each, EarlyStopping)
            else each
            for each in recipe.regularisers
        ),
    )


def prepare(recipe: Recipe, network: Network, generator: torch.Generator) -> None:
    """Set in the network what the recipe asks for, once, before the first step."""
    if recipe.initialisation is not None:
        recipe.initialisation.apply(network, generator)
    regularising.prepare(recipe.regularisers, network)
    if recipe.norm_momentum is not None:
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d) and module.momentum is not None:
                module.momentum = max(module.momentum, recipe.norm_momentum)
    if recipe.fine_tuning is not None:
        recipe.fine_tuning.prepare(network, recipe.image.size)


def optimiser(recipe: Recipe, network: Network) -> torch.optim.Optimizer:
    """What makes the steps; the groups of its parameters may have a share of the rate, `RATE`."""
    built = recipe.optimiser.build(network)
    if recipe.fine_tuning is not None:
        recipe.fine_tuning.grade(built, network, recipe.image.size)
    return built


def learning(recipe: Recipe, network: Network) -> Network:
    """The network in train mode, but for what the recipe freezes."""
    network.train()
    if recipe.fine_tuning is not None:
        recipe.fine_tuning.hold(network, recipe.image.size)
    return network
