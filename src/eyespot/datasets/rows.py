"""A table of text as rows: CSV, TSV or one JSON object per line, with the line of every row.

UTF-8, with or without a byte-order mark, or UTF-16 with one. Other encodings are refused, because a
guess would quietly change names. The separator is the one that finds known columns in the header.
"""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eyespot.datasets.names import plain, shown, some
from eyespot.datasets.walk import why
from eyespot.errors import InputError

# What a column may be called; where a table has several, the first one here counts.
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "file": ("file_name", "file", "path", "image", "filename", "filepath", "file_path",
             "image_path", "image_name", "img", "photo"),
    "label": ("label", "class", "category", "species", "class_name", "label_name"),
    "split": ("split", "part", "subset"),
    "group": ("group", "group_id"),
    "exclude": ("exclude",),
}  # fmt: skip
TABLE_SUFFIXES: Final = frozenset({".csv", ".tsv", ".jsonl", ".ndjson"})


@dataclass(frozen=True)
class Row:
    line: int  # where the row ends in the file, from 1
    values: dict[str, str]  # column -> text, trimmed


@dataclass(frozen=True)
class Table:
    path: Path
    columns: tuple[str, ...]  # as the table spells them
    rows: tuple[Row, ...]

    def column(self, meaning: str) -> str | None:
        """The table's own spelling of the column that means "file", "label", "split" or "group"."""
        spelled = {plain(column): column for column in reversed(self.columns)}
        return next((spelled[name] for name in COLUMNS[meaning] if name in spelled), None)

    def needed(self, meaning: str) -> str:
        """Like `column`; a table without one raises `InputError` with the columns it has."""
        if found := self.column(meaning):
            return found
        raise InputError(
            f"{self} has no column for the {meaning}: expected {some(list(COLUMNS[meaning]), 5)}; "
            f"it has {some(list(self.columns), 8)}. Name the right one so in the first line."
        )

    def __str__(self) -> str:
        return shown(str(self.path))


def read_table(path: Path) -> Table:
    """Read every row. Raises `InputError` naming the line that is not as expected."""
    text = _text(path)
    is_json = path.suffix.lower() in (".jsonl", ".ndjson")
    columns, rows = (_from_json if is_json else _from_csv)(path, text)
    if not rows:
        raise InputError(
            f"{shown(str(path))} has no rows: expected a header and a row for a photo."
        )
    return Table(path, columns, rows)


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{shown(str(path))} cannot be read: {why(error)}.") from error
    is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return content.decode("utf-16" if is_wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{shown(str(path))} is not UTF-8 text (line {line}): save it again as 'CSV UTF-8'."
        ) from error


def _from_csv(path: Path, text: str) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    if text[:4].casefold() == "sep=":  # Excel's own first line, which names the separator
        text = text.partition("\n")[2]
    separators = "\t" if path.suffix.lower() == ".tsv" else ",;\t"
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text, separators))
        lines = [(reader.line_num, row) for row in reader if any(item.strip() for item in row)]
    except csv.Error as error:
        raise InputError(
            f"{shown(str(path))} cannot be read as a table ({error}): "
            "look for a quotation mark that is never closed."
        ) from error
    if not lines:
        return (), ()
    header = tuple(item.strip() for item in lines[0][1])
    _check_header(path, header)
    return header, tuple(_row(path, line, header, cells) for line, cells in lines[1:])


def _separator(text: str, separators: str) -> str:
    """The separator that gives the most known columns, then the most columns."""
    known = {name for names in COLUMNS.values() for name in names}
    first = text.lstrip("\r\n").splitlines()[:1]

    def columns(separator: str) -> tuple[int, int]:
        header = next(csv.reader(first, delimiter=separator), [])
        return sum(plain(name) in known for name in header), len(header)

    return max(separators, key=columns)


def _check_header(path: Path, header: tuple[str, ...]) -> None:
    named = [name for name in header if name]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InputError(
            f"{shown(str(path))} has two columns named {some(twice)}: expected each name once. "
            "Rename one in the first line."
        )


def _row(path: Path, line: int, header: tuple[str, ...], cells: list[str]) -> Row:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        raise InputError(
            f"{shown(str(path))} has {len(cells)} entries in line {line}, where its header has "
            f"{len(header)}: put an entry that holds the separator into quotation marks."
        )
    padded = [*cells, *[""] * len(header)]
    values = {name: cell.strip() for name, cell in zip(header, padded, strict=False) if name}
    return Row(line, values)


def _from_json(path: Path, text: str) -> tuple[tuple[str, ...], tuple[Row, ...]]:
    rows = []
    columns: dict[str, None] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise _no_object(path, number, "no JSON") from error
        if not isinstance(values, dict):
            raise _no_object(path, number, f"a {type(values).__name__}")
        scalars = {name: _scalar(value) for name, value in values.items()}
        columns.update(dict.fromkeys(values))
        rows.append(Row(number, {name: text for name, text in scalars.items() if text is not None}))
    return tuple(columns), tuple(rows)


def _scalar(value: object) -> str | None:
    """A JSON value as the text that a CSV table would hold; None for what is no single value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).strip() if isinstance(value, str | int | float) else None


def _no_object(path: Path, number: int, came: str) -> InputError:
    return InputError(
        f'{shown(str(path))} expects one JSON object per line, like {{"file": "1.jpg", "label": '
        f'"robin"}}; line {number} is {came}. Mend that line.'
    )
