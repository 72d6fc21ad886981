"""Which published error of each network may stand beside another's, and how it was measured.

A figure is compared with others of its kind only: ten crops of a photo beat one, and an ensemble,
which beats them all, is no figure of one network and is never taken.
"""

import re
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from eyespot.errors import InputError
from eyespot.networks.architecture import Architecture
from eyespot.networks.catalogue import architectures
from eyespot.networks.results import WHOLE_PICTURE, Result, headline, results

Measure = Literal["top1_error", "top5_error"]
Kind = Literal["one view", "several views", "whole photos", "trained otherwise", "not said"]
KINDS: dict[Kind, str] = {  # in the order of a legend
    "one view": "one view of each photo",
    "several views": "several crops of each photo, averaged",
    "whole photos": "all of each photo, in one size or more",
    "trained otherwise": "pre-trained, fine-tuned, or not augmented",
    "not said": "not said how",
}
IMAGENET = "ImageNet"
WORTH_TELLING = 1.5  # times fewer operations


@dataclass(frozen=True)
class Compared:
    """A network with the error that stands for it; none where nothing fit to compare is known."""

    architecture: Architecture
    result: Result | None
    measure: Measure

    @property
    def accuracy(self) -> float:
        """Percent of photos named correctly; only where there is a result."""
        assert self.result is not None
        error = getattr(self.result, self.measure)
        return round(100 - float(error), 4)

    @property
    def caveat(self) -> str | None:
        """Why its figure is not quite like others of its kind, in a few words."""
        if self.result is None:
            return None
        if not self.result.is_papers:
            return self.result.where if "paper" in self.result.where else "not in the paper"
        is_imagenet = photos_of(self.result) == IMAGENET
        if is_imagenet and not self.result.test_set.startswith("ILSVRC-2012 validation"):
            return self.result.test_set
        is_known = self.result.confidence == "verified" or (
            self.result.confidence == "top-5 recalled" and self.measure == "top1_error"
        )
        return None if is_known else "recalled, not looked up again"


def kind(result: Result) -> Kind:
    """How an error was measured, as far as it decides with what it may be compared."""
    if re.search(r"fine-tuned|pre-trained|DeiT|no augmentation", result.protocol):
        return "trained otherwise"
    if result.views == 1:
        return "one view"
    if result.views < WHOLE_PICTURE or re.search(r"multi-crop|4 corners", result.protocol):
        return "several views"
    if re.search(r"\bdense\b|\bscales?\b", result.protocol):
        return "whole photos"
    return "not said" if photos_of(result) == IMAGENET else "one view"  # of 32 x 32 pixels


def photos_of(result: Result) -> str:
    """The photos on which an error was measured: ImageNet's of any year, or another data set."""
    if re.search(r"ILSVRC|\bvalidation\b", result.test_set) and "CIFAR" not in result.test_set:
        return IMAGENET
    return result.test_set.partition(" ")[0].rstrip(",")


def compared(
    rows: Sequence[Architecture], measure: Measure, *, only: Kind | None = None
) -> list[Compared]:
    """Each network with its `headline`; else, or if it is not of the kind `only`, another result.

    That other is chosen like the headline: the paper's own first, on validation photos first.
    """
    return [Compared(row, _result(row.name, measure, only), measure) for row in rows]


def _result(name: str, measure: Measure, only: Kind | None) -> Result | None:
    def fits(row: Result) -> bool:
        return getattr(row, measure) is not None and only in (None, kind(row))

    first = headline(name)
    if first is not None and fits(first):
        return first
    others = [row for row in results().get(name, ()) if not row.is_ensemble and fits(row)]
    return min(
        (row for row in others if not row.is_variant),
        key=lambda row: (
            not row.is_papers,
            not row.is_on_validation,
            not row.is_augmented,
            row.confidence != "verified",
            row.views,
        ),
        default=None,
    )


def measure_of(rows: Sequence[Architecture]) -> Measure:
    """Top-1, unless more of the networks' headlines have a top-5 error."""
    found = [result for row in rows if (result := headline(row.name))]
    top1 = sum(result.top1_error is not None for result in found)
    top5 = sum(result.top5_error is not None for result in found)
    return "top1_error" if top1 >= top5 else "top5_error"


def drawable(rows: Sequence[Compared]) -> tuple[list[Compared], dict[str, str]]:
    """The networks that one chart can hold, and why others cannot: name -> reason.

    They are measured on one set of photos: the one that most of them have. Raises `InputError`
    where no network has a published error.
    """
    photos = {row.architecture.name: photos_of(row.result) for row in rows if row.result}
    if not photos:
        raise InputError("None of these networks has a published error to draw: name another")
    most = Counter(photos.values()).most_common(1)[0][0]
    shown = [row for row in rows if photos.get(row.architecture.name) == most]
    left = {
        row.architecture.name: (
            f"measured on {photos[row.architecture.name]}, not {most}"
            if row.result
            else "no such error is published"
        )
        for row in rows
        if row not in shown
    }
    return shown, left


def comparable(measure: Measure = "top1_error") -> list[Architecture]:
    """The papers' networks that have an error on ImageNet's photos, oldest first."""
    rows = [row for row in architectures().values() if row.edition == "paper"]
    found = compared(rows, measure)
    return [row.architecture for row in found if row.result and photos_of(row.result) == IMAGENET]


def finding(rows: Sequence[Compared]) -> str:
    """What the figures say at a glance: the largest saving without a loss, within one kind.

    Only of networks that are better than half of them, and of figures without a caveat.
    """
    known = [(row, kind(row.result)) for row in rows if row.result and row.caveat is None]
    middle = statistics.median(row.accuracy for row, _ in known) if known else 0.0
    savings = [
        (other.architecture.multiply_adds / one.architecture.multiply_adds, one, other)
        for one, way in known
        for other, other_way in known
        if way == other_way and one.accuracy >= other.accuracy >= middle
    ]
    saving, one, other = max(savings, key=lambda each: each[0], default=(1.0, None, None))
    if one is not None and other is not None and saving >= WORTH_TELLING:
        times = f"{saving:.0f}" if saving >= 9.95 else f"{saving:.1f}"
        return (
            f"{one.architecture.name} is right as often as {other.architecture.name}, "
            f"with 1/{times} of its operations"
        )
    return _best_of(rows)


def _best_of(rows: Sequence[Compared]) -> str:
    """Which network is right most often, where all were measured in one way."""
    ways = len({kind(row.result) for row in rows if row.result})
    if ways > 1:
        return f"What a published accuracy costs, measured in {ways} ways"
    best = max((row for row in rows if row.result), key=lambda row: row.accuracy, default=None)
    if best is None or best.caveat is not None:
        return "What a published accuracy costs"
    often = "right most often, on" if len(rows) > 1 else "right on"
    return f"{best.architecture.name} is {often} {best.accuracy:.1f} % of the photos"


def series(rows: Sequence[Architecture]) -> dict[str, str]:
    """Network -> the line of networks that it belongs to: of one paper, and named alike."""

    def line(row: Architecture) -> str:
        if row.name.startswith(row.family):
            return row.family
        letters = re.match(r"[a-z]+(_[a-z]+)*", row.name)
        return letters[0] if letters else row.name

    return {row.name: f"{row.paper.title}: {line(row)}" for row in rows}
