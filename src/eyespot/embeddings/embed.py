"""Photos become embeddings, each computed once: a second run looks only at what is new."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from eyespot import files
from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.embeddings import store
from eyespot.embeddings.embedded import Embedded, Facts
from eyespot.engines.backbone import Backbone
from eyespot.engines.run import in_threads, run
from eyespot.engines.start import start
from eyespot.errors import ImageError
from eyespot.images.decode import Decoded, read_bytes
from eyespot.images.fingerprint import perceptual_hash

KEPT_TOGETHER = 64  # photos per transaction: the most that a kill -9 can cost

Progress = Callable[[int, int], None]  # photos done, photos in all
Row = store.Row | ImageError


def embed(
    photos: Sequence[Photo],
    backbone: Backbone,
    *,
    device: str = "auto",
    progress: Progress = lambda done, total: None,
) -> Embedded:
    """The embeddings of `photos`, from the cache or computed now and kept.

    A photo that cannot be read is in `left_out` with its reason; the others keep their order.
    """
    contents = list(in_threads(_content, photos))
    with store.opened(f"{backbone.key} {device}") as kept:
        known = kept.find(content for content in contents if isinstance(content, str))
        rows: list[Row | None] = [
            content if isinstance(content, ImageError) else known.get(content)
            for content in contents
        ]
        missing = [i for i, row in enumerate(rows) if row is None]
        progress(len(photos) - len(missing), len(photos))
        if missing:
            _compute(photos, rows, missing, backbone, device, kept, progress)
    return _embedded(photos, rows)


def _compute(
    photos: Sequence[Photo],
    rows: list[Row | None],
    missing: list[int],
    backbone: Backbone,
    device: str,
    kept: store.Store,
    progress: Progress,
) -> None:
    """Fill the `missing` places of `rows`, keeping what is done every few photos."""
    engine = start(backbone, device=device)
    answers = run(
        engine, backbone.preprocessing, (photos[i].path for i in missing), also=_facts
    )  # fmt: skip
    fresh: list[store.Row] = []
    for done, (i, answer) in enumerate(zip(missing, answers, strict=True), start=1):
        if isinstance(answer, ImageError):
            rows[i] = answer
        else:
            row = (answer.extra, answer.vector)
            rows[i] = row
            fresh.append(row)
        if len(fresh) == KEPT_TOGETHER:
            kept.add(fresh)
            fresh = []
        progress(len(photos) - len(missing) + done, len(photos))
    kept.add(fresh)


def _content(photo: Photo) -> str | ImageError:
    try:
        return files.sha256(read_bytes(photo.path))
    except ImageError as error:
        return error


def _facts(content: bytes, decoded: Decoded) -> Facts:
    return Facts(
        sha256=files.sha256(content),
        bytes=len(content),
        format=decoded.format,
        width=decoded.width,
        height=decoded.height,
        frames=decoded.frames,
        taken=decoded.taken,
        camera=decoded.camera,
        perceptual_hash=perceptual_hash(decoded.picture),
        notes=decoded.notes,
    )


def _embedded(photos: Sequence[Photo], rows: Sequence[Row | None]) -> Embedded:
    pairs = list(zip(photos, rows, strict=True))
    whole = [(photo, row) for photo, row in pairs if isinstance(row, tuple)]
    vectors = [vector for _, (_, vector) in whole]
    return Embedded(
        photos=tuple(photo for photo, _ in whole),
        vectors=np.stack(vectors) if vectors else np.zeros((0, 0), np.float32),
        facts=tuple(facts for _, (facts, _) in whole),
        left_out=tuple(
            LeftOut(photo.file, str(row)) for photo, row in pairs if isinstance(row, ImageError)
        ),
    )
