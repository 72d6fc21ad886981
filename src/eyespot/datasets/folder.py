"""A folder with a folder per class, perhaps below `train/ val/ test/`, as a data set.

`root/<class>/**/photo` or `root/<split>/<class>/**/photo`: the class is the first folder below the
root or the split, deeper ones belong to it. `docs/data-layout.md` says every rule and its outcome.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from eyespot.datasets.contents import has_picture_suffix, why_no_picture
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.names import counted, is_negative, label_from, part_from, plain, shown, some
from eyespot.datasets.walk import Names, Scan, scan
from eyespot.errors import InputError


def read_folder(root: Path) -> ImageDataset:
    """Read class folders. Raises `InputError` where it is not clear what the classes are."""
    found = scan(root)
    reasons = {place: _reason(found, place) for place in found.files}
    pictures = [place for place, reason in reasons.items() if reason is None]
    if not pictures:
        raise _no_photos(root, found)
    top, notes = _top(found, pictures)
    depth = len(top) + _is_split(root, top, pictures)  # the class is the name at this depth
    inside = [place for place in pictures if len(place) > depth + 1 or _in_negatives(place, top)]
    if not inside:
        raise _no_class_folders(root, depth - len(top), pictures)
    strays = sorted(set(pictures) - set(inside))
    photos = [_photo(found.path(place), place, top, depth) for place in inside]
    left_out = [LeftOut("/".join(place), reason) for place, reason in reasons.items() if reason]
    left_out += found.left_out
    left_out += [LeftOut("/".join(place), _stray(place, depth)) for place in strays]
    notes += [*_same_label(inside, top, depth), *_empty(found, inside, top, depth)]
    return assembled(root, photos, left_out=left_out, notes=notes + _inner_splits(inside, depth))


def assembled(
    root: Path, photos: Iterable[Photo], *, left_out: Iterable[LeftOut], notes: Iterable[str]
) -> ImageDataset:
    """Photos in a fixed order as a data set; a reserved word as label means "none of these"."""
    photos = sorted(photos, key=lambda photo: photo.file)
    labelled = tuple(p for p in photos if p.label is not None and not is_negative(p.label))
    negatives = [p for p in photos if p.label is not None and is_negative(p.label)]
    classes = tuple(sorted({photo.label for photo in labelled if photo.label is not None}))
    return ImageDataset(
        name=shown(root.resolve().name) or "photos",
        root=root,
        photos=labelled,
        classes=classes,
        left_out=tuple(sorted(left_out, key=lambda item: (item.file, item.reason))),
        negatives=tuple(replace(photo, label=None) for photo in negatives),
        notes=(*notes, *_negative_note(negatives), *look_alikes(classes)),
    )


def look_alikes(classes: Iterable[str]) -> list[str]:
    """A note for every set of classes whose names differ by case, spaces or hyphens alone."""
    spellings: dict[str, list[str]] = defaultdict(list)
    for label in sorted(classes):
        spellings[plain(label)].append(label)
    return [
        f"The classes {' and '.join(map(repr, labels))} differ in spelling only: they are "
        "kept apart. Rename one if they are the same."
        for labels in spellings.values()
        if len(labels) > 1
    ]


def _top(found: Scan, pictures: list[Names]) -> tuple[Names, list[str]]:
    """The folder whose folders are splits or classes: deeper where one folder wraps them all."""
    top: Names = ()
    while True:
        below = {place[len(top)] for place in found.folders if place[: len(top)] == top != place}
        if len(below) != 1 or min(map(len, pictures)) < len(top) + 3:
            break
        (only,) = below
        if part_from(only) or is_negative(only):
            break
        top = (*top, only)
    if not top:
        return top, []
    place = shown("/".join(top))
    return top, [
        f"The classes are read from {place}/, the only folder in {shown(str(found.root))}."
    ]


def _is_split(root: Path, top: Names, pictures: list[Names]) -> bool:
    """Are the folders below `top` splits? Raises `InputError` when only some of them are."""
    names = sorted({place[len(top)] for place in pictures if len(place) > len(top) + 1})
    splits = [name for name in names if part_from(name)]
    classes = [name for name in names if not part_from(name) and not is_negative(name)]
    if splits and classes:
        raise InputError(
            f"{shown(str(Path(root, *top)))} mixes split folders ({some(splits)}) with "
            f"class folders ({some(classes)}): expected either. Move the class "
            f"folders into a split folder, or give {shown(splits[0])}/ a new name if it is a class."
        )
    return bool(splits)


def _reason(found: Scan, place: Names) -> str | None:
    return None if has_picture_suffix(place[-1]) else why_no_picture(found.path(place))


def _in_negatives(place: Names, top: Names) -> bool:
    """Does the photo lie in a reserved folder beside the splits?"""
    return len(place) > len(top) + 1 and is_negative(place[len(top)])


def _photo(path: Path, place: Names, top: Names, depth: int) -> Photo:
    beside = _in_negatives(place, top)
    part = part_from(place[len(top)]) if depth > len(top) and not beside else None
    label = label_from(place[len(top)] if beside else place[depth])
    return Photo(path, "/".join(place), label=label, part=part)


def _stray(place: Names, depth: int) -> str:
    where = f"in {shown('/'.join(place[:-1]))}/" if len(place) > 1 else "beside the class folders"
    return f"lies {where}, but in no class folder" if depth else f"lies {where}, in none of them"


def _same_label(inside: list[Names], top: Names, depth: int) -> list[str]:
    """A note for every class whose folders' names differ only in how Unicode writes them."""
    folders: dict[str, set[str]] = defaultdict(set)
    for place in inside:
        if not _in_negatives(place, top):
            folders[label_from(place[depth])].add(place[depth])
    return [
        f"{len(names)} folders are read as the one class {label!r}: their names look the same, "
        "but are written with different characters."
        for label, names in sorted(folders.items())
        if len(names) > 1
    ]


