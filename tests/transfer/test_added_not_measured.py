"""Photos that were added teach only: they were sorted by a classifier, and would flatter."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.training.parts import BESIDE, Looked, divided
from eyespot.transfer.candidates import Candidate
from eyespot.transfer.contenders import Contender, decide
from eyespot.transfer.material import Material
from eyespot.transfer.measuring import measured
from eyespot.transfer.tuned_trust import with_calibration

CHOSEN = Candidate("linear softmax", 0.01, False, 1.0, 0.1, 0.01, 1.0)


def photo(i: int, *, is_added: bool, label: str, group: str | None = None) -> Photo:
    return Photo(Path(f"{i}.jpg"), f"{i}.jpg", label, group=group, is_added=is_added)


def material(*, hard: int = 60, easy: int = 60) -> Material:
    """`hard` photos whose labels have nothing to do with them, and `easy` ones that were added."""
    generator = np.random.default_rng(0)
    count = hard + easy
    labels = np.arange(count) % 2
    vectors = generator.normal(size=(count, 4)).astype(np.float32)
    vectors[hard:, 0] += 20 * (labels[hard:] - 0.5)
    photos = tuple(
        photo(i, is_added=i >= hard, label="ab"[label]) for i, label in enumerate(labels.tolist())
    )
    return Material(
        classes=("a", "b"),
        photos=photos,
        contents=tuple(f"{i:064d}" for i in range(count)),
        vectors=vectors,
        mirrored=vectors,
        labels=labels,
        groups=tuple(i // 2 * 2 + i % 2 if i < hard else i for i in range(count)),
        is_held_out=np.zeros(count, bool),
        left_out=(),
    )


def test_added_photos_are_learned_from_and_not_measured():
    found = material()
    examples, _ = found.examples(seed=0)
    answers = measured(found, examples, CHOSEN, seed=0)
    assert len(examples.labels) == 120
    assert answers.part == tuple(range(60)) and answers.metrics.n == 60
    assert answers.metrics.top1 == pytest.approx(0.5, abs=0.2)  # labels without a relation
    plain = replace(found, photos=tuple(replace(each, is_added=False) for each in found.photos))
    flattered = measured(plain, examples, CHOSEN, seed=0)
    assert flattered.metrics.n == 120  # as it was before
    assert flattered.metrics.top1 > answers.metrics.top1 + 0.15


def test_ways_are_compared_on_photos_that_were_not_added():
    def never():
        raise AssertionError("nothing is fitted while contenders are compared")

    def contender(name: str, true: list[float]) -> Contender:
        share = np.array(true, np.float32)
        rows = np.stack([share, 1 - share], axis=1)
        return Contender(name, name, rows, np.ones(4, bool), 1.0, never)

    cheap, dear = contender("probe", [0.6, 0.6, 0.9, 0.9]), contender("dear", [0.7, 0.7, 0.1, 0.1])
    labels, is_asked = np.zeros(4, np.int64), np.array([True, True, False, False])
    assert decide([cheap, dear], labels, range(4)).chosen is cheap
    choice = decide([cheap, dear], labels, range(4), is_asked=is_asked)
    assert choice.chosen is dear and choice.trials[0].n == 2


def looked(count: int = 60) -> Looked:
    """Groups of three, the last of each added; and 30 added photos by themselves."""
    photos = [
        photo(i, is_added=i % 3 == 2, label="ab"[i // 3 % 2], group=f"g{i // 3}")
        for i in range(count)
    ]
    photos += [photo(i, is_added=True, label="ab"[i % 2]) for i in range(count, count + 30)]
    dataset = ImageDataset("toy", Path(), tuple(photos), ("a", "b"))
    return Looked(dataset, tuple(f"{i:064d}" for i in range(len(photos))))


def test_no_added_photo_is_held_out_and_none_teaches_what_its_group_measures():
    parts = divided(looked(), validation=0.15, seed=0)
    for held in (parts.test, parts.validation):
        assert held and not any(each.is_added for each in held)
    groups = {each.group for each in (*parts.test, *parts.validation)}
    assert not groups & {each.group for each in parts.train}
    beside = [item for item in parts.left_out if item.reason == BESIDE]
    assert len(beside) == len(groups)  # one of each group of three
    total = len(parts.train) + len(parts.validation) + len(parts.test) + len(beside)
    assert total == 90 and sum(each.is_added for each in parts.train) == 30 + 20 - len(groups)


def test_no_added_photo_calibrates():
    before = divided(looked(), validation=0.15, seed=0)
    parts = with_calibration(before, seed=0)
    assert parts.calibration and not any(each.is_added for each in parts.calibration)
    groups = {each.group for each in parts.calibration}
    assert not groups & {each.group for each in parts.train}
    assert len(parts.left_out) == len(before.left_out) + len(groups)
    assert len(parts.contents) == len(parts.train)
