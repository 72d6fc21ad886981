"""What an audit found, as values: names of files and classes, nothing to be decoded again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from eyespot.datasets.dataset import LeftOut

Relation = Literal["duplicate", "near-duplicate", "burst", "group"]  # the closest first
ClassTrouble = Literal[
    "look-alike names",
    "empty",
    "not in a part",
    "one photo",
    "few photos",
    "one group",
    "imbalance",
]

KINDS: Final = (
    "unreadable",
    "duplicates",
    "near-duplicates",
    "bursts",
    "conflicting-labels",
    "leaks",
    "class-problems",
    "suspect-labels",
)  # as --fail-on and the page name them


@dataclass(frozen=True)
class WrongExtension:
    """A file whose name says another format than its contents. It is read all the same."""

    file: str
    format: str  # what the contents are: "PNG"
    extension: str  # what the name says: ".jpg"


@dataclass(frozen=True)
class Conflict:
    """One picture under several labels: at least one of them is wrong."""

    kind: Relation
    files: tuple[str, ...]
    labels: tuple[str, ...]  # one for each file


@dataclass(frozen=True)
class Leak:
    """Photos that belong together, in several parts of the given split."""

    kind: Relation
    files: tuple[str, ...]
    parts: tuple[str, ...]  # one for each file


@dataclass(frozen=True)
class ClassProblem:
    """Something about the classes that will make learning or measuring them doubtful."""

    kind: ClassTrouble
    classes: tuple[str, ...]
    sentence: str  # what was seen


@dataclass(frozen=True)
class Near:
    """A photo that looks like another one."""

    file: str
    label: str


@dataclass(frozen=True)
class SuspectLabel:
    """A label that is probably wrong, by a classifier that had not seen the photo."""

    file: str
    label: str  # as given
    suggestion: str  # the likeliest class
    probability: float  # of the given label, in [0, 1]
    suggested_probability: float
    nearest: tuple[Near, ...]  # the photos most like it, of other groups
    chance: float | None = None  # that the label is wrong; None: not known


def expected_wrong(found: Sequence[SuspectLabel]) -> float | None:
    """How many of them are wrong, by their chances; None where one has none."""
    chances = [item.chance for item in found if item.chance is not None]
    return sum(chances) if len(chances) == len(found) else None


@dataclass(frozen=True)
class Audit:
    """All findings of one data set. Files in a list are sorted; so are the lists."""

    name: str
    photos: int  # that can be read
    classes: dict[str, int]  # label -> photos that can be read
    unreadable: tuple[LeftOut, ...]
    left_out: tuple[LeftOut, ...]  # readable or not, the data set does not use them
    wrong_extension: tuple[WrongExtension, ...]
    duplicates: tuple[tuple[str, ...], ...]
    near_duplicates: tuple[tuple[str, ...], ...]
    bursts: tuple[tuple[str, ...], ...]
    conflicting_labels: tuple[Conflict, ...]
    leaks: tuple[Leak, ...]
    class_problems: tuple[ClassProblem, ...]
    files: tuple[str, ...]  # the embedded photos, in their order
    groups: tuple[int, ...]  # one for each of `files`: what a split must keep together
    given_groups: tuple[str | None, ...]  # one for each of `files`: what the user said
    suspect_labels: tuple[SuspectLabel, ...] | None = None  # most suspect first; None: not asked

    def count(self, kind: str) -> int:
        """How many findings of one of `KINDS` there are."""
        found: tuple[object, ...] | None = getattr(self, kind.replace("-", "_"))
        return len(found or ())
