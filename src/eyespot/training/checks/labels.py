"""Do the labels have anything to do with the photos? Near neighbours should often share one.

The photos' embeddings come from a network that knows nothing of the labels. The share of
neighbours with a photo's own label is compared with the same share after the labels have been
shuffled, a thousand times over: a permutation test (Fisher 1935), which assumes nothing about the
embeddings. Labels that belong to the photos beat every shuffling, even where classes are hard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eyespot.training.checks.findings import Finding

NAME = "labels"
NEIGHBOURS = 5
SHUFFLINGS = 999
ENOUGH = 20  # photos; with fewer, the best labels may look like shuffled ones


@dataclass(frozen=True)
class Labels:
    """How often neighbours agree, and how often they would by chance."""

    photos: int
    agreement: float  # share of the nearest neighbours with the photo's own label, [0, 1]
    by_chance: float  # mean over the shufflings
    best_by_chance: float  # the largest of the shufflings
    as_good: int  # shufflings that agree as well as the labels do
    shufflings: int = SHUFFLINGS

    @property
    def are_like_shuffled(self) -> bool:
        return self.photos >= ENOUGH and self.as_good > 0


def look_at_labels(
    features: NDArray[np.float32], labels: NDArray[np.int64], *, seed: int
) -> Labels:
    """`features` (N, D) of photos and their labels (N,). Neighbours are told by the angle."""
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    directions = features / np.where(lengths > 0, lengths, 1)
    likeness = directions @ directions.T
    np.fill_diagonal(likeness, -np.inf)
    count = min(NEIGHBOURS, len(labels) - 1)
    near = np.argsort(-likeness, axis=1, kind="stable")[:, :count]  # (N, k)
    agreement = _agreement(near, labels)
    generator = np.random.default_rng(seed)
    shuffled = [_agreement(near, generator.permutation(labels)) for _ in range(SHUFFLINGS)]
    return Labels(
        photos=len(labels),
        agreement=agreement,
        by_chance=float(np.mean(shuffled)),
        best_by_chance=max(shuffled),
        as_good=sum(each >= agreement for each in shuffled),
    )


def _agreement(near: NDArray[np.intp], labels: NDArray[np.int64]) -> float:
    return float((labels[near] == labels[:, None]).mean())


def told_of_labels(found: Labels) -> str:
    """One line."""
    agreeing = (found.agreement, found.by_chance, found.best_by_chance)
    real, chance, best = (f"{100 * share:.0f} %" for share in agreeing)
    return f"neighbours agree in {real}; shuffled in {chance}, at best in {best}"


def findings_of_labels(found: Labels) -> tuple[Finding, ...]:
    if not found.are_like_shuffled:
        return ()
    return (
        Finding(
            NAME,
            f"The labels look shuffled: {found.agreement:.1%} of the nearest neighbours of "
            f"{found.photos:,} photos share their label, and shuffled labels do as well "
            f"({found.by_chance:.1%}).",
            "A network learns such labels by heart and is right no more often than by chance on "
            "new photos.",
            "Open a few photos of each class: do they show what the label says? If they do, the "
            "classes differ in something that a network trained on photos of things does not see: "
            "then expect little from few photos.",
        ),
    )
