"""What the audit would do about each photo, in two cells of a table: a suggestion and its reason.

A suggestion decides nothing: `exclude` stays empty until the user fills it in.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from eyespot.audit.findings import Audit, Relation
from eyespot.datasets.names import counted, shown

Advice = tuple[str, str]  # suggestion, reason

EXCLUDE, CHECK, TOGETHER, ONE_PART = "exclude", "check label", "keep together", "keep in one part"
RELABEL = "label "  # and the class that a photo looks like
HOW_SAME = {"duplicate": "the same bytes as", "near-duplicate": "nearly the same picture as"}
OURS = re.compile(r"(?:same|near|burst|group)-[0-9a-f]{8}")  # the names that `group_names` gives


def advice(audit: Audit) -> dict[str, Advice]:
    """File -> what to do and why, for every photo in a finding; the gravest finding wins."""
    said: dict[str, Advice] = {}
    for file, told in _in_order(audit):
        said.setdefault(file, told)
    return said


def group_names(audit: Audit) -> dict[str, str]:
    """File -> the name of its group, for every photo that is not alone.

    A user's group keeps its name. Ours end in a hash of their members, so a name says whether
    anybody has changed the group since.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for i, group in enumerate(audit.groups):
        members[group].append(i)
    kinds = _kinds(audit)
    names: dict[str, str] = {}
    for rows in members.values():
        given = sorted({name for i in rows if (name := audit.given_groups[i]) is not None})
        files = [audit.files[i] for i in rows]
        if given or len(rows) > 1:
            kind = min((kinds.get(file, "group") for file in files), key=_PREFIXES.index)
            name = given[0] if given else f"{kind}-{digest(map(shown, files))}"
            names |= dict.fromkeys(files, name)
    return names


def digest(files: Iterable[str]) -> str:
    """Eight hexadecimal digits that depend on the set of files, as they are shown, alone."""
    text = "\n".join(sorted(files))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]


_PREFIXES = ("burst", "near", "same", "group")


def _kinds(audit: Audit) -> dict[str, str]:
    """File -> the widest finding that it is in."""
    kinds: dict[str, str] = {}
    for kind, sets in (
        ("same", audit.duplicates),
        ("near", audit.near_duplicates),
        ("burst", audit.bursts),
    ):
        kinds |= dict.fromkeys((file for files in sets for file in files), kind)
    return kinds


def _in_order(audit: Audit) -> Iterable[tuple[str, Advice]]:
    yield from ((item.file, (EXCLUDE, item.reason)) for item in audit.unreadable)
    for conflict in audit.conflicting_labels:
        pairs = list(zip(conflict.files, conflict.labels, strict=True))
        for file, label in pairs:
            other, its_label = next(pair for pair in pairs if pair[1] != label)
            why = f"{HOW_SAME[conflict.kind]} {shown(other)}, which is labelled {its_label}"
            yield file, (CHECK, why)
    for suspect in audit.suspect_labels or ():
        why = (
            f"looks like {suspect.suggestion} ({100 * suspect.suggested_probability:.0f} %), "
            f"not like {suspect.label} ({100 * suspect.probability:.0f} %)"
        )
        yield suspect.file, (f"{RELABEL}{suspect.suggestion}", why)
    for leak in audit.leaks:
        yield from _of_leak(leak.kind, leak.files, leak.parts)
    for files in audit.duplicates:
        for file in files[1:]:
            yield file, (EXCLUDE, f"{HOW_SAME['duplicate']} {shown(files[0])}")
    for files in audit.near_duplicates:
        for file in files:
            other = files[0] if file != files[0] else files[1]
            yield file, (TOGETHER, f"{HOW_SAME['near-duplicate']} {shown(other)}")
    for files in audit.bursts:
        why = f"one of {counted(len(files), 'photo')} of a burst"
        yield from ((file, (TOGETHER, why)) for file in files)
    for wrong in audit.wrong_extension:
        named = f"its name says {wrong.extension}" if wrong.extension else "its name says nothing"
        yield wrong.file, ("", f"the contents are {wrong.format}, {named}")


def _of_leak(
    kind: Relation, files: tuple[str, ...], parts: tuple[str, ...]
) -> Iterable[tuple[str, Advice]]:
    """A picture that is measured on need not be learned; a burst belongs into one part whole."""
    held_out = [(f, part) for f, part in zip(files, parts, strict=True) if part != "train"]
    if kind in HOW_SAME and Counter(parts)["train"]:
        other, its_part = held_out[0]
        for file, part in zip(files, parts, strict=True):
            if part == "train":
                yield file, (EXCLUDE, f"{HOW_SAME[kind]} {shown(other)}, which is in {its_part}")
    else:
        where = " and ".join(sorted(set(parts)))
        what = HOW_SAME.get(kind, "one of a group that stands").removesuffix(" as")
        for file in files:
            yield file, (ONE_PART, f"{what} in {where}")
