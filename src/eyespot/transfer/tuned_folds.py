"""Fine-tuning as a contender: as many folds as the time allows, and one training of all photos.

Each fold is answered by a network that has seen none of its photos, neither to learn from nor to
choose its epoch, its head or its temperature on.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray

from eyespot.classifier.calibration import fit_temperature
from eyespot.classifier.heads import Head, Vectors, softmax
from eyespot.classifier.trained import tuned_backbone
from eyespot.datasets.dataset import Photo
from eyespot.datasets.splits import holdout
from eyespot.embeddings import embed
from eyespot.errors import InputError
from eyespot.networks import catalogue as networks
from eyespot.pages.words import count
from eyespot.training import scratch
from eyespot.training.facts import Fitted
from eyespot.training.fine_tuning import WithHead
from eyespot.training.pictures import Pictures
from eyespot.transfer.contenders import Contender, Ready
from eyespot.transfer.frozen import NotKeptError, Responses
from eyespot.transfer.learning_on import fine_tuned, responses_for
from eyespot.transfer.lesson import (
    BATCH_SIZE,
    VALIDATION,
    Lesson,
    Tuning,
    lesson,
)
from eyespot.transfer.probes import Examples
from eyespot.weights import catalogue

NAME = "fine-tuning"
SLACK = 1.2  # how much longer than the longest one a further training may take
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


class TooLittleError(InputError):
    """The photos or the time are too few for fine-tuning."""


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


def fine_tuning(
    task: Task,
    *,
    seconds: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Contender:
    """The contender, after `seconds` at most, of which enough is left to fit it on all photos.

    Raises `TooLittleError` where they do not suffice for a pass over the photos of one fold and
    over all of them, or where photos cannot be held out.
    """
    began, longest = time.monotonic(), 0.0
    examples, kept = task.examples, None
    answers = np.zeros((len(examples.labels), examples.num_classes), np.float32)
    answered = np.zeros(len(examples.labels), bool)
    folds = np.unique(examples.folds)
    for done, fold in enumerate(folds.tolist()):
        left = seconds - (time.monotonic() - began)
        if done and left < 2 * SLACK * longest:
            break
        start, outside = time.monotonic(), examples.folds == fold
        before = kept.seconds if kept else 0.0
        tuned = tuned_on(task, ~outside, seconds=left / 3, kept=kept)
        kept = tuned.kept
        scores = logits(tuned.network, _pictures(task, outside), kept)
        answers[outside] = softmax(scores / np.float32(tuned.temperature))
        answered[outside] = True
        once = kept.seconds - before if kept else 0.0  # further trainings find it done
        longest = max(longest, time.monotonic() - start - once)
        progress(done + 1, len(folds))
    notes: tuple[str, ...] = ()
    if not answered.all():
        told = f"{int(answered.sum()):,} of {count(len(answered), 'photo')}"
        notes = (f"Time allowed {NAME} to answer {told} out of fold.",)

    def ready() -> Ready:
        left = max(SLACK * longest, seconds - (time.monotonic() - began))
        return _ready(task, left, kept)

    words = f"{networks.find(catalogue.find(task.tuning.weights).network).name}: {_words(tuned)}"
    return Contender(NAME, words, answers, answered, time.monotonic() - began, ready, notes)


def tuned_on(task: Task, rows: Rows, *, seconds: float, kept: Responses | None = None) -> Tuned:
    """A network fine-tuned on the photos `rows` alone, some of which its epoch is chosen on.

    What its frozen stages answer stays in `kept`, or in that of what is returned.
    Raises `TooLittleError` where that takes more than `seconds`, or where there are too few photos.
    """
    start = time.monotonic()
    tried = _validation(task, rows)
    learned = rows & ~tried
    examples = task.examples.where(learned)
    if len(np.unique(examples.folds)) < 2:
        raise TooLittleError("there are too few groups of photos to choose a head in")
    labels = task.examples.labels[tried].tolist()
    begun = lesson(
        task.tuning,
        examples,
        task.taken(learned),
        (task.taken(tried), labels),
        seed=task.order.seed,
        numbers=(np.flatnonzero(learned).tolist(), np.flatnonzero(tried).tolist()),
    )
    left = seconds - (time.monotonic() - start)
    if left < LEAST:
        raise TooLittleError(
            f"{max(0.0, left):.0f} s of the time limit were left for each training"
        )
    kept = kept or responses_for(begun, task.order)
    fitted = fine_tuned(begun, task.order, time_limit=left, kept=kept)
    plan = fitted.plan
    if plan.steps < plan.steps_per_epoch:
        photos = count(len(begun.learned), "photo")
        raise TooLittleError(f"one pass over {photos} takes longer than {left:.0f} s")
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
    """The photos of `rows` that the epoch is chosen on: whole groups, every class in its share."""
    places = np.flatnonzero(rows).tolist()
    try:
        folds = holdout(
            [str(task.photos[i].label) for i in places],
            [task.groups[i] for i in places],
            fraction=VALIDATION,
            seed=task.order.seed,
            names=[task.contents[i] for i in places],
        )
    except InputError as error:
        raise TooLittleError(
            f"no photos can be held out to choose the epoch on ({error})"
        ) from error
    tried = np.zeros(len(rows), bool)
    tried[np.array(places)[folds.number == 0]] = True
    return tried


def _pictures(task: Task, rows: Rows) -> Pictures:
    return Pictures(
        task.taken(rows),
        task.examples.labels[rows].tolist(),
        num_classes=task.examples.num_classes,
        preprocessing=catalogue.find(task.tuning.weights).preprocessing,
        numbers=np.flatnonzero(rows).tolist(),
    )


def _ready(task: Task, seconds: float, kept: Responses | None) -> Ready:
    """Fine-tuned on all photos."""
    tuned = tuned_on(task, np.ones(len(task.photos), bool), seconds=seconds, kept=kept)
    checkpoint = catalogue.find(task.tuning.weights)
    head = tuned.head
    assert tuned.fitted.best is not None
    is_as_published = tuned.fitted.best.epoch == 0
    backbone = tuned_backbone(
        tuned.network.network,
        tuned.network.linear_head,
        architecture=checkpoint.network,
        preprocessing=checkpoint.preprocessing,
        source=f"{checkpoint.name}{'' if is_as_published else ', fine-tuned'}",
    )
    vectors = embed(task.photos, backbone, device=task.order.device).vectors
    unseen = None if is_as_published else tuned.tried
    return Ready(backbone, head, vectors, unseen=unseen, notes=tuned.fitted.notes)


def _words(tuned: Tuned) -> str:
    recipe = tuned.fitted.plan.recipe
    assert recipe.fine_tuning is not None
    return f"{count(recipe.epochs, 'epoch')} of {recipe.fine_tuning.words}"
