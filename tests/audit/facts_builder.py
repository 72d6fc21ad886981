"""Data sets made of facts and vectors alone: no file is needed to try a rule."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eyespot.audit import Audit, audit
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.embeddings.embedded import Embedded, Facts

DIMENSIONS = 256  # of an embedding


@dataclass
class Builder:
    """Collects photos: each is a direction in space, a 64-bit hash, and its file's facts."""

    generator: np.random.Generator
    photos: list[Photo]
    vectors: list[np.ndarray]
    facts: list[Facts]

    def add(
        self,
        file: str,
        *,
        like: int | None = None,
        cosine: float = 0.95,
        bits: int = 32,
        content: str | None = None,
        label: str | None = "",
        part: str | None = None,
        group: str | None = None,
        taken: str | None = None,
        camera: str | None = None,
        format: str = "JPEG",  # noqa: A002 - as the facts call it
    ) -> int:
        """One photo, unlike all others or `like` another: its row.

        `cosine` is the similarity to that other one, `bits` the distance of the hashes.
        """
        fresh = self.generator.normal(size=DIMENSIONS)
        hashed = int(self.generator.integers(1 << 63))
        if like is not None:
            other = self.vectors[like]
            fresh -= other * (fresh @ other) / (other @ other)
            fresh *= np.linalg.norm(other) / np.linalg.norm(fresh)
            fresh = cosine * other + np.sqrt(1 - cosine**2) * fresh
            flips = self.generator.choice(64, bits, replace=False)
            hashed = self.facts[like].perceptual_hash
            for bit in flips.tolist():
                hashed ^= 1 << bit
        place = file.split("/")[0] if label == "" else label
        self.photos.append(Photo(Path(file), file, label=place, part=part, group=group))
        self.vectors.append(fresh)
        digest = hashlib.sha256((content or file).encode("utf-8", "surrogateescape")).hexdigest()
        self.facts.append(Facts(digest, 9, format, 640, 480, 1, taken, camera, hashed, ()))
        return len(self.photos) - 1

    def embedded(self, left_out: tuple[LeftOut, ...] = ()) -> Embedded:
        vectors = np.array(self.vectors, np.float32).reshape(-1, DIMENSIONS)
        return Embedded(tuple(self.photos), vectors, vectors, tuple(self.facts), left_out)

    def dataset(self, **fields: object) -> ImageDataset:
        labelled = tuple(photo for photo in self.photos if photo.label is not None)
        negatives = tuple(photo for photo in self.photos if photo.label is None)
        classes = tuple(sorted({str(photo.label) for photo in labelled}))
        known = {"name": "photos", "root": Path("photos"), "photos": labelled, "classes": classes}
        return ImageDataset(**(known | {"negatives": negatives} | fields))  # type: ignore[arg-type]

    def audit(self) -> Audit:
        return audit(self.dataset(), self.embedded())


def empty() -> Builder:
    return Builder(np.random.default_rng(0), [], [], [])
