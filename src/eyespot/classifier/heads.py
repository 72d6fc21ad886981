"""From an embedding to one score for each class: the part of a classifier that was trained.

A head answers photo by photo, so that an answer does not depend on what else is asked. Scores are
logits: their softmax at the head's temperature is the probability that users see (Guo et al.: On
Calibration of Modern Neural Networks, ICML 2017, arXiv:1706.04599).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

SHARPNESS = 0.07  # cosine similarity that makes a neighbour's vote e times heavier
PRIOR_VOTES = 0.1  # for each class, so that no class is ever impossible


@dataclass(frozen=True)
class LinearHead:
    """One hyperplane for each class, fitted with the softmax loss or as support vector machines."""

    kind: str  # "linear softmax" or "linear SVM"
    strength: float  # weight decay that was chosen
    temperature: float
    weight: Vectors  # (K, D)
    bias: Vectors  # (K,)

    def scores(self, vectors: Vectors) -> Vectors:
        """(N, D) embeddings -> (N, K) logits."""
        return _by_row([self.weight @ vector + self.bias for vector in vectors], len(self.bias))


@dataclass(frozen=True)
class NeighbourHead:
    """The votes of the most similar training photos, heavier the more similar they are."""

    kind: str  # "nearest neighbours"
    strength: float  # the number of neighbours that was chosen
    temperature: float
    vectors: Vectors  # (M, D), of length 1
    labels: NDArray[np.int64]  # (M,)
    num_classes: int

    def scores(self, vectors: Vectors) -> Vectors:
        """(N, D) embeddings -> (N, K) log shares of the votes."""
        return _by_row([self._score(vector) for vector in unit(vectors)], self.num_classes)

    def _score(self, vector: Vectors) -> Vectors:
        similarity = self.vectors @ vector
        nearest = np.argsort(-similarity, kind="stable")[: int(self.strength)]
        weight = np.exp((similarity[nearest] - similarity[nearest[0]]) / SHARPNESS)
        votes = np.full(self.num_classes, PRIOR_VOTES)
        np.add.at(votes, self.labels[nearest], weight)
        return np.log(votes / votes.sum()).astype(np.float32)


Head = LinearHead | NeighbourHead


def probabilities(head: Head, vectors: Vectors) -> Vectors:
    """(N, D) embeddings -> (N, K) calibrated probabilities."""
    return softmax(head.scores(vectors) / np.float32(head.temperature))


def softmax(scores: Vectors) -> Vectors:
    """(N, K) logits -> (N, K) probabilities in float32, each row for itself."""
    exponential = np.exp(scores - scores.max(axis=1, keepdims=True))
    return (exponential / exponential.sum(axis=1, keepdims=True)).astype(np.float32)


def unit(vectors: Vectors) -> Vectors:
    """(N, D) -> (N, D) of length 1; a zero vector stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.maximum(length, np.finfo(np.float32).tiny)).astype(np.float32)


def _by_row(rows: list[Vectors], num_classes: int) -> Vectors:
    return np.stack(rows) if rows else np.zeros((0, num_classes), np.float32)
