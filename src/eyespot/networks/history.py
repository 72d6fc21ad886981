"""Top-5 errors on ImageNet by year, from hand-made features to networks, and a human's 5.1 %.

O. Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, IJCV 2015, and the papers
that took part or beat it later. Ensembles and single networks, test and validation photos stand
here side by side and say which they are.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

from eyespot.values import from_json


@dataclass(frozen=True)
class Entry:
    """One published top-5 error, in percent as printed."""

    year: int
    name: str
    kind: Literal["features", "one network", "ensemble", "not said", "people", "lecture"]
    networks: int | None  # in the ensemble, where it is said
    remark: str  # its place in the challenge, its data, its makers
    top5_error: float
    test_set: str
    where: str  # who prints it; lectures too, where their figures differ
    confidence: Literal["verified", "recalled"]
    note: str | None

    @property
    def is_measured(self) -> bool:
        """Whether it is an entry or a paper's figure; else a person's or a rounded one."""
        return self.kind not in ("people", "lecture")


@cache
def entries() -> tuple[Entry, ...]:
    """All of them, by year."""
    rows = json.loads(files(__package__).joinpath("history.json").read_text("utf-8"))
    return tuple(
        from_json(Entry, row, where=f"history.json: entry {i}") for i, row in enumerate(rows)
    )


def human() -> Entry:
    """The person who labelled test photos by hand."""
    (entry,) = (entry for entry in entries() if entry.kind == "people")
    return entry
