"""Within a time limit, several ways to a classifier; the cheapest that is good is taken.

The probe, a better probe, a closer look, fine-tuning.

All answer the same photos out of fold (`contenders.py`). Time is asked of the clock, so that two
runs may try more or fewer folds; what was tried, and on how many photos, stands in the report.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import probabilities
from eyespot.embeddings import embed
from eyespot.errors import InputError
from eyespot.evaluation.metrics import Metrics, measure
from eyespot.training import scratch
from eyespot.training.precision import Wish
from eyespot.training.stages import Stages
from eyespot.transfer.better_probe import better_probe
from eyespot.transfer.candidates import Candidate
from eyespot.transfer.closer_look import closer_look
from eyespot.transfer.contenders import Choice, Contender, NotTriedError, Ready, decide
from eyespot.transfer.lesson import TIME_LIMIT, Tuning
from eyespot.transfer.measuring import answers_to, choice_of
from eyespot.transfer.probes import cross_validate
from eyespot.transfer.taken import Taken
from eyespot.transfer.tried import Tried
from eyespot.transfer.tuned_contender import fine_tuning
from eyespot.transfer.tuned_folds import Task
from eyespot.weights import catalogue

BETTER_PROBE = 0.3  # share of the time that is left, after which it begins no further fold
CLOSER_LOOK = 0.4  # share of the time that is left, in which all photos have to be looked at


@dataclass(frozen=True)
class Trying:
    """What `auto` may do besides the probe."""

    tuning: Tuning
    time_limit: float = TIME_LIMIT  # seconds in all, from the first look at the photos
    precision: Wish = "auto"
    workers: int = 2


def best(
    probe: Taken,
    trying: Trying,
    stages: Stages,
    *,
    source: Path,
    seed: int,
    device: str,
    kept: Tried | None = None,
) -> Taken:
    """The probe, or what is better by more than a standard error; of the photos in `source`.

    What is finished is `kept`: a further run with it goes on where this one was.
    """
    order = scratch.Order(
        source=source,
        network=catalogue.find(trying.tuning.weights).network,
        seed=seed,
        device=device,
        precision=trying.precision,
        workers=trying.workers,
    )
    kept = kept or Tried(began=time.monotonic() - sum(stages.seconds.values()))
    tries = _Tries(probe, trying, order, stages, kept)
    try:
        contenders, notes = tries.contenders()
        labels, groups = probe.learned.labels, [probe.material.groups[i] for i in probe.rows]
        choice = decide(contenders, labels, groups, is_asked=_is_asked(probe))
        notes += [note for each in contenders for note in each.notes]
        notes.append(choice.sentence)
        if choice.chosen is contenders[0]:
            return replace(probe, trials=choice.trials, notes=tuple(notes))
        with stages.stage("taken") as stage:
            taken = _taken(probe, choice, choice.chosen.fit(), order)
            stage.figure = choice.chosen.name
        with stages.stage("random split") as stage:
            random_split, told = _by_chance(probe, choice.chosen, seconds=tries.left, seed=seed)
            stage.figure = "" if random_split is None else f"{random_split.n:,} photos"
    finally:
        kept.keep_spent()
    answers = replace(taken.answers, random_split=random_split)
    notes += [*taken.notes, *told]
    return replace(taken, answers=answers, trials=choice.trials, notes=tuple(notes))


@dataclass(frozen=True)
class _Tries:
    """What is tried, on which photos, and how much time is left for it."""

    probe: Taken
    trying: Trying
    order: scratch.Order
    stages: Stages
    kept: Tried

    @property
    def left(self) -> float:
        """Seconds, after what this run and those before it have spent."""
        return self.trying.time_limit - self.kept.spent

    def contenders(self) -> tuple[list[Contender], list[str]]:
        """The cheapest first, and what was not tried, in sentences."""
        stages, probe = self.stages, self.probe
        found, notes = [_as_contender(probe, stages)], []
        with stages.stage("joined") as stage:
            seconds = BETTER_PROBE * self.left
            found.append(_better_probe(probe, self.trying, self.order, seconds, stages, self.kept))
            stage.figure = _told(found[-1])
        further = (
            ("closer", "A closer look was not tried", self._closer_look),
            ("tuning", "Fine-tuning was not tried", self._fine_tuning),
        )
        for name, otherwise, way in further:
            with stages.stage(name) as stage:
                try:
                    found.append(way())
                    stage.figure = _told(found[-1])
                except NotTriedError as error:
                    notes.append(f"{otherwise}: {error}.")
                    stage.figure = "not tried"
        return found, notes

    def _closer_look(self) -> Contender:
        probe = self.probe
        return closer_look(
            [probe.material.photos[i] for i in probe.rows],
            probe.learned,
            network=self.trying.tuning.weights,
            flip=probe.flip,
            device=self.order.device,
            seconds=CLOSER_LOOK * self.left,
            progress=self.stages.watcher.advance,
            kept=self.kept,
        )

    def _fine_tuning(self) -> Contender:
        task = _task(self.probe, self.trying, self.order)
        watch = self.stages.watcher.advance
        return fine_tuning(task, seconds=self.left, progress=watch, kept=self.kept)


def _by_chance(
    probe: Taken, chosen: Contender, *, seconds: float, seed: int
) -> tuple[Metrics | None, tuple[str, ...]]:
    """What a random split would have told of what is taken; None: nothing belongs together.

    Where the time does not allow to ask, what it would have told of the probe, and a sentence.
    """
    if probe.answers.random_split is None or chosen.by_chance is None:
        return None, ()
    material, rows = probe.material, probe.rows
    separated, _ = material.examples(seed=seed, grouped=False)
    folds = separated.folds[~probe.is_calibrating]
    found, answered = chosen.by_chance(folds, seconds)
    answered &= _is_asked(probe)
    if not answered.any():
        return probe.answers.random_split, (
            f"Time did not allow to ask {chosen.name} by a random split: what that would have told "
            "is what it told of the probe.",
        )
    labels = material.labels[rows[answered]]
    return measure(material.classes, labels, found[answered], seed=seed), ()


def _is_asked(probe: Taken) -> NDArray[np.bool_]:
    """(N,) of the photos that are learned from: those that ways are compared and measured on."""
    found = probe.material.measured_out_of_fold()[~probe.is_calibrating]
    return np.asarray(found, bool)


def _told(contender: Contender) -> str:
    """The figure of its stage."""
    return f"{int(contender.answered.sum()):,} photos out of fold"


def _as_contender(probe: Taken, stages: Stages) -> Contender:
    """The probe's answers out of fold, as they were measured or made now."""

    def ready() -> Ready:
        return Ready(probe.backbone, probe.head, probe.learned.vectors, probe.flip)

    start = time.monotonic()
    found = probe.answers.probabilities
    if not probe.answers.is_cross_validation or len(found) != len(probe.learned.labels):
        found = cross_validate(probe.learned, lambda inner: choice_of(inner, probe.chosen))
    seconds = time.monotonic() - start + stages.seconds["head"] + stages.seconds["measure"]
    answered = np.ones(len(found), bool)
    return Contender("probe", str(probe.chosen), found, answered, seconds, ready)


