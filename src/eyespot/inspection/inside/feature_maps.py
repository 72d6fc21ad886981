"""What the layers of a network answer to a photo: their feature maps.

M. D. Zeiler, R. Fergus: Visualizing and Understanding Convolutional Networks, ECCV 2014, look at
single maps in the same way: where a channel (a unit) answers strongly, it has found its pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.names import shown
from eyespot.inspection.inside.subject import Subject

ACTIVE = 0.1  # of the unit's largest answer: from there on a place counts as active


@dataclass(frozen=True, eq=False)
class Maps:
    """All units of a layer, answering to a photo."""

    layer: str
    values: NDArray[np.float32]  # (units, h, w)

    @property
    def largest(self) -> NDArray[np.float32]:
        """(units,) the largest answer of each."""
        most: NDArray[np.float32] = self.values.max((1, 2))
        return most

    @property
    def active(self) -> NDArray[np.float32]:
        """(units,) the share of places with an answer of a tenth of the largest or more."""
        limits = ACTIVE * self.largest[:, None, None]
        share = ((self.values >= limits) & (self.values > 0)).mean((1, 2))
        found: NDArray[np.float32] = share.astype(np.float32)
        return found

    @property
    def silent(self) -> int:
        """Units that answer nowhere with more than 0."""
        return int((self.largest <= 0).sum())

    def strongest(self, count: int) -> list[int]:
        """The units with the largest answers, compared with what each answers on average here.

        A unit that says the same everywhere tells nothing of the photo: what counts is how far its
        largest answer stands out, in deviations of its own map.
        """
        spread = self.values.std((1, 2))
        stands_out = (self.largest - self.values.mean((1, 2))) * (spread > 0)
        scale = np.where(self.largest > 0, stands_out, -1)
        order: list[int] = np.argsort(-scale, kind="stable")[:count].tolist()
        return order


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """A photo on its way through a network."""

    name: str  # of the network, in words
    file: str
    pixels: NDArray[np.uint8]  # (size, size, C), as the network saw it
    layers: tuple[Maps, ...]
    is_random: bool


def feature_maps(subject: Subject, photo: Path, *, stages: tuple[str, ...] = ()) -> FeatureMaps:
    """The maps of some layers, or of all stages, for a photo.

    A stage is its number, from 1 or, from the end, from -1; or the name of any module. Raises
    `InputError` for what is neither or gives no maps, `ImageError` for a photo that cannot be read.
    """
    layers = tuple(subject.layer(stage) for stage in stages) or subject.stages
    pixels = subject.pixels(photo)
    answers = subject.responses(pixels, layers)
    maps = tuple(Maps(layer, answers[layer][0].numpy()) for layer in layers)
    return FeatureMaps(subject.name, shown(photo.name), pixels, maps, subject.is_random)
