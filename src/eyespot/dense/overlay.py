"""A class map laid over its photo: the photo in pale grey, a colour for each label, boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from eyespot.datasets.names import shown
from eyespot.dense.boxes import Found
from eyespot.dense.maps import ClassMaps, ScaleMap
from eyespot.pages.drawing import SMALL, values
from eyespot.pages.legend import frame
from eyespot.pages.lettering import font_for, length, write
from eyespot.pages.placing import Box, overlap
from eyespot.pages.words import percent

PALE = 0.55  # how far the photo fades into the paper, so that colours can be told on it
DEEPEST = 0.65  # share of the colour where the probability is 1
FAINTEST = 0.1  # probabilities below it are not drawn
LABELS = 8  # with a colour of their own, the most probable
BOXES = 12  # drawn, the surest
ONE = "class-1"  # colour of the one label that was asked for
INSET = 3  # pixels
TAG = SMALL + 6  # pixels: height of a box's words

Floats = NDArray[np.float32]
Size = tuple[int, int]  # width, height


@dataclass(frozen=True)
class Legend:
    """What colour stands for a label."""

    label: str
    value: str  # of the pages
    share: float  # of the map's cells that are this label with the threshold's probability


def legends(found: ClassMaps) -> tuple[Legend, ...]:
    """The label that was asked for; or those of boxes, then those that weigh most on the map."""
    cells = sum(each.labels.size for each in found.scales)
    if found.label is not None:
        sure = sum(int((_asked(each) >= found.threshold).sum()) for each in found.scales)
        return (Legend(found.label, ONE, sure / cells),)
    counts, weights = np.zeros(len(found.classes), np.int64), np.zeros(len(found.classes))
    for each in found.scales:
        sure_labels = each.labels[each.best >= found.threshold]
        counts += np.bincount(sure_labels, minlength=len(counts))
        drawn = np.where(each.best >= FAINTEST, each.best, 0).ravel()
        weights += np.bincount(each.labels.ravel(), drawn, minlength=len(weights))
    boxed = list(dict.fromkeys(found.classes.index(box.label) for box in found.boxes[:BOXES]))
    order = np.argsort(-weights, kind="stable").tolist()
    first = [i for i in dict.fromkeys([*boxed, *order]) if weights[i]][:LABELS]
    return tuple(
        Legend(found.classes[i], f"class-{number}", int(counts[i]) / cells)
        for number, i in enumerate(first, 1)
    )


def overlaid(found: ClassMaps, size: Size) -> Image.Image:
    """The photo at `size` (width, height), with the map and its boxes on it."""
    small = found.picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    grey = np.asarray(small.convert("L"), np.float32)[..., None]
    mixed = grey * (1 - PALE) + colour("card") * PALE
    named = legends(found)
    for legend in named:
        share = _shares(found, legend.label, size)[..., None] * DEEPEST
        mixed = mixed * (1 - share) + colour(legend.value) * share
    drawn = Image.fromarray(mixed.clip(0, 255).astype(np.uint8))
    _draw_boxes(drawn, found, {each.label: each.value for each in named})
    return drawn


def colour(value: str) -> Floats:
    """(3,) red, green, blue of a colour of the pages."""
    return np.array(list(bytes.fromhex(values()[0][value][1:])), np.float32)


def _asked(each: ScaleMap) -> Floats:
    assert each.asked is not None
    return each.asked


def _shares(found: ClassMaps, label: str, size: Size) -> Floats:
    """(h, w): the largest probability of a label at any scale, where it is the one to be drawn."""
    largest = np.zeros((size[1], size[0]), np.float32)
    place = found.classes.index(label)
    for each in found.scales:
        if found.label is None:
            shares = np.where(each.labels == place, each.best, 0)
        else:
            shares = _asked(each)
        shares = np.where(shares >= FAINTEST, shares, 0).astype(np.float32)
        np.maximum(largest, _laid(shares, each, found.picture.size, size), out=largest)
    return largest


def _laid(shares: Floats, each: ScaleMap, photo: Size, size: Size) -> Floats:
    """A map on the photo: each cell is a square about its window's middle, a step large."""
    rim = (each.geometry.window - each.geometry.step) / 2 / each.scale
    step = each.geometry.step / each.scale
    zoom = size[0] / photo[0], size[1] / photo[1]
    rows, columns = shares.shape
    left, right = (round((rim + n * step) * zoom[0]) for n in (0, columns))
    top, bottom = (round((rim + n * step) * zoom[1]) for n in (0, rows))
    inside = (max(1, right - left), max(1, bottom - top))
    laid = Image.fromarray(shares).resize(inside, Image.Resampling.BILINEAR)
    whole = Image.new("F", size)
    whole.paste(laid, (left, top))
    return np.asarray(whole, np.float32)


def _draw_boxes(drawn: Image.Image, found: ClassMaps, colours: dict[str, str]) -> None:
    pen = ImageDraw.Draw(drawn)
    zoom = drawn.width / found.picture.width, drawn.height / found.picture.height
    all_corners = []
    for box in found.boxes[:BOXES]:
        left, top, right, bottom = box.box
        corners = (
            round(left * zoom[0]), round(top * zoom[1]),
            round(right * zoom[0]) - 1, round(bottom * zoom[1]) - 1,
        )  # fmt: skip
        all_corners.append(corners)
    for box, corners in reversed(list(zip(found.boxes, all_corners, strict=False))):
        frame(pen, corners, "ink" if found.label else colours.get(box.label, "none"))
    taken: list[Box] = []
    for number, (box, corners) in enumerate(zip(found.boxes, all_corners, strict=False), 1):
        _tag(pen, drawn.size, number, box, corners, taken)


def _tag(
    pen: ImageDraw.ImageDraw,
    size: Size,
    number: int,
    box: Found,
    corners: tuple[int, int, int, int],
    taken: list[Box],
) -> None:
    """The box's number, label and score where there is room for it, or its number alone."""
    spelled = f"{number}  {shown(box.label)}  {percent(box.score)}"
    for words in (spelled, str(number)):
        font = font_for(words, SMALL)
        wide = length(words, font) + 2 * INSET
        for left, top in _places(corners, wide, size):
            place = (left, top, left + wide, top + TAG)
            if not any(overlap(place, other) for other in taken):
                taken.append(place)
                pen.rectangle(place, values()[0]["card"], outline=values()[0]["line"])
                write(pen, (left + INSET, top + 2), words, value="ink", font=font)
                return


def _places(
    corners: tuple[int, int, int, int], wide: float, size: Size
) -> Sequence[tuple[float, float]]:
    """Corners of a tag at its box, within the picture: above, below, inside."""
    left = min(max(0, corners[0]), size[0] - wide - 1)
    right = min(max(0, corners[2] - wide), size[0] - wide - 1)
    tops = (corners[1] - TAG - 1, corners[3] + 1, corners[1] + 1, corners[3] - TAG - 1)
    inside = [top for top in tops if 0 <= top < size[1] - TAG]
    return [(x, top) for top in inside for x in (left, right)]