def _better_probe(
    probe: Taken,
    trying: Trying,
    order: scratch.Order,
    seconds: float,
    stages: Stages,
    kept: Tried,
) -> Contender:
    return better_probe(
        [probe.material.photos[i] for i in probe.rows],
        probe.learned,
        groups=[probe.material.groups[i] for i in probe.rows],
        network=trying.tuning.weights,
        flip=probe.flip,
        device=order.device,
        seconds=seconds,
        progress=stages.watcher.advance,
        kept=kept,
    )


def _task(probe: Taken, trying: Trying, order: scratch.Order) -> Task:
    material, rows = probe.material, probe.rows
    return Task(
        photos=tuple(material.photos[i] for i in rows),
        contents=tuple(material.contents[i] for i in rows),
        examples=probe.learned,
        groups=tuple(material.groups[i] for i in rows),
        tuning=trying.tuning,
        order=order,
    )


def _taken(probe: Taken, choice: Choice, ready: Ready, order: scratch.Order) -> Taken:
    """All photos as the chosen backbone sees them, and the measurement of its head."""
    material, chosen = probe.material, choice.chosen
    embedded = embed(material.photos, ready.backbone, device=order.device)
    if len(embedded) != len(material.photos):
        raise InputError("A photo can no longer be read: put it back as it was")
    seen = embedded.averaged(flip=ready.flip)
    vectors = seen.vectors
    material = replace(material, vectors=vectors, mirrored=seen.mirrored)
    examples, _ = material.examples(seed=order.seed)
    part, head = material.part(held_out=True), ready.head
    if part:
        found = probabilities(head, vectors[list(part)])
        before = probabilities(replace(head, temperature=1.0), vectors[list(part)])
    else:
        is_asked = chosen.answered & _is_asked(probe)
        part = tuple(probe.rows[is_asked].tolist())
        found = before = chosen.probabilities[is_asked]
    trial = next(each for each in choice.trials if each.is_chosen)
    candidate = Candidate(
        kind=head.kind,
        strength=head.strength,
        with_mirrored=False,
        top1=trial.top1,
        log_loss=trial.log_loss,
        log_loss_error=trial.worse_by_error,
        temperature=head.temperature,
    )
    return Taken(
        material=material,
        examples=examples,
        is_calibrating=probe.is_calibrating,
        chosen=candidate,
        head=head,
        backbone=ready.backbone,
        flip=ready.flip,
        answers=answers_to(material, part, found, before, None, seed=order.seed),
        notes=ready.notes,
        words=f"{chosen.name}: {chosen.words}",
        unseen=_unseen(probe, ready),
    )


def _unseen(probe: Taken, ready: Ready) -> NDArray[np.bool_] | None:
    """The examples that the network has not learned from; None: it has learned from none."""
    if ready.unseen is None:
        return None
    unseen = probe.is_calibrating.copy()
    unseen[~probe.is_calibrating] = ready.unseen
    return unseen
