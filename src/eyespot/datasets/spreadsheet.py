"""Tables as text that opens in a spreadsheet, and cannot act in one."""

import csv
import io
import re
from collections.abc import Iterable, Sequence

BYTE_ORDER_MARK = "\ufeff"  # without it a spreadsheet takes UTF-8 for something else
# What a spreadsheet may take for a formula; full-width signs count in East Asian ones.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")


def as_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV with a byte-order mark; short rows are filled up, no cell can be run as a formula."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(head)
    for row in rows:
        writer.writerow([cell(text) for text in row] + [""] * (len(head) - len(row)))
    return BYTE_ORDER_MARK + buffer.getvalue()


def cell(text: str) -> str:
    """`text` behind an apostrophe where a spreadsheet could run it."""
    return f"'{text}" if _FORMULA.match(text) else text


def from_cell(text: str) -> str:
    """What `cell` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text
