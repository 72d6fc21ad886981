"""Linear classifiers on embeddings, for a whole path of weight decays at once.

Two losses, one solver: the softmax loss, and the squared hinge of one-against-rest support vector
machines (Fan et al.: LIBLINEAR, JMLR 2008, Sect. 2). Both are smooth and convex, so L-BFGS finds
their one minimum, and the solution for one decay is the start for the next weaker one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.heads import Labels, LinearHead, Vectors

Loss = Literal["linear softmax", "linear SVM"]
Weights = Vectors | None  # (N,) of photos, of mean 1; None: all alike
Objective = Callable[[Vectors, Labels, Weights], tuple[float, Vectors]]

ITERATIONS = 100  # the weakest decays stop here, the others long before
TOLERANCE = 1e-6  # relative decrease of the objective at which it counts as found


def fit_path(
    vectors: Vectors,
    labels: Labels,
    *,
    num_classes: int,
    loss: Loss,
    strengths: Sequence[float],
    weights: Weights = None,
) -> list[LinearHead]:
    """Fit one head for each weight decay in `strengths`, which go from strong to weak.

    vectors (N, D), labels (N,) in [0, num_classes). The heads have temperature 1. Embeddings are
    centred and scaled by one number, so that a decay means the same for every network. `weights`
    (N,) multiply the photos' losses.
    """
    from scipy.optimize import minimize

    centre = vectors.mean(axis=0)
    points = vectors - centre
    scale = np.float32(np.sqrt(np.square(points).sum(axis=1).mean())) or np.float32(1)
    points /= scale
    objective = _softmax_loss if loss == "linear softmax" else _squared_hinge_loss
    parameters = np.zeros(num_classes * (points.shape[1] + 1))
    heads = []
    for decay in strengths:
        parameters = minimize(
            _value,
            parameters,
            args=(points, labels, num_classes, decay, objective, weights),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": ITERATIONS, "ftol": TOLERANCE, "gtol": 1e-6},
        ).x
        matrix = parameters.reshape(num_classes, -1)
        weight = (matrix[:, :-1] / scale).astype(np.float32)
        bias = (matrix[:, -1] - matrix[:, :-1] @ (centre / scale)).astype(np.float32)
        heads.append(LinearHead(loss, decay, 1.0, weight, bias))
    return heads


def _value(
    parameters: NDArray[np.float64],
    points: Vectors,
    labels: Labels,
    num_classes: int,
    decay: float,
    objective: Objective,
    weights: Weights = None,
) -> tuple[float, NDArray[np.float64]]:
    """Mean loss + decay / 2 * |weight|^2, and its gradient; the bias is not decayed."""
    matrix = parameters.reshape(num_classes, -1)
    weight = matrix[:, :-1].astype(np.float32)
    loss, slope = objective(points @ weight.T + matrix[:, -1].astype(np.float32), labels, weights)
    gradient = np.empty_like(matrix)
    gradient[:, :-1] = slope.T @ points + np.float32(decay) * weight
    gradient[:, -1] = slope.sum(axis=0)
    return loss + decay / 2 * float(np.square(matrix[:, :-1]).sum()), gradient.ravel()


def _softmax_loss(
    scores: Vectors, labels: Labels, weights: Weights = None
) -> tuple[float, Vectors]:
    """Mean cross-entropy and its slope (N, K)."""
    rows = np.arange(len(labels))
    shifted = scores - scores.max(axis=1, keepdims=True)
    exponential = np.exp(shifted)
    total = exponential.sum(axis=1, keepdims=True)
    losses = np.log(total[:, 0]) - shifted[rows, labels]
    slope = exponential / total
    slope[rows, labels] -= 1
    return _mean(losses, slope, weights)


def _squared_hinge_loss(
    scores: Vectors, labels: Labels, weights: Weights = None
) -> tuple[float, Vectors]:
    """Mean over photos of the squared margins missed, summed over classes, and its slope (N, K)."""
    side = np.full_like(scores, -1)
    side[np.arange(len(labels)), labels] = 1
    missed = np.maximum(0, 1 - side * scores)
    return _mean(np.square(missed).sum(axis=1), -2 * side * missed, weights)


def _mean(losses: Vectors, slope: Vectors, weights: Weights) -> tuple[float, Vectors]:
    """The mean of (N,) losses and its slope (N, K), each photo by its weight."""
    if weights is not None:
        losses, slope = losses * weights, slope * weights[:, None]
    return float(losses.mean(dtype=np.float64)), slope / np.float32(len(losses))
