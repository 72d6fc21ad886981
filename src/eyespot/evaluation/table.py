"""Answers as a table that opens in a spreadsheet, and cannot act in one: what a CSV of ours holds.

The same of a measured photo and of one whose truth nobody knows. Names are written as they are
shown, so that all tables of ours name a photo alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from eyespot.datasets import spreadsheet
from eyespot.datasets.names import shown
from eyespot.evaluation.answers import LABELS, Row

WITHIN_SET = " | "  # between the labels of a set, in one cell
HEAD = (
    "file", "truth", "answer", "is_right", "probability", "none_of_these", "group",
    "is_none_of_these", "label_set",
)  # fmt: skip
FURTHER = tuple(f"{what}_{i}" for i in range(2, LABELS + 1) for what in ("label", "probability"))


class Said(Protocol):
    """What a classifier says of a photo: a `Row`, or a `Prediction`."""

    @property
    def labels(self) -> tuple[tuple[str, float], ...]: ...
    @property
    def none_of_these(self) -> float | None: ...
    @property
    def is_none_of_these(self) -> bool: ...
    @property
    def label_set(self) -> tuple[str, ...] | None: ...


def predictions_csv(rows: Sequence[Row]) -> str:
    """The rows of measured photos as a table. Cells are empty where a classifier cannot tell."""
    return as_table(HEAD, map(_measured, rows))


def said_cells(answer: Said) -> dict[str, str]:
    """Column -> text of what is said besides the first label itself, which each table names."""
    cells = {"probability": f"{answer.labels[0][1]:.6f}"}
    if answer.none_of_these is not None:
        cells["none_of_these"] = f"{answer.none_of_these:.6f}"
        cells["is_none_of_these"] = str(int(answer.is_none_of_these))
    if answer.label_set is not None:
        cells["label_set"] = WITHIN_SET.join(answer.label_set)
    for place, (label, probability) in enumerate(answer.labels[1:], start=2):
        cells |= {f"label_{place}": label, f"probability_{place}": f"{probability:.6f}"}
    return cells


def as_table(head: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """CSV with a byte-order mark: the columns of `head`, then labels 2 to 5, empty where unknown.

    A cell that a spreadsheet could run begins with an apostrophe.
    """
    names = (*head, *FURTHER)
    lines = ([shown(row.get(name, "")) for name in names] for row in rows)
    return spreadsheet.as_csv(names, lines)


def _measured(row: Row) -> dict[str, str]:
    return {
        "file": row.file,
        "truth": row.truth,
        "answer": row.answer,
        "is_right": "yes" if row.is_right else "no",
        "group": row.group or "",
        **said_cells(row),
    }
