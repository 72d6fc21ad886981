"""A table with a row per photo (file, label, perhaps split and group) as a data set.

A table is the user's own list, so its paths may be absolute or lead out of its folder; relative
ones start at the table's folder. A file whose rows disagree is left out with the rows that do.
"""

import os
import unicodedata
from collections import defaultdict
from pathlib import Path

from eyespot.datasets.dataset import ImageDataset, LeftOut, Part, Photo
from eyespot.datasets.folder import assembled
from eyespot.datasets.names import counted, label_from, part_from, shown, some
from eyespot.datasets.rows import Row, Table
from eyespot.datasets.walk import unreadable_kind
from eyespot.errors import InputError


def read_listed(table: Table, *, group_column: str | None = None) -> ImageDataset:
    """The photos that `table` lists; `group_column` overrides its own column for groups.

    Raises `InputError` for a table that lacks a column, has an unknown split, or lists no file
    that exists.
    """
    file_column, label_column = table.needed("file"), table.needed("label")
    parts = _parts(table)
    groups = group_column or table.column("group")
    photos: dict[str, list[tuple[Row, Photo]]] = defaultdict(list)
    left_out: list[LeftOut] = []
    for row in table.rows:
        listed, label = row.values.get(file_column, ""), row.values.get(label_column, "")
        place = _place(table.path.parent, listed)
        reason = _unusable(place, listed, label)
        if reason:
            left_out.append(LeftOut(listed or f"line {row.line}", reason))
            continue
        group = row.values.get(groups, "") if groups else ""
        photo = Photo(place, _name(listed), label_from(label), parts[row.line], group or None)
        photos[os.path.abspath(place)].append((row, photo))  # noqa: PTH100 - links stay links
    agreed = {key: rows for key, rows in photos.items() if not _disagreement(rows)}
    left_out += [
        LeftOut(rows[0][1].file, _disagreement(rows))
        for key, rows in photos.items()
        if key not in agreed
    ]
    if not photos:
        raise _none_usable(table, left_out)
    notes = _repeated(table, agreed)
    first = [rows[0][1] for rows in agreed.values()]
    return assembled(table.path.parent, first, left_out=_once(left_out), notes=notes)


def _place(folder: Path, listed: str) -> Path:
    """Where the listed file is: as written, or as another system would have written its name."""
    spellings = [listed, listed.replace("\\", "/")]
    spellings += [unicodedata.normalize(form, spellings[1]) for form in ("NFC", "NFD")]
    places = [folder / spelling for spelling in spellings]
    return next((place for place in places if _exists(place)), places[0])


def _exists(place: Path) -> bool:
    try:
        return os.path.lexists(place)
    except ValueError:  # a zero byte
        return False


def _unusable(place: Path, listed: str, label: str) -> str | None:
    """Why a row gives no photo, if it does not."""
    if not listed:
        return "the row names no file"
    if "://" in listed:
        return "a web address: download the photo and list the file"
    if reason := unreadable_kind(place):
        return f"listed in the table, but {reason}"
    return None if label else "no label in the table"


def _name(listed: str) -> str:
    return Path(listed).as_posix()


def _parts(table: Table) -> dict[int, Part | None]:
    """Line -> part. A split column is filled in every row or in none."""
    column = table.column("split")
    values = {row.line: row.values.get(column, "") if column else "" for row in table.rows}
    if not any(values.values()):
        return dict.fromkeys(values)
    parts = {line: part_from(value) for line, value in values.items()}
    wrong = [line for line, part in parts.items() if part is None]
    if wrong:
        came = some(sorted({values[line] or "nothing" for line in wrong}))
        raise InputError(
            f"{table} has {came} in its column {column} (line {wrong[0]}): expected train, "
            "validation or test in every row. Put that right, or rename the column."
        )
    return parts


def _disagreement(rows: list[tuple[Row, Photo]]) -> str:
    """In what the rows of one file differ; empty where they agree."""
    for kind in ("label", "part", "group"):
        seen = {str(getattr(photo, kind)): row.line for row, photo in reversed(rows)}
        if len(seen) > 1:
            each = " and ".join(f"{shown(value)} (line {line})" for value, line in seen.items())
            plural = {"label": "labels", "part": "splits", "group": "groups"}[kind]
            return f"listed with {len(seen)} {plural}: {each}"
    return ""


def _repeated(table: Table, agreed: dict[str, list[tuple[Row, Photo]]]) -> list[str]:
    repeated = [rows[0][1].file for rows in agreed.values() if len(rows) > 1]
    if not repeated:
        return []
    return [
        f"{table} lists {counted(len(repeated), 'photo')} more than once ({some(repeated)}): "
        "each is used once."
    ]


def _once(left_out: list[LeftOut]) -> list[LeftOut]:
    """One entry per file, the first reason."""
    return list({item.file: item for item in reversed(left_out)}.values())


def _none_usable(table: Table, left_out: list[LeftOut]) -> InputError:
    first = left_out[0]
    return InputError(
        f"{table} lists {counted(len(table.rows), 'file')}, and none can be used "
        f"({shown(first.file)}: {first.reason}): expected paths that start at "
        f"{shown(str(table.path.parent))}. Put the table beside the photos, or correct the paths."
    )
