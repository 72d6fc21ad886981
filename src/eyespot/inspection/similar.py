"""The photos most like a photo, of those that a classifier learned from, or of any folder.

Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks,
NIPS 2012, Fig. 4 right.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot import files
from eyespot.classifier.classifier import Classifier
from eyespot.datasets.catalogue import find_photos
from eyespot.datasets.dataset import Photo
from eyespot.datasets.names import counted, shown
from eyespot.embeddings import embed, nearest
from eyespot.errors import ImageError, InputError
from eyespot.images.decode import decode
from eyespot.images.source import file_bytes
from eyespot.inspection.explanation_sheet import tile
from eyespot.inspection.training_photos import Near, Neighbours, neighbours
from eyespot.pages.contact_sheet import Strip, contact_sheet
from eyespot.pages.sheet import TILE

ROW = 6  # photos side by side


@dataclass(frozen=True)
class Similar:
    """A photo, and what is most like it."""

    file: str
    picture: Image.Image
    neighbours: Neighbours

    @property
    def finding(self) -> str:
        """What they are, in a sentence."""
        near = self.neighbours.nearest
        if not any(each.label for each in near):
            return f"The {counted(len(near), 'photo')} most like it, the most similar first."
        (label, number), *others = Counter(each.label for each in near).most_common()
        if not others:
            return f"All {number} photos most like it are {shown(label)}."
        more = ", ".join(f"{count} {shown(name)}" for name, count in others)
        return f"Of the {len(near)} photos most like it {number} are {shown(label)}; {more}."

    def save(self, path: str | Path, *, source: str = "") -> Path:
        """Draw it as a PNG file; `source` is the command that made it, in small print."""
        target = Path(path)
        files.write_atomic(target, _sheet(self, source))
        return target


def similar(
    classifier: Classifier, photo: str | Path, *, k: int, photos: Path | None, among: Path | None
) -> Similar:
    """The `k` training photos most like `photo`, looked for in `photos`.

    With `among`, of all photos of that folder instead: they get no labels. The photo itself is
    never one of them. Raises `ImageError` for a photo that cannot be read, `InputError` for a
    classifier without training photos.
    """
    content, picture = _read(Path(photo))
    vector = classifier.embed([photo])[0]
    if among is not None:
        found = _among(classifier, vector, content, k=k, folder=among)
    elif classifier.reference is None:
        raise InputError(
            "This classifier was not trained here and remembers no photos: name a folder of photos "
            "to look through with --among"
        )
    else:
        found = neighbours(classifier, vector, files.sha256(content), k=k, folder=photos)
    return Similar(str(photo), picture, found)


def _read(path: Path) -> tuple[bytes, Image.Image]:
    try:
        content = file_bytes(path)
        return content, decode(content, short_side=TILE).picture
    except ImageError as error:
        raise ImageError(f"{shown(str(path))}: {error}") from error


def _among(
    classifier: Classifier,
    vector: NDArray[np.float32],
    content: bytes,
    *,
    k: int,
    folder: Path,
) -> Neighbours:
    """The nearest of a folder; embeddings come from the cache where they are known."""
    photos, left_out = find_photos([folder])
    embedded = embed(photos, classifier.backbone, device=classifier.device)
    embedded = embedded.averaged(flip=classifier.flip)
    own = files.sha256(content)
    rows = [i for i, facts in enumerate(embedded.facts) if facts.sha256 != own]
    if not rows:
        raise InputError(f"{shown(str(folder))} has no other photo that can be read")
    places, cosines = nearest(vector[None], embedded.vectors[rows], k)
    found = tuple(
        _near(embedded.photos[rows[place]], float(cosine), embedded.facts[rows[place]].sha256)
        for place, cosine in zip(places[0], cosines[0], strict=True)
    )
    missing = len(left_out) + len(embedded.left_out)
    notes = (f"{counted(missing, 'file')} could not be looked at.",) if missing else ()
    return Neighbours(found, was_learned=False, notes=notes)


def _near(photo: Photo, cosine: float, content: str) -> Near:
    return Near("", min(cosine, 1.0), content, photo)


def _sheet(found: Similar, source: str) -> bytes:
    near = found.neighbours.nearest
    picture = found.picture.copy()
    picture.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
    strips = [Strip(shown(Path(found.file).name), "the photo", (np.asarray(picture),))]
    for start in range(0, len(near), ROW):
        row = near[start : start + ROW]
        ends = f"{start + 1} to {start + len(row)}" if len(row) > 1 else f"{start + 1}"
        captions = tuple(_caption(each) for each in row)
        strips.append(Strip(ends, "", tuple(map(tile, row)), captions))
    return contact_sheet(
        strips,
        title=found.finding,
        lead="The similarity is the cosine between two embeddings: 1 for the same picture.",
        steps=found.neighbours.notes,
        heads=(),
        source=source,
        is_first_apart=False,
    )


def _caption(near: Near) -> str:
    name = "" if near.photo is None else shown(near.photo.path.name)
    lines = [shown(near.label), f"similarity {near.similarity:.2f}", name]
    return "\n".join(line for line in lines if line)
