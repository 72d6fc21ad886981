"""Every photo's answers as a table that opens in a spreadsheet, and cannot act in one."""

import csv
import io
from collections.abc import Sequence

from eyespot.evaluation.answers import LABELS, Row
from eyespot.pages.markup import encodable

BYTE_ORDER_MARK = "\ufeff"  # without it a spreadsheet takes UTF-8 for something else
ACTIVE = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet may take for a formula
HEAD = ("file", "truth", "answer", "is_right", "probability", "none_of_these", "group")


def predictions_csv(rows: Sequence[Row]) -> str:
    """The rows as CSV with a byte-order mark; labels 2 to 5 with their probabilities at the end.

    A cell that a spreadsheet could run begins with an apostrophe. Bytes of file names that are not
    UTF-8 are written as `\\x` and two digits.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    more = [f"{what}_{i}" for i in range(2, LABELS + 1) for what in ("label", "probability")]
    head = [*HEAD, *more]
    writer.writerow(head)
    for row in rows:
        others = [cell for label, p in row.labels[1:] for cell in (label, f"{p:.6f}")]
        none = "" if row.none_of_these is None else f"{row.none_of_these:.6f}"
        right = "yes" if row.is_right else "no"
        first = [row.file, row.truth, row.answer, right, f"{row.probability:.6f}", none]
        cells = [*first, row.group or "", *others]
        writer.writerow([_quoted(cell) for cell in cells + [""] * (len(head) - len(cells))])
    return BYTE_ORDER_MARK + buffer.getvalue()


def _quoted(cell: str) -> str:
    written = encodable(cell)
    return "'" + written if written.startswith(ACTIVE) else written
