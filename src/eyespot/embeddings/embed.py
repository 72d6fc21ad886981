"""Photos become embeddings, each computed once: a second run looks only at what is new."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from eyespot import files
from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.embeddings import store
from eyespot.embeddings.embedded import Embedded, Facts
from eyespot.engines.backbone import Backbone
from eyespot.engines.run import Answer, in_threads, run
from eyespot.engines.start import start
from eyespot.errors import ImageError
from eyespot.images.decode import Decoded
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
    """The embeddings of `photos` and of their mirror images, from the cache or computed and kept.

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
        done = len(photos) - len(missing)
        progress(done, len(photos))
        if missing:
            engine = start(backbone, device=device)
            sources = (photos[i].source for i in missing)
            answers = run(engine, backbone.preprocessing, sources, mirrored=True, also=_facts)
            for i, row in zip(missing, _keeping(answers, kept), strict=True):
                rows[i] = row
                done += 1
                progress(done, len(photos))
    return _embedded(photos, rows)


def _keeping(answers: Iterator[Answer[Facts] | ImageError], kept: store.Store) -> Iterator[Row]:
    """Pass the answers on as rows and keep them, a few at a time, also when work is cut short."""
    fresh: list[store.Row] = []
    try:
        for answer in answers:
            if isinstance(answer, ImageError):
                yield answer
                continue
            fresh.append((answer.extra, answer.vectors))
            if len(fresh) == KEPT_TOGETHER:
                kept.add(fresh)
                fresh = []
            yield answer.extra, answer.vectors
    finally:
        kept.add(fresh)


def _content(photo: Photo) -> str | ImageError:
    try:
        return files.sha256(photo.read())
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
    vectors = np.stack([row[1] for _, row in whole]) if whole else np.zeros((0, 2, 0), np.float32)
    return Embedded(
        photos=tuple(photo for photo, _ in whole),
        vectors=vectors[:, 0],
        mirrored=vectors[:, 1],
        facts=tuple(row[0] for _, row in whole),
        left_out=tuple(
            LeftOut(photo.file, str(row)) for photo, row in pairs if isinstance(row, ImageError)
        ),
    )
