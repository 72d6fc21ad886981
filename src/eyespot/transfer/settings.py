"""What a user of the estimators gave as labels, groups and parameters, as the probes take it."""

from __future__ import annotations

import warnings
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.multiclass import check_classification_targets

from eyespot.classifier.heads import NEIGHBOURS, Labels, Vectors
from eyespot.datasets.splits import grouped_folds
from eyespot.errors import InputError, lookup
from eyespot.transfer.candidates import STRENGTHS, Examples
from eyespot.transfer.looking import UnfitError

AUTO = "auto"  # the kind of head that cross-validation finds best

Groups = Sequence[Hashable] | NDArray[Any] | None
RandomState = int | np.random.RandomState | None


def encoded(y: ArrayLike) -> tuple[NDArray[Any], Labels]:
    """The classes (K,), sorted, and the place (N,) of each label in them."""
    check_classification_targets(y)
    classes, labels = np.unique(y, return_inverse=True)
    if len(classes) < 2:
        raise UnfitError(
            f"Expected labels of 2 classes at least, not of 1 class ({classes[0]}): "
            "add samples of another class"
        )
    return classes, labels.astype(np.int64)


def in_folds(
    vectors: Vectors,
    mirrored: Vectors | None,
    labels: Labels,
    classes: NDArray[Any],
    *,
    groups: Groups,
    folds: int,
    seed: int,
    names: Sequence[str] | None = None,
) -> Examples:
    """What to learn from, dealt into folds. Warns of what could not be as asked."""
    check_consistent_length(vectors, groups)
    if not isinstance(folds, int | np.integer) or folds < 2:
        raise UnfitError(f"folds is a whole number of 2 or more, not {folds!r}")
    try:
        dealt = grouped_folds(
            [str(classes[label]) for label in labels],
            [None] * len(labels) if groups is None else np.asarray(groups, object).tolist(),
            folds=int(folds),
            seed=seed,
            names=names,
        )
    except InputError as error:
        raise UnfitError(str(error)) from error
    for note in dealt.notes:
        warnings.warn(note, stacklevel=3)  # shown at the line that called `fit`
    return Examples(vectors, mirrored, labels, dealt.number.astype(np.int64), len(classes))


def to_try(kind: str, strength: float | None) -> dict[str, tuple[float, ...]]:
    """The heads to try: kind -> strengths, the most cautious first."""
    if kind == AUTO and strength is None:
        return STRENGTHS
    if kind == AUTO:
        raise UnfitError("a strength means something else for each kind of head: name the kind too")
    strengths = lookup("head", kind, STRENGTHS)
    if strength is None:
        return {kind: strengths}
    if not strength > 0 or (kind == NEIGHBOURS and strength < 1):
        least = "of 1 or more neighbours" if kind == NEIGHBOURS else "above 0"
        raise UnfitError(f"the strength of {kind} is a number {least}, not {strength!r}")
    return {kind: (float(strength),)}


def seed_of(random_state: RandomState) -> int:
    """A whole number stands for itself, so that it means what it means in `eyespot.train`."""
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return int(check_random_state(random_state).randint(2**31 - 1))
