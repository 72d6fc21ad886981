"""The photos as a command names them: a folder or a table, with groups, corrections, additions."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.checks import check_trainable
from eyespot.datasets.dataset import ImageDataset
from eyespot.training.stages import Stages


class Asked(Protocol):
    """What an order says of its photos, whatever is made of them."""

    @property
    def source(self) -> Path: ...
    @property
    def group_by(self) -> str | None: ...
    @property
    def group_column(self) -> str | None: ...
    @property
    def labels(self) -> Path | None: ...
    @property
    def add(self) -> Path | None: ...


def dataset_of(asked: Asked) -> ImageDataset:
    """The photos with their labels."""
    return open_dataset(
        asked.source,
        group_by=asked.group_by,
        group_column=asked.group_column,
        labels=asked.labels,
        add=asked.add,
    )


def opened(asked: Asked, stages: Stages) -> ImageDataset:
    """`dataset_of` as a stage. Raises `InputError` where it cannot be trained on."""
    with stages.stage("photos") as stage:
        dataset = dataset_of(asked)
        check_trainable(dataset)
        stage.figure = f"{dataset.found:,} found, {len(dataset.classes)} classes"
    return dataset
