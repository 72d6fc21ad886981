"""The picture of a photo's feature maps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.names import counted
from eyespot.inspection.inside.feature_maps import FeatureMaps, Maps
from eyespot.inspection.inside.grid import COLUMNS, Row, Small, coloured, grid_sheet, inked
from eyespot.pages.words import two_digits

PHOTO = 176  # pixels of the photo, at most
MANY = 100  # units that are shown of a layer that is looked at alone


def sheet(found: FeatureMaps, *, source: str) -> bytes:
    """The maps as a PNG: of one layer all, of several the units that stand out most."""
    is_alone = len(found.layers) == 1
    rows = [
        Row("the photo", "as the network sees it", (Small(coloured(found.pixels)),), side=PHOTO)
    ]
    rows += [_row(maps, MANY if is_alone else COLUMNS, is_alone) for maps in found.layers]
    return grid_sheet(
        rows,
        title=_title(found),
        lead=f"{found.name}. Each small picture is what one unit of a layer answers, place by "
        "place: the darker, the stronger.",
        notes=(
            "Each map is drawn from 0 (paper) to its own largest answer, which stands below it "
            "behind the number of the unit. Units that stand out most come first.",
        ),
        source=source,
        is_random=found.is_random,
    )


def drawn(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(h, w) -> (h, w, 3): from 0, paper, to the largest answer."""
    most = float(values.max())
    return inked(values / most if most > 0 else np.zeros_like(values))


def _title(found: FeatureMaps) -> str:
    what = f"layer {found.layers[0].layer}" if len(found.layers) == 1 else "each stage"
    return f"What {what} answers to {found.file}"


def _row(maps: Maps, most: int, is_alone: bool) -> Row:
    units, height, width = maps.values.shape
    about = f"{counted(units, 'unit')} of {height} x {width}"
    if maps.silent:
        about += f", {maps.silent:,} of them silent here"
    if units > most:
        about += f"; {most} are shown"
    smalls = tuple(
        Small(drawn(maps.values[unit]), f"{unit}   {two_digits(float(maps.largest[unit]))}")
        for unit in maps.strongest(most)
        if not is_alone or maps.largest[unit] > 0
    )
    return Row(maps.layer, about, smalls)
