"""Folds that never separate a group and hold every class as evenly as the groups allow.

Groups are dealt out one by one, large ones first, each to the fold that lacks its classes most; a
greedy stratification as in Sechidis, Tsoumakas, Vlahavas: On the Stratification of Multi-Label Data
(ECML PKDD 2011), with whole groups in place of examples. Equal groups come in an order drawn from
the seed and the photos' names, so the order in which photos are listed does not matter.
"""

import hashlib
import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.names import counted, some
from eyespot.errors import InputError

Indices = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Folds:
    """`number[i]` is the fold that photo i is held out in, from 0 to `count` - 1."""

    number: Indices  # (N,)
    count: int
    notes: tuple[str, ...] = ()  # what could not be as asked, one sentence each

    def __iter__(self) -> Iterator[tuple[Indices, Indices]]:
        """For every fold the photos to learn from and the photos held out, as ascending indices."""
        for fold in range(self.count):
            yield np.flatnonzero(self.number != fold), np.flatnonzero(self.number == fold)


def grouped_folds(
    labels: Sequence[str],
    groups: Sequence[Hashable],
    *,
    folds: int,
    seed: int,
    names: Sequence[str] | None = None,
) -> Folds:
    """Deal photos into folds of equal share; a group that is None is a group of its own.

    `names` tell photos apart whatever their order; without them their positions do. There are never
    more folds than the best supplied class has groups. Raises `InputError` when that leaves one.
    """
    units = _units(labels, groups, names, seed)
    supply = _supply(units)
    most = max(supply.values(), default=0)
    if most < 2:
        raise InputError(
            f"{counted(len(labels), 'photo')} cannot be divided: expected a class with photos from "
            "at least 2 groups, and every class has them from one. Add photos of another occasion."
        )
    count = min(folds, most)
    notes = []
    if count < folds:
        notes.append(
            f"{count} folds instead of {folds}: no class has photos from more than {most} groups."
        )
    scarce = sorted(label for label, number in supply.items() if 1 < number < count)
    if scarce:
        notes.append(
            f"{counted(len(scarce), 'class')} ({some(scarce)}) with fewer groups than "
            f"the {count} folds: not in every fold, but learned and tried in turn like the others."
        )
    notes += _single(supply)
    return Folds(_dealt(units, len(labels), [1 / count] * count), count, tuple(notes))


def holdout(
    labels: Sequence[str],
    groups: Sequence[Hashable],
    *,
    fraction: float,
    seed: int,
    names: Sequence[str] | None = None,
) -> Folds:
    """Hold out about `fraction` of every class: fold 0 is held out, fold 1 is to learn from.

    The photos of a class with a single group are all to learn from. Raises `InputError` when no
    photo can be held out.
    """
    if not 0 < fraction < 1:
        raise InputError(f"A share of {fraction} cannot be held out: expected one between 0 and 1.")
    units = _units(labels, groups, names, seed)
    number = _dealt(units, len(labels), [fraction, 1 - fraction])
    supply = _supply(units)
    alone = {label for label, groups_of_label in supply.items() if groups_of_label < 2}
    for unit in units:
        if alone & unit.labels.keys():
            number[list(unit.members)] = 1
    if not (number == 0).any():
        raise InputError(
            f"A share of {fraction} of {counted(len(labels), 'photo')} is less than one group of "
            "any class: expected more photos, or a larger share."
        )
    held_out = {labels[index] for index in np.flatnonzero(number == 0).tolist()}
    missing = sorted(label for label in supply if label not in held_out and label not in alone)
    notes = _single(supply)
    if missing:
        notes.append(
            f"{counted(len(missing), 'class')} ({some(missing)}) too small to be held out: "
            "what is measured does not count them."
        )
    return Folds(number, 2, tuple(notes))


def describe(labels: Sequence[str], folds: Folds) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """For every class, sorted, how many of its photos each fold holds out."""
    counts = {label: [0] * folds.count for label in sorted(set(labels))}
    for label, fold in zip(labels, folds.number.tolist(), strict=True):
        counts[label][fold] += 1
    return tuple((label, tuple(row)) for label, row in counts.items())


class _Unit(NamedTuple):
    """Photos that stay together: their indices, their labels with counts, their turn."""

    members: Sequence[int]
    labels: Mapping[str, int]
    turn: tuple[int, tuple[str, ...], bytes]  # large ones first, class by class, then as drawn


def _units(
    labels: Sequence[str], groups: Sequence[Hashable], names: Sequence[str] | None, seed: int
) -> list[_Unit]:
    """One unit per group in the order of dealing, which does not depend on the order of photos."""
    if names is None:
        names = [f"{index:09d}" for index in range(len(labels))]
    members: dict[Hashable, list[int]] = defaultdict(list)
    for index, (_, group, _) in enumerate(zip(labels, groups, names, strict=True)):
        members[(index, None) if group is None else (None, group)].append(index)
    units = []
    for indices in members.values():
        first = min(unicodedata.normalize("NFC", names[index]) for index in indices)
        draw = hashlib.sha256(f"{seed}\0{first}".encode("utf-8", "surrogateescape")).digest()
        alone = len(indices) == 1  # most are, and a Counter for each would take as long as the rest
        counts = {labels[indices[0]]: 1} if alone else Counter(labels[i] for i in indices)
        units.append(_Unit(indices, counts, (-len(indices), tuple(sorted(counts)), draw)))
    return sorted(units, key=attrgetter("turn"))


def _supply(units: list[_Unit]) -> Counter[str]:
    """Label -> number of groups that have it."""
    return Counter(label for unit in units for label in unit.labels)


def _dealt(units: list[_Unit], photos: int, shares: list[float]) -> Indices:
    """The fold of every photo: each unit goes where its classes are furthest below their share.

    The measure is the growth of sum over classes of (count - share x total)^2 / total; among equal
    folds the one with the fewest photos for its share is taken, then the first.
    """
    totals: Counter[str] = Counter()
    for unit in units:
        for label, count in unit.labels.items():
            totals[label] += count
    held = {label: [0] * len(shares) for label in totals}
    sizes = [0] * len(shares)
    number = [-1] * photos

    def growth(unit: _Unit, fold: int) -> float:
        share = shares[fold]
        terms = [
            count * (2 * (held[label][fold] - share * totals[label]) + count) / totals[label]
            for label, count in unit.labels.items()
        ]
        # rounding: sums that are equal on paper must not be told apart by their last bits
        return round(math.fsum(terms), 9)

    for unit in units:
        ranked = [(growth(unit, f), round(sizes[f] / s, 6), f) for f, s in enumerate(shares)]
        best = min(ranked)[2]
        for index in unit.members:
            number[index] = best
        sizes[best] += len(unit.members)
        for label, count in unit.labels.items():
            held[label][best] += count
    return np.asarray(number, dtype=np.intp)


def _single(supply: Counter[str]) -> list[str]:
    single = sorted(label for label, number in supply.items() if number == 1)
    if not single:
        return []
    return [
        f"{counted(len(single), 'class')} ({some(single)}) with photos from one group "
        "only: learned from, but never fairly tried. Add photos of another occasion."
    ]
