"""What a fine-tuned classifier knows of itself: what is none of its classes, and label sets.

The network has brought together the photos that it learned from, and was chosen on those of the
validation part. So distances are asked of the latter, and label sets of a part of their own, which
decides nothing else: then they hold the truth as often as they promise. Both are measured on the
test part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import probabilities
from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.datasets.names import counted
from eyespot.datasets.splits import holdout
from eyespot.errors import InputError
from eyespot.evaluation.limits import covered
from eyespot.files import sha256
from eyespot.training import scratch
from eyespot.training.measuring import Trained, measured, readable
from eyespot.training.parts import BESIDE, Parts
from eyespot.training.scratch import Learned
from eyespot.transfer.knowing import trust_told, with_novelty
from eyespot.transfer.lesson import VALIDATION
from eyespot.transfer.negatives import Negatives, negatives_of
from eyespot.trust import coverage as label_sets
from eyespot.trust.novelty import Known


def with_calibration(parts: Parts, *, seed: int) -> Parts:
    """Some of the training photos, whole groups, are held out: they calibrate label sets alone.

    Where none can be, a sentence says so, and there will be no label sets.
    """
    rows = [i for i, photo in enumerate(parts.train) if not photo.is_added]
    try:
        folds = holdout(
            [str(parts.train[i].label) for i in rows],
            [parts.train[i].group for i in rows],
            fraction=VALIDATION,
            seed=seed,
            names=[parts.contents[i] for i in rows],
        )
    except InputError as error:
        told = f"No label sets were fitted: no photos can be held out to calibrate them. {error}"
        return replace(parts, notes=(*parts.notes, told))
    held = [i for i, number in zip(rows, folds.number.tolist(), strict=True) if number == 0]
    groups = {parts.train[i].group for i in held} - {None}
    beside = [i for i, photo in enumerate(parts.train) if photo.is_added and photo.group in groups]
    rest = sorted(set(range(len(parts.train))) - {*held, *beside})
    number = counted(len(held), "photo")
    told = f"{number} were not learned from: they calibrate the label sets."
    return replace(
        parts,
        train=tuple(parts.train[i] for i in rest),
        contents=tuple(parts.contents[i] for i in rest),
        calibration=tuple(parts.train[i] for i in held),
        left_out=(*parts.left_out, *(LeftOut(parts.train[i].file, BESIDE) for i in beside)),
        notes=(*parts.notes, told),
    )


def measured_with_trust(
    order: scratch.Order, learned: Learned, *, coverage: float | None = None
) -> Trained:
    """The measurement, and a classifier that can tell what is none of its classes.

    With `coverage` it gives label sets that hold the truth in such a share of photos.
    """
    trained = measured(order, learned)
    stages = learned.stages
    with stages.stage("trust") as stage:
        strangers = _negatives(trained)
        asking = _Asking(trained.classifier, learned.begun.parts, {})
        classifier = with_novelty(
            trained.classifier,
            asking.remembered(),
            asked=asking.seen(learned.begun.parts.validation),
            held_out=asking.seen(learned.begun.parts.test),
            negatives=strangers.strangers,
            seed=order.seed,
        )
        notes = strangers.notes
        if coverage is not None and learned.begun.parts.calibration:
            classifier, more = _with_sets(classifier, asking, coverage, order.seed)
            notes = (*notes, *more)
        stage.figure = trust_told(classifier)
    for sentence in notes:
        stages.watcher.note(sentence)
    return _told(replace(trained, classifier=classifier), strangers, notes)


@dataclass(frozen=True)
class _Asking:
    """Photos of all parts as the classifier sees them, with groups that are numbered alike."""

    classifier: Classifier
    parts: Parts
    numbers: dict[str, int]

    def seen(self, photos: Sequence[Photo]) -> Known:
        vectors = np.stack([readable(answer) for answer in self.classifier.embeddings(photos)])
        labels = np.array(self.parts.labels(photos), np.int64)
        return Known(vectors, labels, self._groups(photos))

    def remembered(self) -> Known:
        """The photos of the classifier's reference, in its order."""
        reference = self.classifier.reference
        assert reference is not None, "a classifier that was trained here has a reference"
        by_content = dict(zip(self.parts.contents, self.parts.train, strict=True))
        photos = [by_content[content] for content in reference.contents[: len(reference.labels)]]
        return Known(reference.vectors, reference.labels, self._groups(photos))

    def _groups(self, photos: Sequence[Photo]) -> NDArray[np.int64]:
        """The number of each photo's group, given to new ones; without one, one of its own."""
        names = [f"group {each.group}" if each.group else f"file {each.file}" for each in photos]
        numbers = [self.numbers.setdefault(name, len(self.numbers)) for name in names]
        return np.array(numbers, np.int64)


def _with_sets(
    classifier: Classifier, asking: _Asking, coverage: float, seed: int
) -> tuple[Classifier, tuple[str, ...]]:
    """Thresholds from the calibration part, and how often they hold the truth on the test part."""
    parts, head = asking.parts, classifier.head
    own, test = asking.seen(parts.calibration), asking.seen(parts.test)
    sets, notes = label_sets.fit(
        probabilities(head, own.vectors),
        own.labels,
        classes=classifier.classes,
        groups=own.groups,
        coverage=coverage,
        seed=seed,
    )
    figures = covered(
        sets.sets(probabilities(head, test.vectors)),
        test.labels,
        classes=classifier.classes,
        groups=test.groups,
        seed=seed,
    )
    card = replace(classifier.card, coverage=figures)
    return replace(classifier, coverage=sets, card=card), notes


def _negatives(trained: Trained) -> Negatives:
    """The examples of none of these as the network sees them, without any picture of a class."""
    classifier, begun = trained.classifier, trained.learned.begun
    if not begun.dataset.negatives:
        return Negatives()
    parts = begun.parts
    known = (*parts.train, *parts.validation, *parts.test, *parts.calibration)
    return negatives_of(
        begun.dataset,
        classifier.backbone,
        {sha256(photo.read()) for photo in known},
        flip=classifier.flip,
        device=classifier.device,
    )


def _told(trained: Trained, strangers: Negatives, notes: tuple[str, ...]) -> Trained:
    """With what the classifier knows of itself in the report and on the card."""
    learned, card = trained.learned, trained.classifier.card
    begun = replace(learned.begun, notes=(*learned.begun.notes, *notes))
    learned = replace(learned, begun=begun)
    examples = {photo.file for photo in begun.dataset.negatives}
    kept = tuple(item for item in trained.report.left_out if item.file not in examples)
    report = replace(
        trained.report,
        novelty=card.novelty,
        coverage=card.coverage,
        left_out=(*kept, *strangers.left_out),
        remarks=learned.notes,
    )
    classifier = replace(trained.classifier, card=replace(card, notes=begun.notes))
    return replace(trained, classifier=classifier, report=report, learned=learned)
