"""Photos copied into a folder for each answer: nothing is moved, and no other file overwritten.

Besides the classes there are `none_of_these/` for what the classifier refuses and `unsure/` for
what a person should decide. A photo that lies anywhere in the folder already stays where it is, so
that the same command goes on where it was stopped, and undoes nobody's corrections.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from eyespot import files
from eyespot.classifier.classifier import Prediction
from eyespot.datasets.added import UNSURE
from eyespot.datasets.contents import has_picture_suffix
from eyespot.datasets.dataset import Photo
from eyespot.datasets.names import is_leftover, is_negative, label_from, plain, shown, some
from eyespot.datasets.walk import scan
from eyespot.errors import InputError

REFUSED = "none_of_these"
SURE = 0.8  # a probability below it is for a person to decide on
LONGEST = 255  # bytes of a folder's name, on common systems
DRIVE = re.compile("[A-Za-z]:")  # on Windows, the start of another place
DIGITS = 8  # of the hash in the name of a second photo with the same name


def sorted_as(prediction: Prediction, *, sure: float = SURE) -> str:
    """The name of the folder that the photo belongs in."""
    if prediction.is_none_of_these:
        return REFUSED
    is_torn = prediction.label_set is not None and len(prediction.label_set) > 1
    return UNSURE if is_torn or prediction.probability < sure else prediction.label


class Sorter:
    """Copies photos into folders below `folder`, each picture once."""

    def __init__(self, folder: Path, classes: Iterable[str], *, sure: float = SURE) -> None:
        """Raises `InputError` where a class cannot be a folder, or `folder` cannot be read."""
        _require_names(sorted(classes))
        self._folder, self._sure = folder, sure
        self._by_size: dict[int, list[Path]] = defaultdict(list)
        self._where: dict[str, Path] = {}
        self.copied = self.known = 0
        if folder.exists():
            found = scan(folder)
            for place in found.files:
                self._remember(found.path(place))

    def copy(self, photo: Photo, prediction: Prediction) -> Path:
        """Where the photo lies now: a new copy, or the place where its picture was already.

        Raises `ImageError` where the photo can no longer be read, `EyespotError` for a full disk.
        """
        content = photo.read()
        digest = files.sha256(content)
        for path in self._by_size.pop(len(content), []):  # hashed when one of their size comes
            self._where.setdefault(files.sha256(path), path)
        if digest in self._where:
            self.known += 1
            return self._where[digest]
        target = self._folder / sorted_as(prediction, sure=self._sure) / _name(photo)
        if target.exists() or target.is_symlink():
            target = target.with_name(f"{target.stem}-{digest[:DIGITS]}{target.suffix}")
        if target.exists() or target.is_symlink():
            target = target.with_name(f"{target.stem}-{digest}{target.suffix}")
        files.write_atomic(target, content)
        self._where[digest] = target
        self.copied += 1
        return target

    def _remember(self, path: Path) -> None:
        self._by_size[path.stat().st_size].append(path)


def require_apart(folder: Path, sources: Iterable[Path]) -> None:
    """Raise `InputError` where copies would lie among the photos that are asked about."""
    for source in sources:
        root = source.resolve()
        if root.is_dir() and folder.resolve().is_relative_to(root):
            raise InputError(
                f"{shown(str(folder))} lies inside {shown(str(source))}, and the next run would "
                "take the copies for new photos: choose another folder for --sort-into"
            )


def _require_names(classes: list[str]) -> None:
    """Every class can be the name of a folder: a bundle from elsewhere writes nowhere else."""
    taken = [name for name in classes if plain(name) == UNSURE or is_negative(name)]
    if taken:
        raise InputError(
            f"The class {shown(taken[0])!r} has the name of a folder that --sort-into writes for "
            "another purpose: rename the class and train again, or use --csv"
        )
    bad = [name for name in classes if not _is_name(name)]
    if bad:
        raise InputError(
            f"--sort-into makes a folder of each class, and {some(bad)} cannot be the name of one: "
            "rename the class and train again, or use --csv"
        )


def _is_name(label: str) -> bool:
    """Whether a folder of this name lies below any other, and is read as this label."""
    is_inside = label != "" and not set(label) & set("/\\\0") and not DRIVE.match(label)
    is_short = len(label.encode("utf-8", "surrogateescape")) <= LONGEST
    return is_inside and is_short and not is_leftover(label) and label_from(label) == label


def _name(photo: Photo) -> str:
    """The file's own name; a hidden one is shown, a picture inside a larger file gets a suffix."""
    name = photo.file.replace("\\", "/").rpartition("/")[2].lstrip(".") or "photo"
    if photo.content is not None and not has_picture_suffix(name):
        return f"{name}.ppm"
    return name
