"""From what the user typed to photos: a folder, a table, a published data set, files to predict."""

import os
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from eyespot.datasets.added import with_added
from eyespot.datasets.cifar import find_cifar, read_cifar
from eyespot.datasets.contents import PICTURE_SUFFIXES
from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.folder import read_folder
from eyespot.datasets.groups import group_by_name, with_divided_noted, with_grouping_checked
from eyespot.datasets.idx import find_idx, is_idx, read_idx
from eyespot.datasets.imagenet import find_imagenet, read_imagenet
from eyespot.datasets.labels import with_labels
from eyespot.datasets.names import shown, some
from eyespot.datasets.places import NAMES, located
from eyespot.datasets.rows import TABLE_SUFFIXES, Table, read_table
from eyespot.datasets.tables import read_listed
from eyespot.datasets.walk import scan, unreadable_kind, why
from eyespot.errors import InputError, nearest

METADATA: Final = ("metadata.csv", "metadata.tsv", "metadata.jsonl")
_ARCHIVES: Final = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
_SHEETS: Final = (".xls", ".xlsx", ".ods", ".numbers", ".parquet", ".json", ".feather")


def open_dataset(
    source: str | Path,
    *,
    group_by: str | None = None,
    group_column: str | None = None,
    labels: Path | None = None,
    add: Path | None = None,
) -> ImageDataset:
    r"""Read labelled photos from a folder of class folders, a table or a published data set.

    `source` is a path or one of `places.NAMES`; as a text, a bare name that is both is refused.
    `labels` is the audit's edited `labels.csv`. Photos are kept together by `group_column`, a
    column of a table, or by `group_by`, a column or a pattern with one bracket. The photos of the
    folder `add` join those to learn from. Raises `InputError` with what to do where the source
    cannot be understood.

    >>> open_dataset(Path("photos/"), group_by=r"(bird\d+)_")  # doctest: +SKIP
    """
    source = located(source)
    table = _table(source)
    edits = None if labels is None else read_table(labels)
    in_table, in_edits = _columns(group_column, group_by, table, edits)
    if table is None:
        dataset = read_published(source) or read_folder(source)
    else:
        dataset = read_listed(table, group_column=in_table)
        dataset = _with_unlisted(dataset, source) if source.is_dir() else dataset
    if group_by and not in_table and not in_edits:
        dataset = group_by_name(dataset, group_by)
    if edits is not None:
        dataset = with_labels(dataset, edits, group_column=in_edits)
    if group_column or group_by:
        asked = f"--group-column {group_column}" if group_column else f"--group-by {group_by!r}"
        dataset = with_grouping_checked(dataset, asked)
    return with_divided_noted(with_added(dataset, add) if add is not None else dataset)


def _columns(
    group_column: str | None, group_by: str | None, table: Table | None, edits: Table | None
) -> tuple[str | None, str | None]:
    """The column that says what belongs together in the photos' own table, and in the edited one.

    Raises `InputError` for a `group_column` that neither has.
    """
    if group_column and group_by:
        raise InputError(
            f"--group-column {group_column} and --group-by {group_by!r} both say what must not be "
            "split: expected one of them. Leave the other out."
        )
    wanted = group_column or group_by
    found = [t is not None and wanted in t.columns for t in (table, edits)]
    if group_column and not any(found):
        tables = [t for t in (table, edits) if t is not None]
        has = "; ".join(f"{t} has {some(list(t.columns), 8)}" for t in tables)
        came = has or "there is no table here: pass the audit's with --labels, or use --group-by"
        raise InputError(
            f"--group-column {group_column} expects a column of a table, as it is spelled there; "
            f"{came}."
        )
    in_table, in_edits = (wanted if is_there else None for is_there in found)
    return in_table, in_edits


def read_published(source: Path) -> ImageDataset | None:
    """The pictures of a data set that has a form of its own; None for any other folder.

    Raises `InputError` where its files are not as they were published.
    """
    place = find_imagenet(source)
    dataset = _inside_files(source) if place is None else read_imagenet(source, place)
    return None if dataset is None else replace(dataset, is_published=True)


def _inside_files(source: Path) -> ImageDataset | None:
    """The same, for data sets whose pictures lie in larger files."""
    if (place := find_idx(source)) is not None:
        return read_idx(source, place)
    if (place := find_cifar(source)) is not None:
        return read_cifar(source, place)
    return None


