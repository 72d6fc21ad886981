"""What is known of a photo after one look: its embedding, and the facts that the audit needs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.dataset import LeftOut, Photo


@dataclass(frozen=True)
class Facts:
    """What decoding told about one photo, kept beside its embedding."""

    sha256: str  # of the file's bytes
    bytes: int
    format: str  # what the contents are, whatever the suffix says: "JPEG"
    width: int  # pixels, upright
    height: int
    frames: int
    taken: str | None  # EXIF, "2026:05:01 12:00:03"
    camera: str | None
    perceptual_hash: int  # 64 bit
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Embedded:
    """Photos that could be read; row i of every field is about the same photo."""

    photos: tuple[Photo, ...]
    vectors: NDArray[np.float32]  # (N, D)
    mirrored: NDArray[np.float32]  # (N, D), of the photos turned left to right
    facts: tuple[Facts, ...]
    left_out: tuple[LeftOut, ...] = ()  # the ones that could not

    def __len__(self) -> int:
        return len(self.photos)

    def averaged(self, *, flip: bool) -> Embedded:
        """With `flip`, the mean over photo and mirror image in place of both; else as it is."""
        if not flip:
            return self
        mean = of_both_views(self.vectors, self.mirrored)
        return replace(self, vectors=mean, mirrored=mean)


def of_both_views(
    vectors: NDArray[np.float32], mirrored: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(N, D) twice -> (N, D): the mean over each photo and its mirror image."""
    mean: NDArray[np.float32] = (vectors + mirrored) / np.float32(2)
    return mean
