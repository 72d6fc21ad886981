"""Where a bundle goes: outside the photos, held by one process, and filled once for one request.

The same request again finds its bundle and changes nothing; another request is told to choose.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eyespot import files
from eyespot.classifier import bundle
from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.datasets.names import shown
from eyespot.engines.run import in_threads_if_files
from eyespot.errors import EyespotError, ImageError, InputError
from eyespot.values import to_json

RESULT = "result.json"  # what `train --json` printed, and of which photos and options
TABLE = "predictions.csv"


@dataclass(frozen=True)
class Result:
    """What `eyespot train` says in the end, now or when it was asked first."""

    answer: dict[str, Any]
    summary: tuple[str, ...]
    is_new: bool


def bundle_for(source: Path) -> Path:
    """Where the bundle of a folder goes: `NAME-model` in the working directory.

    Beside the folder, where the working directory lies in it: nothing is written among photos.
    """
    whole = source.resolve()
    stem = whole.name if whole.is_dir() else whole.stem.removesuffix(".tar")
    name = f"{stem or 'photos'}-model"
    is_inside = whole.is_dir() and Path.cwd().is_relative_to(whole)
    return whole.with_name(name) if is_inside and whole.name else Path(name)


def require_outside(path: Path, source: Path) -> None:
    """Raise `InputError` where the bundle would lie among the photos."""
    root = source.resolve()
    if root.is_dir() and path.resolve().is_relative_to(root):
        raise InputError(
            f"{shown(str(path))} lies inside {shown(str(source))}, and nothing is written among "
            "photos: choose another --out"
        )


def require_bundle(path: Path) -> None:
    """Raise `InputError` where something else than a bundle stands at `path`."""
    if path.exists() and not (path / bundle.VALUES).is_file():
        raise InputError(
            f"{shown(str(path))} exists and is no bundle of eyespot: choose another --out"
        )


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold the place `path` against other processes of this user, and clear what killed ones left.

    Raises `InputError` where another one is at work on it.
    """
    name = files.cache_folder("locks") / files.sha256(os.fsencode(path.absolute()))
    with ExitStack() as stack:
        try:
            stack.enter_context(files.lock(name, wait_s=0))
        except EyespotError as error:
            if error.__cause__ is not None:  # the lock itself cannot be written
                raise
            raise InputError(
                f"Another eyespot is writing {shown(str(path))}: wait for it, or choose another "
                "--out"
            ) from error
        files.sweep(path, older_than=0.0)
        yield


def finished(path: Path, request: str) -> Result:
    """What was said when the bundle at `path` was made of the same request.

    Raises `InputError` where it was made of another, `IntegrityError` where it is damaged.
    """
    bundle.verify(path)
    kept = json.loads((path / RESULT).read_text("utf-8")) if (path / RESULT).is_file() else {}
    if kept.get("request") != request:
        raise InputError(
            f"{shown(str(path))} was trained from other photos or with other options: "
            "pass --overwrite to replace it, or another --out"
        )
    return Result(kept["answer"], tuple(kept["summary"]), is_new=False)


def result_page(request: str, answer: dict[str, Any], summary: tuple[str, ...]) -> str:
    """The contents of `result.json`, which `finished` reads."""
    return (
        json.dumps(to_json({"request": request, "answer": answer, "summary": summary}), indent=1)
        + "\n"
    )


def request_digest(options: list[Any], dataset: ImageDataset) -> str:
    """SHA-256 over the options, and the names, labels and contents of all photos."""
    photos = [*dataset.photos, *dataset.negatives]
    contents = list(in_threads_if_files(_content, photos, of=photos))
    text = json.dumps([options, dataset.fingerprint, to_json(dataset.left_out), contents])
    return hashlib.sha256(text.encode()).hexdigest()


def _content(photo: Photo) -> str:
    try:
        return photo.sha256()
    except ImageError as error:
        return str(error)
