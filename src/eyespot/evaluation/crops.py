"""Where the crops of a protocol lie in a photo: rectangles in pixels, and nothing else.

The short side goes to its scale with the photo's shape kept, as in `images.preprocessing`; a middle
between two pixels is rounded half to even there and here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eyespot.evaluation.protocols import (
    ClassMaps,
    Crops,
    LargerCrop,
    OffsetMaps,
    Part,
    Places,
    Views,
    WholePhoto,
    scaled,
)
from eyespot.images.preprocessing import Preprocessing, resized_size

LONGEST = 4  # long to short side of a whole photo: what the network keeps of it grows with it

Size = tuple[int, int]  # (width, height)
Box = tuple[int, int, int, int]  # left, top, right, bottom; the last two lie outside


@dataclass(frozen=True)
class Region:
    """The part of a rescaled photo that crops are taken from."""

    size: Size  # of the whole photo, rescaled
    box: Box
    name: str  # "left square"


@dataclass(frozen=True)
class Crop:
    """One view: a square of a rescaled photo, resized where it is larger than the crop."""

    size: Size  # of the whole photo, rescaled
    box: Box
    is_mirrored: bool


def crops_of(views: Crops, width: int, height: int, *, side: int) -> tuple[Crop, ...]:
    """Every view of a photo of `width` x `height`, for a network trained on crops of `side`.

    Each is followed by its mirror image. Where a photo is as wide as high, its three squares are
    one, and views come several times.
    """
    return tuple(
        Crop(region.size, box, is_mirrored)
        for region in regions(views, width, height, side=side)
        for box in boxes(views.places, region.box, side)
        for is_mirrored in (False, True)
    )


def panels(
    views: Views, width: int, height: int, preprocessing: Preprocessing
) -> list[tuple[Region, list[Box]]]:
    """What a photo is seen in, mirror images apart: each part of it, and the crops out of that."""
    crop = preprocessing.crop
    if isinstance(views, Crops):
        parts = regions(views, width, height, side=crop)
        return [(part, boxes(views.places, part.box, crop)) for part in parts]
    if isinstance(views, OffsetMaps):
        found = list(cuts(views, width, height, side=crop))
        return [(Region(size, box, "middle"), [box]) for size, box in found]
    if isinstance(views, WholePhoto | ClassMaps):
        sizes = [resized_size(width, height, scaled(scale, crop)) for scale in views.scales]
        wholes = [central(size, LONGEST * min(size), LONGEST * min(size)) for size in sizes]
        named = zip(sizes, wholes, strict=True)
        return [(Region(size, box, "whole photo"), [box]) for size, box in named]
    resize = preprocessing.resize
    if isinstance(views, LargerCrop):
        resize, crop = scaled(views.scale, crop), scaled(views.crop, crop)
    size = resized_size(width, height, resize)
    return [(Region(size, (0, 0, *size), "whole photo"), [central(size, crop, crop)])]


def central(size: Size, width: int, height: int) -> Box:
    """The middle `width` x `height` pixels of a picture, or all where it has no more."""
    width, height = min(width, size[0]), min(height, size[1])
    left, top = _middle(size[0] - width), _middle(size[1] - height)
    return left, top, left + width, top + height


def cuts(views: OffsetMaps, width: int, height: int, *, side: int) -> Iterator[tuple[Size, Box]]:
    """The size that a photo is brought to and the middle of it that is shown, scale by scale.

    The photo covers what is shown and keeps its shape; of a portrait, the long side stands.
    """
    for short, long in views.sizes:
        shown = (scaled(long, side, of=views.crop), scaled(short, side, of=views.crop))
        if height > width:
            shown = (shown[1], shown[0])
        factor = max(shown[0] / width, shown[1] / height)
        size = (max(shown[0], round(width * factor)), max(shown[1], round(height * factor)))
        yield size, central(size, *shown)


def regions(views: Crops, width: int, height: int, *, side: int) -> Iterator[Region]:
    """The parts that crops are taken from, scale by scale."""
    for scale in views.scales:
        size = resized_size(width, height, scaled(scale, side))
        for name, box in _parts(views.part, size):
            yield Region(size, box, name)


def boxes(places: Places, region: Box, side: int) -> list[Box]:
    """The crops of a region: corners by rows, the centre, the whole of it; or a grid by rows."""
    left, top, right, bottom = region
    across, down = right - left - side, bottom - top - side  # how far a crop can move
    corners = [(0, 0), (across, 0), (0, down), (across, down)]
    centre = [(_middle(across), _middle(down))]
    if places == "5 x 5":
        starts = [(_step(across, i), _step(down, j)) for j in range(5) for i in range(5)]
    elif places == "centre and all":
        starts = centre
    else:
        starts = corners + centre
    found = [(left + x, top + y, left + x + side, top + y + side) for x, y in starts]
    return found if places in ("corners and centre", "5 x 5") else [*found, region]


def _parts(part: Part, size: Size) -> list[tuple[str, Box]]:
    width, height = size
    if part == "whole photo":
        return [(part, (0, 0, width, height))]
    square, spare = min(size), max(size) - min(size)
    first, last = ("top", "bottom") if height > width else ("left", "right")
    named = [("centre square", _middle(spare))]
    if part == "three squares":
        named = [(f"{first} square", 0), *named, (f"{last} square", spare)]
    if height > width:
        return [(name, (0, start, square, start + square)) for name, start in named]
    return [(name, (start, 0, start + square, square)) for name, start in named]


def _middle(spare: int) -> int:
    return round(spare / 2)


def _step(spare: int, i: int) -> int:
    """The start of place `i` of a regular grid of five."""
    return round(spare * i / 4)