def find_photos(sources: Sequence[Path]) -> tuple[tuple[Photo, ...], tuple[LeftOut, ...]]:
    """Every file named, and every file below the folders named, once: to be read, or left out.

    Photos keep the order of `sources`, and lie sorted within a folder. A file is named as the user
    would: `inbox/a.jpg`. Hidden files and the systems' leftovers count only when named themselves.
    A folder or archive of MNIST's or CIFAR's form gives its pictures: `cifar10/test/00000`.
    Raises `InputError` when there is no file at all.
    """
    photos: dict[str, Photo] = {}
    left_out: dict[str, LeftOut] = {}
    for source in sources:
        # os.path: False, not an exception, for impossible names
        if os.path.isdir(source) or find_cifar(source):  # noqa: PTH112
            found, not_found = _below(source)
        else:
            reason = unreadable_kind(source)
            found = [] if reason else [Photo(source, source.as_posix())]
            not_found = [LeftOut(source.as_posix(), reason)] if reason else []
        for photo in found:
            photos.setdefault(_identity(Path(photo.file)), photo)
        for item in not_found:
            left_out.setdefault(_identity(Path(item.file)), item)
    if not photos and not left_out:
        raise InputError(
            f"There is no file in {some([str(source) for source in sources]) or 'an empty list'}: "
            "expected photos, or folders that hold some. Name another folder."
        )
    return tuple(photos.values()), tuple(left_out.values())


def _below(folder: Path) -> tuple[list[Photo], list[LeftOut]]:
    try:
        published = _inside_files(folder)
    except InputError as error:
        return [], [LeftOut(folder.as_posix(), str(error))]
    if published is not None:
        pictures = [
            replace(photo, file=(folder / photo.file).as_posix()) for photo in published.photos
        ]
        others = published.left_out
        return pictures, [LeftOut((folder / item.file).as_posix(), item.reason) for item in others]
    try:
        found = scan(folder)
    except InputError as error:
        reason = why(error.__cause__) if isinstance(error.__cause__, OSError) else str(error)
        return [], [LeftOut(folder.as_posix(), f"the folder cannot be opened: {reason}")]
    photos = [Photo(found.path(place), found.path(place).as_posix()) for place in found.files]
    left_out = [LeftOut((folder / item.file).as_posix(), item.reason) for item in found.left_out]
    return sorted(photos, key=lambda photo: photo.file), left_out


def _identity(path: Path) -> str:
    """One text for one place, whichever way it was typed. Links keep their own name."""
    return os.path.abspath(path)  # noqa: PTH100


def _table(source: Path) -> Table | None:
    """The table to read; None for a folder or an archive that is read. `InputError` for others."""
    try:
        if source.is_dir():
            return _metadata(source)
        exists = source.exists()
    except (OSError, ValueError) as error:
        reason = why(error) if isinstance(error, OSError) else str(error)
        raise InputError(f"{shown(str(source))} cannot be opened: {reason}.") from error
    if not exists:
        raise _missing(source)
    suffix = source.suffix.lower()
    if source.is_file() and suffix in TABLE_SUFFIXES:
        return read_table(source)
    if find_cifar(source):
        return None
    raise InputError(f"{shown(str(source))} {_not_a_source(source, suffix)}")


def _metadata(folder: Path) -> Table | None:
    """A `metadata.csv` in the folder that says the labels, as published data sets have it."""
    for name in METADATA:
        if (folder / name).is_file():
            table = read_table(folder / name)
            if table.column("file") and table.column("label"):
                return table
    return None


def _with_unlisted(dataset: ImageDataset, folder: Path) -> ImageDataset:
    """A folder read by its own table: the files that the table does not list are left out."""
    found = scan(folder)
    listed = {_identity(photo.path) for photo in (*dataset.photos, *dataset.negatives)}
    listed |= {_identity(folder / item.file) for item in dataset.left_out}
    unlisted = [
        LeftOut("/".join(place), "not listed in the folder's table")
        for place in found.files
        if _identity(found.path(place)) not in listed and place[0] not in METADATA
    ]
    left_out = (*dataset.left_out, *found.left_out, *unlisted)
    return replace(dataset, left_out=tuple(sorted(left_out, key=lambda item: item.file)))


def _not_a_source(source: Path, suffix: str) -> str:
    wanted = "expected a folder with a folder per class, or a table (.csv, .tsv, .jsonl)"
    if is_idx(source.name):
        return "is one file of a data set: give the folder that holds its pictures and labels."
    if suffix in _ARCHIVES:
        return f"is an archive: {wanted}. Unpack it and give the folder."
    if suffix in _SHEETS:
        return f"is a {suffix} file: {wanted}. Save it as 'CSV UTF-8' and give that."
    if suffix in PICTURE_SUFFIXES:
        return f"is a single file: {wanted}. Give the folder that holds the class folders."
    reason = unreadable_kind(source)
    return f"is {reason or 'a single file'}: {wanted}."


def _missing(source: Path) -> InputError:
    kind = "is a link to something that does not exist" if source.is_symlink() else "does not exist"
    try:
        beside = [entry.name for entry in source.absolute().parent.iterdir()]
    except OSError:
        beside = []
    near = [str(source.with_name(name)) for name in get_close_matches(source.name, beside, n=2)]
    near = near or nearest(str(source), NAMES)
    advice = (
        f"Did you mean {some(near)}?" if near else "Check the spelling, or the folder you are in."
    )
    return InputError(
        f"{shown(str(source))} {kind}: expected a folder of photos or a table. {advice}"
    )
