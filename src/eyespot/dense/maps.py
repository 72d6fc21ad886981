"""A class map of a photo of any size, at any scales: what each window shows, in bounded memory.

The photo is held once, as 8-bit pixels, and each scale of it while it is looked at. It is asked
tile by tile; what is kept of a cell is its answer, and all probabilities only where they are asked
for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot.classifier.classifier import Classifier
from eyespot.datasets.names import plain
from eyespot.dense.boxes import OVERLAP, Found, suppressed
from eyespot.dense.geometry import Geometry
from eyespot.dense.reading import ByWindows, Floats, Reading, Said, Sliding
from eyespot.dense.scores import ScoreFile
from eyespot.dense.tiles import Layout, Size, layout, scaled_size
from eyespot.errors import lookup
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
    reading = _reading(classifier, picture.size, sizes, is_windowed=is_windowed, step=step)
    plans = [
        layout(reading.geometry, height, width, sees=reading.sees, most=reading.tile_pixels)
        for width, height in sizes
    ]
    scaled = list(zip(scales, sizes, plans, strict=True))
    maps = _mapped(reading, picture, scaled, own, place, scores, progress)
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


def _reading(
    classifier: Classifier,
    photo: Size,
    sizes: Sequence[Size],
    *,
    is_windowed: bool,
    step: int | None,
) -> Reading:
    if is_windowed:
        return ByWindows(classifier, step=step)
    areas = [width * height for width, height in sizes]
    others = [area for area, size in zip(areas, sizes, strict=True) if size != photo]
    held = 4 * (photo[0] * photo[1] + max(others, default=0))  # Pillow takes 4 bytes for a pixel
    return Sliding(classifier, pixels=sum(areas), held=held)


def _mapped(
    reading: Reading,
    picture: Image.Image,
    scaled: Sequence[tuple[float, Size, Layout]],
    own: Preprocessing,
    place: int | None,
    scores: ScoreFile | None,
    progress: Progress,
) -> list[ScaleMap]:
    """One scale after the other, tile by tile."""
    total, done, maps = sum(len(plan.tiles) for _, _, plan in scaled), 0, []
    for scale, size, plan in scaled:
        looked = _looked(reading, plan, _scaled(picture, size, own), f"{scale:g}", scores)
        cells = _Kept.of(plan.cells, place)
        for rows, columns, said in looked:
            cells.put(rows, columns, said)
            done += 1
            progress(done, total)
        maps.append(cells.scale_map(scale, size, reading.geometry, len(plan.tiles)))
    return maps


def _place(classifier: Classifier, label: str) -> int:
    """The column of a label, by its name or by one that its folder may have."""
    known = classifier.synonyms.get(plain(label), label)
    found: int = lookup("label", known, {name: i for i, name in enumerate(classifier.classes)})
    return found


def _scaled(picture: Image.Image, size: tuple[int, int], own: Preprocessing) -> Image.Image:
    """In the colours and the size that are looked at."""
    seen = picture if own.channels == 3 else picture.convert("L")
    return seen if seen.size == size else own.resized(seen, size)


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
