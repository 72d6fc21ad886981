"""The user's examples of none of these: each picture once, and none that is one of a class."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from eyespot.audit import audit
from eyespot.classifier.heads import Labels
from eyespot.datasets.dataset import ImageDataset, LeftOut
from eyespot.datasets.names import counted
from eyespot.embeddings import Embedded, embed
from eyespot.engines import Backbone
from eyespot.trust.novelty import Strangers

NEGATIVE = "none_of_these"
FEWEST_NEGATIVES = 2  # fewer are an accident, not an example


@dataclass(frozen=True)
class Negatives:
    """The user's examples of none of these, each picture once; None: too few to learn from."""

    strangers: Strangers | None = None
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[str, ...] = ()


def negatives_of(
    dataset: ImageDataset,
    backbone: Backbone,
    contents: Collection[str],
    *,
    flip: bool,
    device: str,
) -> Negatives:
    """The readable examples of none of these, in groups, without any picture of a class.

    `contents` are the SHA-256 of the photos of classes. One example teaches nothing: it is left out
    and told.
    """
    if not dataset.negatives:
        return Negatives()
    embedded = embed(dataset.negatives, backbone, device=device)
    rows, copies = _once(embedded, set(contents))
    left_out = (*embedded.left_out, *copies)
    if len(rows) < FEWEST_NEGATIVES:
        why = f"an example of none of these, of {FEWEST_NEGATIVES} or more that are needed"
        alone = tuple(LeftOut(embedded.photos[i].file, why) for i in rows)
        sentence = (
            f"{NEGATIVE}/ has {counted(len(rows), 'photo')} that can be used, and 2 or more are "
            "needed: nothing was learned from it. Put some more there, of what turns up in use."
        )
        return Negatives(None, (*left_out, *alone), (sentence,))
    vectors = embedded.averaged(flip=flip).vectors[rows]
    groups = _groups(dataset, embedded)[rows]
    sentence = (
        f"{counted(len(rows), 'photo')} of none of these taught what to refuse besides: pictures "
        "like them."
    )
    return Negatives(Strangers(vectors, [NEGATIVE] * len(rows), groups), left_out, (sentence,))


def _once(embedded: Embedded, known: set[str]) -> tuple[list[int], tuple[LeftOut, ...]]:
    """The rows of pictures that were not there before, and why the others are left out."""
    first: dict[str, str] = {}
    rows, left_out = [], []
    for i, (photo, facts) in enumerate(zip(embedded.photos, embedded.facts, strict=True)):
        if facts.sha256 in known:
            why = "none of these, and the same picture as a photo of a class: decide which"
            left_out.append(LeftOut(photo.file, why))
        elif facts.sha256 in first:
            left_out.append(LeftOut(photo.file, f"the same picture as {first[facts.sha256]}"))
        else:
            first[facts.sha256] = photo.file
            rows.append(i)
    return rows, tuple(left_out)


def _groups(dataset: ImageDataset, embedded: Embedded) -> Labels:
    """(M',) which examples belong together, as the audit finds it."""
    photos = tuple(replace(photo, label=NEGATIVE) for photo in embedded.photos)
    alone = replace(dataset, photos=photos, classes=(NEGATIVE,), negatives=(), left_out=())
    return np.array(audit(alone, replace(embedded, photos=photos, left_out=())).groups)
