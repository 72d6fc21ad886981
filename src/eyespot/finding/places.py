"""The best places of a scene over all scales, finer than a cell and apart from each other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from eyespot.finding.matching import vertex

APART = 0.25  # of the smaller box: those that share more show one place

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels; the last two lie outside


@dataclass(frozen=True)
class Match:
    """A place that is like the target."""

    box: Box  # in pixels of the scene
    score: float  # the cosine between its features and the target's, in [-1, 1]
    scale: float  # how large it is, compared with the target as it was given


@dataclass(frozen=True, eq=False)
class Looked:
    """What a scale gave: how like the target of `size` the windows of the scene are."""

    scale: float
    size: tuple[float, float]  # height and width in cells
    scores: Tensor  # (rows, columns) of the windows' upper left cells


def best_places(
    looked: list[Looked], scene: tuple[int, int], cell: tuple[float, float], *, count: int
) -> tuple[Match, ...]:
    """The best places over all scales, each apart from those before."""
    left = [replace(each, scores=each.scores.clone()) for each in looked]
    found: list[Match] = []
    while len(found) < count:
        peaks = [float(each.scores.max()) for each in left]
        at = int(np.argmax(peaks))
        if not np.isfinite(peaks[at]):
            break
        row, column = divmod(int(left[at].scores.argmax()), left[at].scores.shape[1])
        found.append(_refined(looked, at, (row, column), scene=scene, cell=cell))
        taken = (row, column, row + left[at].size[0], column + left[at].size[1])
        for each in left:
            each.scores[_shares(each, taken) > APART] = -torch.inf
    return tuple(found)


def _shares(looked: Looked, taken: tuple[float, float, float, float]) -> Tensor:
    """How much of the smaller one each window of a scale shares with a box, both in cells."""
    along = []
    for axis in (0, 1):
        starts = torch.arange(looked.scores.shape[axis])
        ends = (starts + looked.size[axis]).clamp(max=taken[axis + 2])
        along.append((ends - starts.clamp(min=taken[axis])).clamp(min=0))
    area = (taken[2] - taken[0]) * (taken[3] - taken[1])
    return along[0][:, None] * along[1] / min(area, looked.size[0] * looked.size[1])


def _refined(
    looked: list[Looked],
    at: int,
    place: tuple[int, int],
    *,
    scene: tuple[int, int],
    cell: tuple[float, float],
) -> Match:
    """The place finer than a cell, and the scale between two, by parabolas through the scores."""
    here, (row, column) = looked[at], place
    score = float(here.scores[row, column])
    y = row + _along(here.scores[:, column], row) + here.size[0] / 2
    x = column + _along(here.scores[row], column) + here.size[1] / 2
    factor = 1.0
    if 0 < at < len(looked) - 1:
        before, after = (_near(looked[each], y, x) for each in (at - 1, at + 1))
        factor = (looked[at + 1].scale / here.scale) ** vertex(before, score, after)
    half = factor * here.size[0] / 2, factor * here.size[1] / 2
    edges = (x - half[1]) * cell[0], (y - half[0]) * cell[1], (x + half[1]) * cell[0]
    box = [round(max(0.0, each)) for each in (*edges, (y + half[0]) * cell[1])]
    right, bottom = (min(each, side) for each, side in zip(box[2:], scene, strict=True))
    return Match((box[0], box[1], right, bottom), score, here.scale * factor)


def _along(line: Tensor, at: int) -> float:
    if not 0 < at < len(line) - 1:
        return 0.0
    return vertex(*(float(line[each]) for each in (at - 1, at, at + 1)))


def _near(looked: Looked, y: float, x: float) -> float:
    """The best score of a scale with its window's middle within a cell of a place."""
    row, column = round(y - looked.size[0] / 2), round(x - looked.size[1] / 2)
    near = looked.scores[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
    return float(near.max()) if near.numel() else -1.0


def middles(looked: list[Looked], size: tuple[int, int]) -> NDArray[np.float32]:
    """(rows, columns): the best score of the windows whose middle is in a cell; NaN for none."""
    best = np.full(size, np.nan, np.float32)
    for each in looked:
        rows, columns = each.scores.shape
        top, left = (size[0] - rows) // 2, (size[1] - columns) // 2
        there = best[top : top + rows, left : left + columns]
        np.fmax(there, each.scores.numpy(), out=there)
    return best
