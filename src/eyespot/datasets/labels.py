"""The audit's `labels.csv`, after the user has edited it: new labels, photos taken out, groups.

Columns `file, label, exclude, group` (others are for reading only); `file` as `shown` gives it.
The photos themselves are never touched.
"""

from collections import Counter
from dataclasses import replace

from eyespot.datasets.dataset import ImageDataset, LeftOut, Photo
from eyespot.datasets.folder import look_alikes
from eyespot.datasets.names import counted, is_negative, label_from, shown, some
from eyespot.datasets.rows import Row, Table
from eyespot.datasets.spreadsheet import from_cell
from eyespot.errors import InputError

EXCLUDED = "excluded in labels.csv"
_YES = frozenset({"yes", "y", "true", "1", "x"})
_NO = frozenset({"", "no", "n", "false", "0"})


def with_labels(
    dataset: ImageDataset, table: Table, *, group_column: str | None = None
) -> ImageDataset:
    """Return `dataset` with the labels, exclusions and groups that `table` gives.

    An empty label or group leaves what the folder said; a label that is new makes a new class.
    Raises `InputError` for a table without a file column, or rows that contradict each other.
    """
    edits = _edits(table)
    column = group_column or table.column("group")
    labelled: list[Photo] = []
    negatives: list[Photo] = []
    left_out: list[LeftOut] = []
    changes: Counter[str] = Counter()
    for photo in (*dataset.photos, *dataset.negatives):
        row = edits.get(shown(photo.file))
        if row is None:
            (labelled if photo.label is not None else negatives).append(photo)
        elif _is_excluded(table, row):
            left_out.append(LeftOut(photo.file, EXCLUDED))
        else:
            edited = _edited(photo, row, table.column("label"), column)
            if edited.label != photo.label:
                changes[f"{_named(photo)} to {_named(edited)}"] += 1
            (labelled if edited.label is not None else negatives).append(edited)
    photos = tuple(sorted(labelled, key=lambda photo: photo.file))
    classes = tuple(sorted({photo.label for photo in photos if photo.label is not None}))
    return replace(
        dataset,
        photos=photos,
        classes=classes,
        negatives=tuple(sorted(negatives, key=lambda photo: photo.file)),
        left_out=tuple(sorted((*dataset.left_out, *left_out), key=lambda item: item.file)),
        notes=(
            *dataset.notes,
            *_changed(table, changes, len(left_out)),
            *_notes(dataset, table, edits, classes),
        ),
    )


def _edits(table: Table) -> dict[str, Row]:
    """Shown name of a file -> its row."""
    file_column = table.needed("file")
    edits: dict[str, Row] = {}
    for row in table.rows:
        file = from_cell(row.values.get(file_column, ""))
        earlier = edits.setdefault(file, row)
        if earlier.values != row.values:
            raise InputError(
                f"{table} has two different rows for {file} (lines {earlier.line} and {row.line}): "
                "expected one. Delete the one that is wrong."
            )
    return edits


def _is_excluded(table: Table, row: Row) -> bool:
    column = table.column("exclude")
    value = row.values.get(column, "").casefold() if column else ""
    if value not in _YES | _NO:
        raise InputError(
            f"{table} has {shown(value)!r} in its column {column} (line {row.line}): "
            "expected yes, or nothing. Write a reason into the column reason."
        )
    return value in _YES


def _edited(photo: Photo, row: Row, label_column: str | None, group_column: str | None) -> Photo:
    label = from_cell(row.values.get(label_column, "")) if label_column else ""
    group = from_cell(row.values.get(group_column, "")) if group_column else ""
    if is_negative(label):
        photo = replace(photo, label=None)
    elif label:
        photo = replace(photo, label=label_from(label))
    return replace(photo, group=group) if group else photo


def _named(photo: Photo) -> str:
    return "none of these" if photo.label is None else photo.label


def _changed(table: Table, changes: Counter[str], excluded: int) -> list[str]:
    """What the table made of the folder's labels, the commonest change first."""
    notes = []
    if changes:
        each = [f"{change} {number:,}" for change, number in changes.most_common()]
        notes.append(
            f"{table} changes the label of {counted(changes.total(), 'photo')}: {some(each)}."
        )
    if excluded:
        notes.append(f"{table} leaves out {counted(excluded, 'photo')}.")
    return notes


def _notes(
    dataset: ImageDataset, table: Table, edits: dict[str, Row], classes: tuple[str, ...]
) -> list[str]:
    photos = [shown(photo.file) for photo in (*dataset.photos, *dataset.negatives)]
    known = {*photos, *(shown(item.file) for item in dataset.left_out)}
    unlisted = [file for file in photos if file not in edits]
    gone = [file for file in edits if file not in known]
    added = [label for label in classes if label not in dataset.classes]
    removed = [label for label in dataset.classes if label not in classes]
    notes = []
    if unlisted:
        notes.append(
            f"{counted(len(unlisted), 'photo')} not in {table} ({some(unlisted)}): the label of "
            "the folder stays."
        )
    if gone:
        notes.append(f"{table} has {counted(len(gone), 'row')} for files not there ({some(gone)}).")
    if added:
        notes.append(f"{table} adds {counted(len(added), 'class')}: {some(added)}.")
        notes += [note for note in look_alikes(classes) if note not in dataset.notes]
    if removed:
        notes.append(
            f"{table} takes the last photo from {counted(len(removed), 'class')}: {some(removed)}."
        )
    return notes
