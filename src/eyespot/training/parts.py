"""What is learned from, what is chosen on, what is measured on: three parts that share no picture.

Given parts stay as they are. What is missing is held out of the training part, whole groups at a
time and every class in its share: photos to measure on first, then photos to choose the epoch on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from eyespot.datasets.dataset import ImageDataset, LeftOut, Part, Photo
from eyespot.datasets.names import counted, some
from eyespot.datasets.splits import holdout
from eyespot.errors import InputError

TEST = 0.15  # share of the photos that is measured on, where the data have no part for it
RANK: dict[Part | None, int] = {"test": 2, "validation": 1, "train": 0, None: 0}
PARTS: tuple[Part, ...] = ("train", "validation", "test")
BESIDE = "an added photo that belongs together with ones that were held out"
PART_WORDS = ("the training part", "the validation part", "the test part")


@dataclass(frozen=True)
class Looked:
    """Photos that can be read, and their contents in the same order."""

    dataset: ImageDataset  # of these photos; those that belong together have a group
    contents: tuple[str, ...]  # SHA-256 of each file


@dataclass(frozen=True)
class Parts:
    """Photos by what they are for. A label's index is its place in `classes`."""

    classes: tuple[str, ...]
    train: tuple[Photo, ...]
    validation: tuple[Photo, ...]
    test: tuple[Photo, ...]
    contents: tuple[str, ...]  # SHA-256 of the training photos' files
    left_out: tuple[LeftOut, ...]  # found, but of no use
    notes: tuple[str, ...]  # what was held out and why, one sentence each
    is_test_given: bool
    calibration: tuple[Photo, ...] = ()  # decide nothing but the thresholds of label sets

    @property
    def sizes(self) -> dict[str, int]:
        """Part -> photos; calibration only where there are such."""
        sizes = {
            "train": len(self.train),
            "validation": len(self.validation),
            "test": len(self.test),
        }
        return sizes | ({"calibration": len(self.calibration)} if self.calibration else {})

    def labels(self, photos: Sequence[Photo]) -> tuple[int, ...]:
        """The places of the photos' labels in `classes`."""
        place = {label: i for i, label in enumerate(self.classes)}
        return tuple(place[str(photo.label)] for photo in photos)


def divided(looked: Looked, *, validation: float, seed: int) -> Parts:
    """The three parts. `validation` is the share of the training photos to choose the epoch on.

    A picture in two parts is used in the later one only. Raises `InputError` where the photos are
    too few to be divided.
    """
    reasons, notes = _copies(looked.dataset.photos, looked.contents)
    rows = [i for i in range(len(looked.contents)) if i not in reasons]
    part, more, is_given = _assigned(looked, rows, validation, seed)
    found = {name: [i for i in rows if part[i] == name] for name in PARTS}
    photos = {
        name: tuple(_in(name, looked.dataset.photos[i]) for i in members)
        for name, members in found.items()
    }
    learned = {str(photo.label) for photo in photos["train"]}
    _check_learned(looked.dataset.name, learned)
    unknown = [p for name in PARTS for p in photos[name] if p.label not in learned]
    if unknown:
        notes = (*notes, _never_learned(unknown))
    return Parts(
        classes=tuple(sorted(learned)),
        train=photos["train"],
        validation=tuple(p for p in photos["validation"] if p.label in learned),
        test=tuple(p for p in photos["test"] if p.label in learned),
        contents=tuple(looked.contents[i] for i in found["train"]),
        left_out=(
            *(LeftOut(looked.dataset.photos[i].file, why) for i, why in reasons.items()),
            *(LeftOut(p.file, f"the training part has no photo of {p.label}") for p in unknown),
            *(LeftOut(looked.dataset.photos[i].file, BESIDE) for i in rows if part[i] is None),
        ),
        notes=(*notes, *more),
        is_test_given=is_given,
    )


def _in(part: Part, photo: Photo) -> Photo:
    return photo if photo.part == part else replace(photo, part=part)


