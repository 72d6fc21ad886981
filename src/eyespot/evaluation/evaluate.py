"""A classifier against photos whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.datasets.dataset import ImageDataset
from eyespot.evaluation.answered import Answered, Progress, Way, answered
from eyespot.evaluation.answers import rows, truths
from eyespot.evaluation.findings import Note, Report
from eyespot.evaluation.intervals import Bools, Ints, numbered
from eyespot.evaluation.limits_asked import Limits, limits_of
from eyespot.evaluation.metrics import measure, ranks
from eyespot.evaluation.paired import compare
from eyespot.evaluation.protocols import CENTER, AnySize, Protocol
from eyespot.evaluation.reliability import measure_calibration

REMEMBERED = Note(
    "The classifier learned from all of these photos.",
    "The figures say how well it remembers them, not how good it is on new ones: measure it on "
    "photos that it was not trained on.",
)


NO_LIMITS = Limits()
BY_CENTER = (
    "What is none of these, and which labels are in a set, was asked by the centre crop: for other "
    "views neither is fitted."
)


def evaluate(
    classifier: Classifier,
    dataset: ImageDataset,
    *,
    protocol: Protocol = CENTER,
    seed: int = 0,
    command: str = "",
    progress: Progress = lambda done, total: None,
) -> Report:
    """Measure on the test part of `dataset`, else on its validation part, else on all of it.

    Left out, with their reasons: photos that cannot be read, photos of classes that the classifier
    does not have, and photos it learned from. Where it learned from all of them, they are measured
    all the same and the report says what that is worth. What the classifier can tell of its limits
    (none of these, label sets) is measured on the same photos. By any `protocol` but `CENTER`, the
    centre crop alone is measured beside it. Raises `InputError` where no photo remains.
    """
    ways = [Way(classifier, each) for each in dict.fromkeys((protocol, CENTER))]
    found = answered(ways, dataset, progress)
    limits = limits_of(classifier, dataset, found, len(ways) - 1, seed=seed)
    made = report(
        ways[0],
        dataset,
        found,
        found.probabilities[0],
        seed=seed,
        command=command,
        limits=limits,
    )
    if len(ways) == 1:
        return made
    named = list(zip((protocol.name, CENTER.name), rights(found), strict=True))
    return replace(made, against_center=compare(*named, groups=groups(found), seed=seed))


def report(
    way: Way,
    dataset: ImageDataset,
    found: Answered,
    probabilities: NDArray[np.float32],
    *,
    seed: int,
    command: str,
    limits: Limits = NO_LIMITS,
) -> Report:
    """The report on (N, K) `probabilities` of the photos found, as `way` or its like gave them."""
    card, truth = way.classifier.card, truths(found.photos, found.classes)
    together = [photo.group for photo in found.photos]
    metrics = measure(
        found.classes,
        truth,
        probabilities,
        groups=together,
        seed=seed,
    )
    return Report(
        dataset=dataset.name,
        metrics=metrics,
        rows=rows(found.photos, found.classes, probabilities, doubts=limits.doubts),
        measured_by="training photos" if found.are_remembered else "held out",
        command=command,
        protocol=way.protocol,
        trained_on=tuple((card.trained_on or {}).items()),
        left_out=(*found.left_out, *limits.left_out),
        notes=(REMEMBERED,) if found.are_remembered else (),
        remarks=(BY_CENTER,) if limits.doubts and way.protocol != CENTER else (),
        novelty=limits.novelty,
        coverage=limits.coverage,
        calibration=measure_calibration(probabilities, truth, seed=seed, groups=together),
        can_photograph=not dataset.is_published and card.trained_on is not None,
        fingerprint=card.fingerprint,
        making=_making(way),
    )


def rights(found: Answered) -> list[Bools]:
    """Whether each way named each photo correctly, (N,) for each."""
    truth = truths(found.photos, found.classes)
    return [ranks(each, truth) < 1 for each in found.probabilities]


def groups(found: Answered) -> Ints:
    """Each photo's group as a number, (N,)."""
    return numbered([photo.group for photo in found.photos], len(found.photos))


def _making(way: Way) -> tuple[tuple[str, str], ...]:
    classifier, protocol = way.classifier, way.protocol
    engine = classifier.engine.name
    if isinstance(protocol.views, AnySize):
        engine = f"torch in float32, as whole photos differ in size; the centre crop by {engine}"
    asked = (("protocol", f"{protocol} ({protocol.source})"),) if protocol != CENTER else ()
    return (
        ("network", f"{classifier.backbone.architecture}, {classifier.backbone.source}"),
        ("head", classifier.head.kind),
        *asked,
        ("engine", engine),
        ("decoder", classifier.backbone.preprocessing.decoder),
    )
