"""A folder of photos becomes a classifier, and a measurement of it on photos it had not seen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eyespot import audit as auditing
from eyespot.audit.findings import SuspectLabel, expected_wrong
from eyespot.audit.words import Places, told
from eyespot.classifier.card import Card, Measured, fingerprint
from eyespot.classifier.classifier import Classifier, Reference
from eyespot.datasets.checks import check_trainable, without
from eyespot.datasets.dataset import ImageDataset, LeftOut
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.evaluation.card_figures import with_figures
from eyespot.evaluation.findings import Note, Report
from eyespot.training.opening import opened
from eyespot.training.stages import Stages, Unwatched, Watcher
from eyespot.transfer.candidates import Candidate
from eyespot.transfer.doubts import measured_rows
from eyespot.transfer.imbalance import told as told_of_weights
from eyespot.transfer.knowing import calibrating, trust_told, with_trust
from eyespot.transfer.material import Material, gather
from eyespot.transfer.measuring import measured
from eyespot.transfer.negatives import Negatives, negatives_of
from eyespot.transfer.probes import choose, fit
from eyespot.transfer.suspects import suspect_labels, suspects_told
from eyespot.transfer.taken import Taken
from eyespot.transfer.tried import Tried
from eyespot.trust.coverage import require_share
from eyespot.weights import catalogue

if TYPE_CHECKING:
    from eyespot.transfer.auto import Trying


@dataclass(frozen=True)
class Order:
    """What was asked for: all that the result depends on besides the photos."""

    source: Path
    network: str = catalogue.DEFAULT  # a checkpoint
    seed: int = 0
    flip: bool = False  # answer with the mean over a photo and its mirror image
    coverage: float | None = None  # share of photos whose label set shall hold the truth
    group_by: str | None = None
    group_column: str | None = None
    labels: Path | None = None  # the audit's table, edited
    add: Path | None = None  # a folder of sorted photos that join those to learn from
    device: str = "auto"
    command: str = ""  # as the user typed it
    trying: Trying | None = None  # what method auto may do; None: the probe alone

    def __post_init__(self) -> None:
        """Raises `InputError` for a coverage that cannot be promised."""
        if self.coverage is not None:
            require_share(self.coverage)


@dataclass(frozen=True)
class Trained:
    """A classifier, how good it is, and what it was made of."""

    classifier: Classifier
    report: Report
    audit: auditing.Audit
    head: Candidate
    split: dict[str, int]  # part -> photos
    found: int  # files, usable or not
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]  # what its owner should know, one sentence each
    seconds: dict[str, float] = field(compare=False)


def train(order: Order, *, watcher: Watcher | None = None, kept: Tried | None = None) -> Trained:
    """Read, look at every photo, audit, choose and fit a head, measure it.

    Nothing is written but the cache, and what auto has tried, where that is `kept`. Raises
    `InputError` where the photos cannot be trained on.
    """
    stages = Stages(watcher or Unwatched())
    dataset = opened(order, stages)
    found = dataset.found
    dataset, audit, material = _looked(order, dataset, stages)
    taken, dealing = _probe(order, material, stages)
    suspects = _suspects(taken, stages)
    if order.trying is not None:
        from eyespot.transfer.auto import best  # late: heads alone need no torch

        source, seed, device = order.source, order.seed, order.device
        taken = best(
            taken, order.trying, stages, source=source, seed=seed, device=device, kept=kept
        )
        order = replace(order, flip=taken.flip)
    classifier, strangers, knowing = _knowing(order, dataset, taken, stages)
    findings = _findings(audit, order)
    doubts = suspects_told(suspects, str(order.source))
    uneven = told_of_weights(taken.chosen.weighing, taken.material.classes, taken.learned.labels)
    remarks = (*dataset.notes, *material.notes, *dealing, *uneven, *taken.notes, *knowing, *doubts)
    notes = (*remarks, *(f"{n.seen} {n.why}" for n in findings))
    for sentence in notes:
        stages.watcher.note(sentence)
    left_out = (*dataset.left_out, *material.left_out, *strangers.left_out)
    report = replace(
        _report(order, dataset, taken, classifier),
        left_out=left_out,
        notes=findings,
        remarks=remarks,
        suspects=len(suspects),
        suspects_wrong=expected_wrong(suspects),
        seconds=tuple(stages.seconds.items()),
    )
    card = with_figures(classifier.card, report)
    return Trained(
        classifier=replace(classifier, card=card),
        report=report,
        audit=audit,
        head=taken.chosen,
        split=_split(taken.material, taken.is_calibrating, classifier),
        found=found,
        left_out=left_out,
        notes=notes,
        seconds=stages.seconds,
    )


def _looked(
    order: Order, dataset: ImageDataset, stages: Stages
) -> tuple[ImageDataset, auditing.Audit, Material]:
    """The photos that can be read, what the audit finds, and what is learned from."""
    with stages.stage("embedding") as stage:
        watch, backbone = stages.watcher.advance, pretrained(order.network)
        embedded = embed(dataset.photos, backbone, device=order.device, progress=watch)
        dataset = without(dataset, embedded.left_out)
        check_trainable(dataset)
        stage.figure = f"{len(embedded):,} photos"
    with stages.stage("audit") as stage:
        audit = auditing.audit(dataset, embedded)
        material = gather(dataset, embedded, audit, flip=order.flip)
        stage.figure = f"{len(set(material.groups)):,} groups"
    return dataset, audit, material


def _probe(order: Order, material: Material, stages: Stages) -> tuple[Taken, tuple[str, ...]]:
    """The chosen head, fitted and measured, and what could not be divided as asked."""
    with stages.stage("head") as stage:
        examples, dealing = material.examples(seed=order.seed)
        is_calibrating = calibrating(examples, order.coverage)
        learned = examples.where(~is_calibrating)
        chosen = choose(learned)[0]
        stage.figure = str(chosen)
    with stages.stage("measure") as stage:
        asked = learned if material.part(held_out=True) else examples
        answers = measured(material, asked, chosen, seed=order.seed)
        stage.figure = f"{answers.metrics.n:,} photos"
    taken = Taken(
        material=material,
        examples=examples,
        is_calibrating=is_calibrating,
        chosen=chosen,
        head=fit(learned, chosen),
        backbone=pretrained(order.network),
        flip=order.flip,
        answers=answers,
    )
    return taken, dealing


def _suspects(taken: Taken, stages: Stages) -> tuple[SuspectLabel, ...]:
    """The labels that look wrong to heads that had not seen their photos."""
    with stages.stage("labels") as stage:
        found = suspect_labels(taken.material, taken.examples, taken.chosen)
        stage.figure = f"{len(found):,} look wrong"
    return found


def _knowing(
    order: Order, dataset: ImageDataset, taken: Taken, stages: Stages
) -> tuple[Classifier, Negatives, tuple[str, ...]]:
    """The classifier with what it knows of itself, and what to know of that."""
    with stages.stage("trust") as stage:
        material, device = taken.material, order.device
        known, flip = material.contents, taken.flip
        strangers = negatives_of(dataset, taken.backbone, known, flip=flip, device=device)
        making = taken.making(coverage=order.coverage, seed=order.seed)
        classifier, knowing = with_trust(_classifier(taken, order), making, strangers)
        stage.figure = trust_told(classifier)
    return classifier, strangers, knowing


def _report(order: Order, dataset: ImageDataset, taken: Taken, classifier: Classifier) -> Report:
    answers = taken.answers
    return Report(
        dataset=dataset.name,
        metrics=answers.metrics,
        rows=measured_rows(taken, classifier, coverage=order.coverage, seed=order.seed),
        measured_by="cross-validation" if answers.is_cross_validation else "held out",
        command=order.command,
        random_split=answers.random_split,
        trained_on=tuple((classifier.card.trained_on or {}).items()),
        novelty=classifier.card.novelty,
        coverage=classifier.card.coverage,
        calibration=answers.calibration,
        can_photograph=not dataset.is_published,
        fingerprint=classifier.card.fingerprint,
        trials=taken.trials,
        making=_making(order, classifier, taken),
    )


def _classifier(taken: Taken, order: Order) -> Classifier:
    """The fitted head with its backbone, and what was measured of it."""
    material, answers = taken.material, taken.answers
    learned = list(material.part(held_out=False))
    labels = material.labels[learned]
    taught = labels[~taken.is_calibrating]
    contents = tuple(material.contents[i] for i in learned)
    metrics = answers.metrics
    return Classifier(
        backbone=taken.backbone,
        head=taken.head,
        classes=material.classes,
        reference=Reference(contents, material.vectors[learned], labels),
        card=Card(
            trained_on={c: int((taught == i).sum()) for i, c in enumerate(material.classes)},
            fingerprint=fingerprint(contents, [material.classes[i] for i in labels]),
            seed=order.seed,
            licence=catalogue.find(order.network).licence,
            measured=Measured(
                how="cross-validation" if answers.is_cross_validation else "photos held out",
                n=metrics.n,
                groups=metrics.groups,
                top1=metrics.top1,
                top1_interval=metrics.top1_interval,
                balanced_accuracy=metrics.balanced_accuracy,
            ),
            photos=str(order.source),
        ),
        flip=order.flip,
        device=order.device,
    )


def _findings(audit: auditing.Audit, order: Order) -> tuple[Note, ...]:
    """What the audit found that only the owner of the photos can settle, and that moves figures."""
    source, command = str(order.source), f"eyespot audit {order.source}"
    return tuple(
        Note(item.seen, item.why, command)
        for item in told(audit, Places(source, ""))
        if item.kind in ("conflicting-labels", "leaks")
    )


def _making(order: Order, classifier: Classifier, taken: Taken) -> tuple[tuple[str, str], ...]:
    checkpoint = catalogue.find(order.network)
    return (
        ("network", f"{checkpoint.network} with the weights {checkpoint.name}"),
        ("licence of the weights", checkpoint.licence or "none stated"),
        ("head", taken.words or str(taken.chosen)),
        ("answers with", "a photo and its mirror image" if order.flip else "the photo as it is"),
        ("decoder", classifier.backbone.preprocessing.decoder),
        ("seed", str(order.seed)),
        ("eyespot", version("eyespot")),
    )


def _split(
    material: Material, is_calibrating: NDArray[np.bool_], classifier: Classifier
) -> dict[str, int]:
    """Part -> photos; calibration and none of these only where there are such."""
    held_out = {"train": 0, "validation": 0, "test": 0}
    for photo, is_held_out in zip(material.photos, material.is_held_out, strict=True):
        held_out[str(photo.part) if is_held_out else "train"] += 1
    if number := int(is_calibrating.sum()):
        held_out |= {"train": held_out["train"] - number, "calibration": number}
    if classifier.reference is not None and classifier.reference.negatives is not None:
        held_out["none_of_these"] = len(classifier.reference.negatives)
    return held_out
