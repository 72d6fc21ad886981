"""The embeddings of photos in the plane: alike ones side by side, and who lies among others.

L. van der Maaten, G. Hinton: Visualizing Data using t-SNE, JMLR 9, 2008, as scikit-learn has it.
What is said in figures is measured on the embeddings themselves: the plane is for looking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from eyespot.embeddings.neighbours import nearest, unit
from eyespot.errors import InputError

LEAST = 5  # photos
PERPLEXITY = 30.0
DIMENSIONS = 50  # that the embeddings are brought to before, by principal components
NEAREST = 10
FEW = 2  # of the nearest with the same label: the photo lies among others


@dataclass(frozen=True)
class Stranger:
    """A photo that lies among photos of another class."""

    row: int
    own: int  # how many of its nearest have its label
    among: str  # the commonest label of the nearest
    number: int  # how many have that one
    nearest: int  # how many were looked at


@dataclass(frozen=True)
class Plane:
    """Where each photo lies, and how its nearest are labelled."""

    places: NDArray[np.float32]  # (N, 2) in [0, 1], from the left and from above
    perplexity: float
    trustworthiness: float  # in [0, 1]: 1 where the nearest in the plane are so in truth
    own_shares: NDArray[np.float64] | None  # (N,) of its nearest: same label; None without labels
    strangers: tuple[Stranger, ...]


def plane(vectors: NDArray[np.float32], labels: Sequence[str | None], *, seed: int) -> Plane:
    """(N, D) embeddings and their labels in the plane. Raises `InputError` for under 5 photos."""
    n = len(vectors)
    if n < LEAST:
        raise InputError(f"A map needs {LEAST} photos or more, and {n} can be read: name more")
    directions = unit(vectors)
    perplexity = min(PERPLEXITY, (n - 1) / 3)
    drawn, trust = _drawn(directions, perplexity, seed=seed)
    k = min(NEAREST, n - 1)
    own, strangers = _labelled(directions, labels, k)
    span = np.maximum(np.ptp(drawn, axis=0), np.finfo(np.float32).tiny)
    places = ((drawn - drawn.min(axis=0)) / span).astype(np.float32)
    return Plane(places, float(perplexity), trust, own, strangers)


def _drawn(
    directions: NDArray[np.float32], perplexity: float, *, seed: int
) -> tuple[NDArray[np.float32], float]:
    """(N, D) -> (N, 2), and how trustworthy that is. In one thread: the same on every machine's
    number of cores, and quick on a busy one, where threads wait for each other at every step."""
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE, trustworthiness

    n = len(directions)
    dimensions = min(DIMENSIONS, *directions.shape)
    with threadpool_limits(limits=1):
        reduced = PCA(dimensions, random_state=seed).fit_transform(directions)
        layout = TSNE(2, perplexity=perplexity, init="pca", learning_rate="auto", random_state=seed)
        drawn: NDArray[np.float32] = layout.fit_transform(reduced)
        k = min(NEAREST, (n - 1) // 2)
        trust = trustworthiness(directions, drawn, n_neighbors=k, metric="cosine")
    return drawn, float(trust)


def _labelled(
    directions: NDArray[np.float32], labels: Sequence[str | None], k: int
) -> tuple[NDArray[np.float64] | None, tuple[Stranger, ...]]:
    """The share of each photo's nearest with its own label, and who has few of them."""
    if None in labels or len(set(labels)) < 2:
        return None, ()
    names = np.array([str(label) for label in labels])
    found, _ = nearest(directions, directions, k + 1)
    shares, strangers = np.zeros(len(names)), []
    for row, places in enumerate(found):
        around = names[[place for place in places if place != row][:k]]
        own = int((around == names[row]).sum())
        shares[row] = own / k
        among, number = Counter(around.tolist()).most_common(1)[0]
        if among != names[row] and own <= FEW * k // NEAREST:
            strangers.append(Stranger(row, own, among, number, k))
    order = sorted(strangers, key=lambda each: (each.own, -each.number, each.row))
    return shares, tuple(order)