def _assigned(
    looked: Looked, rows: Sequence[int], validation: float, seed: int
) -> tuple[dict[int, Part | None], tuple[str, ...], bool]:
    """The part of each row, what was held out in sentences, and whether a test part was given."""
    photos = looked.dataset.photos
    part: dict[int, Part | None] = {i: photos[i].part or "train" for i in rows}
    given = {photos[i].part for i in rows}
    notes: list[str] = []
    if "test" not in given and "validation" in given:  # as everywhere: what is reported on
        part |= dict.fromkeys([i for i in rows if part[i] == "validation"], "test")
        notes.append(
            "The photos have a validation part but no test part: the figures are measured on it."
        )
    is_given = "test" in part.values()
    if not is_given:
        held = _held_out(looked, [i for i in rows if part[i] == "train"], TEST, seed, notes)
        _hold_out(part, held, "test", looked)
        notes.append(
            f"The photos have no test part: {counted(len(held), 'photo')} of them were held out "
            "of the training to measure on."
        )
    if "validation" not in part.values() and validation > 0:
        rest = [i for i in rows if part[i] == "train"]
        held = _held_out(looked, rest, validation, seed, notes)
        _hold_out(part, held, "validation", looked)
        notes.append(
            f"{counted(len(held), 'photo')} of the training part were held out to choose the "
            "epoch on, and to make the probabilities honest."
        )
    return part, tuple(notes), is_given


def _hold_out(
    part: dict[int, Part | None], held: Sequence[int], name: Part, looked: Looked
) -> None:
    """Give `held` their part. Added photos of their groups must teach nothing then."""
    photos = looked.dataset.photos
    groups = {photos[i].group for i in held} - {None}
    beside = [i for i in part if photos[i].is_added and photos[i].group in groups]
    part |= dict.fromkeys(held, name) | dict.fromkeys(beside)


def _held_out(
    looked: Looked, rows: Sequence[int], share: float, seed: int, notes: list[str]
) -> list[int]:
    """The rows of `rows` that are held out: about `share` of each class, groups kept whole.

    Added photos are not: they were sorted by a classifier, and would flatter.
    """
    rows = [i for i in rows if not looked.dataset.photos[i].is_added]
    try:
        folds = holdout(
            [str(looked.dataset.photos[i].label) for i in rows],
            [looked.dataset.photos[i].group for i in rows],
            fraction=share,
            seed=seed,
            names=[looked.contents[i] for i in rows],
        )
    except InputError as error:
        raise InputError(
            f"{looked.dataset.name} is too small to hold photos out ({error}) Add photos, or give "
            "it parts: train/, val/ and test/."
        ) from error
    notes += [note for note in folds.notes if note not in notes]
    return [i for i, fold in zip(rows, folds.number.tolist(), strict=True) if fold == 0]


def _copies(
    photos: Sequence[Photo], contents: Sequence[str]
) -> tuple[dict[int, str], tuple[str, ...]]:
    """Row -> why it is left out, for pictures in two parts and for pictures under two labels.

    Copies in one part and class stay: they weigh what they weigh. A given test part stays whole,
    so that figures on it compare with those of others.
    """
    same: dict[str, list[int]] = defaultdict(list)
    for i, content in enumerate(contents):
        same[content].append(i)
    reasons: dict[int, str] = {}
    doubtful = 0
    for rows in same.values():
        if len(rows) == 1:
            continue
        last = max(RANK[photos[i].part] for i in rows)
        kept = [i for i in rows if RANK[photos[i].part] == last]
        why = f"the same picture as {photos[kept[0]].file} in {PART_WORDS[last]}"
        reasons |= {i: why for i in rows if i not in kept}
        labels = sorted({str(photos[i].label) for i in kept})
        if len(labels) > 1 and last == RANK["test"]:
            doubtful += len(kept)
        elif len(labels) > 1:
            why = f"the same picture stands under {' and '.join(labels)}: decide in labels.csv"
            reasons |= dict.fromkeys(kept, why)
    notes = (
        f"{counted(doubtful, 'photo')} of the test part stand under two labels: one of each is "
        "measured as wrong, whatever the answer.",
    )
    return dict(sorted(reasons.items())), notes if doubtful else ()


def _check_learned(name: str, learned: set[str]) -> None:
    if len(learned) < 2:
        only = f" ({min(learned)})" if learned else ""
        raise InputError(
            f"The training part of {name} has {counted(len(learned), 'class')}{only} left: a "
            "classifier expects at least 2. Add photos."
        )


def _never_learned(unknown: Sequence[Photo]) -> str:
    labels = sorted({str(photo.label) for photo in unknown})
    return (
        f"{counted(len(labels), 'class')} ({some(labels)}) without a training photo: left out, "
        f"with {counted(len(unknown), 'photo')} held out of it."
    )
