"""The photos that move a unit most, cut to what the unit saw of them.

R. Girshick et al.: Rich Feature Hierarchies for Accurate Object Detection and Semantic
Segmentation, CVPR 2014, Sect. 3.1: a unit "speaks for itself" by the regions that it answers to
most strongly. What it saw is its receptive field, which is exact (`eyespot.fields`).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from eyespot.datasets.catalogue import find_photos, open_dataset
from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.datasets.names import counted, shown
from eyespot.errors import ImageError, InputError
from eyespot.fields import Field, field_of
from eyespot.inspection.inside.places import Box, box_at, side_of, strongest_place
from eyespot.inspection.inside.subject import Subject
from eyespot.inspection.stages import as_maps
from eyespot.taps import record

TOGETHER = 8  # photos at a time


@dataclass(frozen=True, eq=False)
class Moved:
    """A photo and the place in it where the unit answers most."""

    photo: Photo
    answer: float
    place: tuple[int, int]  # row and column of the map
    middle: tuple[float, float]  # of this place in the picture: pixels from the top, from the left
    box: Box  # what the unit saw there, as far as it is in the picture
    pixels: NDArray[np.uint8]  # (size, size, C), as the network saw the photo


@dataclass(frozen=True, eq=False)
class TopActivations:
    """What a unit answers to most, among some photos."""

    name: str  # of the network, in words
    layer: str
    unit: int
    units: int  # of the layer
    field: int | None  # pixels of a side that the unit sees; None: all of the photo
    top: tuple[Moved, ...]  # the strongest first; at most one place of a photo
    photos: int  # that were looked at
    silent: int  # photos that it answers nothing above 0 to
    left_out: tuple[LeftOut, ...]
    is_random: bool

    @property
    def labels(self) -> tuple[tuple[str, int], ...]:
        """How often each label is among the top, the commonest first; none where none are known."""
        names = [each.photo.label for each in self.top if each.photo.label]
        found = {name: names.count(name) for name in names}
        return tuple(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))


def top_activations(
    subject: Subject,
    photos: Sequence[Photo],
    *,
    stage: str,
    unit: int,
    count: int = 12,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> TopActivations:
    """The `count` photos to which a unit of a stage answers most strongly.

    Raises `InputError` for a stage or a unit that is none, and where no photo can be read.
    """
    layer = subject.layer(stage)
    size = subject.preprocessing.size
    field = field_of(subject.network, layer, size)
    units = _units(subject, layer)
    if not 0 <= unit < units:
        raise InputError(f"Layer {layer!r} has the units 0 to {units - 1}, not {unit}")
    top: list[tuple[float, int, Moved]] = []  # a heap of the strongest, ties to the first
    left_out: list[LeftOut] = []
    silent = looked = 0
    for start in range(0, len(photos), TOGETHER):
        some = photos[start : start + TOGETHER]
        read = _read(subject, some, left_out)
        for photo, pixels, map_ in zip(*_answered(subject, layer, read, unit), strict=True):
            found = _moved(photo, pixels, map_, field)
            silent += found.answer <= 0
            looked += 1
            heapq.heappush(top, (found.answer, -looked, found))
            if len(top) > count:
                heapq.heappop(top)
        progress(start + len(some), len(photos))
    if not looked:
        raise InputError(f"None of the {counted(len(photos), 'photo')} can be read")
    return TopActivations(
        name=subject.name,
        layer=layer,
        unit=unit,
        units=units,
        field=side_of(field, size),
        top=tuple(found for _, _, found in sorted(top, reverse=True)),
        photos=looked,
        silent=silent,
        left_out=tuple(left_out),
        is_random=subject.is_random,
    )


def _units(subject: Subject, layer: str) -> int:
    size, channels = subject.preprocessing.size, subject.preprocessing.channels
    black = np.zeros((size, size, channels), np.uint8)
    return int(subject.responses(black, (layer,))[layer].shape[1])


def _read(
    subject: Subject, photos: Sequence[Photo], left_out: list[LeftOut]
) -> list[tuple[Photo, NDArray[np.uint8]]]:
    read = []
    for photo in photos:
        try:
            read.append((photo, subject.preprocessing.read(photo.source)[1]))
        except ImageError as error:
            left_out.append(LeftOut(shown(photo.file), str(error)))
    return read


def _answered(
    subject: Subject, layer: str, read: list[tuple[Photo, NDArray[np.uint8]]], unit: int
) -> tuple[list[Photo], list[NDArray[np.uint8]], NDArray[np.float32]]:
    """The photos, their pixels, and the maps (N, h, w) of the unit."""
    if not read:
        return [], [], np.zeros((0, 1, 1), np.float32)
    photos, pixels = [photo for photo, _ in read], [each for _, each in read]
    images = torch.from_numpy(subject.preprocessing.normalise(np.stack(pixels)))
    with torch.no_grad(), record(subject.network, (layer,)) as answers:
        subject.network(images)
    grid = (images.shape[2], images.shape[3])
    return photos, pixels, as_maps(answers[layer], grid)[:, unit].numpy()


def _moved(
    photo: Photo, pixels: NDArray[np.uint8], map_: NDArray[np.float32], field: Field
) -> Moved:
    place, side = strongest_place(map_), pixels.shape[0]
    middle = ((place[0] + 0.5) * side / map_.shape[0], (place[1] + 0.5) * side / map_.shape[1])
    return Moved(photo, float(map_[place]), place, middle, box_at(field, place, side), pixels)


def all_photos(folder: Path) -> tuple[tuple[Photo, ...], tuple[LeftOut, ...]]:
    """The photos of a folder, with their labels where it has class folders.

    Raises `InputError` where there is none.
    """
    try:
        dataset = open_dataset(folder)
    except InputError:
        photos, left_out = find_photos([folder])
        if not photos:
            raise
        return photos, left_out
    return dataset.photos, dataset.left_out
