"""Everything that a report and the terminal say about one measurement, as a value."""

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from eyespot.classifier.calibration import Calibration
from eyespot.classifier.coverage import CoverageFigures
from eyespot.classifier.novelty import NoveltyFigures
from eyespot.datasets.dataset import LeftOut
from eyespot.evaluation.answers import Row
from eyespot.evaluation.metrics import Metrics
from eyespot.evaluation.paired import Difference
from eyespot.evaluation.protocols import CENTER, Protocol
from eyespot.evaluation.trials import Trial

MeasuredBy = Literal["held out", "cross-validation", "training photos"]


@dataclass(frozen=True)
class Note:
    """Something seen that matters to the reader: what, why, and the command that mends it."""

    seen: str
    why: str
    command: str | None = None


@dataclass(frozen=True)
class Report:
    """One measurement: its numbers, one row per measured photo, and where everything came from."""

    dataset: str
    metrics: Metrics
    rows: tuple[Row, ...]
    measured_by: MeasuredBy
    command: str  # what the user typed
    who: str = "This classifier"
    protocol: Protocol = CENTER  # by which each photo was asked
    against_center: Difference | None = None  # what the protocol gained over the centre crop alone
    against_best: Difference | None = None  # what an ensemble gained over its best member
    random_split: Metrics | None = None  # the same, had photos been divided by chance
    trained_on: tuple[tuple[str, int], ...] = ()  # (class, photos learned from)
    left_out: tuple[LeftOut, ...] = ()
    notes: tuple[Note, ...] = ()
    remarks: tuple[str, ...] = ()  # what was given up or guessed on the way, one sentence each
    suspects: int = 0  # labels that look wrong
    suspects_wrong: float | None = None  # how many of them are, by their chances; None: not known
    calibration: Calibration | None = None  # None: the probabilities were not measured
    novelty: NoveltyFigures | None = None  # None: it cannot tell what is none of its classes
    coverage: CoverageFigures | None = None  # None: it gives no sets of labels
    trials: tuple[Trial, ...] = ()  # ways to it that were tried, the cheapest first
    can_photograph: bool = True  # whether more photos can be had: not of a published data set
    fingerprint: str = ""  # SHA-256 over contents and labels of the photos learned from
    making: tuple[tuple[str, str], ...] = ()  # ("network", "efficientnet_lite0"), ...
    seconds: tuple[tuple[str, float], ...] = ()  # (stage, seconds)
    table: str | None = None  # the name of the file with every photo's answers, if one is written

    def __post_init__(self) -> None:
        """A page never shows photos that contradict its numbers."""
        places = {label: place for place, label in enumerate(self.metrics.classes)}
        seen = Counter((places[row.truth], places[row.answer]) for row in self.rows)
        counts = {
            (i, j): n
            for i, row in enumerate(self.metrics.confusion)
            for j, n in enumerate(row)
            if n
        }
        if self.rows and seen != counts:
            raise ValueError("the rows are not those that were measured")

    @property
    def errors(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.is_right)
