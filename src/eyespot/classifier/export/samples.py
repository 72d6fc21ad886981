"""The photos on which an exported model is compared: the user's own, or two that are always there.

What is compared are files, from their bytes on, as the model will meet them.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from eyespot.datasets.catalogue import find_photos
from eyespot.datasets.dataset import LeftOut
from eyespot.errors import ImageError, InputError
from eyespot.images.decode import decode
from eyespot.images.samples import sample_photos

OWN = 48  # of the user's photos at most, spread evenly over the folder
PARTS = 30  # cut out of the two built-in photos
SMALLEST = 1 / 6  # of a side, for a part
QUALITY = 90  # of a JPEG
LONGEST = 4  # sides of a stored photo, long to short

Samples = tuple["Sample", ...]


@dataclass(frozen=True)
class Sample:
    """A photo's file; the name is for people."""

    name: str
    content: bytes
    is_built_in: bool = False


def own(folder: Path) -> tuple[Samples, tuple[LeftOut, ...]]:
    """Some dozens of the photos below `folder`, and those of them that cannot be opened.

    Raises `InputError` where there is none.
    """
    photos, others = find_photos((folder,))
    if not photos:
        reason = others[0].reason if others else "an empty folder"
        raise InputError(f"Export compares on photos, and {folder} holds none: {reason}")
    chosen = [photos[i] for i in spread(len(photos), OWN)]
    samples, left_out = [], []
    for photo in chosen:
        try:
            samples.append(Sample(photo.file, photo.read()))
        except ImageError as error:
            left_out.append(LeftOut(photo.file, str(error)))
    return tuple(samples), tuple(left_out)


def built_in(parts: int = PARTS) -> Samples:
    """scikit-learn's two photos, and parts of them of many sizes and shapes as JPEG and PNG."""
    generator = np.random.default_rng(0)
    paths = sample_photos()
    samples = [Sample(path.name, path.read_bytes(), is_built_in=True) for path in paths]
    pictures = [decode(sample.content).picture for sample in samples]
    for i in range(parts):
        picture = pictures[i % len(pictures)]
        width, height = (int(side * generator.uniform(SMALLEST, 1)) for side in picture.size)
        left = int(generator.integers(0, picture.width - width + 1))
        top = int(generator.integers(0, picture.height - height + 1))
        part = picture.crop((left, top, left + width, top + height))
        name = f"part {i // len(pictures) + 1} of {paths[i % len(paths)].name}"
        samples.append(Sample(name, encoded(part, is_lossless=i % 4 == 0), is_built_in=True))
    return tuple(samples)


def chosen(read: Samples, count: int) -> Samples:
    """`count` photos to write along: the user's, spread over them; built-in ones fill up."""
    mine = [sample for sample in read if not sample.is_built_in]
    picked = [mine[i] for i in spread(len(mine), count)]
    return (*picked, *built_in(parts=count))[:count]


def bare(sample: Sample, side: int, *, is_lossless: bool) -> bytes:
    """The photo encoded anew from its pixels, upright, its short side at most `side` pixels.

    Place, time, camera and every other record of its file stay behind.
    """
    picture = decode(sample.content).picture
    longest = LONGEST * side
    factor = min(1.0, side / min(picture.size), longest / max(picture.size))
    if factor < 1:
        width, height = (max(1, round(length * factor)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return encoded(picture, is_lossless=is_lossless)


def encoded(picture: Image.Image, *, is_lossless: bool) -> bytes:
    """An RGB picture's pixels as PNG or JPEG, and nothing else of it."""
    fresh = Image.new("RGB", picture.size)  # a new picture has no info that is written along
    fresh.paste(picture)
    buffer = io.BytesIO()
    if is_lossless:
        fresh.save(buffer, "PNG")
    else:
        fresh.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def spread(total: int, count: int) -> list[int]:
    """At most `count` of the indices below `total`, evenly over all of them."""
    if total <= count:
        return list(range(total))
    return [round(i * (total - 1) / (count - 1)) for i in range(count)]
