"""What a reader must know before trusting the headline of a report."""

import statistics

from eyespot.evaluation.findings import Note, Report
from eyespot.pages.markup import visible_text
from eyespot.pages.words import count, percent

TOO_FEW_GROUPS = 20  # below, the 95 % held in 83 to 98 % of trials (docs/metrics.md)
FEW_TO_LEARN = 10  # photos of the middle class, below which chance chooses much of the classifier
UNEVEN = 5  # times as many photos of the largest class as of the smallest


def cautions(report: Report) -> tuple[Note, ...]:
    """The cautions that the numbers call for, besides the report's own notes."""
    found = (_no_gain(report), _few_groups(report), _unmeasured(report), *_learned_from(report))
    return tuple(note for note in found if note is not None)


def has_few_to_learn(report: Report) -> bool:
    """Whether half of the classes had fewer than `FEW_TO_LEARN` photos, where that is known."""
    return bool(report.trained_on) and _middle(report) < FEW_TO_LEARN


def _middle(report: Report) -> float:
    return statistics.median_low(n for _, n in report.trained_on)


def has_no_gain(report: Report) -> bool:
    """Whether always giving the commonest label may be as good."""
    share = max(c.n for c in report.metrics.per_class) / report.metrics.n
    return report.metrics.top1_interval[0] <= share < 1


def _no_gain(report: Report) -> Note | None:
    metrics = report.metrics
    commonest = max(metrics.per_class, key=lambda c: c.n)
    share = commonest.n / metrics.n
    if not has_no_gain(report):
        return None
    return Note(
        f"Always answering {visible_text(commonest.label)} would be right on "
        f"{commonest.n:,} of {metrics.n:,} ({percent(share)}).",
        "We measured no clear gain over that.",
    )


def _few_groups(report: Report) -> Note | None:
    metrics = report.metrics
    if not metrics.is_grouped or metrics.groups >= TOO_FEW_GROUPS:
        return None
    return Note(
        f"The photos come from only {count(metrics.groups, 'group')}.",
        "Photos of one group are almost one photo: with so few the interval is rough, and "
        "more often too narrow than too wide.",
    )


def _unmeasured(report: Report) -> Note | None:
    empty = [c.label for c in report.metrics.per_class if c.n == 0]
    if not empty:
        return None
    return Note(
        f"{count(len(empty), 'class')} had no photo to measure on.",
        "Nothing is known where nothing was measured; the balanced accuracy leaves it out.",
    )


def _learned_from(report: Report) -> tuple[Note, ...]:
    """Few photos to learn from, and classes of very unlike sizes."""
    if not report.trained_on:
        return ()
    found = []
    if has_few_to_learn(report):
        found.append(
            Note(
                f"Half of the classes have {count(round(_middle(report)), 'photo')} or fewer to "
                "learn from.",
                "With so few, other photos of the same things could have made a clearly better or "
                "worse classifier: the interval knows only of the photos that were measured.",
            )
        )
    largest = max(report.trained_on, key=lambda each: each[1])
    smallest = min(report.trained_on, key=lambda each: each[1])
    if largest[1] >= UNEVEN * smallest[1]:
        found.append(
            Note(
                f"It learned from {count(largest[1], 'photo')} of {visible_text(largest[0])}, and "
                f"from {smallest[1]:,} of {visible_text(smallest[0])}.",
                "The large classes make most of the figure: read the recall of each class, too.",
            )
        )
    return tuple(found)
