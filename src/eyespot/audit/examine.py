"""Is this folder fit to train on? The findings, from facts and embeddings that are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from eyespot.audit.classes import class_problems
from eyespot.audit.divided import divided
from eyespot.audit.findings import Audit, Conflict, Leak, Relation, WrongExtension
from eyespot.audit.sets import Belonging, Sets, belonging
from eyespot.datasets.dataset import ImageDataset, LeftOut, Part, Photo
from eyespot.datasets.labels import EXCLUDED
from eyespot.embeddings.embedded import Embedded, Facts

NONE_OF_THESE = "none of these"  # what a photo of a reserved folder counts as
UNUSED = (EXCLUDED, "lies ", "not listed ")  # reasons that say nothing against the file itself
PARTS: tuple[Part, ...] = ("train", "validation", "test")
EXTENSIONS = {
    "JPEG": {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"},
    "PNG": {".png", ".apng"},
    "GIF": {".gif"},
    "WEBP": {".webp"},
    "BMP": {".bmp", ".dib"},
    "TIFF": {".tif", ".tiff"},
    "AVIF": {".avif", ".avifs"},
    "JPEG2000": {".jp2", ".j2k", ".j2c", ".jpx", ".jpf"},
    "PPM": {".ppm", ".pgm", ".pbm", ".pnm"},
    "HEIF": {".heic", ".heif", ".heics", ".hif", ".avif"},
}


def audit(dataset: ImageDataset, embedded: Embedded) -> Audit:
    """Every finding about `dataset`, of whose photos `embedded` knows those that can be read.

    Pure and fast: nothing is decoded. The order of photos changes nothing but that of `groups`.
    """
    order = sorted(range(len(embedded)), key=lambda i: embedded.photos[i].file)
    rows = _in_order(embedded, order)
    files = [photo.file for photo in rows.photos]
    found = belonging(rows)
    classes = Counter(photo.label for photo in rows.photos if photo.label is not None)
    sizes = {name: classes[name] for name in dataset.classes}
    missing = _unique((*dataset.left_out, *embedded.left_out))
    group_of = dict(zip(order, found.groups, strict=True))
    return Audit(
        name=dataset.name,
        photos=len(rows),
        classes=sizes,
        unreadable=tuple(item for item in missing if not item.reason.startswith(UNUSED)),
        left_out=tuple(item for item in missing if item.reason.startswith(UNUSED)),
        wrong_extension=tuple(_wrong_extensions(rows.photos, rows.facts)),
        duplicates=_named(found.duplicates, files),
        near_duplicates=_named(found.near_duplicates, files),
        bursts=_named(found.bursts, files),
        conflicting_labels=_conflicts(rows.photos, found),
        leaks=_leaks(rows.photos, found),
        class_problems=class_problems(sizes, _occasions(rows.photos, found), _lacking(dataset)),
        files=tuple(photo.file for photo in embedded.photos),
        given_groups=tuple(photo.group for photo in embedded.photos),
        groups=_renumbered([group_of[i] for i in range(len(embedded))]),
    )


def _conflicts(photos: Sequence[Photo], found: Belonging) -> tuple[Conflict, ...]:
    """One picture under several labels. Photos of a burst may differ in what they show."""
    files = [photo.file for photo in photos]
    labels = [photo.label or NONE_OF_THESE for photo in photos]
    pictures: tuple[tuple[Relation, Sets], ...] = (
        ("duplicate", found.duplicates),
        ("near-duplicate", found.near_duplicates),
    )
    return tuple(
        Conflict(kind, _pick(files, members), _pick(labels, members))
        for kind, members in divided(pictures, labels)
    )


def _leaks(photos: Sequence[Photo], found: Belonging) -> tuple[Leak, ...]:
    """What belongs together, in several parts. A burst tells for the near-duplicates in it."""
    files = [photo.file for photo in photos]
    parts = [photo.part for photo in photos]
    related: tuple[tuple[Relation, Sets], ...] = (
        ("duplicate", found.duplicates),
        ("near-duplicate", _outside(found.near_duplicates, found.bursts)),
        ("burst", found.bursts),
        ("group", found.given),
    )
    return tuple(
        Leak(kind, _pick(files, members), tuple(str(parts[i]) for i in members))
        for kind, members in divided(related, parts)
    )


def _in_order(embedded: Embedded, order: Sequence[int]) -> Embedded:
    return replace(
        embedded,
        photos=tuple(embedded.photos[i] for i in order),
        vectors=embedded.vectors[order],
        mirrored=embedded.mirrored[order],
        facts=tuple(embedded.facts[i] for i in order),
    )


def _unique(items: Sequence[LeftOut]) -> list[LeftOut]:
    """One for each file, by name: a data set may have taken over what could not be embedded."""
    by_file = {item.file: item for item in reversed(items)}
    return sorted(by_file.values(), key=lambda item: item.file)


def _named(sets: Sets, files: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(_pick(files, members) for members in sets)


def _outside(sets: Sets, wider: Sets) -> Sets:
    """The sets that no wider one holds whole."""
    inside = [set(members) for members in wider]
    return [members for members in sets if not any(set(members) <= held for held in inside)]


def _pick(values: Sequence[str], members: Sequence[int]) -> tuple[str, ...]:
    return tuple(values[i] for i in members)


def _wrong_extensions(photos: Sequence[Photo], facts: Sequence[Facts]) -> list[WrongExtension]:
    found = []
    for photo, known in zip(photos, facts, strict=True):
        extension = "." + photo.file.rpartition("/")[2].rpartition(".")[2].lower()
        right = EXTENSIONS.get(known.format)
        is_file = photo.content is None  # a picture inside a larger file has no name of its own
        if is_file and right is not None and extension not in right:
            has_one = "." in photo.file.rpartition("/")[2].lstrip(".")
            found.append(WrongExtension(photo.file, known.format, extension if has_one else ""))
    return found


def _occasions(photos: Sequence[Photo], found: Belonging) -> dict[str, int]:
    """How many independent groups every class has."""
    seen: dict[str, set[int]] = {}
    for photo, group in zip(photos, found.groups, strict=True):
        if photo.label is not None:
            seen.setdefault(photo.label, set()).add(group)
    return {label: len(groups) for label, groups in seen.items()}


def _lacking(dataset: ImageDataset) -> dict[str, list[Part]]:
    """The classes that a part of the given split has no photo of, and which parts."""
    given = [part for part in PARTS if any(photo.part == part for photo in dataset.photos)]
    held: dict[str | None, set[str | None]] = {}
    for photo in dataset.photos:
        held.setdefault(photo.label, set()).add(photo.part)
    lacking = {
        name: [part for part in given if part not in held.get(name, set())]
        for name in dataset.classes
    }
    return {name: parts for name, parts in lacking.items() if parts}


def _renumbered(groups: Sequence[int]) -> tuple[int, ...]:
    """The same groups counted from 0 in the order in which they are met."""
    order: dict[int, int] = {}
    return tuple(order.setdefault(group, len(order)) for group in groups)
