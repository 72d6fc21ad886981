"""Where is this target in that scene? Its features, at several scales, laid on every place."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, sqrt

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageStat
from torch import Tensor

from eyespot.errors import InputError
from eyespot.finding.features import Features
from eyespot.finding.matching import Whitening, correlation, whitening
from eyespot.finding.places import Looked, Match, best_places, middles
from eyespot.inspection.inside.subject import Subject
from eyespot.weights.catalogue import DEFAULT

SCALES = (0.7, 1.4)  # of the target as it is given: how large it is looked for
STEP = 2 ** (1 / 6)  # from one scale to the next; between them a parabola finds the best
STRIDE = 8  # pixels from one cell to the next: the default stage is the last with no more
WORK = (96, 12)  # pixels, and cells, that the shorter side of a larger target is shrunk to
LEAST = 3  # cells that a target needs on a side
MOST = 16_000_000  # pixels of a scene, as it is searched
BLANK = 2.0  # standard deviation of a blank target's channels, of 255
# For the default stage, between the scores of photos with the target, 0.45 and more, and of those
# without it, 0.29 and less; lower than halfway, for targets that have changed a little:
# python benchmarks/find_target.py --trials 200 --first-seed 1000
THRESHOLD = 0.3
MEASURED = (DEFAULT, "features.3")


@dataclass(frozen=True, eq=False)
class Found:
    """The places that are most like a target, and how like it they are."""

    network: str  # in words
    layer: str
    matches: tuple[Match, ...]  # the best first; as many as were asked for, or as there is room for
    second: Match | None  # the best one elsewhere; None where there is no room for another
    threshold: float | None  # a lower score is no target; None where none was measured
    scores: NDArray[np.float32]  # (rows, columns): the best of a box whose middle is there, or NaN
    size: tuple[int, int]  # width and height of the scene
    is_random: bool
    notes: tuple[str, ...]  # what was not done as it was asked

    @property
    def best(self) -> Match:
        return self.matches[0]

    @property
    def lead(self) -> float | None:
        """How far the best score is above the second-best place's."""
        return None if self.second is None else self.best.score - self.second.score

    @property
    def is_there(self) -> bool | None:
        """Whether the target is in the scene at all; None where no threshold is known."""
        return None if self.threshold is None else self.best.score >= self.threshold


def find(
    subject: Subject,
    target: Image.Image,
    scene: Image.Image,
    *,
    stage: str | None = None,
    scales: tuple[float, float] = SCALES,
    top: int = 1,
    threshold: float | None = None,
) -> Found:
    """Look for `target` in `scene`, both upright pictures, and give the `top` best places.

    `stage` is its number or the name of a layer, as of `Subject.layer`: the last one with cells of
    8 pixels unless given. `scales` are the smallest and the largest size that it is looked for at,
    compared with its own. A lower score than `threshold` means that it is not there; one was
    measured for the default stage of the embedded network alone.
    Raises `InputError` for a target that is blank, larger than the scene or smaller than three
    cells at every scale, for scales that are none, and for a stage that is none.
    """
    _require_scales(scales, top)
    _require_contents(target)
    features = Features(subject, stage_of(subject, stage))
    working, zoom, notes = _working(features, target, scene)
    maps = features(working)
    white = whitening(maps)
    maps = white(maps)
    looked = _looked(features, white, maps, target, scales=scales, zoom=zoom)
    if not looked:
        raise InputError(_no_scale(features, target, scene, scales=scales, zoom=zoom))
    if features.is_global:
        notes.append(
            f"Some of {features.layer} sees the whole photo at once, and answers in another way "
            "in a cut-out: a layer before does not."
        )
    cell = features.step / zoom[0], features.step / zoom[1]
    best = best_places(looked, scene.size, cell, count=max(2, top))
    return Found(
        network=subject.name,
        layer=features.layer,
        matches=best[:top],
        second=best[1] if len(best) > 1 else None,
        threshold=_threshold(subject, features.layer) if threshold is None else threshold,
        scores=middles(looked, (maps.shape[1], maps.shape[2])),
        size=scene.size,
        is_random=subject.is_random,
        notes=tuple(notes),
    )


def stage_of(subject: Subject, stage: str | None) -> str:
    """The layer of a stage: of none, the last stage with cells of 8 pixels or fewer."""
    if stage is not None:
        return subject.layer(stage)
    strides = {each.module: each.stride for each in subject.architecture.stages}
    small = [name for name in subject.stages if strides.get(name, STRIDE) <= STRIDE]
    return small[-1] if small else subject.stages[0]


