"""Every photo's answers as a table that opens in a spreadsheet, and cannot act in one."""

from collections.abc import Sequence

from eyespot.datasets import spreadsheet
from eyespot.evaluation.answers import LABELS, Row
from eyespot.pages.markup import encodable

HEAD = ("file", "truth", "answer", "is_right", "probability", "none_of_these", "group")


def predictions_csv(rows: Sequence[Row]) -> str:
    """The rows as CSV with a byte-order mark; labels 2 to 5 with their probabilities at the end.

    A cell that a spreadsheet could run begins with an apostrophe. Bytes of file names that are not
    UTF-8 are written as `\\x` and two digits.
    """
    more = [f"{what}_{i}" for i in range(2, LABELS + 1) for what in ("label", "probability")]
    return spreadsheet.as_csv([*HEAD, *more], map(_cells, rows))


def _cells(row: Row) -> list[str]:
    others = [text for label, p in row.labels[1:] for text in (encodable(label), f"{p:.6f}")]
    none = "" if row.none_of_these is None else f"{row.none_of_these:.6f}"
    right = "yes" if row.is_right else "no"
    named = [encodable(text) for text in (row.file, row.truth, row.answer)]
    return [*named, right, f"{row.probability:.6f}", none, encodable(row.group or ""), *others]
