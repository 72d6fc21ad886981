"""What papers report of their networks: errors, with how they were measured and where they stand.

Errors compare only where protocol and test set agree: ten crops of a picture beat one, and seven
networks together beat one of them. `headline` says which one stands beside a network's name.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal

from eyespot.values import from_json

RULE = (
    "the paper's own figure for a single network, on ImageNet's validation photos where it has "
    "one, from the fewest views of a photo"
)
WHOLE_PICTURE = 1000  # more views than any protocol of crops has
# words of a protocol that mean another network than the one that carries the name here
VARIANT = re.compile(r"option [AC]\b|original units|with SE\b|a sixth|14-layer|, ReLU$")


@dataclass(frozen=True)
class Result:
    """One published error, in percent as printed."""

    top1_error: float | None
    top5_error: float | None
    protocol: str  # e.g. "10-crop, option B"
    test_set: str
    where: str  # table or section of the paper, else whose figure it is
    confidence: Literal["verified", "computed", "recalled", "top-5 recalled"]

    @property
    def is_ensemble(self) -> bool:
        """Whether several networks answered together, also as columns of one (MCDNN)."""
        return bool(re.search(r"\bensemble\b|\bcolumns\b", self.protocol))

    @property
    def is_papers(self) -> bool:
        """Whether the paper itself prints it; else it is a checkpoint's or somebody's later run."""
        is_elsewhere = re.search(r"\bnot (in )?the\b|[A-Z]\w+ paper\b", self.where)
        return not is_elsewhere and bool(re.search(r"table|figure|section|abstract", self.where))

    @property
    def is_variant(self) -> bool:
        """Whether it is of a variation on the network: other shortcuts, an added block."""
        return bool(VARIANT.search(self.protocol))

    @property
    def is_augmented(self) -> bool:
        """Whether it was trained on shifted and mirrored photos too, as everybody does."""
        return "no augmentation" not in self.protocol

    @property
    def is_on_validation(self) -> bool:
        return "validation" in self.test_set

    @property
    def views(self) -> int:
        """Crops of one photo whose answers are averaged; `WHOLE_PICTURE` where none are cut."""
        crops = re.search(r"\b(\d+)-(crop|view)", self.protocol)
        if crops:
            return int(crops[1])
        return 1 if re.search(r"\bsingle\b|\b1 crop\b", self.protocol) else WHOLE_PICTURE


@cache
def results() -> MappingProxyType[str, tuple[Result, ...]]:
    """Network -> its published errors, in the order of their source. Not every network has some."""
    table = json.loads(files(__package__).joinpath("results.json").read_text("utf-8"))
    return MappingProxyType(
        {
            name: tuple(from_json(Result, row, where=f"results.json: {name}") for row in rows)
            for name, rows in table.items()
        }
    )


def headline(name: str) -> Result | None:
    """The result that stands for a network, by `RULE`; never an ensemble's.

    What was looked up goes before what is recalled, and other people's figures come last.

    >>> headline("resnet50").protocol
    '10-crop, option B'
    """
    single = [row for row in results().get(name, ()) if not row.is_ensemble]
    return min(
        single,
        key=lambda row: (
            not row.is_papers,
            row.is_variant,
            not row.is_on_validation,
            not row.is_augmented,
            row.confidence != "verified",
            row.views,
        ),
        default=None,
    )
