"""Which labels are probably wrong: confident learning, on photos answered by who had not seen them.

Northcutt, Jiang, Chuang: Confident Learning: Estimating Uncertainty in Dataset Labels (Journal of
Artificial Intelligence Research 70, 2021; arXiv:1911.00068). A photo counts as a confident member
of a class where its probability reaches the mean that the photos labelled so have (Sect. 3.1). The
confident members under another label say how many labels of each class are wrong; so many are
suspected, those with the lowest probability of their own label first (Sect. 3.2, prune by class).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-6  # a mean of equal numbers may come out above each of them
LEAST_KEPT = 1  # labels of a class that are trusted, however bad the others look

Reals = NDArray[np.floating]
Labels = NDArray[np.int64]


def confident_joint(probabilities: Reals, labels: Labels) -> NDArray[np.int64]:
    """(K, K) photos that are confident members: rows their label, columns what they seem to be.

    `probabilities` (N, K) are out of fold, `labels` (N,) as given. A class without a photo has
    zeros but on its diagonal, where every class has one at least.
    """
    classes = probabilities.shape[1]
    own = np.bincount(labels, probabilities[np.arange(len(labels)), labels], classes)
    counts = np.bincount(labels, minlength=classes)
    mean = np.divide(own, counts, out=np.full(classes, np.inf), where=counts > 0)
    is_member = probabilities >= mean - ROUNDING
    seems = np.where(is_member, probabilities, -1.0).argmax(axis=1)
    joint = np.zeros((classes, classes), np.int64)
    known = is_member.any(axis=1)
    np.add.at(joint, (labels[known], seems[known]), 1)
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), LEAST_KEPT))
    return joint


def suspects(probabilities: Reals, labels: Labels) -> NDArray[np.int64]:
    """Rows whose label is probably wrong, the most suspect first.

    Of each class as many as the joint says, those with the lowest probability of their own label;
    whoever has no likelier class than its own is not suspected. They are ordered by how far the
    likeliest class lies above the given one. A class keeps one photo at least.
    """
    joint = confident_joint(probabilities, labels)
    own = probabilities[np.arange(len(labels)), labels]
    is_doubted = np.zeros(len(labels), bool)
    for label, row in enumerate(joint):
        members = np.flatnonzero(labels == label)
        wrong = round(len(members) * (1 - row[label] / row.sum()))
        number = min(wrong, len(members) - LEAST_KEPT)
        if number > 0:
            is_doubted[members[np.argsort(own[members], kind="stable")[:number]]] = True
    above = probabilities.max(axis=1) - own
    found = np.flatnonzero(is_doubted & (above > 0))
    return found[np.argsort(-above[found], kind="stable")]
