"""What is wrong with the classes themselves: names, sizes, how many occasions they show."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from eyespot.audit.findings import ClassProblem
from eyespot.datasets.names import counted, some

FEW = 10  # photos below which a class is hardly learned, and measured not at all
IMBALANCE = 10.0  # photos of the largest class for one of the smallest
LONG_ENOUGH = 5  # letters of a name in which one too many or too few may be a slip
LONG_NAME = 9  # letters of a name in which a wrong one may be: 'glass' and 'grass' are words


def class_problems(
    classes: Mapping[str, int], groups: Mapping[str, int], parts: Mapping[str, Sequence[str]]
) -> tuple[ClassProblem, ...]:
    """Every problem, the gravest first.

    `classes` has photos that can be read, `groups` how many independent ones, `parts` a class's
    parts of the given split that lack it.
    """
    return (
        *_look_alikes(classes),
        *_sizes(classes, groups),
        *_missing(parts),
        *_imbalance(classes),
    )


def look_alike(first: str, second: str) -> bool:
    """Would a person take the two names for one class, spelled twice?

    >>> look_alike("Tulip", "tulips"), look_alike("1st floor", "2nd floor")
    (True, False)
    """
    one, other = _letters(first), _letters(second)
    if one == other or _singular(one) == _singular(other):
        return True
    if re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return False
    return min(len(one), len(other)) >= LONG_ENOUGH and _is_one_slip(one, other)


def ratio(large: int, small: int) -> str:
    """`6.8 to 1`, `218 to 1`."""
    value = large / small
    return f"{value:.1f} to 1" if value < 10 else f"{value:,.0f} to 1"


def _look_alikes(classes: Iterable[str]) -> Iterator[ClassProblem]:
    names = sorted(classes)
    near: dict[str, list[str]] = defaultdict(list)
    for first, second in _candidates(names):
        if look_alike(first, second):
            near[first].append(second)
    told: set[str] = set()
    for first, others in near.items():
        if first in told:
            continue
        told |= {first, *others}
        both = (first, *others)
        quoted = " and ".join(f"'{name}'" for name in both)
        yield ClassProblem("look-alike names", both, f"{quoted} look like one class.")


def _candidates(names: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs that may be one slip apart: with one letter left out of each, they meet."""
    meeting: dict[str, set[str]] = defaultdict(set)
    for name in names:
        letters = _letters(name)
        meeting[_singular(letters)].add(name)
        for k in range(len(letters)):
            meeting[letters[:k] + letters[k + 1 :]].add(name)
        meeting[letters].add(name)
    pairs = {
        (first, second)
        for members in meeting.values()
        for first in members
        for second in members
        if first < second
    }
    yield from sorted(pairs)


def _letters(name: str) -> str:
    """Lower case without accents' spelling, spaces, underscores and hyphens."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\s_\-.]+", "", folded)


def _singular(letters: str) -> str:
    for ending, single in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("s", "")):
        if letters.endswith(ending) and not letters.endswith("ss" if ending == "s" else "\0"):
            return letters[: -len(ending)] + single
    return letters


def _is_one_slip(one: str, other: str) -> bool:
    """One letter added or dropped inside, two neighbours swapped, or in a long name one replaced.

    Not at either end: 'mouse' and 'house', 'stage I' and 'stage II' differ there.
    """
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((k for k, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    one, other = one[start:], other[start:]
    if start == 0 or min(len(one), len(other)) < 2:
        return False
    is_swapped = one[:2] == other[1::-1] and one[2:] == other[2:]
    is_replaced = one[1:] == other[1:] and start + len(one) >= LONG_NAME
    return is_swapped or is_replaced or one[1:] == other or one == other[1:]


def _sizes(classes: Mapping[str, int], groups: Mapping[str, int]) -> Iterator[ClassProblem]:
    empty = [name for name, count in classes.items() if count == 0]
    single = [name for name, count in classes.items() if count == 1]
    few = [name for name, count in classes.items() if 1 < count < FEW]
    whole = [name for name, count in classes.items() if count > 1 and groups.get(name) == 1]
    for name in empty:
        yield ClassProblem("empty", (name,), f"'{name}' has no photo that can be read.")
    for name in single:
        yield ClassProblem("one photo", (name,), f"'{name}' has one photo.")
    for name in whole:
        seen = f"All {counted(classes[name], 'photo')} of '{name}' show one occasion."
        yield ClassProblem("one group", (name,), seen)
    if few:
        sizes = some([f"'{name}' {classes[name]}" for name in few])
        yield ClassProblem("few photos", tuple(few), f"Fewer than {FEW} photos: {sizes}.")


def _missing(parts: Mapping[str, Sequence[str]]) -> Iterator[ClassProblem]:
    by_part: dict[str, list[str]] = defaultdict(list)
    for name, lacking in parts.items():
        for part in lacking:
            by_part[part].append(name)
    for part, names in by_part.items():
        quoted = some([f"'{name}'" for name in names])
        have = "has" if len(names) == 1 else "have"
        yield ClassProblem("not in a part", tuple(names), f"{quoted} {have} no photo in {part}.")


def _imbalance(classes: Mapping[str, int]) -> Iterator[ClassProblem]:
    present = Counter({name: count for name, count in classes.items() if count})
    if len(present) < 2:
        return
    (most, large), (least, small) = present.most_common()[0], present.most_common()[-1]
    if large / small >= IMBALANCE:
        sizes = f"'{most}' has {large:,} photos, '{least}' {small:,}"
        seen = f"{sizes}: {ratio(large, small)}."
        yield ClassProblem("imbalance", (most, least), seen)
