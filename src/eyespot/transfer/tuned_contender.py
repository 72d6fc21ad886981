"""Fine-tuning as a contender: as many folds as the time allows, and one training of all photos.

Each fold is answered by a network that has seen none of its photos, neither to learn from nor to
choose its epoch, its head or its temperature on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from eyespot.classifier.heads import Labels, softmax
from eyespot.classifier.trained import tuned_backbone
from eyespot.embeddings import embed
from eyespot.networks import catalogue as networks
from eyespot.pages.words import count
from eyespot.transfer.contenders import Answers, Contender, Ready
from eyespot.transfer.frozen import Responses
from eyespot.transfer.tried import Found, Tried
from eyespot.transfer.tuned_folds import Rows, Task, Tuned, logits, pictures_of, tuned_on
from eyespot.weights import catalogue

NAME = "fine-tuning"
BY_CHANCE = "fine-tuning by chance"  # in folds that may separate what belongs together
SLACK = 1.2  # how much longer than the longest one a further training may take


def fine_tuning(
    task: Task,
    *,
    seconds: float,
    progress: Callable[[int, int], None] = lambda done, total: None,
    kept: Tried | None = None,
) -> Contender:
    """The contender, after `seconds` at most, of which enough is left to fit it on all photos.

    Folds that were `kept` are not answered again. Raises `NotTriedError` where the time does not
    suffice for a pass over the photos of one fold and over all of them, or where photos cannot be
    held out.
    """
    began, folds = time.monotonic(), Folds(task, kept or Tried())
    reserve = 2 if len(set(task.groups)) == len(task.groups) else 3  # all photos; a random fold
    answers, answered = folds.answered(NAME, seconds, reserve=reserve, progress=progress)
    notes: tuple[str, ...] = ()
    if not answered.all():
        told = f"{int(answered.sum()):,} of {count(len(answered), 'photo')}"
        notes = (f"Time allowed {NAME} to answer {told} out of fold.",)

    def ready() -> Ready:
        left = max(SLACK * folds.longest, seconds - (time.monotonic() - began))
        return _ready(task, left, folds)

    def by_chance(other: Labels, left: float) -> Answers:
        """In folds, and with photos to choose on, that may separate what belongs together."""
        apart = replace(
            task,
            examples=replace(task.examples, folds=other),
            groups=tuple(range(len(task.groups))),
        )
        again = Folds(apart, folds.kept, folds.responses, folds.longest)
        if left < SLACK * folds.longest and not again.has_any(BY_CHANCE):
            return np.zeros_like(answers), np.zeros_like(answered)
        return again.answered(BY_CHANCE, left, reserve=1)

    words = f"{networks.find(catalogue.find(task.tuning.weights).network).name}: {folds.words}"
    return Contender(NAME, words, answers, answered, folds.seconds, ready, by_chance, notes)


@dataclass
class Folds:
    """Trainings fold by fold, each kept when it has answered."""

    task: Task
    kept: Tried
    responses: Responses | None = None
    longest: float = 0.0  # seconds that one of them took
    seconds: float = 0.0  # that all took
    words: str = ""  # what learned

    def has_any(self, name: str) -> bool:
        """Whether a fold is kept under `name`."""
        folds = np.unique(self.task.examples.folds).tolist()
        return any(self.kept.found(f"{name} {fold}") is not None for fold in folds)

    def answered(
        self,
        name: str,
        seconds: float,
        *,
        reserve: int,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> Answers:
        """Probabilities of as many folds as leave time for `reserve` trainings, one at least."""
        began, examples = time.monotonic(), self.task.examples
        answers = np.zeros((len(examples.labels), examples.num_classes), np.float32)
        answered = np.zeros(len(examples.labels), bool)
        folds = np.unique(examples.folds)
        for done, fold in enumerate(folds.tolist()):
            outside = examples.folds == fold
            came = self.kept.found(f"{name} {fold}")
            if came is None:
                left = seconds - (time.monotonic() - began)
                if answered.any() and left < reserve * SLACK * self.longest:
                    break
                came = self._answer(outside, left / (1 + reserve))
                self.kept.keep(f"{name} {fold}", came.facts, came.arrays)
            answers[outside], answered[outside] = came.arrays["answers"], True
            self.words = came.facts["words"]
            self.seconds += came.facts["seconds"]
            self.longest = max(self.longest, came.facts["again"])
            progress(done + 1, len(folds))
        return answers, answered

    def _answer(self, outside: Rows, seconds: float) -> Found:
        """The answers to the photos `outside` of a network that has not seen them."""
        start, before = time.monotonic(), self.responses.seconds if self.responses else 0.0
        tuned = tuned_on(self.task, ~outside, seconds=seconds, kept=self.responses)
        self.responses = tuned.kept
        scores = logits(tuned.network, pictures_of(self.task, outside), tuned.kept)
        found = softmax(scores / np.float32(tuned.temperature))
        spent = time.monotonic() - start
        once = tuned.kept.seconds - before if tuned.kept else 0.0  # further ones find it done
        facts = {"words": _words(tuned), "seconds": spent, "again": spent - once}
        return Found(facts, {"answers": found})


def _ready(task: Task, seconds: float, folds: Folds) -> Ready:
    """Fine-tuned on all photos."""
    limit, kept = "time for all photos", folds.kept
    came = kept.found(limit)
    if came is None:
        kept.keep(limit, seconds)
    seconds = seconds if came is None else float(came.facts)
    every, place = np.ones(len(task.photos), bool), kept.folder("training")
    tuned = tuned_on(task, every, seconds=seconds, kept=folds.responses, place=place)
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
