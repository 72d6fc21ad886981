"""A photo as it is shown, and as a network sees it: which part of the one is the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot import files
from eyespot.datasets.names import shown
from eyespot.errors import ImageError
from eyespot.images.decode import decode
from eyespot.images.preprocessing import Preprocessing, resized_size
from eyespot.images.source import file_bytes
from eyespot.inspection.heat_map import HeatMap

SHOWN_SIDE = 640  # pixels: the picture is kept at least as long as that on its short side

Box = tuple[float, float, float, float]  # left, top, right, bottom, shares of the picture


@dataclass(frozen=True)
class Seen:
    """A photo as it is, as it is shown, and as the network sees it."""

    content: str  # SHA-256 of its file
    picture: Image.Image
    pixels: NDArray[np.uint8]  # (H, W, C)
    box: Box  # of the picture: what the network sees


def looked_at(
    source: Path | bytes, preprocessing: Preprocessing, *, side: int = SHOWN_SIDE
) -> Seen:
    """The photo, `side` pixels or more on its short side where it has them.

    Raises `ImageError`, with the file's name, where it cannot be read.
    """
    try:
        content = source if isinstance(source, bytes) else file_bytes(source)
        _, pixels = preprocessing.read(content)
        decoded = decode(content, short_side=max(side, 2 * preprocessing.resize))
    except ImageError as error:
        if isinstance(source, bytes):
            raise
        raise ImageError(f"{shown(str(source))}: {error}") from error
    picture = preprocessing.prepared(decoded.picture).convert("RGB")
    width, height = resized_size(*picture.size, preprocessing.resize)
    crop = preprocessing.crop
    left, top = round((width - crop) / 2), round((height - crop) / 2)
    box = (left / width, top / height, (left + crop) / width, (top + crop) / height)
    return Seen(files.sha256(content), picture, pixels, box)


def without_padding(found: HeatMap, padding: int) -> HeatMap:
    """The map of the crop, without what was put around it."""
    if not padding:
        return found
    inside = slice(padding, -padding)
    return replace(found, heat=found.heat[inside, inside])
