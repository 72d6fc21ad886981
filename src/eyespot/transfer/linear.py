"""Linear classifiers on embeddings, for a whole path of weight decays at once.

Two losses, one solver: the softmax loss, and the squared hinge of one-against-rest support vector
machines (Crammer & Singer's comparison partners; Fan et al.: LIBLINEAR, JMLR 2008, Sect. 2). Both
are smooth and convex, so L-BFGS finds their one minimum, warm-started along the path. Fewer photos
than dimensions: the photos are first rotated into the space that they span, which changes no answer
and makes a few hundred photos a matter of milliseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import LinearHead, Vectors

Loss = Literal["linear softmax", "linear SVM"]
Objective = Callable[[Vectors, NDArray[np.int64]], tuple[float, Vectors]]

ITERATIONS = 200  # enough for the weakest decay; the others stop long before


def fit_path(
    vectors: Vectors,
    labels: NDArray[np.int64],
    *,
    num_classes: int,
    loss: Loss,
    strengths: Sequence[float],
) -> list[LinearHead]:
    """Fit one head for each weight decay in `strengths`, given from strong to weak.

    vectors (N, D), labels (N,) in [0, num_classes). The heads have temperature 1. Embeddings are
    centred and scaled by one number, so a decay means the same for every network.
    """
    from scipy.optimize import minimize

    centre = vectors.mean(axis=0)
    scale = float(np.sqrt(np.square(vectors - centre).sum(axis=1).mean())) or 1.0
    points, back = _rotated((vectors - centre) / np.float32(scale))
    objective = _softmax_loss if loss == "linear softmax" else _squared_hinge_loss
    parameters = np.zeros(num_classes * (points.shape[1] + 1))
    heads = []
    for decay in strengths:
        result = minimize(
            lambda p, decay=decay: _value(p, points, labels, num_classes, decay, objective),
            parameters, jac=True, method="L-BFGS-B",
            options={"maxiter": ITERATIONS, "ftol": 1e-7, "gtol": 1e-5, "maxcor": 10},
        )  # fmt: skip
        parameters = result.x
        matrix = parameters.reshape(num_classes, -1)
        weight = matrix[:, :-1] @ back / scale
        bias = matrix[:, -1] - weight @ centre
        heads.append(
            LinearHead(loss, decay, 1.0, weight.astype(np.float32), bias.astype(np.float32))
        )
    return heads


def _rotated(points: Vectors) -> tuple[Vectors, Vectors]:
    """(N, D) -> coordinates (N, r) in the space the points span, and the basis (r, D) back."""
    count, dimensions = points.shape
    if count >= dimensions:
        return points, np.eye(dimensions, dtype=np.float32)
    left, singular, basis = np.linalg.svd(points, full_matrices=False)
    return np.ascontiguousarray(left * singular, dtype=np.float32), basis


def _value(
    parameters: NDArray[np.float64], points: Vectors, labels: NDArray[np.int64],
    num_classes: int, decay: float, objective: Objective,
) -> tuple[float, NDArray[np.float64]]:  # fmt: skip
    """Mean loss + decay / 2 * |weight|^2, and its gradient; the bias is not decayed."""
    matrix = parameters.reshape(num_classes, -1).astype(np.float32)
    scores = points @ matrix[:, :-1].T + matrix[:, -1]
    loss, slope = objective(scores, labels)
    gradient = np.empty((num_classes, matrix.shape[1]))
    gradient[:, :-1] = slope.T @ points + np.float32(decay) * matrix[:, :-1]
    gradient[:, -1] = slope.sum(axis=0)
    weight = parameters.reshape(num_classes, -1)[:, :-1]
    return loss + decay / 2 * float(np.square(weight).sum()), gradient.ravel()


def _softmax_loss(scores: Vectors, labels: NDArray[np.int64]) -> tuple[float, Vectors]:
    rows = np.arange(len(labels))
    shifted = scores - scores.max(axis=1, keepdims=True)
    exponential = np.exp(shifted)
    total = exponential.sum(axis=1, keepdims=True)
    loss = float((np.log(total[:, 0]) - shifted[rows, labels]).mean(dtype=np.float64))
    slope = exponential / total
    slope[rows, labels] -= 1
    return loss, slope / np.float32(len(labels))


def _squared_hinge_loss(scores: Vectors, labels: NDArray[np.int64]) -> tuple[float, Vectors]:
    side = np.full_like(scores, -1)
    side[np.arange(len(labels)), labels] = 1
    short = np.maximum(0, 1 - side * scores)  # how far each margin of 1 is missed
    loss = float(np.square(short).sum(axis=1).mean(dtype=np.float64))
    return loss, -2 * side * short / np.float32(len(labels))
