"""Boxes around what a class map is sure of: of those that overlap, the surest.

Greedy non-maximum suppression, for each label by itself (P. Felzenszwalb et al.: Object Detection
with Discriminatively Trained Part-Based Models, PAMI 2010, Sect. 5.2), with the overlap measured as
intersection over union (M. Everingham et al.: The PASCAL Visual Object Classes Challenge, IJCV
2010, Sect. 4.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.dense.geometry import Box
from eyespot.errors import InputError

OVERLAP = 0.3  # intersection over union from which two boxes of a label are one
Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Found:
    """A window that is said to show something, in pixels of the upright photo."""

    label: str
    score: float  # its probability, in [0, 1]
    scale: float  # of the photo at which the window was looked at
    box: Box
    unfamiliar: float | None = None  # share of known photos that look more familiar


def overlaps(box: Floats, others: Floats) -> Floats:
    """(4,) and (N, 4), left, top, right, bottom -> (N,) intersections over unions, in [0, 1]."""
    least, most = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:], others[:, 2:])
    shared = (most - least).clip(min=0).prod(axis=1)
    areas = [(each[..., 2:] - each[..., :2]).prod(axis=-1) for each in (box, others)]
    union = areas[0] + areas[1] - shared
    found: Floats = shared / np.where(union > 0, union, 1)
    return found


def suppressed(found: Iterable[Found], *, overlap: float = OVERLAP) -> tuple[Found, ...]:
    """The surest of all that overlap by more than `overlap`, for each label; the surest first.

    Of equally sure ones the first stays.
    Raises `InputError` for an overlap outside of [0, 1].

    >>> suppressed([Found("bee", 0.9, 1.0, (0, 0, 10, 10)), Found("bee", 0.8, 1.0, (1, 0, 11, 10))])
    (Found(label='bee', score=0.9, scale=1.0, box=(0, 0, 10, 10), unfamiliar=None),)
    """
    if not 0 <= overlap <= 1:
        raise InputError(f"Boxes overlap by a share in [0, 1], not {overlap}: pass 0.3")
    ranked = sorted(found, key=lambda each: -each.score)
    by_label: dict[str, list[Found]] = {}
    for each in ranked:
        by_label.setdefault(each.label, []).append(each)
    kept = [one for some in by_label.values() for one in _apart(some, overlap)]
    return tuple(sorted(kept, key=lambda each: -each.score))


def _apart(ranked: list[Found], overlap: float) -> list[Found]:
    boxes = np.array([each.box for each in ranked], np.float64)
    is_left = np.ones(len(ranked), np.bool_)
    kept = []
    for number, each in enumerate(ranked):
        if is_left[number]:
            kept.append(each)
            is_left &= overlaps(boxes[number], boxes) <= overlap
    return kept
