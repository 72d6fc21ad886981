"""What scikit-learn's tools hand over as X, looked at by a network: paths, or pixels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from eyespot import files
from eyespot.datasets.dataset import Photo
from eyespot.embeddings import embed
from eyespot.embeddings.embedded import of_both_views
from eyespot.engines import Backbone, start
from eyespot.engines.run import in_threads
from eyespot.errors import InputError

Photos = Sequence[str | Path] | NDArray[Any]


class UnfitError(InputError, ValueError):
    """What an estimator cannot work with; also a `ValueError`, as scikit-learn's tools expect."""


@dataclass(frozen=True)
class Seen:
    """Photos as a network answers them, row by row."""

    vectors: NDArray[np.float32]  # (N, D)
    mirrored: NDArray[np.float32]  # (N, D), of the photos turned left to right
    contents: tuple[str, ...]  # SHA-256 of each file's bytes, or of the pixels


def look(photos: Photos, backbone: Backbone, *, flip: bool, device: str) -> Seen:
    """Every photo as `backbone` answers it; with `flip` both views are the mean of the two.

    Raises `UnfitError` where `photos` is something else, or naming one that cannot be read.
    """
    array = np.asarray(photos)
    if array.ndim == 4 and array.dtype == np.uint8 and array.shape[3] == 3 and array.size:
        seen = _look_at_pixels(array, backbone, device)
    elif array.ndim == 1 and all(isinstance(item, str | os.PathLike) for item in array):
        seen = _look_at_files(array, backbone, device)
    else:
        raise UnfitError(
            "Expected paths of photos (a list, or an array or column of one dimension) or uint8 "
            f"pixels (N, H, W, 3), not {_shown(photos, array)}"
        )
    if flip:
        mean = of_both_views(seen.vectors, seen.mirrored)
        return Seen(mean, mean, seen.contents)
    return seen


def _look_at_files(paths: NDArray[Any], backbone: Backbone, device: str) -> Seen:
    """From the cache of embeddings, or computed and kept there."""
    if not len(paths):
        raise UnfitError("Expected 1 photo at least, not an empty list (0 samples)")
    photos = [Photo(Path(path), str(path)) for path in paths]
    embedded = embed(photos, backbone, device=device)
    if embedded.left_out:
        first, *others = embedded.left_out
        more = f" (and {len(others):,} more photos)" if others else ""
        raise UnfitError(
            f"{first.file} cannot be used{more}: {first.reason}. Leave it out of the list, or run "
            "`eyespot audit` on the folder to see all such files."
        )
    contents = tuple(facts.sha256 for facts in embedded.facts)
    return Seen(embedded.vectors, embedded.mirrored, contents)


def _look_at_pixels(pictures: NDArray[np.uint8], backbone: Backbone, device: str) -> Seen:
    """Pixels have no file, so nothing is kept for the next time."""
    engine = start(backbone, device=device)

    def answer(picture: NDArray[np.uint8]) -> tuple[str, NDArray[np.float32]]:
        content = files.sha256(repr(picture.shape).encode() + picture.tobytes())
        pixels = backbone.preprocessing(Image.fromarray(picture))
        views = (pixels, np.ascontiguousarray(pixels[:, ::-1]))
        return content, np.concatenate([engine(view[None]) for view in views])

    contents, answers = zip(*in_threads(answer, pictures), strict=True)
    vectors = np.stack(answers)
    return Seen(vectors[:, 0], vectors[:, 1], contents)


def _shown(photos: object, array: NDArray[Any]) -> str:
    if isinstance(photos, str | os.PathLike):
        return "one path: put it into a list"
    return f"a {type(photos).__name__} of shape {array.shape} and type {array.dtype}"
