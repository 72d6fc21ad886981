"""Heads before they are fitted: what can be tried, and what each answers out of fold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from eyespot.classifier.calibration import calibrated
from eyespot.classifier.heads import (
    NEIGHBOURS,
    Head,
    Labels,
    LinearHead,
    NeighbourHead,
    Vectors,
    vote,
)
from eyespot.embeddings.neighbours import unit
from eyespot.engines.run import in_threads
from eyespot.transfer.imbalance import Weighing, photo_weights
from eyespot.transfer.linear import Loss, fit_path

SOFTMAX: Loss = "linear softmax"
SVM: Loss = "linear SVM"
STRENGTHS = {  # of each kind of head, the most cautious first
    SOFTMAX: (0.1, 0.03, 0.01, 0.003, 0.001, 0.0003),
    SVM: (0.1, 0.03, 0.01, 0.003),
    NEIGHBOURS: (20.0, 10.0, 5.0),
}
MEAN = "mean of linear heads"
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
class Member:
    """One of the heads that a mean is of; its scores count divided by its temperature."""

    kind: str
    strength: float
    temperature: float


@dataclass(frozen=True)
class Candidate:
    """A head before it is fitted, and how it did on photos that it had not learnt from."""

    kind: str
    strength: float  # weight decay; neighbours; of a mean, how many heads it is of
    with_mirrored: bool  # learns from mirror images too
    top1: float  # in [0, 1]
    log_loss: float  # nats, after calibration
    log_loss_error: float  # standard error of that mean
    temperature: float
    weighing: Weighing | None = None  # of uneven classes; None: it was not asked
    members: tuple[Member, ...] = ()  # of a mean

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
        if self.members:
            return f"mean of {len(self.members)} linear heads, on {views}"
        return f"{self.kind}, weight decay {self.strength:g}, on {views}"


def scores_of(
    examples: Examples, candidate: Candidate, *, held_out: int | None, is_weighted: bool = False
) -> tuple[NDArray[np.bool_], Vectors]:
    """Which rows were answered (N,), and the logits (rows, K) that `candidate` gave them."""
    how = (candidate.with_mirrored, held_out, is_weighted)
    averaged = candidate.members or (Member(candidate.kind, candidate.strength, 1.0),)
    total, rows = np.float32(0), np.zeros(0, bool)
    for kind, members in _by_kind(averaged):
        rows, found = out_of_fold(examples, kind, [each.strength for each in members], *how)
        for each, scores in zip(members, found, strict=True):
            total = total + scores / np.float32(each.temperature)
    return rows, np.asarray(total / np.float32(len(averaged)))


def fitted(examples: Examples, candidate: Candidate) -> Head:
    """`candidate` fitted on all `examples`, with the temperature that was found for it."""
    how = (candidate.with_mirrored, candidate.is_weighted)
    if not candidate.members:
        (head,) = _fit(examples, candidate.kind, (candidate.strength,), *how)
        return replace(head, temperature=candidate.temperature)
    weights, biases = [], []
    for kind, members in _by_kind(candidate.members):
        heads = _fit(examples, kind, [each.strength for each in members], *how)
        for each, head in zip(members, heads, strict=True):
            assert isinstance(head, LinearHead)
            weights.append(head.weight / np.float32(each.temperature))
            biases.append(head.bias / np.float32(each.temperature))
    return LinearHead(
        candidate.kind,
        candidate.strength,
        candidate.temperature,
        np.mean(weights, axis=0),
        np.mean(biases, axis=0),
    )


def _by_kind(members: Sequence[Member]) -> Iterator[tuple[str, list[Member]]]:
    """Members of a mean with one loss, which are fitted as one path."""
    for kind in dict.fromkeys(each.kind for each in members):
        yield kind, [each for each in members if each.kind == kind]


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


def judged(
    kind: str, strength: float, with_mirrored: bool, logits: Vectors, labels: Labels
) -> tuple[Candidate, NDArray[np.float64]]:
    """The candidate by the logits (N, K) that it gave photos out of fold, and its losses (N,)."""
    temperature, losses = calibrated(logits, labels)
    found = Candidate(
        kind=kind,
        strength=strength,
        with_mirrored=with_mirrored,
        top1=float((logits.argmax(axis=1) == labels).mean()),
        log_loss=float(losses.mean()),
        log_loss_error=float(losses.std() / np.sqrt(len(losses))),
        temperature=temperature,
    )
    return found, losses
