"""One run of an experiment: an arm with one seed, trained by the loop that trains everything."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
import torch

from eyespot.experiments.experiment import Arm, Guessing
from eyespot.experiments.runs import Run, Weights
from eyespot.networks.architecture import Network
from eyespot.networks.counting import count
from eyespot.training import facts, pixels
from eyespot.training import recipe as recipes
from eyespot.training.checkpoints import Saving, read
from eyespot.training.checks.random_search import search_at_random
from eyespot.training.distributed import World
from eyespot.training.facts import Epoch, Plan
from eyespot.training.fit import fit
from eyespot.training.guards import NotFiniteError
from eyespot.training.parts import Parts
from eyespot.training.pictures import Pictures
from eyespot.training.stages import Stages
from eyespot.training.step import Rule
from eyespot.training.validating import validate
from eyespot.values import from_json

MEASURED_TOGETHER = 250  # photos


@dataclass(frozen=True)
class Desk:
    """All that a run needs besides its arm."""

    parts: Parts  # the photos of this seed
    seed: int
    key: str
    device: str
    workers: int
    stages: Stages


class Watcher(Protocol):
    """Whoever shows how the run goes on."""

    def advance(self, done: int, total: int) -> None:
        """So many of its steps are made."""
        ...

    def note(self, sentence: str) -> None:
        """Something the user should know."""
        ...


class _Steps:
    """Tells a run's watcher of the steps of its training."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher

    def begin(self, plan: Plan, done: int) -> None:
        self._watcher.advance(done, plan.steps)

    def step(self, progress: facts.Progress) -> None:
        self._watcher.advance(progress.step, progress.steps)

    def epoch(self, epoch: Epoch) -> None: ...

    def note(self, sentence: str) -> None:
        self._watcher.note(sentence)

    def end(self, fitted: facts.Fitted) -> None: ...


def trained(arm: Arm, desk: Desk, place: Path, watcher: Watcher) -> Run:
    """Train, or go on in `place`, and measure the last weights: nothing is chosen on any photo.

    A training whose loss runs away is a result, too: it has the error of guessing.
    """
    begin, classes = time.monotonic(), len(desk.parts.classes)
    network, start = arm.build(classes, desk.seed), arm.build(classes, desk.seed)
    recipes.prepare(arm.recipe, start, torch.Generator().manual_seed(desk.seed))
    costs = count(network, arm.recipe.image.size)
    try:
        history, errors, seconds = _learned(arm, network, desk, place, watcher)
        is_lost = False
    except NotFiniteError:
        history, is_lost, seconds = _history(place), True, time.monotonic() - begin
        errors = (1 - 1 / classes, 1 - 1 / classes)
    return Run(
        arm=arm.label,
        seed=desk.seed,
        key=desk.key,
        history=history,
        training_error=errors[0],
        held_out_error=errors[1],
        is_lost=is_lost,
        seconds=seconds,
        parameters=costs.parameters,
        multiply_adds=costs.multiply_adds,
        before=_first_layer(start) if arm.is_kept else None,
        after=_first_layer(network) if arm.is_kept else None,
    )


def _learned(
    arm: Arm, network: Network, desk: Desk, place: Path, watcher: Watcher
) -> tuple[tuple[Epoch, ...], tuple[float, float], float]:
    """The history, the errors on the training photos and on those held out, and seconds."""
    recipe, learned, tried = pixels.pictures(
        arm.recipe, desk.parts, channels=network.in_channels, seed=desk.seed, stages=desk.stages
    )
    assert tried is not None
    fitted = fit(
        network,
        learned,
        tried,
        recipe,
        seed=desk.seed,
        place=place,
        watcher=_Steps(watcher),
        device=desk.device,
        workers=desk.workers,
        saving=Saving(keep=1),
    )
    network.load_state_dict(_last_weights(place))
    unchanged = Pictures(
        learned.photos,
        learned.labels.tolist(),
        num_classes=learned.num_classes,
        preprocessing=learned.preprocessing,
    )
    rule = Rule(
        recipe.loss, recipe.regularisers, fitted.plan.precision, False, torch.device(desk.device)
    )
    errors = (_error(network, unchanged, rule, desk), _error(network, tried, rule, desk))
    return fitted.history, errors, fitted.seconds


def guessed(arm: Guessing, desk: Desk, *, progress: Callable[[int, int], None]) -> Run:
    """The best of random linear classifiers, chosen on the training photos by its loss."""
    _, learned, tried = pixels.pictures(
        arm.recipe, desk.parts, channels=1, seed=desk.seed, stages=desk.stages
    )
    assert tried is not None
    pairs = min(len(learned), len(tried))  # one to choose on, one to measure on, in turns
    rows = range(pairs)
    pictures = chain.from_iterable(zip(learned.plain(rows), tried.plain(rows), strict=True))
    labels = np.stack([learned.labels[:pairs], tried.labels[:pairs]], axis=1).ravel()
    both = np.stack(list(pictures))
    errors, classes = {}, learned.num_classes
    for tries in arm.tries:  # of one seed: the first of them are the same ones
        found = search_at_random(both, labels, classes, seed=desk.seed, tries=tries)
        errors[str(tries)] = 1 - found.accuracy
        progress(sum(arm.tries[: len(errors)]), sum(arm.tries))
    weights = classes * (both[0].size + 1)
    return Run(
        arm=arm.label,
        seed=desk.seed,
        key=desk.key,
        history=(),
        training_error=1 - found.accuracy,
        held_out_error=1 - found.accuracy,
        is_lost=False,
        seconds=0.0,
        parameters=weights,
        multiply_adds=weights - classes,
        tries=errors,
    )


def _last_weights(place: Path) -> dict[str, torch.Tensor]:
    """Those after the last step; the loop hands over the best epoch's, chosen on the photos."""
    newest = max(place.glob("step-*"), key=lambda folder: folder.name)
    _, tensors = read(newest)
    return {
        name.removeprefix("network."): held
        for name, held in tensors.items()
        if name.startswith("network.")
    }


def _history(place: Path) -> tuple[Epoch, ...]:
    """The epochs before a training ran away."""
    rows: list[str] = []
    with suppress(OSError):
        rows = (place / "history.jsonl").read_text("utf-8").splitlines()
    return tuple(from_json(Epoch, json.loads(row)) for row in rows)


def _error(network: Network, pictures: Pictures, rule: Rule, desk: Desk) -> float:
    """The share that is named wrongly, computed as in training."""
    _, right = validate(
        network,
        pictures,
        rule=rule,
        batch_size=MEASURED_TOGETHER,
        workers=desk.workers,
        world=World(device=desk.device),
        check=lambda: None,
    )
    return 1 - right


def _first_layer(network: Network) -> Weights:
    """The kernels of the first convolution."""
    first = next(module for module in network.modules() if isinstance(module, torch.nn.Conv2d))
    weight = first.weight.detach().float().cpu()
    filters, channels, height, width = weight.shape
    return Weights((filters, channels, height, width), tuple(weight.flatten().tolist()))
