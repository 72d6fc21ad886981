"""The history of a training as files: one line for each epoch, for spreadsheets and for programs.

Shares are in [0, 1]. There are no times in it: equal trainings have equal files, to the byte.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from eyespot.training.facts import Epoch
from eyespot.values import to_json

HEAD = (
    "epoch", "step", "learning_rate", "loss", "top1", "validation_loss", "validation_top1",
)  # fmt: skip


def history_csv(history: Sequence[Epoch]) -> str:
    """A table that opens in a spreadsheet; a cell is empty where nothing was measured."""
    rows = [[_cell(getattr(epoch, name)) for name in HEAD] for epoch in history]
    return "".join(",".join(row) + "\n" for row in [HEAD, *rows])


def history_jsonl(history: Sequence[Epoch]) -> str:
    """One JSON object on a line for each epoch; `null` where nothing was measured."""
    return "".join(json.dumps(to_json(epoch)) + "\n" for epoch in history)


def _cell(value: float | None) -> str:
    return "" if value is None else repr(value)
