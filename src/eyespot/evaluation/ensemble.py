"""Classifiers that vote: the mean of their probabilities, beside each of them on the same photos.

L. K. Hansen, P. Salamon: Neural Network Ensembles, IEEE PAMI 12, 1990. The mean over the members
is that of AlexNet's and GoogLeNet's entries in the challenge, and of the columns of a multi-column
network (Ciresan et al. 2012, sect. 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.datasets.dataset import ImageDataset
from eyespot.datasets.names import shown, some
from eyespot.errors import InputError
from eyespot.evaluation.answered import Answered, Progress, Way, answered, unasked
from eyespot.evaluation.answers import truths
from eyespot.evaluation.evaluate import groups, report, rights
from eyespot.evaluation.findings import Note, Report
from eyespot.evaluation.metrics import ranks
from eyespot.evaluation.paired import Difference, compare
from eyespot.evaluation.protocols import CENTER, Protocol
from eyespot.pages.words import percent

ENSEMBLE = "the ensemble"
REMEMBERED = Note(
    "Each of these photos was learned from by one of the classifiers at least.",
    "The figures say how well they remember them, not how good they are on new ones: measure them "
    "on photos that none was trained on.",
)


@dataclass(frozen=True)
class Ensemble:
    """What the members and their mean are worth on the photos that none had learned from."""

    names: tuple[str, ...]
    members: tuple[Report, ...]
    together: Report
    best: int  # the place of the best member, the first of equals
    against_best: Difference  # the ensemble's minus the best member's
    pairs: tuple[Difference, ...]  # every two members


def evaluate_together(
    members: Sequence[tuple[str, Classifier]],
    dataset: ImageDataset,
    *,
    protocol: Protocol = CENTER,
    seed: int = 0,
    command: str = "",
    progress: Progress = lambda done, total: None,
) -> Ensemble:
    """Measure classifiers by name, and the mean of their calibrated probabilities.

    Each is asked by `protocol`: the mean over its views first, then over the members. A photo that
    one cannot read or has learned from is left out for all. Raises `InputError` for fewer than two,
    for members whose classes have other names, and where no photo remains.
    """
    _require_alike(members)
    ways = [Way(classifier, protocol) for _, classifier in members]
    found = answered(ways, dataset, progress)
    mean = mean_of(found.probabilities)
    each = [
        report(way, dataset, found, answers, seed=seed, command=command)
        for way, answers in zip((*ways, ways[0]), (*found.probabilities, mean), strict=True)
    ]
    notes = (REMEMBERED,) if found.are_remembered else ()
    left_out = (*found.left_out, *unasked(dataset))
    *reports, together = (replace(made, notes=notes, left_out=left_out) for made in each)
    names = tuple(name for name, _ in members)
    best = max(range(len(names)), key=lambda place: (reports[place].metrics.top1, -place))
    against_best, pairs = _differences(names, found, mean, best=best, seed=seed)
    return Ensemble(
        names=names,
        members=tuple(reports),
        together=replace(_as_ensemble(together, names, reports), against_best=against_best),
        best=best,
        against_best=against_best,
        pairs=pairs,
    )


def mean_of(probabilities: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean (N, K) of the members' probabilities, (N, K) each; summed in float64."""
    mean: NDArray[np.float64] = np.mean(probabilities, axis=0, dtype=np.float64)
    return mean.astype(np.float32)


def _differences(
    names: Sequence[str], found: Answered, mean: NDArray[np.float32], *, best: int, seed: int
) -> tuple[Difference, tuple[Difference, ...]]:
    """Of the ensemble against the best member, and of every two members."""
    together = groups(found)
    right = list(zip(names, rights(found), strict=True))
    is_right = ranks(mean, truths(found.photos, found.classes)) < 1
    against_best = compare((ENSEMBLE, is_right), right[best], groups=together, seed=seed)
    pairs = (compare(*pair, groups=together, seed=seed) for pair in combinations(right, 2))
    return against_best, tuple(pairs)


def _as_ensemble(made: Report, names: Sequence[str], reports: Sequence[Report]) -> Report:
    """The report under the ensemble's name, with the members where one classifier stood."""
    rows = []
    for name, member in zip(names, reports, strict=True):
        told = dict(member.making)
        top1 = percent(member.metrics.top1)
        rows.append((f"member {shown(name)}", f"{told['network']}; {told['head']}; top-1 {top1}"))
    others = (row for row in made.making if row[0] not in ("network", "head"))
    same = all(member.trained_on == made.trained_on for member in reports)
    return replace(
        made,
        who=f"This ensemble of {len(names)} classifiers",
        trained_on=made.trained_on if same else (),
        making=(*rows, *others),
    )


def _require_alike(members: Sequence[tuple[str, Classifier]]) -> None:
    """Raise `InputError` where these classifiers cannot vote together."""
    names = [name for name, _ in members]
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if len(names) < 2 or twice:
        came = f"{shown(twice[0])} twice" if twice else f"{len(names)} came"
        raise InputError(f"An ensemble needs two different bundles or more, but {came}: name more.")
    (first, one), *others = members
    for name, other in others:
        lacks = sorted(set(one.classes) - set(other.classes))
        more = sorted(set(other.classes) - set(one.classes))
        if lacks or more:
            told = [f"it has no {some(lacks)}"] if lacks else []
            told += [f"it has {some(more)} besides"] if more else []
            raise InputError(
                f"{shown(name)} cannot vote with {shown(first)}: {'; '.join(told)}. Members of an "
                "ensemble have classes of the same names: train them on the same folders."
            )
