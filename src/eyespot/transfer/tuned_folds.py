"""A network fine-tuned on some of the photos: neither its epoch nor its head nor its temperature is
chosen on any of the others.
"""

from __future__ import annotations

import math
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from eyespot.classifier.calibration import fit_temperature
from eyespot.classifier.heads import Head, Vectors
from eyespot.datasets.dataset import Photo
from eyespot.datasets.splits import holdout
from eyespot.errors import InputError
from eyespot.pages.words import count
from eyespot.training import scratch
from eyespot.training.facts import Fitted
from eyespot.training.fine_tuning import WithHead
from eyespot.training.pictures import Pictures
from eyespot.transfer.candidates import Examples
from eyespot.transfer.contenders import NotTriedError
from eyespot.transfer.frozen import NotKeptError, Responses
from eyespot.transfer.learning_on import fine_tuned, responses_for
from eyespot.transfer.lesson import (
    BATCH_SIZE,
    VALIDATION,
    Lesson,
    Tuning,
    lesson,
)
from eyespot.weights import catalogue

LEAST = 5.0  # seconds for one training, below which none is begun

Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Task:
    """What is learned from; row i of all fields is one photo."""

    photos: tuple[Photo, ...]
    contents: tuple[str, ...]  # SHA-256 of each file
    examples: Examples
    groups: tuple[int, ...]
    tuning: Tuning
    order: scratch.Order  # how networks are trained: seed, device, precision, workers

    def taken(self, rows: Rows) -> list[Photo]:
        """The photos of some rows."""
        return [photo for photo, is_one in zip(self.photos, rows, strict=True) if is_one]


@dataclass(frozen=True)
class Tuned:
    """A network that has learned on, with the temperature of its probabilities."""

    lesson: Lesson
    fitted: Fitted = field(repr=False)
    tried: Rows = field(repr=False)  # the photos of the task that its epoch was chosen on
    temperature: float
    kept: Responses | None = field(default=None, repr=False)  # for further trainings

    @property
    def network(self) -> WithHead:
        """As its best epoch left it."""
        assert isinstance(self.fitted.network, WithHead)
        return self.fitted.network

    @property
    def head(self) -> Head:
        """Its head, with the weight decay that it began with."""
        assert self.lesson.candidate is not None
        return replace(
            self.network.linear_head,
            strength=self.lesson.candidate.strength,
            temperature=self.temperature,
        )


def tuned_on(
    task: Task,
    rows: Rows,
    *,
    seconds: float,
    kept: Responses | None = None,
    place: Path | None = None,
) -> Tuned:
    """A network fine-tuned on the photos `rows` alone, some of which its epoch is chosen on.

    What its frozen stages answer stays in `kept`, or in that of what is returned. With a `place`
    for checkpoints it goes on where it stood.
    Raises `NotTriedError` where that takes more than `seconds`, or where there are too few photos.
    """
    start = time.monotonic()
    tried = _validation(task, rows)
    groups = np.array(task.groups)
    learned = rows & ~np.isin(groups, groups[tried])
    examples = task.examples.where(learned)
    if len(np.unique(examples.folds)) < 2:
        raise NotTriedError("there are too few groups of photos to choose a head in")
    labels = task.examples.labels[tried].tolist()
    begun = lesson(
        task.tuning,
        examples,
        task.taken(learned),
        (task.taken(tried), labels),
        seed=task.order.seed,
        numbers=(np.flatnonzero(learned).tolist(), np.flatnonzero(tried).tolist()),
    )
    left = seconds if place else seconds - (time.monotonic() - start)  # the same in every run
    if left < LEAST:
        raise NotTriedError(f"{max(0.0, left):.0f} s of the time limit were left for each training")
    kept = kept or responses_for(begun, task.order)
    fitted = fine_tuned(begun, task.order, time_limit=left, kept=kept, place=place)
    plan = fitted.plan
    if plan.steps < plan.steps_per_epoch:
        photos = count(len(begun.learned), "photo")
        raise NotTriedError(f"one pass over {photos} takes longer than {left:.0f} s")
    assert isinstance(fitted.network, WithHead)
    scores = logits(fitted.network, begun.tried, kept)
    temperature = fit_temperature(scores, task.examples.labels[tried])
    return Tuned(begun, fitted, tried, temperature, kept)


def logits(network: WithHead, pictures: Pictures, kept: Responses | None = None) -> Vectors:
    """(N, K), in float32; from what the frozen stages have answered where `kept` holds that."""
    device = next(network.parameters()).device
    network.eval()
    found = []
    with ExitStack() as stack:
        if kept is not None and kept.setting.precision == "float32":
            with suppress(NotKeptError):
                kept.ask(network, (pictures,), seconds=math.inf)
                stack.enter_context(kept.resumed(network))
                pictures = pictures.answered_by(kept.of)
        stack.enter_context(torch.inference_mode())
        for start in range(0, len(pictures), BATCH_SIZE):
            rows = np.arange(start, min(start + BATCH_SIZE, len(pictures)))
            images = torch.from_numpy(pictures.batch(rows, epoch=0)[0]).to(device)
            found.append(network(images).float().cpu().numpy())
    return np.concatenate(found)


def _validation(task: Task, rows: Rows) -> Rows:
    """The photos of `rows` that the epoch is chosen on: every class in its share, no added photo.

    The rest of their groups is not learned from.
    """
    places = [i for i in np.flatnonzero(rows).tolist() if not task.photos[i].is_added]
    try:
        folds = holdout(
            [str(task.photos[i].label) for i in places],
            [task.groups[i] for i in places],
            fraction=VALIDATION,
            seed=task.order.seed,
            names=[task.contents[i] for i in places],
        )
    except InputError as error:
        raise NotTriedError(
            f"no photos can be held out to choose the epoch on ({error})"
        ) from error
    tried = np.zeros(len(rows), bool)
    tried[np.array(places)[folds.number == 0]] = True
    return tried


def pictures_of(task: Task, rows: Rows) -> Pictures:
    return Pictures(
        task.taken(rows),
        task.examples.labels[rows].tolist(),
        num_classes=task.examples.num_classes,
        preprocessing=catalogue.find(task.tuning.weights).preprocessing,
        numbers=np.flatnonzero(rows).tolist(),
    )
