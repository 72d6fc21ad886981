"""The photos of a report that open larger, with the heat map of what each was taken for.

As many as the report stays small enough to be mailed with: errors first.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.classifier.classifier import Classifier
from eyespot.errors import ImageError
from eyespot.evaluation.answers import Row
from eyespot.images.decode import decode
from eyespot.pages.enlarged import Box, Enlarged, Heat

LARGER = 40  # photos at most
SIDE = 400  # pixels, the longer side
QUALITY = 75
HEAT_SIDE = 56  # pixels: a map has 7 x 7 places or so
FAINTEST = 0.12  # how much of the photo is left where nothing speaks for the label
WHOLE: Box = (0, 0, 1, 1)
BYTES = 1_600_000  # of all larger pictures, as they stand in the page

Look = Callable[[Row], tuple[Image.Image, NDArray[np.float32] | None, Box]]
# the photo upright, the heat (H, W) in [0, 1], and the part of the photo that it covers


def heat_maps(classifier: Classifier) -> Look:
    """A way to look at photos: where `classifier` sees the label that it gave each.

    Raises `EyespotError` where its network is not at hand, and, asked, `ImageError`.
    """
    from eyespot.inspection.heat_map import HeatMaps
    from eyespot.inspection.looking import looked_at, without_padding

    maps, preprocessing = HeatMaps(classifier), classifier.backbone.preprocessing

    def look(row: Row) -> tuple[Image.Image, NDArray[np.float32] | None, Box]:
        assert row.source is not None, "only photos that are at hand are looked at"
        seen = looked_at(row.source, preprocessing, side=SIDE)
        found = maps(seen.pixels, classifier.classes.index(row.answer))
        heat = without_padding(found, preprocessing.padding).heat
        return seen.picture, heat if heat.any() else None, seen.box

    return look


def enlarged(rows: Iterable[Row], look: Look | None) -> dict[Row, Enlarged]:
    """The first of `rows`, larger; without `look`, without heat maps."""
    wanted = list(islice((row for row in dict.fromkeys(rows) if row.source is not None), LARGER))
    found: dict[Row, Enlarged] = {}
    room = BYTES
    with ThreadPoolExecutor(1 if look else None) as pool:  # a network is tapped by one at a time
        for row, one in zip(wanted, pool.map(partial(_enlarged, look), wanted), strict=True):
            if one is None:
                continue
            room -= len(one.picture) + (len(one.heat.picture) if one.heat else 0)
            if room < 0:
                pool.shutdown(cancel_futures=True)
                break
            found[row] = one
    return found


def _enlarged(look: Look | None, row: Row) -> Enlarged | None:
    """The photo with its heat map; None where it cannot be read any more."""
    assert row.source is not None, "only photos that are at hand are shown"
    try:
        if look is None:
            picture, found, box = decode(row.source, short_side=SIDE).picture, None, WHOLE
        else:
            picture, found, box = look(row)
    except ImageError:
        return None
    heat = None if found is None else Heat(_address(_grey(found)), box, row.answer)
    zoom = SIDE / max(picture.size)
    size = (max(1, round(zoom * picture.width)), max(1, round(zoom * picture.height)))
    resample = Image.Resampling.NEAREST if zoom >= 3 else Image.Resampling.LANCZOS
    return Enlarged(_address(picture.convert("RGB").resize(size, resample)), size, heat)


def _grey(heat: NDArray[np.float32]) -> Image.Image:
    """(H, W) heat -> black where it is hottest, nearly white where there is none."""
    level = (1 - FAINTEST) * (1 - heat)
    whole = Image.fromarray((255 * level.clip(0, 1)).round().astype(np.uint8))
    return whole.resize((HEAT_SIDE, HEAT_SIDE), Image.Resampling.BILINEAR)


def _address(picture: Image.Image) -> str:
    """A `data:` address holding a JPEG of the pixels, and nothing else of the file."""
    bare = Image.new(picture.mode, picture.size)  # a fresh picture has no info to be copied
    bare.paste(picture)
    buffer = io.BytesIO()
    bare.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
