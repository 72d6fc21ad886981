"""A class map of a 12-megapixel photo: sliding against every window asked by itself, same step.

The photo is laid out of real ones. Both ways run in turn in one process, after one map of each that
is not counted, and are compared cell by cell; what windows are said to be is compared with what
`predict` says of their pixels. Then ten photos, each a few windows large, by two networks: the
table of docs/dense.md.

python benchmarks/dense_map.py --repeats 3        # ten minutes
python benchmarks/dense_map.py --repeats 1 --megapixels 1 --check 20 --ten 1   # a rehearsal
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from dense_protocols import FILE, squeezenet
from numpy.typing import NDArray
from PIL import Image
from results import Result, arguments, photo_set, report

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.published import published
from eyespot.dense import ClassMaps, ScoreFile, class_maps, convolutionize, windowed
from eyespot.images.decode import decode

TARGET = 10.0  # times as fast
SURE = 0.5  # of the two largest probabilities of a window, their difference
TILE = 500  # pixels: the height of a photo in the large one
PHOTOS = 10  # of the second part, in the order of their names
STEPS = 3  # by which the short side of those is larger than a window

Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Compared:
    """Two maps of the same windows."""

    same: NDArray[np.bool_]  # (cells,): the same label
    sure: NDArray[np.bool_]  # (cells,): the window by itself is sure
    photo: NDArray[np.int64]  # (cells,): which photo the window's middle lies in

    @property
    def shares(self) -> list[float]:
        """Of each photo, the share of its cells with the same label."""
        return [float(self.same[self.photo == each].mean()) for each in np.unique(self.photo)]


def laid_out(photos: list[Path], megapixels: float, seed: int) -> tuple[Image.Image, list[Box]]:
    """A picture of three by four, of photos in rows, and where each of them lies."""
    width, height = (round(side * (megapixels / 12) ** 0.5) for side in (4000, 3000))
    order = iter(np.random.default_rng(seed).permutation(len(photos)).tolist() * 9)
    whole, boxes = Image.new("RGB", (width, height)), []
    for top in range(0, height, TILE):
        left = 0
        while left < width:
            picture = decode(photos[next(order)]).picture
            size = (round(TILE * picture.width / picture.height), TILE)
            whole.paste(picture.resize(size, Image.Resampling.LANCZOS), (left, top))
            boxes.append((left, top, left + size[0], top + TILE))
            left += size[0]
    return whole, boxes


def timed(
    classifier: Classifier, picture: Image.Image, path: Path, **options: Any
) -> tuple[float, ClassMaps, Floats]:
    """Seconds, the maps, and all probabilities (K, h, w)."""
    start = time.perf_counter()
    with ScoreFile(path) as scores:
        found = class_maps(classifier, picture, scores=scores, **options)
    seconds = time.perf_counter() - start
    return seconds, found, np.load(path, mmap_mode="r")


def turns(
    classifier: Classifier, picture: Image.Image, one: Path, other: Path, repeats: int
) -> tuple[list[tuple[float, float]], Floats, Floats, ClassMaps, ClassMaps]:
    """Both ways in turn: seconds of each pair, and the last scores and maps of either."""
    seconds = []
    for _ in range(repeats):
        first, found, sliding = timed(classifier, picture, one)
        step = found.scales[0].geometry.step
        second, by_windows, windows = timed(classifier, picture, other, is_windowed=True, step=step)
        seconds.append((first, second))
    return seconds, sliding, windows, found, by_windows


def compared(sliding: Floats, windows: Floats, photo: NDArray[np.int64]) -> Compared:
    two = np.partition(windows, -2, axis=0)[-2:]
    same = sliding.argmax(axis=0) == windows.argmax(axis=0)
    return Compared(same.ravel(), (two[1] - two[0] > SURE).ravel(), photo.ravel())


def members(found: ClassMaps, boxes: list[Box]) -> NDArray[np.int64]:
    """(h, w): the photo that the middle of each window lies in."""
    (only,) = found.scales
    places = np.zeros(only.cells, np.int64)
    for row, column in np.ndindex(*only.cells):
        left, top, right, bottom = only.box(row, column)
        x, y = (left + right) / 2, (top + bottom) / 2
        places[row, column] = next(
            i for i, box in enumerate(boxes) if box[0] <= x < box[2] and box[1] <= y < box[3]
        )
    return places


def checked(
    classifier: Classifier, picture: Image.Image, found: ClassMaps, n: int, seed: int
) -> tuple[int, int]:
    """Of so many windows, those whose label `predict` gives to their pixels, and how many."""
    (only,) = found.scales
    cells = np.random.default_rng(seed).permutation(only.labels.size)[:n]
    right = 0
    for row, column in (divmod(int(cell), only.cells[1]) for cell in cells):
        pixels = classifier.backbone.preprocessing.of_crop(picture.crop(only.box(row, column)))
        answer = classifier.prediction("", classifier.engine(pixels[None])[0])
        same = answer.label == classifier.classes[only.labels[row, column]]
        right += bool(same and np.float32(answer.probability) == only.best[row, column])
    return right, len(cells)


def ten(classifier: Classifier, photos: list[Path]) -> dict[str, Any]:
    """A row of the table of docs/dense.md: logits of both ways, on photos of a few windows."""
    backbone = classifier.backbone
    own = backbone.preprocessing
    assert backbone.load is not None
    network = backbone.load().eval()
    slides = convolutionize(network, image_size=own.size)
    alone = windowed(network, image_size=own.size, step=slides.geometry.step)
    short = own.size + STEPS * slides.geometry.step
    parts = []
    for number, images in enumerate(_normalised(photos, own, short)):
        with torch.inference_mode():
            windows = alone(images)[0].numpy()
            sliding = slides(images)[0, :, : windows.shape[1], : windows.shape[2]].numpy()
        spread = windows.max() - windows.min()
        shares = torch.softmax(torch.from_numpy(windows), 0).numpy()
        two = np.partition(shares, -2, axis=0)[-2:]
        same = sliding.argmax(axis=0) == windows.argmax(axis=0)
        sure, apart = two[1] - two[0] > SURE, np.abs(sliding - windows) / spread
        parts.append((number, same.ravel(), sure.ravel(), apart))
    same, sure = (np.concatenate([part[i] for part in parts]) for i in (1, 2))
    by_photo = [float(part[1].mean()) for part in parts]
    apart = np.concatenate([part[3].reshape(len(part[3]), -1) for part in parts], axis=1)
    return {
        "cells": len(same),
        "same_label": int(same.sum()),
        "per_photo_%": [100 * min(by_photo), 100 * max(by_photo)],
        "mean_difference_%": 100 * float(apart.mean()),
        "largest_%": 100 * float(apart.max()),
        "sure": int(sure.sum()),
        "sure_same": int((same & sure).sum()),
    }


def _normalised(photos: list[Path], own: Any, short: int) -> Iterator[torch.Tensor]:
    for path in photos:
        picture = decode(path).picture
        factor = short / min(picture.size)
        size = (max(short, int(picture.width * factor)), max(short, int(picture.height * factor)))
        yield torch.from_numpy(own.normalise(np.array(own.resized(picture, size))[None]))


def main() -> None:
    parser = arguments(__doc__, repeats=3)
    parser.add_argument("--megapixels", type=float, default=12.0, help="of the large photo")
    parser.add_argument("--ten", type=int, default=PHOTOS, help="photos of the second part")
    parser.add_argument("--check", type=int, default=200, help="windows that predict is asked for")
    parser.add_argument("--weights", type=Path, default=FILE, help="of SqueezeNet 1.0")
    parser.add_argument("--seed", type=int, default=0, help="of the large photo")
    options = parser.parse_args()
    small = sorted(photo_set(options.photos, "imagenet-100").iterdir())
    insects = sorted(photo_set(options.photos, "hymenoptera").rglob("*.jpg"))
    classifier = published()
    picture, boxes = laid_out([*small, *insects], options.megapixels, options.seed)
    with TemporaryDirectory() as folder:
        one, other = Path(folder, "sliding.npy"), Path(folder, "windows.npy")
        class_maps(classifier, picture.crop((0, 0, 2048, 2048)))  # converted once, and kept
        seconds, sliding, windows, found, by_windows = turns(
            classifier, picture, one, other, options.repeats
        )
        both = compared(sliding, windows, members(found, boxes))
        right, asked = checked(classifier, picture, by_windows, options.check, options.seed)
    ratios = [second / first for first, second in seconds]
    ratio = statistics.median(ratios)
    networks = {"efficientnet_lite0": ten(classifier, small[: options.ten])}
    if options.weights.is_file():
        networks["squeezenet1_0"] = ten(
            squeezenet(options.weights, classifier), small[: options.ten]
        )
    cells = len(both.same)
    result = Result(
        name="dense_map",
        claim=f"class map of a photo of {options.megapixels:g} megapixels, against every window "
        "asked by itself at the same step",
        target=f">= {TARGET:g}x; window by window, every label as predict gives it",
        reached=f"{ratio:.1f}x; {right} of {asked}",
        is_met=ratio >= TARGET and right == asked,
        n=f"{cells:,} windows, {options.repeats} pairs",
        figures={
            "ratios": ratios,
            "sliding_s": statistics.median(own for own, _ in seconds),
            "windows_s": statistics.median(own for _, own in seconds),
            "engines": f"{found.engine}; {by_windows.engine}",
            "tiles": found.scales[0].tiles,
            "same_label_%": 100 * float(both.same.mean()),
            "per_photo_%": [100 * min(both.shares), 100 * max(both.shares)],
            "photos": len(both.shares),
            "sure_cells": int(both.sure.sum()),
            "sure_same_label_%": 100 * float(both.same[both.sure].mean()),
            **{f"ten_photos_{name}": row for name, row in networks.items()},
        },
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
