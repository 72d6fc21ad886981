"""Photos with labels, as a value: files, classes, parts, and what belongs together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from PIL.Image import Image

from eyespot import files
from eyespot.images.decode import decode
from eyespot.images.source import file_bytes

Part = Literal["train", "validation", "test"]


@dataclass(frozen=True)
class Photo:
    """One picture of a data set. `file` is its name as the user knows it: relative, with slashes.

    A picture inside a larger file (an archive of digits) brings its `content`: a small PPM file.
    """

    path: Path  # of the file that holds it
    file: str
    label: str | None = None
    part: Part | None = None  # None: the user gave no split
    group: str | None = None  # photos of one group are never separated by a split
    content: bytes | None = field(default=None, repr=False)  # None: what `path` holds
    is_added: bool = False  # sorted by a classifier or by hand: it teaches, and is not measured

    @property
    def source(self) -> Path | bytes:
        """What is decoded."""
        return self.path if self.content is None else self.content

    def read(self) -> bytes:
        """The picture as a file's bytes. Raises `ImageError` where they cannot be had."""
        return file_bytes(self.path) if self.content is None else self.content

    def sha256(self) -> str:
        """Of what `read` gives, and raises as it does; a content at hand is digested once."""
        return files.sha256(self.read()) if self.content is None else self._content_sha256

    @cached_property
    def _content_sha256(self) -> str:
        return files.sha256(self.read())


@dataclass(frozen=True)
class LeftOut:
    """A file that was found but not used, and why, in words."""

    file: str
    reason: str


@dataclass(frozen=True)
class ImageDataset:
    """Labelled photos. Classes are sorted names; a label's index is its place in `classes`."""

    name: str
    root: Path
    photos: tuple[Photo, ...]
    classes: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()
    negatives: tuple[Photo, ...] = ()  # reserved folders: examples of "none of these", no class
    notes: tuple[str, ...] = ()  # what was guessed or repaired while reading, one sentence each
    is_published: bool = False  # a data set of others: nobody here can photograph more of it

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int) -> tuple[Image, int]:
        """The upright RGB picture and its label's index. Raises `ImageError` where unreadable."""
        photo = self.photos[index]
        if photo.label is None:
            raise LookupError(f"{photo.file} has no label")
        return decode(photo.source).picture, self.classes.index(photo.label)

    @property
    def found(self) -> int:
        """How many files there are, usable or not."""
        return len(self) + len(self.left_out) + len(self.negatives)

    @property
    def groups(self) -> tuple[str | None, ...]:
        return tuple(photo.group for photo in self.photos)

    @property
    def held_out_part(self) -> Part | None:
        """What is reported on: the test part if there is one, else the validation part."""
        parts = {photo.part for photo in self.photos}
        wanted: tuple[Part, ...] = ("test", "validation")
        return next((part for part in wanted if part in parts), None)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over names, labels, parts and groups: equal for equal lists of photos.

        Pictures inside a larger file count with their content, too: it is at hand.
        """
        digest = hashlib.sha256()
        for photo in self.photos:
            row = (photo.file, photo.label, photo.part, photo.group)
            digest.update(repr(row).encode("utf-8", "surrogateescape"))
            if photo.content is not None:
                digest.update(bytes.fromhex(photo.sha256()))
        return digest.hexdigest()

    def only(
        self, photos: tuple[Photo, ...], *, left_out: tuple[LeftOut, ...] = ()
    ) -> ImageDataset:
        """The same data set with `photos` alone, and further files `left_out`. Classes stay."""
        return replace(self, photos=photos, left_out=self.left_out + left_out)
