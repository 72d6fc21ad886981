"""Photos that belong together (one animal, patient, camera, video), told by their files' names."""

import re
from dataclasses import replace

from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.datasets.names import counted, shown, some
from eyespot.errors import InputError


def group_by_name(dataset: ImageDataset, pattern: str) -> ImageDataset:
    r"""Set every photo's group to what the one bracket of `pattern` matches in its file's name.

    `bird(\d+)_` puts `robin/bird07_1.jpg` and `robin/bird07_2.jpg` together. Photos that do not
    match stay on their own. Raises `InputError` for a pattern that is none, or never matches.
    """
    compiled = _compiled(pattern)
    photos = tuple(_grouped(photo, compiled) for photo in dataset.photos)
    negatives = tuple(_grouped(photo, compiled) for photo in dataset.negatives)
    alone = [photo.file for photo in photos if photo.group is None]
    if photos and len(alone) == len(photos):
        raise InputError(
            f"--group-by {pattern!r} matches none of {counted(len(photos), 'photo')}: expected it "
            f"to match names such as {shown(photos[0].file)}. Try a shorter pattern."
        )
    notes = [f"{counted(len(set(_names(photos))), 'group')} of photos by {pattern!r}."]
    if alone:
        notes.append(
            f"{counted(len(alone), 'photo')} ({some(alone)}) not matched by {pattern!r}: "
            "each is a group of its own."
        )
    return replace(dataset, photos=photos, negatives=negatives, notes=(*dataset.notes, *notes))


def with_grouping_checked(dataset: ImageDataset, asked: str) -> ImageDataset:
    """The same data set, with a note where what was `asked` for keeps nothing together.

    Raises `InputError` where it keeps everything together: nothing could be held out then.
    """
    groups = [photo.group for photo in dataset.photos]
    different = set(groups)
    if len(groups) > 1 and len(different) == 1 and None not in different:
        raise InputError(
            f"{asked} says {shown(str(groups[0]))} for every one of {counted(len(groups), 'photo')}"
            ", and photos of one group are never separated: expected what tells occasions apart, "
            "such as a day, a place or an animal. Ask for something else, or leave it out."
        )
    if len(groups) > 1 and len(different) == len(groups) and None not in different:
        note = (
            f"{asked} says something else for each of {counted(len(groups), 'photo')}, so it keeps "
            "none together: only copies and bursts that the audit finds are."
        )
        return replace(dataset, notes=(*dataset.notes, note))
    return dataset


def divided_groups(dataset: ImageDataset) -> tuple[str, ...]:
    """Groups that the given split tears apart, which makes a figure look better than it is."""
    parts: dict[str, set[str]] = {}
    for photo in dataset.photos:
        if photo.group is not None and photo.part is not None:
            parts.setdefault(photo.group, set()).add(photo.part)
    return tuple(sorted(group for group, names in parts.items() if len(names) > 1))


def with_divided_noted(dataset: ImageDataset) -> ImageDataset:
    """The same data set with a note where its split tears groups apart."""
    divided = list(divided_groups(dataset))
    if not divided:
        return dataset
    note = (
        f"{counted(len(divided), 'group')} ({some(divided)}) have photos in more than one part of "
        "the given split: what is measured on it will look better than it is."
    )
    return replace(dataset, notes=(*dataset.notes, note))


def _compiled(pattern: str) -> re.Pattern[str]:
    advice = r"expected a column of the table, or a pattern with one bracket such as '(bird\d+)_'"
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise InputError(
            f"--group-by {pattern!r} is no regular expression ({error}): {advice}."
        ) from error
    if compiled.groups != 1:
        raise InputError(f"--group-by {pattern!r} has {compiled.groups} brackets: {advice}.")
    return compiled


def _grouped(photo: Photo, pattern: re.Pattern[str]) -> Photo:
    match = pattern.search(photo.file)
    return replace(photo, group=(match[1] or None) if match else None)


def _names(photos: tuple[Photo, ...]) -> list[str]:
    return [photo.group for photo in photos if photo.group is not None]
