"""Which head, and how strong: asked of the training photos alone, by grouped cross-validation.

The kind whose calibrated probabilities are best is taken, as strongly regularised as the evidence
allows: the strongest within one standard error of the best (Breiman et al.: Classification and
Regression Trees, 1984, Sect. 3.4.3). Few photos so get a cautious head, many a precise one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from eyespot.classifier.calibration import calibrated
from eyespot.classifier.heads import (
    Head,
    Labels,
    NeighbourHead,
    Vectors,
    probabilities,
    vote,
)
from eyespot.embeddings.neighbours import unit
from eyespot.engines.run import in_threads
from eyespot.transfer.contenders import paired
from eyespot.transfer.imbalance import Weighing, is_uneven, photo_weights, weigh
from eyespot.transfer.linear import Loss, fit_path

SOFTMAX: Loss = "linear softmax"
SVM: Loss = "linear SVM"
NEIGHBOURS = "nearest neighbours"
STRENGTHS = {  # of each kind of head, the most cautious first
    SOFTMAX: (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003),
    SVM: (0.1, 0.03, 0.01, 0.003),
    NEIGHBOURS: (20.0, 10.0, 5.0),
}
MIRROR_DECAY = 0.003  # of the softmax head that is asked whether mirror images help
QUERIES_AT_ONCE = 1024  # bounds the table of similarities


@contextmanager
def one_thread_per_product() -> Iterator[None]:
    """Many small products: a second thread inside each costs more than it brings.

    The folds run side by side instead, and the result does not depend on the cores.
    """
    import scipy.optimize  # noqa: F401  (its BLAS is a library of its own, limited once loaded)

    with threadpool_limits(limits=1, user_api="blas"):
        yield


@dataclass(frozen=True)
class Examples:
    """What heads learn from: embeddings of photos and of their mirror images, labels and folds."""

    vectors: Vectors  # (N, D)
    mirrored: Vectors | None  # (N, D); None: the photos' mirror images are not known
    labels: Labels  # (N,)
    folds: Labels  # (N,), no group in two of them
    num_classes: int

    def where(self, rows: NDArray[np.bool_]) -> Examples:
        """The examples of some rows."""
        mirrored = None if self.mirrored is None else self.mirrored[rows]
        parts = (self.vectors[rows], mirrored, self.labels[rows], self.folds[rows])
        return Examples(*parts, self.num_classes)


@dataclass(frozen=True)
class Candidate:
    """A head before it is fitted, and how it did on photos that it had not learnt from."""

    kind: str
    strength: float
    with_mirrored: bool  # learns from mirror images too
    top1: float  # in [0, 1]
    log_loss: float  # nats, after calibration
    log_loss_error: float  # standard error of that mean
    temperature: float
    weighing: Weighing | None = None  # of uneven classes; None: it was not asked

    @property
    def is_weighted(self) -> bool:
        """Whether every class counts alike while it learns."""
        return self.weighing is not None and self.weighing.is_used

    def __str__(self) -> str:
        views = "photos and their mirror images" if self.with_mirrored else "photos"
        if self.is_weighted:
            views += ", each class counting alike"
        if self.kind == NEIGHBOURS:
            return f"{self.strength:.0f} {self.kind} among {views}"
        return f"{self.kind}, weight decay {self.strength:g}, on {views}"


@one_thread_per_product()
def choose(
    examples: Examples,
    *,
    held_out: int | None = None,
    strengths: Mapping[str, Sequence[float]] = STRENGTHS,
    groups: NDArray[np.int64] | None = None,
) -> tuple[Candidate, ...]:
    """Try all candidates on every fold, or on the fold `held_out` alone; the chosen is first.

    The standard error is that of the best one's log loss; with `groups` (N,) it is that of the
    differences from the best one, which is smaller, group by group: less caution, more precision.
    """
    with_mirrored = _mirror_images_help(examples, held_out)
    candidates, answers = [], []
    for kind, path in strengths.items():
        rows, found = out_of_fold(examples, kind, path, with_mirrored, held_out)
        labels = examples.labels[rows]
        for strength, logits in zip(path, found, strict=True):
            candidates.append(_judged(kind, strength, with_mirrored, logits, labels))
            answers.append(logits)
    place = min(range(len(candidates)), key=lambda i: candidates[i].log_loss)
    best = candidates[place]

    def is_enough(i: int) -> bool:
        if groups is None:
            return candidates[i].log_loss <= best.log_loss + best.log_loss_error
        worse = calibrated(answers[i], labels)[1] - calibrated(answers[place], labels)[1]
        mean, error = paired(worse, groups[rows].tolist())
        return mean <= error

    same_kind = (i for i, candidate in enumerate(candidates) if candidate.kind == best.kind)
    chosen = candidates[next(i for i in same_kind if is_enough(i))]
    others = (candidate for candidate in candidates if candidate is not chosen)
    return (_weighed(examples, chosen, held_out), *others)


def _weighed(examples: Examples, chosen: Candidate, held_out: int | None) -> Candidate:
    """The same candidate; where classes are uneven, with weights for them if that is better."""
    if chosen.kind == NEIGHBOURS or not is_uneven(examples.labels):
        return chosen
    how = (chosen.kind, (chosen.strength,), chosen.with_mirrored)
    rows, (before,) = out_of_fold(examples, *how, held_out)
    _, (after,) = out_of_fold(examples, *how, held_out, is_weighted=True)
    labels = examples.labels[rows]
    found = weigh(after.argmax(axis=1), before.argmax(axis=1), labels)
    if found.is_used:
        chosen = _judged(chosen.kind, chosen.strength, chosen.with_mirrored, after, labels)
    return replace(chosen, weighing=found)


@one_thread_per_product()
def fit(examples: Examples, candidate: Candidate) -> Head:
    """Fit `candidate` on all `examples`, with the temperature that was found for it."""
    strengths = (candidate.strength,)
    (head,) = _fit(
        examples, candidate.kind, strengths, candidate.with_mirrored, candidate.is_weighted
    )
    return replace(head, temperature=candidate.temperature)


def cross_validate(examples: Examples, chosen_on: Callable[[Examples], Candidate]) -> Vectors:
    """(N, K) probabilities: each fold is answered by a head chosen and fitted without it."""
    return cross_validated(examples, chosen_on)[0]


@one_thread_per_product()
def cross_validated(
    examples: Examples, chosen_on: Callable[[Examples], Candidate]
) -> tuple[Vectors, Vectors]:
    """(N, K) probabilities as `cross_validate` has them, and what they were at temperature 1."""

    def answer(fold: int) -> tuple[NDArray[np.bool_], Vectors, Vectors]:
        outside = examples.folds == fold
        training = examples.where(~outside)
        head = fit(training, chosen_on(training))
        vectors = examples.vectors[outside]
        before = probabilities(replace(head, temperature=1.0), vectors)
        return outside, probabilities(head, vectors), before

    answers = np.zeros((len(examples.labels), examples.num_classes), np.float32)
    as_before = np.zeros_like(answers)
    for outside, found, before in in_threads(answer, np.unique(examples.folds)):
        answers[outside], as_before[outside] = found, before
    return answers, as_before


def out_of_fold(
    examples: Examples,
    kind: str,
    strengths: Sequence[float],
    with_mirrored: bool,
    held_out: int | None,
    is_weighted: bool = False,
) -> tuple[NDArray[np.bool_], Vectors]:
    """Which rows were answered (N,), and the logits (len(strengths), rows, K) they got.

    All folds are answered, or the fold `held_out` alone; each by heads that learned from the rest.
    """

    def answer(fold: int) -> tuple[NDArray[np.bool_], Vectors]:
        outside = examples.folds == fold
        training, queries = examples.where(~outside), examples.vectors[outside]
        if kind == NEIGHBOURS:
            return outside, _votes(training, queries, strengths, with_mirrored)
        heads = _fit(training, kind, strengths, with_mirrored, is_weighted)
        return outside, np.stack([head.scores(queries) for head in heads])

    logits = np.zeros((len(strengths), len(examples.labels), examples.num_classes), np.float32)
    answered = np.zeros(len(examples.labels), bool)
    folds = np.unique(examples.folds) if held_out is None else [held_out]
    for outside, found in in_threads(answer, folds):
        logits[:, outside] = found
        answered |= outside
    return answered, logits[:, answered]


def _mirror_images_help(examples: Examples, held_out: int | None) -> bool:
    """Whether heads get better by learning from mirror images too; with writing they do not."""
    if examples.mirrored is None:
        return False
    losses = []
    for with_mirrored in (False, True):
        rows, (logits,) = out_of_fold(examples, SOFTMAX, (MIRROR_DECAY,), with_mirrored, held_out)
        losses.append(calibrated(logits, examples.labels[rows])[1].mean())
    return bool(losses[1] < losses[0])


def _votes(
    training: Examples, queries: Vectors, strengths: Sequence[float], with_mirrored: bool
) -> Vectors:
    """(len(strengths), N, K) scores of the neighbour heads, all from one table of similarities."""
    vectors, labels = _views(training, with_mirrored)
    points, asked = unit(vectors), unit(queries)
    scores = [
        [vote(similarity, labels, int(k), num_classes=training.num_classes) for k in strengths]
        for start in range(0, len(asked), QUERIES_AT_ONCE)
        for similarity in [asked[start : start + QUERIES_AT_ONCE] @ points.T]
    ]
    return np.concatenate(scores, axis=1)


def _fit(
    examples: Examples,
    kind: str,
    strengths: Sequence[float],
    with_mirrored: bool,
    is_weighted: bool,
) -> Sequence[Head]:
    vectors, labels = _views(examples, with_mirrored)
    classes = examples.num_classes
    if kind == NEIGHBOURS:
        points = unit(vectors)
        return [NeighbourHead(kind, k, 1.0, points, labels, classes) for k in strengths]
    loss = SVM if kind == SVM else SOFTMAX
    weights = photo_weights(labels) if is_weighted else None
    return fit_path(
        vectors, labels, num_classes=classes, loss=loss, strengths=strengths, weights=weights
    )


def _views(examples: Examples, with_mirrored: bool) -> tuple[Vectors, Labels]:
    """What a head learns from: the photos, and their mirror images where they help."""
    if not with_mirrored or examples.mirrored is None:
        return examples.vectors, examples.labels
    return (
        np.concatenate([examples.vectors, examples.mirrored]),
        np.concatenate([examples.labels, examples.labels]),
    )


def _judged(
    kind: str, strength: float, with_mirrored: bool, logits: Vectors, labels: Labels
) -> Candidate:
    temperature, losses = calibrated(logits, labels)
    return Candidate(
        kind=kind,
        strength=strength,
        with_mirrored=with_mirrored,
        top1=float((logits.argmax(axis=1) == labels).mean()),
        log_loss=float(losses.mean()),
        log_loss_error=float(losses.std() / np.sqrt(len(losses))),
        temperature=temperature,
    )
