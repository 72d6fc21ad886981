"""From an embedding to one score for each class: the part of a classifier that was trained.

A head answers photo by photo, so that an answer does not depend on what else is asked. Scores are
logits: their softmax at the head's temperature is the probability that users see (Guo et al.: On
Calibration of Modern Neural Networks, ICML 2017, arXiv:1706.04599).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.embeddings.neighbours import unit

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]

NEIGHBOURS = "nearest neighbours"  # kind of the head that is not linear
SHARPNESS = 0.07  # cosine similarity that makes a neighbour's vote e times heavier
PRIOR_VOTES = 0.1  # for each class, so that no class is ever impossible


@dataclass(frozen=True)
class LinearHead:
    """One hyperplane for each class, fitted with the softmax loss or as support vector machines."""

    kind: str  # "linear softmax", "linear SVM" or "mean of linear heads"
    strength: float  # the weight decay; of a mean, how many heads it is of
    temperature: float
    weight: Vectors  # (K, D)
    bias: Vectors  # (K,)

    @property
    def width(self) -> int:
        """D, of the embeddings that it takes."""
        return int(self.weight.shape[1])

    def scores(self, vectors: Vectors) -> Vectors:
        """(N, D) embeddings -> (N, K) logits."""
        return _products(vectors, self.weight) + self.bias


def identity(num_classes: int) -> LinearHead:
    """A head whose scores are what it is given, to the bit: for a backbone that gives logits."""
    weight, bias = np.eye(num_classes, dtype=np.float32), np.zeros(num_classes, np.float32)
    return LinearHead("linear softmax", 0.0, 1.0, weight, bias)


@dataclass(frozen=True)
class NeighbourHead:
    """The votes of the most similar training photos, heavier the more similar they are."""

    kind: str  # NEIGHBOURS
    strength: float  # how many vote
    temperature: float
    vectors: Vectors  # (M, D), of length 1
    labels: Labels  # (M,)
    num_classes: int

    @property
    def width(self) -> int:
        """D, of the embeddings that it takes."""
        return int(self.vectors.shape[1])

    def scores(self, vectors: Vectors) -> Vectors:
        """(N, D) embeddings -> (N, K) log shares of the votes."""
        similarity = _products(unit(vectors), self.vectors)
        return vote(similarity, self.labels, int(self.strength), num_classes=self.num_classes)


Head = LinearHead | NeighbourHead


def _products(vectors: Vectors, matrix: Vectors) -> Vectors:
    """(N, D) and (K, D) -> (N, K), every number a scalar product of its own.

    A matrix product would sum in an order that depends on N, K and the number of threads.
    """
    rows, columns = np.ascontiguousarray(vectors), np.ascontiguousarray(matrix)
    products: Vectors = np.vecdot(rows[:, None], columns)
    return products


def vote(similarity: Vectors, labels: Labels, k: int, *, num_classes: int) -> Vectors:
    """(N, M) cosines to M labelled photos -> (N, K) log shares of the votes of the k nearest."""
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
    cosine = np.take_along_axis(similarity, nearest, axis=1)
    weight = np.exp((cosine - cosine[:, :1]) / SHARPNESS)
    votes = np.full((len(similarity), num_classes), PRIOR_VOTES)
    np.add.at(votes, (np.arange(len(votes))[:, None], labels[nearest]), weight)
    shares: Vectors = np.log(votes / votes.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def probabilities(head: Head, vectors: Vectors) -> Vectors:
    """(N, D) embeddings -> (N, K) calibrated probabilities."""
    return softmax(head.scores(vectors) / np.float32(head.temperature))


def softmax(scores: Vectors) -> Vectors:
    """(N, K) logits -> (N, K) probabilities in float32, each row for itself."""
    exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Vectors = (exponential / exponential.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
