"""A pretrained network learns on from the photos at hand: first a head on it, then its last stages.

The head is the probe's, fitted on embeddings, so that the first steps do not shake what the stages
before it know already (Kumar et al.: Fine-Tuning can Distort Pretrained Features and Underperform
Out-of-Distribution, ICLR 2022, arXiv:2202.10054, Sect. 4: linear probing, then fine-tuning).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from eyespot.classifier.heads import NEIGHBOURS, LinearHead
from eyespot.datasets.dataset import Photo
from eyespot.errors import InputError
from eyespot.images.augmentations.catalogue import Augmentation
from eyespot.images.augmentations.flip import Flip
from eyespot.images.augmentations.random_resized_crop import RandomResizedCrop
from eyespot.images.preprocessing import Preprocessing
from eyespot.networks import catalogue as networks
from eyespot.networks.architecture import Network
from eyespot.training.averaging import EMA
from eyespot.training.fine_tuning import FineTuning, WithHead
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import AdamW
from eyespot.training.pictures import Pictures
from eyespot.training.recipe import ImageRule, Recipe
from eyespot.training.regularisers import EarlyStopping
from eyespot.training.schedules import Cosine, WarmUp
from eyespot.transfer import probes
from eyespot.transfer.candidates import STRENGTHS, Candidate, Examples
from eyespot.weights import catalogue
from eyespot.weights import load as load_weights

TIME_LIMIT = 600.0  # seconds, where no other is asked for
VALIDATION = 0.15  # share of the training photos that the epoch is chosen on
UNFROZEN = 2  # stages, where no other number is asked for
EPOCHS, PATIENCE = 12, 5
VIEWS = 4  # of each photo: itself and three crops; a round of them is shorter than the patience
BATCH_SIZE = 32
OPTIMISER, LAYER_DECAY = AdamW(1e-4), 0.7
DROPOUT = 0.2
LINEAR = {kind: path for kind, path in STRENGTHS.items() if kind != NEIGHBOURS}


@dataclass(frozen=True)
class Tuning:
    """Which part of which pretrained network learns."""

    weights: str = catalogue.DEFAULT  # a checkpoint
    unfrozen: int | None = UNFROZEN  # the last stages, besides the head; None: all of them
    norms: Literal["frozen", "learned"] = "frozen"


@dataclass(frozen=True)
class Weights:
    """The network that learns on: a checkpoint's, or one from a file of yours."""

    name: str  # where they come from, in words
    architecture: str
    preprocessing: Preprocessing
    load: Callable[[], Network] = field(compare=False, repr=False)


def weights_of(name: str) -> Weights:
    """Those of the checkpoint `name`. Raises as `weights.catalogue.find`."""
    found = catalogue.find(name)
    return Weights(
        found.name, found.network, found.preprocessing, lambda: load_weights(found).network
    )


@dataclass(frozen=True)
class Lesson:
    """All that a fine-tuning begins with; `candidate` is how its head was chosen."""

    network: WithHead
    recipe: Recipe
    learned: Pictures
    tried: Pictures
    candidate: Candidate | None = None


def recipe_for(
    tuning: Tuning, *, photos: int, has_mirrored: bool, weights: Weights | None = None
) -> Recipe:
    """How `photos` training photos are learned from; `has_mirrored`: mirror images help.

    Raises `InputError` where more stages are to learn than there are.
    """
    weights = weights or weights_of(tuning.weights)
    stages = tuple(stage.module for stage in networks.find(weights.architecture).stages)
    if tuning.unfrozen is not None and tuning.unfrozen > len(stages):
        raise InputError(
            f"{weights.architecture} has {len(stages)} stages, and {tuning.unfrozen} were to "
            f"learn: pass --unfreeze 1 to {len(stages)}, or all"
        )
    seen = weights.preprocessing
    crop = RandomResizedCrop(seen.crop, area=(0.35, 1.0), interpolation=seen.interpolation)
    flips: tuple[Augmentation, ...] = (Flip(),) if has_mirrored else ()
    return Recipe(
        name="fine-tuning",
        networks=(weights.architecture,),
        epochs=EPOCHS,
        batch_size=min(BATCH_SIZE, photos),
        optimiser=OPTIMISER,
        schedule=WarmUp(length=1 / EPOCHS, then=Cosine()),
        loss=CrossEntropy(),
        image=ImageRule(seen.resize, seen.crop, seen.interpolation, seen.padding),
        normalisation="pretrained",
        augmentations=(crop, *flips),
        regularisers=(EarlyStopping(PATIENCE),),
        clip_norm=1.0,
        ema=EMA(0.98, warms_up=True),
        validation=VALIDATION,
        fine_tuning=FineTuning(
            stages=tuple(f"network.{stage}" for stage in stages),
            unfrozen=tuning.unfrozen,
            norms=tuning.norms,
            layer_decay=LAYER_DECAY,
            views=None if tuning.unfrozen in (None, len(stages)) else VIEWS,
        ),
        source="eyespot's own",
        notes=(
            f"Begins with the weights {weights.name} and the probe's head.",
            "Photos are mirrored, which helped the probe."
            if has_mirrored
            else "Photos are not mirrored: that did not help the probe.",
        ),
    )


def lesson(
    tuning: Tuning,
    examples: Examples,
    learned: Sequence[Photo],
    tried: tuple[Sequence[Photo], Sequence[int]],
    *,
    seed: int,
    weights: Weights | None = None,
    numbers: tuple[Sequence[int], Sequence[int]] | None = None,
) -> Lesson:
    """The network with its head fitted on `examples`, which are those of the photos `learned`.

    `tried` are the photos to choose the epoch on, with their labels; `weights` are those that
    `tuning` names, unless they are given; `numbers` those of the photos in both, among all.
    """
    weights = weights or weights_of(tuning.weights)
    candidate = probes.choose(examples, strengths=LINEAR)[0]
    head = probes.fit(examples, candidate)
    assert isinstance(head, LinearHead)
    recipe = recipe_for(
        tuning, photos=len(learned), has_mirrored=candidate.with_mirrored, weights=weights
    )
    place = networks.find(weights.architecture).head
    total = len(learned) + len(tried[0])
    numbers = numbers or (range(len(learned)), range(len(learned), total))
    assert recipe.fine_tuning is not None
    return Lesson(
        network=WithHead(weights.load(), place, head, dropout=DROPOUT),
        recipe=recipe,
        learned=Pictures(
            learned,
            examples.labels.tolist(),
            num_classes=examples.num_classes,
            preprocessing=weights.preprocessing,
            augmentations=recipe.augmentations,
            seed=seed,
            views=recipe.fine_tuning.views,
            numbers=numbers[0],
        ),
        tried=Pictures(
            *tried,
            num_classes=examples.num_classes,
            preprocessing=weights.preprocessing,
            numbers=numbers[1],
        ),
        candidate=candidate,
    )