def _empty(found: Scan, inside: list[Names], top: Names, depth: int) -> list[str]:
    """A note for every folder in the place of a class that has no photo."""
    used = {place[: depth + 1] for place in inside} | {
        place[: len(top) + 1] for place in inside if _in_negatives(place, top)
    }
    used |= {place[: len(top) + 1] for place in used}
    empty = [
        place
        for place in found.folders
        if place not in used
        and place[: len(top)] == top
        and (len(place) == depth + 1 or len(place) == len(top) + 1)
        and not _in_negatives((*place, ""), top)
    ]
    return [
        f"{shown('/'.join(place))}/ has no photos: it is not read as a class." for place in empty
    ]


def _inner_splits(inside: list[Names], depth: int) -> list[str]:
    """A note when class folders hold `train/` and `test/`, the other way round than expected."""
    inner = sorted({place[depth + 1] for place in inside if len(place) > depth + 2})
    splits = [name for name in inner if part_from(name)]
    if not splits:
        return []
    return [
        f"Class folders hold folders named {some(splits)}: they are read as part of the class. "
        f"For a split, put them on top: {shown(splits[0])}/<class>/photo.jpg."
    ]


def _negative_note(negatives: list[Photo]) -> list[str]:
    names = sorted({photo.label for photo in negatives if photo.label})
    if not names:
        return []
    return [
        f"{counted(len(negatives), 'photo')} in {some(names)} are kept as examples of "
        '"none of these", not as a class. Rename it if it is one.'
    ]


def _no_photos(root: Path, found: Scan) -> InputError:
    others = ["/".join(place) for place in found.files] + [item.file for item in found.left_out]
    came = f"only {counted(len(others), 'other file')} ({some(others)})" if others else "nothing"
    hint = f" {found.left_out[0].file}: {found.left_out[0].reason}." if found.left_out else ""
    return InputError(
        f"{shown(str(root))} has no photos: expected a folder per class, as in "
        f"{shown(root.name or 'photos')}/robin/1.jpg, and found {came}.{hint} Give another folder."
    )


def _no_class_folders(root: Path, is_split: int, pictures: list[Names]) -> InputError:
    example = shown("/".join(pictures[0]))
    split = f"{shown('/'.join(pictures[0][:-1]))}/" if is_split else ""
    return InputError(
        f"{shown(str(root))} has {counted(len(pictures), 'photo')} but no class folders: expected "
        f"{split}<class>/photo.jpg, found {example}. "
        "Put the photos of each class into a folder with its name, or give a table "
        "with the columns file and label."
    )
