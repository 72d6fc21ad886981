"""What to do with these photos: the lecture's two-by-two table, with both of its sides measured.

Li, Johnson, Yeung: CS231n, lecture on transfer learning: how much data there is, and how like
ImageNet's it is, says how much of a pretrained network to train. How like: a linear head from late
stages against one from early ones (Yosinski et al., NIPS 2014, arXiv:1411.1792). How much: what the
last doubling of the photos brought (Cortes et al.: Learning curves, NIPS 1993).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.calibration import calibrated
from eyespot.classifier.heads import Labels, Vectors
from eyespot.datasets.splits import Folds, grouped_folds
from eyespot.engines import EMBEDDING
from eyespot.engines.run import in_threads
from eyespot.errors import InputError
from eyespot.evaluation.intervals import Interval, numbered, share_interval
from eyespot.evaluation.paired import difference_interval
from eyespot.transfer.candidates import SOFTMAX, Examples, one_thread_per_product, out_of_fold
from eyespot.transfer.contenders import paired
from eyespot.transfer.linear import fit_path
from eyespot.transfer.stages import Parts

DECAYS = (0.01, 0.003, 0.001)  # the best of these heads stands for a stage, or for a share
EARLY = 2 / 3  # of the parts are early ones
DRAWS = {8: 3, 4: 2, 2: 2, 1: 1}  # 1 / share of the photos -> how often such a share is drawn
FLAT = 0.02  # a last doubling that brought less than this, for sure, was one too many
CLEAR = 1.96  # standard errors

Amount = Literal["little", "a lot"]
Likeness = Literal["similar", "different"]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class StageFigure:
    """A linear head on one stage, out of fold; shares are in [0, 1]."""

    stage: str
    width: int
    is_early: bool
    top1: float
    top1_interval: Interval
    log_loss: float  # nats, calibrated


@dataclass(frozen=True)
class CurvePoint:
    """A linear head on the embedding that learned from a share of the photos."""

    share: float
    photos: int  # learned from, in the mean over folds and draws
    draws: int
    top1: float
    top1_interval: Interval
    log_loss: float


@dataclass(frozen=True)
class Advice:
    """Where photos stand in the table, and the figures that put them there."""

    n: int  # photos that were learned from and answered in turn
    groups: int
    classes: tuple[str, ...]
    stages: tuple[StageFigure, ...]  # from early to late
    early: str  # the best of the early stages, by log loss
    late: str
    likeness: Likeness
    is_likeness_clear: bool
    late_gain: float  # top-1 of the late one minus the early one's, on the same photos
    late_gain_interval: Interval
    curve: tuple[CurvePoint, ...]  # from few photos to all
    amount: Amount
    doubling_gain: float | None  # top-1 with all photos minus with half of them; None: not known
    doubling_gain_interval: Interval | None

    @property
    def whole(self) -> CurvePoint:
        """The head on the embedding that learned from all photos."""
        return self.curve[-1]

    @property
    def unfreeze(self) -> int:
        """Stages to train: what lies behind the best early one, where the late ones know less."""
        if self.likeness == "similar":
            return 2
        names = [each.stage for each in self.stages]
        return max(3, len(names) - 1 - names.index(self.early))


@one_thread_per_product()
def measure(
    parts: Parts,
    examples: Examples,
    *,
    classes: Sequence[str],
    groups: Sequence[int],
    names: Sequence[str],
    seed: int,
) -> Advice:
    """Both sides of the table. `examples.vectors` (N, sum of widths) are all parts, joined.

    `groups` (N,) are of photos that belong together, `names` (N,) tell photos apart.
    """
    together = numbered(groups, len(groups))
    answers = [_stage(parts.of(examples.vectors, [name]), examples) for name in parts.names]
    bound = max(1, round(EARLY * len(parts.names))) if len(parts.names) > 1 else 0
    stages = tuple(
        StageFigure(
            stage=name,
            width=width,
            is_early=i < bound,
            top1=float(answers[i][0].mean()),
            top1_interval=share_interval(answers[i][0], together, seed=seed)[0],
            log_loss=float(answers[i][1].mean()),
        )
        for i, (name, width) in enumerate(zip(parts.names, parts.widths, strict=True))
    )
    early = _best(stages, range(bound or 1))
    late = _best(stages, range(bound, len(stages)))
    better, error = paired(answers[early][1] - answers[late][1], together.tolist())
    change = answers[late][0].astype(np.int64) - answers[early][0].astype(np.int64)
    curve, gain, interval = _curve(
        parts.of(examples.vectors, [EMBEDDING]), examples, classes, together, names, seed
    )
    return Advice(
        n=len(together),
        groups=int(together.max()) + 1,
        classes=tuple(classes),
        stages=stages,
        early=stages[early].stage,
        late=stages[late].stage,
        likeness="similar" if better > 0 else "different",
        is_likeness_clear=abs(better) > CLEAR * error,
        late_gain=float(change.mean()),
        late_gain_interval=difference_interval(change, together, seed=seed)[0],
        curve=curve,
        amount="a lot" if interval is not None and interval[1] < FLAT else "little",
        doubling_gain=gain,
        doubling_gain_interval=interval,
    )


def _best(stages: Sequence[StageFigure], among: Iterable[int]) -> int:
    return min(among, key=lambda i: stages[i].log_loss)


def _stage(vectors: Vectors, examples: Examples) -> tuple[Bools, NDArray[np.float64]]:
    """Whether each photo was named correctly out of fold (N,), and its log loss (N,)."""
    seen = Examples(vectors, None, examples.labels, examples.folds, examples.num_classes)
    _, logits = out_of_fold(seen, SOFTMAX, DECAYS, False, None)
    return _of_the_best(logits, examples.labels)


def _of_the_best(logits: Vectors, labels: Labels) -> tuple[Bools, NDArray[np.float64]]:
    """Of the answers (strengths, N, K) those with the least log loss: right or not, and losses."""
    losses = [calibrated(each, labels)[1] for each in logits]
    best = int(np.argmin([each.mean() for each in losses]))
    return logits[best].argmax(axis=1) == labels, losses[best]


@dataclass(frozen=True)
class _Lesson:
    """Some of the photos outside a fold, to learn from, for an answer to the fold."""

    fold: int
    parts: int  # into which all photos to learn from were dealt; 1 of them is taken
    draw: int
    learned: NDArray[np.intp]  # rows


def _curve(
    vectors: Vectors,
    examples: Examples,
    classes: Sequence[str],
    groups: NDArray[np.int64],
    names: Sequence[str],
    seed: int,
) -> tuple[tuple[CurvePoint, ...], float | None, Interval | None]:
    """Points from few photos to all, and what the last doubling brought, with its interval."""
    lessons = list(_lessons(examples, classes, groups, names, seed))

    def answer(lesson: _Lesson) -> tuple[_Lesson, Vectors]:
        rows = lesson.learned
        heads = fit_path(
            vectors[rows],
            examples.labels[rows],
            num_classes=examples.num_classes,
            loss=SOFTMAX,
            strengths=DECAYS,
        )
        asked = vectors[examples.folds == lesson.fold]
        return lesson, np.stack([head.scores(asked) for head in heads])

    shape = (len(DECAYS), len(vectors), examples.num_classes)
    found: dict[tuple[int, int], Vectors] = {}
    for lesson, scores in in_threads(answer, lessons):
        logits = found.setdefault((lesson.parts, lesson.draw), np.zeros(shape, np.float32))
        logits[:, examples.folds == lesson.fold] = scores
    points, right = [], {}
    for divisor in sorted({parts for parts, _ in found}, reverse=True):
        drawn = [_of_the_best(found[key], examples.labels) for key in found if key[0] == divisor]
        right[divisor] = [each for each, _ in drawn]
        learned = [len(each.learned) for each in lessons if each.parts == divisor]
        hits = np.concatenate(right[divisor])
        points.append(
            CurvePoint(
                share=1 / divisor,
                photos=round(float(np.mean(learned))),
                draws=len(drawn),
                top1=float(hits.mean()),
                top1_interval=share_interval(hits, np.tile(groups, len(drawn)), seed=seed)[0],
                log_loss=float(np.mean([losses.mean() for _, losses in drawn])),
            )
        )
    if 2 not in right:
        return tuple(points), None, None
    change = np.concatenate([right[1][0].astype(np.int64) - half for half in right[2]])
    interval, _ = difference_interval(change, np.tile(groups, len(right[2])), seed=seed)
    return tuple(points), float(change.mean()), interval


def _lessons(
    examples: Examples,
    classes: Sequence[str],
    groups: NDArray[np.int64],
    names: Sequence[str],
    seed: int,
) -> Iterable[_Lesson]:
    """For every fold, share and draw the photos to learn from; no group is divided.

    A share is the same number of dealt parts in every draw, each time others.
    """
    for fold in np.unique(examples.folds).tolist():
        outside = np.flatnonzero(examples.folds != fold)
        yield _Lesson(fold, 1, 0, outside)
        dealt = _dealt(outside, examples, classes, groups, names, seed)
        if dealt is None:
            continue
        for divisor, draws in DRAWS.items():
            if divisor == 1 or dealt.count % divisor:
                continue
            size = dealt.count // divisor
            for draw in range(draws):
                taken = [(draw * size + i) % dealt.count for i in range(size)]
                yield _Lesson(fold, divisor, draw, outside[np.isin(dealt.number, taken)])


def _dealt(
    rows: NDArray[np.intp],
    examples: Examples,
    classes: Sequence[str],
    groups: NDArray[np.int64],
    names: Sequence[str],
    seed: int,
) -> Folds | None:
    """The photos to learn from in 8, 4 or 2 parts, as many as their groups allow."""
    labels = [classes[examples.labels[row]] for row in rows]
    own, named = [int(groups[row]) for row in rows], [names[row] for row in rows]
    for count in (8, 4, 2):
        try:
            dealt = grouped_folds(labels, own, folds=count, seed=seed, names=named)
        except InputError:
            return None
        if dealt.count == count:
            return dealt
    return None
