"""The findings in sentences, the same on the page and in the terminal.

Each says what was seen, why it matters, and the next command; the gravest first.
"""

from __future__ import annotations

from dataclasses import dataclass

from eyespot.audit.classes import ratio
from eyespot.audit.findings import Audit, expected_wrong
from eyespot.classifier.suspicion import how_many_are_wrong
from eyespot.datasets.names import some
from eyespot.pages.words import count, listed


@dataclass(frozen=True)
class Places:
    """What the commands in the sentences name."""

    source: str  # as the user typed it
    table: str  # labels.csv

    @property
    def train(self) -> str:
        return f"eyespot train {self.source} --labels {self.table}"

    @property
    def again(self) -> str:
        return f"eyespot audit {self.source}"


@dataclass(frozen=True)
class Told:
    """One finding in words. `is_grave`: it should be settled before training."""

    kind: str  # of findings.KINDS
    seen: str
    why: str
    command: str
    is_grave: bool


@dataclass(frozen=True)
class Figure:
    """One kind of finding in a line: how many, and what becomes of them."""

    kind: str
    number: int
    outcome: str


def told(audit: Audit, places: Places) -> tuple[Told, ...]:
    """What only its owner can settle, one warning each; the others settle themselves: `figures`."""
    found = (
        _conflicts(audit, places),
        _leaks(audit, places),
        _suspects(audit, places),
        *_classes(audit, places),
    )
    return tuple(item for item in found if item is not None)


def headline(audit: Audit, findings: tuple[Told, ...]) -> str:
    """The answer to the question of the page: can this folder be trained on?"""
    if not audit.photos:
        return "No photo here can be read."
    grave = [item for item in findings if item.is_grave]
    if grave:
        things = {
            "conflicting-labels": "labels that contradict each other",
            "leaks": "photos in two parts of the split",
            "class-problems": "the classes",
        }
        named = list(dict.fromkeys(things[item.kind] for item in grave))
        return f"Before you train on {audit.name}, look at {listed(named, 4)}."
    if audit.suspect_labels:
        labels = count(len(audit.suspect_labels), "label")
        verb = "looks" if len(audit.suspect_labels) == 1 else "look"
        return f"{audit.name} can be trained on, but {labels} {verb} wrong."
    if audit.duplicates or audit.near_duplicates or audit.bursts:
        return f"{audit.name} can be trained on: copies and bursts will be kept together."
    if audit.unreadable or findings:
        return f"{audit.name} can be trained on as it is."
    return f"{audit.name} can be trained on: we looked, and found nothing wrong."


def summary(audit: Audit) -> str:
    """How much there is, and how much of it is independent."""
    groups = len(set(audit.groups))
    whole = f"{count(audit.photos, 'photo')} in {count(len(audit.classes), 'class')} can be read"
    if groups == audit.photos:
        return f"{whole}; each is a picture of its own."
    return (
        f"{whole}. Copies, near-copies and bursts counted once, they show "
        f"{count(groups, 'independent picture')}."
    )


def sizes(audit: Audit) -> str:
    """`daisy 412, rose 200 ... tulip 61; largest to smallest 6.8 to 1`."""
    by_size = sorted(audit.classes.items(), key=lambda item: (-item[1], item[0]))
    ends = by_size if len(by_size) <= 3 else [*by_size[:2], by_size[-1]]
    texts = [f"{label} {number:,}" for label, number in ends]
    shown = ", ".join(texts) if len(by_size) <= 3 else f"{', '.join(texts[:2])} ... {texts[2]}"
    if len(by_size) < 2 or not by_size[-1][1]:
        return shown
    return f"{shown}; largest to smallest {ratio(by_size[0][1], by_size[-1][1])}"


def _conflicts(audit: Audit, places: Places) -> Told | None:
    number = len(audit.conflicting_labels)
    if not number:
        return None
    both = some([f"'{label}'" for label in sorted(set(audit.conflicting_labels[0].labels))])
    one = f"One picture stands under several labels ({both})."
    seen = one if number == 1 else f"{number:,} pictures stand under several labels."
    why = "At least one label of each is wrong: correct it in the column label, or exclude it."
    return Told("conflicting-labels", seen, why, places.train, True)


def _leaks(audit: Audit, places: Places) -> Told | None:
    number = len(audit.leaks)
    if not number:
        return None
    parts = sorted({part for leak in audit.leaks for part in leak.parts})
    what = count(number, "picture or burst", plural="pictures or bursts")
    seen = f"{what} {'is' if number == 1 else 'are'} in {listed(parts)} at once."
    why = (
        "A photo that was learned from is answered too well: what is measured looks better "
        "than it is. Exclude one side."
    )
    return Told("leaks", seen, why, places.train, True)


def _suspects(audit: Audit, places: Places) -> Told | None:
    number = len(audit.suspect_labels or ())
    if not number:
        return None
    seen = f"{count(number, 'label')} {'looks' if number == 1 else 'look'} wrong."
    why = (
        "A classifier that had not seen the photo takes it for another class. Look at each, and "
        "correct the column label where you agree: some are right, and only hard to tell."
    )
    why = f"{why} {how_many_are_wrong(number, expected_wrong(audit.suspect_labels or ()))}".rstrip()
    return Told("suspect-labels", seen, why, places.train, False)


WHY_CLASS = {
    "look-alike names": "If they are one class, half of its photos teach the wrong thing: give "
    "them one label.",
    "empty": "A class cannot be learned or measured without photos: add some, or take it out.",
    "not in a part": "What is not in every part is never learned, or never measured: add photos, "
    "or take the class out.",
    "one photo": "One photo cannot be both learned from and tried on: add more.",
    "one group": "Nothing of the class is left to try on: add photos of another occasion.",
    "few photos": "Their figures will be little more than chance: 20 or more, on different "
    "days, are a start.",
    "imbalance": "The small class is easily overlooked: read balanced accuracy, or add photos "
    "of it.",
}


def _classes(audit: Audit, places: Places) -> list[Told]:
    return [
        Told(
            "class-problems",
            problem.sentence,
            WHY_CLASS[problem.kind],
            places.train if problem.kind == "look-alike names" else places.again,
            problem.kind not in ("few photos", "imbalance"),
        )
        for problem in audit.class_problems
    ]


def figures(audit: Audit) -> tuple[Figure, ...]:
    """Every kind of finding with its number: what one line each can say."""
    return (
        Figure("unreadable", len(audit.unreadable), "left out; copy them again if they matter"),
        _of_sets("exact duplicates", audit.duplicates, "each picture is used once"),
        _of_sets("near-duplicates", audit.near_duplicates, "kept together when split"),
        _of_sets("bursts", audit.bursts, "kept together when split"),
        Figure("conflicting labels", len(audit.conflicting_labels), "one picture, several labels"),
        Figure("leaks", len(audit.leaks), "in two parts of the split"),
        Figure("class problems", len(audit.class_problems), "names, sizes, occasions"),
        Figure("wrong extension", len(audit.wrong_extension), "read all the same"),
        *_suspected(audit),
    )


def _suspected(audit: Audit) -> tuple[Figure, ...]:
    """Only where they were asked for: no line says that nothing was found unsought."""
    if audit.suspect_labels is None:
        return ()
    return (Figure("suspect labels", len(audit.suspect_labels), "another class is likelier"),)


def _of_sets(kind: str, sets: tuple[tuple[str, ...], ...], outcome: str) -> Figure:
    return Figure(kind, len(sets), f"{count(sum(map(len, sets)), 'photo')}; {outcome}")
