"""`Preprocessing.read` against bare Pillow: open, RGB, resize, crop. In one process, in turn.

Besides, on photos of 12 megapixels, which `read` decodes at a part of their size.
"""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from results import Result, arguments, photo_set, report

from eyespot.images.preprocessing import Preprocessing, resized_size
from eyespot.weights import catalogue

TARGET = 1.1  # times as long, at most, although every photo is examined before it is decoded
LARGE = (4000, 3000)  # pixels
LARGE_PHOTOS = 12


def bare(content: bytes, rule: Preprocessing) -> np.ndarray:
    """What a script does with Pillow."""
    picture = Image.open(io.BytesIO(content)).convert("RGB")
    size = resized_size(picture.width, picture.height, rule.resize)
    picture = picture.resize(size, Image.Resampling.BICUBIC)
    left, top = ((side - rule.crop) // 2 for side in size)
    return np.asarray(picture.crop((left, top, left + rule.crop, top + rule.crop)))


def seconds(task: Callable[[], object]) -> float:
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def compared(contents: list[bytes], rule: Preprocessing, repeats: int) -> tuple[float, float]:
    """Median over turns of our time over Pillow's for all photos, and our milliseconds of one."""
    ratios, ours = [], []
    for turn in range(repeats + 1):
        pairs = [
            (seconds(lambda c=content: rule.read(c)), seconds(lambda c=content: bare(c, rule)))
            for content in contents
        ]
        mine, pillows = (sum(column) for column in zip(*pairs, strict=True))
        if turn:  # the first warms up
            ratios.append(mine / pillows)
            ours.append(1000 * mine / len(contents))
    return statistics.median(ratios), statistics.median(ours)


def enlarged(photo: Path) -> bytes:
    """The photo as a JPEG of 12 megapixels."""
    buffer = io.BytesIO()
    with Image.open(photo) as file:
        file.convert("RGB").resize(LARGE).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def main() -> None:
    options = arguments(__doc__, repeats=3).parse_args()
    rule = catalogue.find(catalogue.DEFAULT).preprocessing
    names = ("hymenoptera", "imagenet-100")
    files = [f for n in names for f in sorted(photo_set(options.photos, n).rglob("*.[jJ]*"))]
    ratio, ours = compared([file.read_bytes() for file in files], rule, options.repeats)
    large = [enlarged(file) for file in files[:LARGE_PHOTOS]]
    large_ratio, large_ours = compared(large, rule, options.repeats)
    result = Result(
        name="decode",
        claim="decoding, resizing and cropping a photo, against bare Pillow",
        target=f"<= {TARGET}x",
        reached=f"{ratio:.2f}x; {large_ratio:.2f}x of 12-megapixel photos",
        is_met=ratio <= TARGET,
        n=f"{len(files)} photos and {len(large)} large ones, {options.repeats} turns",
        figures={"ours_ms": ours, "ours_ms_12_megapixels": large_ours},
    )
    report(result, as_json=options.json)


if __name__ == "__main__":
    main()
