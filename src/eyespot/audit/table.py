"""`labels.csv`: one row for each photo, to be edited in a spreadsheet and read back by training.

Columns `file, label, exclude, group, suggestion, reason`. What a user has written into an earlier
one is kept: labels, exclusions, groups and columns of their own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from eyespot.audit.advice import OURS, RELABEL, advice, digest, group_names
from eyespot.audit.findings import Audit
from eyespot.datasets import spreadsheet
from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.datasets.names import shown
from eyespot.datasets.rows import Table, read_table
from eyespot.datasets.spreadsheet import from_cell

COLUMNS = ("file", "label", "exclude", "group", "suggestion", "reason")
NEGATIVE = "none_of_these"  # as the reader of this table understands it

Rows = dict[str, dict[str, str]]  # shown file -> column -> text


@dataclass(frozen=True)
class Kept:
    """What an earlier table held by a user's hand."""

    labels: int = 0
    exclusions: int = 0
    groups: int = 0
    rows: int = 0  # of files that are not there any more, or are excluded

    def __str__(self) -> str:
        parts = [
            f"{number:,} {word}{'s' if number > 1 else ''}"
            for number, word in (
                (self.labels, "label"),
                (self.exclusions, "exclusion"),
                (self.groups, "group cell"),
                (self.rows, "further row"),
            )
            if number
        ]
        return ", ".join(parts)


def fresh_rows(audit: Audit, dataset: ImageDataset) -> Rows:
    """A row for every labelled photo and every negative, in the order of their files."""
    said, groups = advice(audit), group_names(audit)
    rows = {}
    for photo in sorted((*dataset.photos, *dataset.negatives), key=lambda photo: photo.file):
        suggestion, reason = said.get(photo.file, ("", ""))
        values = (shown(photo.file), _label(photo), "", groups.get(photo.file, ""))
        row = dict(zip(COLUMNS, (*values, suggestion, reason), strict=True))
        rows[row["file"]] = row
    for item in audit.unreadable:  # a data set may have dropped them already
        row = dict.fromkeys(COLUMNS, "") | {"file": shown(item.file)}
        suggestion, reason = said[item.file]
        rows.setdefault(row["file"], row | {"suggestion": suggestion, "reason": reason})
    return dict(sorted(rows.items()))


def merged(rows: Rows, earlier: Path, *, has_suspects: bool = True) -> tuple[Rows, Kept]:
    """`rows` with what the user wrote into `earlier`, and how much that was.

    Without `has_suspects`, nobody has asked for wrong labels this time, and what was suspected
    before stays. Raises `InputError` where the earlier table cannot be read: it is not overwritten
    then.
    """
    table = read_table(earlier)
    old = _old_rows(table)
    untouched = _untouched_groups(old)
    labels = exclusions = groups = further = 0
    result = dict(rows)
    for file, was in old.items():
        if file not in rows:
            result[file] = was
            further += 1
            continue
        row = dict(was) | rows[file]
        if was["label"] and was["label"] != row["label"]:
            row["label"] = was["label"]
            labels += 1
        if was["exclude"]:
            row["exclude"] = was["exclude"]
            exclusions += 1
        if was["group"] and was["group"] not in untouched and was["group"] != row["group"]:
            row["group"] = was["group"]
            groups += 1
        is_suspected = was["suggestion"].startswith(RELABEL) and was["label"] == rows[file]["label"]
        if is_suspected and not has_suspects and not row["suggestion"]:
            row["suggestion"], row["reason"] = was["suggestion"], was["reason"]
        result[file] = row
    kept = Kept(labels=labels, exclusions=exclusions, groups=groups, rows=further)
    return dict(sorted(result.items())), kept


def as_csv(rows: Rows) -> str:
    """The table's text: UTF-8 with its mark, lines ended as spreadsheets do, no cell a formula."""
    columns = list(COLUMNS)
    columns += sorted({column for row in rows.values() for column in row} - set(columns))
    return spreadsheet.as_csv(
        columns, ([row.get(column, "") for column in columns] for row in rows.values())
    )


def _label(photo: Photo) -> str:
    return NEGATIVE if photo.label is None else photo.label


def _old_rows(table: Table) -> Rows:
    """The rows of an earlier table under our own names of its columns."""
    table.needed("file")
    spelled = {table.column(name): name for name in ("file", "label", "exclude", "group")}
    rows = {}
    for row in table.rows:
        values = dict.fromkeys(COLUMNS, "")
        for column, value in row.values.items():
            values[spelled.get(column, column)] = from_cell(value)
        rows[values["file"]] = values
    return rows


def _untouched_groups(rows: Rows) -> set[str]:
    """The group names of ours whose members are still the ones that we wrote."""
    members = defaultdict(list)
    for file, row in rows.items():
        if OURS.fullmatch(row["group"]):
            members[row["group"]].append(file)
    return {name for name, files in members.items() if name.endswith(digest(files))}
