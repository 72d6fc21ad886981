"""All checks on one set-up, quick ones first."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from eyespot.datasets.dataset import Photo
from eyespot.errors import lookup
from eyespot.networks.architecture import Network
from eyespot.training import order
from eyespot.training.checks import (
    first_steps,
    gradients,
    inputs,
    labels,
    outputs,
    overfit,
    random_search,
    rate_range,
)
from eyespot.training.checks.findings import Finding
from eyespot.training.checks.first_steps import FirstSteps
from eyespot.training.checks.gradients import LayerGradient
from eyespot.training.checks.inputs import Inputs
from eyespot.training.checks.labels import Labels
from eyespot.training.checks.outputs import Outputs
from eyespot.training.checks.overfit import Overfit
from eyespot.training.checks.random_search import RandomSearch
from eyespot.training.checks.rate_range import RateRange
from eyespot.training.checks.set_up import EPOCH, SetUp
from eyespot.training.stages import Stages, Unwatched, Watcher

SEEN = 64  # photos whose inputs and outputs are looked at
PROBED = 500  # photos whose labels are compared with their neighbours'
SEARCHED = 1000  # photos for the random search
SMALL = 32  # pixels: gradients are checked on the smallest pictures from here on

Features = Callable[[Sequence[Photo]], NDArray[np.float32]]  # photos -> (N, D)
Progress = Callable[[int, int], None]  # steps done, steps in all


@dataclass(frozen=True)
class Checked:
    """What each check found; None where it was not asked for."""

    findings: tuple[Finding, ...] = ()
    told: tuple[tuple[str, str], ...] = ()  # (check, its figure in one line), as they ran
    inputs: Inputs | None = None
    outputs: Outputs | None = None
    random: RandomSearch | None = None
    labels: Labels | None = None
    gradients: tuple[LayerGradient, ...] | None = None
    overfit: Overfit | None = None
    steps: FirstSteps | None = None
    rates: RateRange | None = None


@dataclass(frozen=True)
class Answer:
    """What one check gives: a field of `Checked`, a line, and what is wrong."""

    field: str
    value: Any
    told: str
    findings: tuple[Finding, ...] = ()


def examine(
    set_up: SetUp,
    *,
    features: Features,
    only: Collection[str] = (),
    watcher: Watcher | None = None,
) -> Checked:
    """Run the checks named in `only`, or all, on `set_up`, which is left as it is.

    `features` gives photos a place in a space that knows nothing of the labels. Raises
    `InputError` for a check that there is not, and for photos that cannot be read.
    """
    for name in only:
        lookup("check", name, CHECKS)
    stages = Stages(watcher or Unwatched())
    checked, work = Checked(), _Work(set_up, features)
    for name, check in CHECKS.items():
        if only and name not in only:
            continue
        with stages.stage(name) as stage:
            answer = check(work, stages.watcher.advance)
            stage.figure = answer.told
        checked = replace(
            checked,
            findings=(*checked.findings, *answer.findings),
            told=(*checked.told, (name, answer.told)),
            **{answer.field: answer.value},
        )
    return checked


class _Work:
    """The checks, and what several of them look at."""

    def __init__(self, set_up: SetUp, features: Features) -> None:
        self.set_up, self.features = set_up, features

    @cached_property
    def seen(self) -> Outputs:
        """The first answers, to photos as the training shows them."""
        images, targets = self.set_up.batch(self.set_up.some(SEEN))
        network = self.set_up.network.to(self.set_up.device)
        where = torch.device(self.set_up.device)
        loss = self.set_up.recipe.loss
        return outputs.look_at_outputs(network, images.to(where), targets.to(where), loss)

    def inputs(self, progress: Progress) -> Answer:
        recipe = self.set_up.recipe
        rows, pictures = self.set_up.some(SEEN), self.set_up.pictures
        found = inputs.look_at_inputs(
            self.set_up.plain_batch(rows)[0].numpy(),
            self.set_up.batch(rows)[0].numpy(),
            pictures.labels,
            pictures.num_classes,
        )
        return Answer(
            "inputs",
            found,
            inputs.told_of_inputs(found),
            inputs.findings_of_inputs(found, recipe.normalisation, self.set_up.classes),
        )

    def outputs(self, progress: Progress) -> Answer:
        told, findings = outputs.told_of_outputs, outputs.findings_of_outputs
        return Answer("outputs", self.seen, told(self.seen), findings(self.seen))

    def loss(self, progress: Progress) -> Answer:
        kinds = len(self.set_up.classes)
        told, findings = outputs.told_of_loss, outputs.findings_of_loss
        return Answer("outputs", self.seen, told(self.seen, kinds), findings(self.seen, kinds))

    def random_search(self, progress: Progress) -> Answer:
        pictures, seed = self.set_up.pictures, self.set_up.seed
        rows = order.order(len(pictures), seed=seed, epoch=EPOCH)[:SEARCHED]
        found = random_search.search_at_random(
            np.stack(list(pictures.plain(rows.tolist()))),
            pictures.labels[rows],
            pictures.num_classes,
            commonest=float(np.bincount(pictures.labels).max() / len(pictures)),
            seed=seed,
            progress=progress,
        )
        return Answer("random", found, random_search.told_of_random_search(found))

    def labels(self, progress: Progress) -> Answer:
        rows, pictures = self.set_up.some(PROBED), self.set_up.pictures
        places = self.features([pictures.photos[i] for i in rows.tolist()])
        found = labels.look_at_labels(places, pictures.labels[rows], seed=self.set_up.seed)
        return Answer(
            "labels", found, labels.told_of_labels(found), labels.findings_of_labels(found)
        )

    def gradients(self, progress: Progress) -> Answer:
        network = copy.deepcopy(self.set_up.network).to("meta")
        generator = torch.Generator().manual_seed(self.set_up.seed)
        found = gradients.check_gradients(
            network, small_size(network), generator=generator, progress=progress
        )
        told, findings = gradients.told_of_gradients, gradients.findings_of_gradients
        return Answer("gradients", found, told(found), findings(found))

    def overfit(self, progress: Progress) -> Answer:
        rows = self.set_up.some(overfit.PHOTOS)
        found = overfit.learn_by_heart(
            lambda rule: self.set_up.trial(rule, is_plain=True),
            *self.set_up.plain_batch(rows),
            optimiser=self.set_up.recipe.optimiser,
            undecided=self.seen.undecided,
            batch_size=self.set_up.recipe.batch_size,
            passes=self.set_up.affordable(overfit.PASSES, least=overfit.LEAST, photos=len(rows)),
            progress=progress,
        )
        told, findings = overfit.told_of_overfit, overfit.findings_of_overfit
        return Answer("overfit", found, told(found), findings(found))

    def first_steps(self, progress: Progress) -> Answer:
        steps = self._steps(first_steps.STEPS, first_steps.LEAST)
        found = first_steps.take_first_steps(
            self.set_up.trial(),
            list(islice(self.set_up.batches(), steps)),
            learning_rate=self.set_up.learning_rate,
            schedule=self.set_up.recipe.schedule,
            undecided=self.seen.undecided,
            progress=progress,
        )
        told, findings = first_steps.told_of_first_steps, first_steps.findings_of_first_steps
        return Answer("steps", found, told(found), findings(found))

    def _steps(self, wanted: int, least: int) -> int:
        """Of the training's batches."""
        return self.set_up.affordable(wanted, least=least, photos=self.set_up.batch_size)

    def learning_rate(self, progress: Progress) -> Answer:
        found = rate_range.climb(
            self.set_up.trial(),
            self.set_up.batches(),
            recipe_rate=self.set_up.learning_rate,
            steps=self._steps(rate_range.STEPS, rate_range.LEAST),
            progress=progress,
        )
        told, findings = rate_range.told_of_range, rate_range.findings_of_range
        return Answer("rates", found, told(found), findings(found))


CHECKS: dict[str, Callable[[_Work, Progress], Answer]] = {  # in the order in which they run
    inputs.NAME: _Work.inputs,
    outputs.OUTPUTS: _Work.outputs,
    outputs.LOSS: _Work.loss,
    random_search.NAME: _Work.random_search,
    labels.NAME: _Work.labels,
    gradients.NAME: _Work.gradients,
    overfit.NAME: _Work.overfit,
    first_steps.NAME: _Work.first_steps,
    rate_range.NAME: _Work.learning_rate,
}


def small_size(network: Network) -> int:
    """The smallest legal image size from 32 pixels on."""
    size = max(network.smallest_image_size, min(SMALL, network.largest_image_size or SMALL))
    return -(-size // network.image_size_step) * network.image_size_step
