"""The most similar photos by their embeddings, as in the figure of the AlexNet paper.

Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks,
NIPS 2012, Fig. 4 right; here by cosine similarity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROWS_AT_ONCE = 1024  # bounds the similarity matrix held at a time


def nearest(
    queries: NDArray[np.float32], reference: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(Q, D) and (M, D) -> indices (Q, k) into `reference` and cosines (Q, k), nearest first."""
    k = min(k, len(reference))
    other = unit(reference)
    indices = np.zeros((len(queries), k), np.int64)
    cosines = np.zeros((len(queries), k), np.float32)
    for start in range(0, len(queries), ROWS_AT_ONCE):
        rows = slice(start, start + ROWS_AT_ONCE)
        similarity = unit(queries[rows]) @ other.T
        order = np.argsort(-similarity, axis=1, kind="stable")[:, :k]
        indices[rows] = order
        cosines[rows] = np.take_along_axis(similarity, order, axis=1)
    return indices, cosines


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, D) -> (N, D) of length 1; a zero vector stays zero."""
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
    directions: NDArray[np.float32] = (vectors / length).astype(np.float32)
    return directions
