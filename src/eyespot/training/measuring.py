"""How good a network is that was trained here, on photos that decided nothing about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

import numpy as np
import torch
from numpy.typing import NDArray

from eyespot.classifier.calibration import fit_temperature
from eyespot.classifier.card import Card, Measured, fingerprint
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.trained import REMEMBERED, from_embedding, from_network
from eyespot.classifier.trained import Learned as Remembered
from eyespot.datasets.dataset import LeftOut
from eyespot.errors import ImageError, InputError
from eyespot.evaluation.card_figures import with_figures
from eyespot.evaluation.evaluate import evaluate
from eyespot.evaluation.findings import Report
from eyespot.training.fine_tuning import WithHead
from eyespot.training.scratch import Learned, Order
from eyespot.weights import catalogue


@dataclass(frozen=True)
class Trained:
    """A classifier, how good it is, and how it came about."""

    classifier: Classifier
    report: Report
    learned: Learned


def measured(order: Order, learned: Learned) -> Trained:
    """The network as a classifier with honest probabilities, and the one measurement of it."""
    stages, parts = learned.stages, learned.begun.parts
    with stages.stage("calibrate") as stage:
        classifier = _calibrated(_classifier(order, learned), learned)
        stage.figure = f"temperature {classifier.head.temperature:.2f}"
    with stages.stage("measure") as stage:
        test = replace(learned.begun.dataset, photos=parts.test, left_out=(), negatives=())
        watch = stages.watcher.advance
        report = evaluate(classifier, test, seed=order.seed, command=order.command, progress=watch)
        stage.figure = f"{report.metrics.n:,} photos"
    earlier = (*learned.begun.dataset.left_out, *parts.left_out, *_negatives(learned))
    report = replace(
        report,
        left_out=(*earlier, *report.left_out),
        remarks=learned.notes,
        making=_making(order, learned, classifier),
        seconds=tuple((stages.seconds | {"training": learned.fitted.seconds}).items()),
    )
    card = replace(classifier.card, measured=_measure(report, is_given=parts.is_test_given))
    card = replace(with_figures(card, report), notes=learned.begun.notes)  # of no one run
    return Trained(replace(classifier, card=card), report, learned)


def _classifier(order: Order, learned: Learned) -> Classifier:
    """The network as a classifier that remembers its training photos."""
    parts = learned.begun.parts
    labels = parts.labels(parts.train)
    rows = _every_class_first(labels)
    first = rows[:REMEMBERED]
    named = Counter(str(photo.label) for photo in parts.train)
    remembered = Remembered(
        contents=tuple(parts.contents[i] for i in rows),
        labels=tuple(labels[i] for i in first),
        pictures=learned.begun.learned.plain(first),
    )
    weights = learned.begun.weights
    card = Card(
        trained_on={label: named[label] for label in parts.classes},
        fingerprint=fingerprint(parts.contents, [str(photo.label) for photo in parts.train]),
        seed=order.seed,
        licence=catalogue.find(weights).licence if weights else None,
        photos=str(order.source),
    )
    return _with_network(learned, remembered, card, order.device)


def _with_network(learned: Learned, remembered: Remembered, card: Card, device: str) -> Classifier:
    network, architecture = learned.fitted.network, learned.begun.architecture.name
    preprocessing, classes = learned.begun.learned.preprocessing, learned.begun.parts.classes
    if isinstance(network, WithHead):
        return from_embedding(
            network.network,
            network.linear_head,
            architecture=architecture,
            preprocessing=preprocessing,
            classes=classes,
            learned=remembered,
            card=card,
            source=_source(learned),
            device=device,
        )
    return from_network(
        network,
        architecture=architecture,
        preprocessing=preprocessing,
        classes=classes,
        learned=remembered,
        card=card,
        device=device,
    )


def _source(learned: Learned) -> str:
    """Where the weights of a fine-tuned network come from."""
    best = learned.fitted.best
    is_as_published = best is not None and best.epoch == 0
    return f"{learned.begun.weights}{'' if is_as_published else ', fine-tuned'}"


def _every_class_first(labels: Sequence[int]) -> list[int]:
    """The rows in turns of one of every class, so that the first few are of all of them."""
    seen: Counter[int] = Counter()
    turns = []
    for row, label in enumerate(labels):
        turns.append((seen[label], label, row))
        seen[label] += 1
    return [row for _, _, row in sorted(turns)]


def _calibrated(classifier: Classifier, learned: Learned) -> Classifier:
    """Probabilities that are right as often as they say, on the photos that chose the epoch."""
    photos = learned.begun.parts.validation
    if not photos:
        return classifier
    vectors = np.stack([readable(answer) for answer in classifier.embeddings(photos)])
    labels = np.array(learned.begun.parts.labels(photos), np.int64)
    temperature = fit_temperature(classifier.head.scores(vectors), labels)
    return replace(classifier, head=replace(classifier.head, temperature=temperature))


def readable(answer: NDArray[np.float32] | ImageError) -> NDArray[np.float32]:
    """An answer that there is. Raises `InputError` where there is none."""
    if isinstance(answer, ImageError):
        raise InputError(f"A photo can no longer be read ({answer}): put it back as it was")
    return answer


def _negatives(learned: Learned) -> tuple[LeftOut, ...]:
    reason = "an example of none of these: networks are trained without it"
    return tuple(LeftOut(photo.file, reason) for photo in learned.begun.dataset.negatives)


def _measure(report: Report, *, is_given: bool) -> Measured:
    metrics = report.metrics
    return Measured(
        how="the given test part" if is_given else "photos held out",
        n=metrics.n,
        groups=metrics.groups,
        top1=metrics.top1,
        top1_interval=metrics.top1_interval,
        balanced_accuracy=metrics.balanced_accuracy,
    )


def _making(order: Order, learned: Learned, classifier: Classifier) -> tuple[tuple[str, str], ...]:
    plan, paper = learned.fitted.plan, learned.begun.architecture.paper
    return (
        ("network", f"{learned.begun.architecture.name}, {classifier.backbone.source}"),
        ("paper", f"{paper.title} ({paper.year})"),
        ("steps", f"{plan.steps:,} of {plan.batch_size} photos"),
        ("computed in", f"{plan.precision}, torch {torch.__version__}"),
        ("engine", classifier.engine.name),
        ("decoder", classifier.backbone.preprocessing.decoder),
        ("seed", str(order.seed)),
        ("eyespot", version("eyespot")),
    )
