"""What a report measured, for the card that travels with the classifier."""

from dataclasses import replace
from importlib.metadata import version

from eyespot.classifier.card import Card
from eyespot.evaluation.findings import Report


def with_figures(card: Card, report: Report) -> Card:
    """The card with what `report` knows besides the accuracy.

    But not what was found on the way: files that were skipped change no classifier.
    """
    return replace(
        card,
        calibration=report.calibration,
        random_split=None if report.random_split is None else report.random_split.top1,
        suspects=report.suspects,
        suspects_wrong=report.suspects_wrong,
        version=version("eyespot"),
    )
