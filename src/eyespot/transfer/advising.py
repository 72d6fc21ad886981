"""A folder of photos becomes advice: one look at every photo, then heads on what was seen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from eyespot import audit as auditing
from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.checks import check_trainable, without
from eyespot.datasets.dataset import LeftOut
from eyespot.embeddings import Embedded, embed
from eyespot.engines import EMBEDDING
from eyespot.training.stages import Stages, Unwatched, Watcher
from eyespot.transfer.advice import Advice, measure
from eyespot.transfer.material import gather
from eyespot.transfer.stages import Parts, joined, parts_of
from eyespot.weights import catalogue


@dataclass(frozen=True)
class Order:
    """What was asked for."""

    source: Path
    network: str = catalogue.DEFAULT  # a checkpoint
    seed: int = 0
    group_by: str | None = None
    group_column: str | None = None
    labels: Path | None = None  # the audit's table, edited
    add: Path | None = None  # sorted photos that join those of `source`
    device: str = "auto"

    @property
    def options(self) -> tuple[str, ...]:
        """What a training has to be told as well, to learn what was looked at here."""
        given = {
            "--network": None if self.network == catalogue.DEFAULT else self.network,
            "--group-by": self.group_by,
            "--group-column": self.group_column,
            "--labels": self.labels,
            "--add": self.add,
        }
        return tuple(
            word
            for option, value in given.items()
            if value is not None
            for word in (option, str(value))
        )


@dataclass(frozen=True)
class Advised:
    """The advice, and what it was made of."""

    advice: Advice
    dataset: str
    network: str  # the checkpoint's full name
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]  # what could not be as asked, one sentence each
    seconds: dict[str, float] = field(compare=False)
    options: tuple[str, ...] = ()  # of the training that is advised, beside what the advice says


def advise(order: Order, *, watcher: Watcher | None = None) -> Advised:
    """Look at every photo once, then ask heads on every stage, and on shares of the photos.

    A given test or validation part is not looked at. Nothing is written but the cache. Raises
    `InputError` where the photos cannot be trained on.
    """
    stages = Stages(watcher or Unwatched())
    checkpoint = catalogue.find(order.network)
    parts = parts_of(checkpoint.name)
    with stages.stage("photos") as stage:
        dataset = open_dataset(
            order.source,
            group_by=order.group_by,
            group_column=order.group_column,
            labels=order.labels,
            add=order.add,
        )
        check_trainable(dataset)
        stage.figure = f"{len(dataset):,} found, {len(dataset.classes)} classes"
    with stages.stage("embedding") as stage:
        backbone = joined(checkpoint.name, parts.names)
        watch = stages.watcher.advance
        embedded = embed(dataset.photos, backbone, device=order.device, progress=watch)
        dataset = without(dataset, embedded.left_out)
        check_trainable(dataset)
        stage.figure = f"{len(embedded):,} photos, {len(parts.names)} stages of each"
    with stages.stage("audit") as stage:
        audit = auditing.audit(dataset, _alone(embedded, parts))
        material = gather(dataset, embedded, audit, flip=False)
        stage.figure = f"{len(set(material.groups)):,} groups"
    with stages.stage("heads") as stage:
        examples, dealing = material.examples(seed=order.seed)
        rows = material.part(held_out=False)
        advice = measure(
            parts,
            examples,
            classes=material.classes,
            groups=[material.groups[row] for row in rows],
            names=[material.contents[row] for row in rows],
            seed=order.seed,
        )
        stage.figure = f"{advice.amount} data, {advice.likeness} to ImageNet"
    notes = (*dataset.notes, *material.notes, *dealing)
    for sentence in notes:
        stages.watcher.note(sentence)
    left_out = (*dataset.left_out, *material.left_out)
    return Advised(
        advice, dataset.name, checkpoint.name, left_out, notes, stages.seconds, order.options
    )


def _alone(embedded: Embedded, parts: Parts) -> Embedded:
    """The same photos by their embedding alone, which tells copies and bursts best."""
    vectors, mirrored = (
        parts.of(views, [EMBEDDING]) for views in (embedded.vectors, embedded.mirrored)
    )
    return replace(embedded, vectors=vectors, mirrored=mirrored)
