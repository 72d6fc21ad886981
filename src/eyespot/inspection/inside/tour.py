"""A photo on its way through a network, stage by stage, to the labels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Prediction
from eyespot.datasets.names import shown
from eyespot.errors import ImageError, InputError
from eyespot.fields import Field, receptive_fields
from eyespot.inspection.inside.feature_maps import Maps
from eyespot.inspection.inside.places import box_at, side_of, strongest_place
from eyespot.inspection.inside.subject import Subject
from eyespot.networks.table import StageRow, table

SHOWN = 7  # units of each stage


@dataclass(frozen=True, eq=False)
class Stop:
    """A stage, and what its units answer to the photo."""

    maps: Maps
    units: tuple[int, ...]  # that stand out most, these first
    seen: tuple[NDArray[np.uint8], ...]  # what each of them saw where it answers most
    side: int | None  # pixels of a side that a unit sees; None: all of the photo
    row: StageRow | None  # what the stage is made of and costs; None for a Transformer's layers


@dataclass(frozen=True, eq=False)
class Tour:
    """From the pixels to the labels."""

    name: str  # of the network, in words
    file: str
    pixels: NDArray[np.uint8]  # (size, size, C), as the network saw the photo
    stops: tuple[Stop, ...]
    head: tuple[StageRow, ...]  # what comes behind the stages
    answer: Prediction | None  # None where nothing was learned
    embedding: NDArray[np.float32] | None  # (D,) what the head saw

    @property
    def multiply_adds(self) -> int:
        """Of all rows."""
        rows = [*(stop.row for stop in self.stops), *self.head]
        return sum(row.multiply_adds for row in rows if row is not None)


def tour(subject: Subject, photo: Path) -> Tour:
    """The stages' answers to a photo, what their units see of it, and what the classifier says.

    Raises `ImageError` for a photo that cannot be read.
    """
    pixels, size = subject.pixels(photo), subject.preprocessing.size
    answers = subject.responses(pixels, subject.stages)
    fields = {each.module: each for each in receptive_fields(subject.network, size)}
    rows = _rows(subject)
    stops = tuple(
        _stop(name, answers[name][0].numpy(), fields[name], rows.get(name), pixels)
        for name in subject.stages
    )
    behind = tuple(row for name, row in rows.items() if name not in subject.stages)
    answer, embedding = _said(subject, photo)
    is_whole = all(stop.row is not None for stop in stops)
    head = behind if is_whole else ()
    return Tour(subject.name, shown(photo.name), pixels, stops, head, answer, embedding)


def _rows(subject: Subject) -> dict[str, StageRow]:
    """What each stage is made of, in the order of the run; nothing of auxiliary heads."""
    try:
        rows = table(subject.architecture, image_size=subject.preprocessing.size)
    except InputError:
        rows = table(subject.architecture)
    return {row.module: row for row in rows if not row.is_auxiliary}


def _stop(
    name: str,
    values: NDArray[np.float32],
    field: Field,
    row: StageRow | None,
    pixels: NDArray[np.uint8],
) -> Stop:
    maps = Maps(name, values)
    units = tuple(unit for unit in maps.strongest(SHOWN) if maps.largest[unit] > 0)
    seen = tuple(_seen(values[unit], field, pixels) for unit in units)
    return Stop(maps, units, seen, side_of(field, len(pixels)), row)


def _seen(
    values: NDArray[np.float32], field: Field, pixels: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """The part of the picture that a unit sees from the place where it answers most."""
    left, top, right, bottom = box_at(field, strongest_place(values), len(pixels))
    return pixels[top:bottom, left:right]


def _said(subject: Subject, photo: Path) -> tuple[Prediction | None, NDArray[np.float32] | None]:
    if subject.classifier is None:
        return None, None
    answer, vector = subject.classifier.predict(photo), subject.classifier.embed([photo])[0]
    if isinstance(vector, ImageError):
        raise vector
    assert isinstance(answer, Prediction)
    return answer, vector
