"""What a classifier knows of itself: the values behind the bundle's README and the report."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from eyespot.classifier.calibration import Calibration
from eyespot.classifier.coverage import CoverageFigures
from eyespot.classifier.novelty import NoveltyFigures
from eyespot.values import LATER


@dataclass(frozen=True)
class Measured:
    """How good a classifier was on photos it had not learnt from."""

    how: str  # "grouped cross-validation" or "the given test part"
    n: int  # photos
    groups: int  # of photos that belong together
    top1: float  # in [0, 1]
    top1_interval: tuple[float, float]  # 95 %
    balanced_accuracy: float


@dataclass(frozen=True)
class Card:
    """Where a classifier comes from; no dates or users, and no path but the one that was typed:
    equal work has equal cards."""

    trained_on: dict[str, int] | None = None  # class -> photos
    fingerprint: str = ""  # SHA-256 over contents and labels of the training photos
    seed: int = 0
    licence: str | None = None  # of the pretrained weights
    measured: Measured | None = None
    notes: tuple[str, ...] = ()
    novelty: NoveltyFigures | None = None  # how well it tells what is none of its classes
    coverage: CoverageFigures | None = None  # how often its label sets hold the truth
    photos: str = ""  # the folder that it was trained from, as typed; empty: not known
    calibration: Calibration | None = field(default=None, metadata=LATER)
    random_split: float | None = field(default=None, metadata=LATER)  # top-1 it would have told
    suspects: int = field(default=0, metadata=LATER)  # labels that look wrong
    suspects_wrong: float | None = field(default=None, metadata=LATER)  # that are, by their chances
    version: str = field(default="", metadata=LATER)  # of eyespot that made it


def fingerprint(contents: Sequence[str], labels: Sequence[str]) -> str:
    """SHA-256 over what was learned from: every photo's content with its label, in any order."""
    pairs = sorted(f"{content} {label}" for content, label in zip(contents, labels, strict=True))
    return hashlib.sha256("\n".join(pairs).encode("utf-8", "surrogateescape")).hexdigest()