def _require_scales(scales: tuple[float, float], top: int) -> None:
    low, high = scales
    if not 0.05 <= low <= high <= 20:
        raise InputError(
            f"Scales go from a smaller to a larger one within 0.05 and 20, such as 0.7 to 1.4; not "
            f"from {low:g} to {high:g}"
        )
    if top < 1:
        raise InputError(f"One place or more can be asked for, not {top}: pass top=1")


def _require_contents(target: Image.Image) -> None:
    if max(ImageStat.Stat(target).stddev) < BLANK:
        raise InputError(
            "The target is blank, one colour all over, and has nothing to match: cut out something "
            "that can be told from others"
        )


def _threshold(subject: Subject, layer: str) -> float | None:
    """What was measured for exactly these weights and this layer."""
    is_measured = subject.classifier is not None and subject.name.endswith(f" {MEASURED[0]}")
    return THRESHOLD if is_measured and layer == MEASURED[1] else None


def _working(
    features: Features, target: Image.Image, scene: Image.Image
) -> tuple[Image.Image, tuple[float, float], list[str]]:
    """The scene as it is searched, its width and height as shares of its own, and what to tell.

    A large target is told from others by fewer pixels than it has.
    """
    notes = []
    share = min(1.0, max(WORK[0], WORK[1] * features.step) / min(target.size))
    pixels = scene.width * scene.height
    if share * share * pixels > MOST:
        share = sqrt(MOST / pixels)
        notes.append(
            f"The scene was searched at {share:.2g} of its size, with 16 megapixels: small targets "
            "are lost first. Cut it into pieces to search it whole."
        )
    working = _resized(scene, share * scene.width, share * scene.height)
    return working, (working.width / scene.width, working.height / scene.height), notes


def _resized(picture: Image.Image, width: float, height: float) -> Image.Image:
    size = max(1, round(width)), max(1, round(height))
    if size == picture.size:
        return picture
    return picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def _looked(
    features: Features,
    white: Whitening,
    maps: Tensor,
    target: Image.Image,
    *,
    scales: tuple[float, float],
    zoom: tuple[float, float],
) -> list[Looked]:
    """The scores at every scale at which the target is neither too large nor too small."""
    found = []
    for scale in steps(*scales):
        shrunk = _resized(target, scale * zoom[0] * target.width, scale * zoom[1] * target.height)
        rows, columns = features.cells(*shrunk.size)
        if min(rows, columns) < LEAST or rows > maps.shape[1] or columns > maps.shape[2]:
            continue
        scores = correlation(maps, white(features(shrunk)))
        size = shrunk.height / features.step, shrunk.width / features.step
        found.append(Looked(scale, size, scores))
    return found


def steps(low: float, high: float) -> list[float]:
    """The scales from `low` to `high`, each an eighth larger than the one before, or less.

    >>> [round(scale, 2) for scale in steps(0.7, 1.4)]
    [0.7, 0.79, 0.88, 0.99, 1.11, 1.25, 1.4]
    """
    count = ceil(log(high / low) / log(STEP) - 1e-9)
    return [low * (high / low) ** (i / count) for i in range(count + 1)] if count else [low]


def _no_scale(
    features: Features,
    target: Image.Image,
    scene: Image.Image,
    *,
    scales: tuple[float, float],
    zoom: tuple[float, float],
) -> str:
    """Why no scale is left: too large even at the smallest, or too small at the largest."""
    own, there = (f"{each.width} x {each.height} pixels" for each in (target, scene))
    low, high = scales
    if low * target.width > scene.width or low * target.height > scene.height:
        return (
            f"The target has {own}, and at scale {low:g} it is still larger than the scene, with "
            f"{there}: swap them, or look for it at smaller scales"
        )
    if min(high * zoom[0] * target.width, high * zoom[1] * target.height) < LEAST * features.step:
        return (
            f"The target has {own}, fewer than {LEAST} cells of {features.step} pixels on a side, "
            f"which is all that {features.layer} can tell: give a larger one, or an earlier --stage"
        )
    return (
        f"The target has {own} and the scene {there}, too few for cells of {features.step} pixels "
        f"as {features.layer} has: give larger pictures, or an earlier --stage"
    )
