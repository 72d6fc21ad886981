"""A class map of a photo of any size, at any scales: what each window shows, in bounded memory.

The photo is held once, as 8-bit pixels, and each scale of it while it is looked at. It is asked
tile by tile; what is kept of a cell is its answer, and all probabilities only where they are asked
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.classifier.classifier import Classifier
from eyespot.datasets.names import plain
from eyespot.dense.boxes import OVERLAP, Found, suppressed
from eyespot.dense.geometry import Geometry
from eyespot.dense.reading import ByWindows, Floats, Reading, Said, Sliding
from eyespot.dense.scores import ScoreFile
from eyespot.dense.tiles import Layout, layout
from eyespot.errors import InputError, lookup
from eyespot.images.preprocessing import Preprocessing

THRESHOLD = 0.5  # probability from which a window becomes a box
MEGAPIXELS = 64.0  # of the photo, and of each scale of it
EDGES = (
    "The photo was looked at in {} tiles, and a cell sees more than the {} pixels that they share: "
    "near a tile's edge it sees zeros where the photo goes on."
)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class ScaleMap:
    """What the windows show at one scale of the photo."""

    scale: float
    size: tuple[int, int]  # height and width of the photo at this scale, in pixels
    geometry: Geometry  # of the windows, in these pixels
    tiles: int
    labels: NDArray[np.int32]  # (h, w): places in `ClassMaps.classes`, the most probable ones
    best: Floats  # (h, w): their probabilities
    asked: Floats | None  # (h, w): of the label that was asked for
    unfamiliar: Floats | None  # (h, w): share of known photos that look more familiar

    @property
    def cells(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.labels.shape[0], self.labels.shape[1]

    def box(self, row: int, column: int) -> tuple[int, int, int, int]:
        """The window of a cell in pixels of the photo itself: left, top, right, bottom."""
        left, top, right, bottom = (
            round(place / self.scale) for place in self.geometry.box(row, column)
        )
        return left, top, right, bottom


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """Where things are on a photo, at all scales."""

    picture: Image.Image  # upright
    classes: tuple[str, ...]
    label: str | None  # that was asked for
    scales: tuple[ScaleMap, ...]
    boxes: tuple[Found, ...]  # the surest first
    refused: int  # windows that were sure of a label, and look like none of the classes
    threshold: float
    engine: str
    is_windowed: bool
    notes: tuple[str, ...]


def class_maps(
    classifier: Classifier,
    picture: Image.Image,
    *,
    scales: Sequence[float] = (1.0,),
    label: str | None = None,
    is_windowed: bool = False,
    step: int | None = None,
    threshold: float = THRESHOLD,
    overlap: float = OVERLAP,
    megapixels: float = MEGAPIXELS,
    scores: ScoreFile | None = None,
    progress: Progress = lambda done, total: None,
) -> ClassMaps:
    """Slide the classifier over an upright RGB picture, or ask it window by window.

    A scale multiplies the picture's sides; windows stay as large as the network learned from.
    Windows whose answer (or `label`) has a probability of `threshold` or more become boxes, but
    for those that look like none of the classes. `step` is for windows asked by themselves.
    `progress` is told of tiles, done and in all; `scores` keeps every probability.
    Raises `InputError` for an unknown label, and for a scale that is too small or too large.

    >>> class_maps(published(), picture, label="bee", scales=(0.5, 1.0)).boxes[0].box
    (512, 96, 960, 544)
    """
    place = None if label is None else _place(classifier, label)
    own = classifier.backbone.preprocessing
    sizes = [scaled_size(picture.size, scale, own.size, megapixels) for scale in scales]
    reading: Reading
    if is_windowed:
        reading = ByWindows(classifier, step=step)
    else:
        areas = [width * height for width, height in sizes]
        reading = Sliding(classifier, pixels=sum(areas), held=_held(picture.size, sizes))
    plans = [
        layout(reading.geometry, height, width, sees=reading.sees, most=reading.tile_pixels)
        for width, height in sizes
    ]
    total, done, maps = sum(len(plan.tiles) for plan in plans), 0, []
    for scale, size, plan in zip(scales, sizes, plans, strict=True):
        looked = _looked(reading, plan, _scaled(picture, size, own), _name(scale), scores)
        cells = _Kept.of(plan.cells, place)
        for rows, columns, said in looked:
            cells.put(rows, columns, said)
            done += 1
            progress(done, total)
        maps.append(cells.scale_map(scale, size, reading.geometry, len(plan.tiles)))
    found, refused = _candidates(classifier, maps, place, threshold, picture.size)
    return ClassMaps(
        picture=picture,
        classes=classifier.classes,
        label=None if place is None else classifier.classes[place],
        scales=tuple(maps),
        boxes=suppressed(found, overlap=overlap),
        refused=refused,
        threshold=threshold,
        engine=reading.engine,
        is_windowed=is_windowed,
        notes=(*reading.notes, *_edges(reading, plans)),
    )


def _place(classifier: Classifier, label: str) -> int:
    """The column of a label, by its name or by one that its folder may have."""
    known = classifier.synonyms.get(plain(label), label)
    found: int = lookup("label", known, {name: i for i, name in enumerate(classifier.classes)})
    return found


def scaled_size(
    size: tuple[int, int], scale: float, window: int, megapixels: float
) -> tuple[int, int]:
    """(width, height) of a picture at a scale.

    Raises `InputError`, naming the scale that would do, for one at which no window fits, and for
    one that has more than so many megapixels.
    """
    if not 0 < scale < 1000:
        raise InputError(f"A scale multiplies the photo's sides, such as 0.5 or 2: not {scale:g}")
    width, height = (max(1, round(side * scale)) for side in size)
    at = f"At scale {scale:g} the photo has {width:,} x {height:,} pixels"
    if min(width, height) < window:
        least = ceil(100 * window / min(size)) / 100
        raise InputError(
            f"{at}, and the network looks through windows of {window} x {window}: pass --scales "
            f"{least:g} or more"
        )
    if width * height > megapixels * 1e6:
        most = floor(100 * sqrt(megapixels * 1e6 / (size[0] * size[1]))) / 100
        raise InputError(
            f"{at}, more than the limit of {megapixels:g} megapixels: pass --scales {most:g} or "
            f"less, or --max-megapixels {ceil(width * height / 1e6)}"
        )
    return width, height


def _scaled(picture: Image.Image, size: tuple[int, int], own: Preprocessing) -> Image.Image:
    """In the colours and the size that are looked at."""
    seen = picture if own.channels == 3 else picture.convert("L")
    return seen if seen.size == size else own.resized(seen, size)


def _held(photo: tuple[int, int], sizes: Sequence[tuple[int, int]]) -> int:
    """Bytes of the photo and of the largest of its scales beside it; Pillow takes 4 for a pixel."""
    others = [width * height for width, height in sizes if (width, height) != photo]
    return 4 * (photo[0] * photo[1] + max(others, default=0))


def _name(scale: float) -> str:
    """Of a scale, in the file of scores."""
    return f"{scale:g}"


def _looked(
    reading: Reading, plan: Layout, picture: Image.Image, name: str, scores: ScoreFile | None
) -> Iterator[tuple[range, range, Said]]:
    """What is said of the kept cells of each tile; whole bands of rows go to `scores`."""
    width, band = plan.cells[1], np.empty(0, np.float32)
    for tile in plan.tiles:
        pixels = np.array(picture.crop(tile.box))
        said = reading(pixels.reshape(*pixels.shape[:2], -1))
        said = said.part(tile.rows.own, tile.columns.own)
        rows, columns = tile.rows.kept, tile.columns.kept
        if scores is not None:
            if columns.start == 0:
                band = np.empty((said.probabilities.shape[2], len(rows), width), np.float32)
            band[:, :, columns.start : columns.stop] = said.probabilities.transpose(2, 0, 1)
            if rows.start == columns.start == 0:
                scores.begin(name, (len(band), *plan.cells))
            if columns.stop == width:
                scores.add(rows.start, band)
        yield rows, columns, said
    if scores is not None:
        scores.end()


@dataclass(frozen=True, eq=False)
class _Kept:
    """What is kept of the cells of one scale, tile by tile."""

    place: int | None  # of the label that was asked for
    labels: NDArray[np.int32]
    best: Floats
    asked: Floats
    unfamiliar: Floats  # NaN where it cannot be told

    @staticmethod
    def of(cells: tuple[int, int], place: int | None) -> _Kept:
        floats = [np.full(cells, np.nan, np.float32) for _ in range(3)]
        return _Kept(place, np.zeros(cells, np.int32), *floats)

    def put(self, rows: range, columns: range, said: Said) -> None:
        there = (slice(rows.start, rows.stop), slice(columns.start, columns.stop))
        shares = said.probabilities
        self.labels[there] = shares.argmax(axis=2)
        self.best[there] = shares.max(axis=2)
        if self.place is not None:
            self.asked[there] = shares[:, :, self.place]
        if said.unfamiliar is not None:
            self.unfamiliar[there] = said.unfamiliar

    def scale_map(
        self, scale: float, size: tuple[int, int], geometry: Geometry, tiles: int
    ) -> ScaleMap:
        can_tell = not np.isnan(self.unfamiliar).any()
        return ScaleMap(
            scale=scale,
            size=(size[1], size[0]),
            geometry=geometry,
            tiles=tiles,
            labels=self.labels,
            best=self.best,
            asked=None if self.place is None else self.asked,
            unfamiliar=self.unfamiliar if can_tell else None,
        )


def _candidates(
    classifier: Classifier,
    maps: Sequence[ScaleMap],
    place: int | None,
    threshold: float,
    size: tuple[int, int],
) -> tuple[list[Found], int]:
    """Every window that is sure enough and not refused, and how many were refused."""
    found, refused = [], 0
    for each in maps:
        shares = each.best if each.asked is None else each.asked
        for row, column in np.argwhere(shares >= threshold).tolist():
            share = None if each.unfamiliar is None else float(each.unfamiliar[row, column])
            if share is not None and _is_refused(classifier, share):
                refused += 1
                continue
            name = classifier.classes[each.labels[row, column] if place is None else place]
            left, top, right, bottom = each.box(row, column)
            box = (left, top, min(right, size[0]), min(bottom, size[1]))
            found.append(Found(name, float(shares[row, column]), each.scale, box, share))
    return found, refused


def _is_refused(classifier: Classifier, share: float) -> bool:
    novelty = classifier.novelty
    return novelty is not None and bool(novelty.refuses(np.array([share], np.float32))[0])


def _edges(reading: Reading, plans: Sequence[Layout]) -> tuple[str, ...]:
    """Where tiles could not give what one pass over the photo would have given."""
    cut = [plan for plan in plans if not plan.is_whole]
    if not cut:
        return ()
    shared = min(margin.both for plan in cut for margin in plan.margins) * reading.geometry.step
    return (EDGES.format(sum(len(plan.tiles) for plan in cut), shared),)
