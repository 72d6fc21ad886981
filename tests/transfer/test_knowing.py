"""What a new classifier is given to know of itself, from toy embeddings: the glue, not the sums."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from eyespot.classifier.card import Card
from eyespot.classifier.classifier import Classifier, Reference
from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.embeddings import Embedded, Facts
from eyespot.engines import pretrained
from eyespot.errors import InputError
from eyespot.transfer import knowing, negatives
from eyespot.transfer.answered import Answered
from eyespot.transfer.candidates import Candidate
from eyespot.transfer.doubts import measured_rows
from eyespot.transfer.knowing import (
    Making,
    calibrating,
    known_photos,
    with_trust,
)
from eyespot.transfer.material import Material
from eyespot.transfer.measuring import measured
from eyespot.transfer.negatives import Negatives, negatives_of
from eyespot.transfer.probes import fit
from eyespot.transfer.taken import Taken
from eyespot.transfer.train import Order
from eyespot.trust.novelty import Strangers
from eyespot.weights.catalogue import DEFAULT

CHOSEN = Candidate("linear softmax", 0.01, False, 0.9, 0.1, 0.01, 1.0)
D = 16


def material(n=300, *, classes=3, held_out=0, together=1, spread=0.6, seed=0):
    """n photos around the axes; the last `held_out` are the test part."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) // together % classes
    vectors = np.eye(D)[labels] + spread * generator.normal(size=(n, D)) / 2
    photos = tuple(Photo(Path(f"{i}.jpg"), f"{i}.jpg", "abc"[labels[i]]) for i in range(n))
    return Material(
        classes=tuple("abc"[:classes]),
        photos=photos,
        contents=tuple(f"{i:064x}" for i in range(n)),
        vectors=vectors.astype(np.float32),
        mirrored=vectors.astype(np.float32),
        labels=labels,
        groups=tuple((np.arange(n) // together).tolist()),
        is_held_out=np.arange(n) >= n - held_out,
        left_out=(),
    )


def made(found, *, coverage=None):
    """A classifier on toy embeddings, and what it was made of."""
    examples, _ = found.examples(seed=0)
    is_calibrating = calibrating(examples, coverage)
    head = fit(examples.where(~is_calibrating), CHOSEN)
    rows = list(found.part(held_out=False))
    contents = tuple(found.contents[i] for i in rows)
    reference = Reference(contents, found.vectors[rows], found.labels[rows])
    classifier = Classifier(pretrained(DEFAULT), head, found.classes, reference, Card())
    return classifier, Making(found, examples, is_calibrating, CHOSEN, coverage, 0)


@pytest.fixture
def strangers(monkeypatch):
    """Toy embeddings in place of those of the pictures that are made."""
    vectors = np.eye(D, dtype=np.float32)[[7, 8, 9, 10]]
    found = Strangers(vectors, ["noise", "noise", "digits", "digits"], np.arange(4))
    monkeypatch.setattr(knowing, "_unrelated", lambda classifier: found)
    return found


@pytest.mark.parametrize("held_out", [0, 90])
def test_a_classifier_refuses_strangers_and_says_how_well(held_out, strangers):
    classifier, making = made(material(held_out=held_out))
    found, notes = with_trust(classifier, making, Negatives())
    assert notes == ()
    assert found.coverage is None
    figures = found.card.novelty
    assert figures.n == (held_out or 300)
    assert figures.kept == pytest.approx(0.95, abs=0.05)
    assert [told.name for told in figures.unrelated] == ["all", "noise", "digits"]
    said = [found.prediction("x.jpg", vector) for vector in strangers.vectors]
    assert np.mean([one.is_none_of_these for one in said]) == figures.unrelated[0].refused
    known = known_photos(making.material, held_out=False)
    shares = found.novelty_shares(known.vectors)
    # asked of themselves, too, known photos look more familiar than they did without
    assert (shares <= 0.95).mean() > 0.95


def test_a_share_of_none_of_these_is_a_share_of_known_photos(strangers):
    """The property that docs/json.md promises: half of new known photos lie below one half."""
    found, _ = with_trust(*made(material(900)), Negatives())
    new = material(900, seed=9)
    shares = found.novelty_shares(new.vectors)
    for share in (0.25, 0.5, 0.75, 0.95):
        assert (shares <= share).mean() == pytest.approx(share, abs=0.05)


def test_a_network_that_learned_from_its_photos_asks_those_that_it_has_not_learned_from(strangers):
    """Learned photos lie closer together than new ones, which would be refused by their measure."""
    found = material(600)
    unseen = np.arange(600) % 5 == 0
    learned = np.flatnonzero(~unseen)
    centres = np.eye(D, dtype=np.float32)[found.labels[learned]]
    found.vectors[learned] = centres + (found.vectors[learned] - centres) / 3
    classifier, making = made(found, coverage=0.9)
    knows, _ = with_trust(classifier, dataclasses.replace(making, unseen=unseen), Negatives())
    new = material(900, seed=9)
    assert (knows.novelty_shares(new.vectors) <= 0.95).mean() == pytest.approx(0.95, abs=0.04)
    assert knows.card.novelty.n == 120
    assert knows.card.coverage is None, "heads fitted anew on what it learned would flatter it"
    answers = Answered(np.arange(600), np.full((600, 3), 1 / 3, np.float32))
    in_folds = dataclasses.replace(making, unseen=unseen, answered=answers)
    asked, notes = with_trust(classifier, in_folds, Negatives())
    assert asked.card.coverage.n == 600 and asked.card.coverage.covered == 1.0  # all of a kind
    assert any("measured on 600 photos out of fold" in note for note in notes)
    naive, _ = with_trust(classifier, making, Negatives())
    assert (naive.novelty_shares(new.vectors) <= 0.95).mean() < 0.7


@pytest.mark.parametrize("held_out", [0, 300])
def test_label_sets_are_calibrated_on_photos_that_the_head_never_saw(held_out, strangers):
    found = material(900, held_out=held_out, spread=1.2)
    classifier, making = made(found, coverage=0.9)
    number = int(making.is_calibrating.sum())
    assert number == pytest.approx((900 - held_out) / 5, abs=6)
    assert len(set(making.examples.folds[making.is_calibrating])) == 1
    knows, notes = with_trust(classifier, making, Negatives())
    assert f"{number} photos were not learned from" in notes[0]
    figures = knows.card.coverage
    assert figures.n == (held_out or 900)
    # 40 calibration photos a class, 300 tested: a standard error of 3.2 %
    assert figures.covered == pytest.approx(0.9, abs=0.08)
    new = material(900, seed=5, spread=1.2)
    said = [knows.prediction("x.jpg", vector) for vector in new.vectors]
    inside = [found.classes[i] in one.label_set for i, one in zip(new.labels, said, strict=True)]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.08)
    assert all(one.label_set[0] == one.label for one in said)
    assert 1 < figures.mean_size < 3


def test_photos_that_belong_together_calibrate_or_teach_but_not_both(strangers):
    _, making = made(material(300, together=5), coverage=0.8)
    groups = np.array(making.material.groups)
    calibrate, teach = groups[making.is_calibrating], groups[~making.is_calibrating]
    assert not set(calibrate) & set(teach)


def test_a_class_of_one_occasion_is_learned_from_not_calibrated_on(strangers):
    found = material(120, together=5)
    first = np.array(found.groups) == 0
    labels = np.where(first, 2, np.where(found.labels == 2, 0, found.labels))
    found = dataclasses.replace(found, labels=labels)
    _, making = made(found, coverage=0.8)
    assert not (making.is_calibrating & first).any()


def test_with_too_few_photos_every_set_holds_every_class_and_says_so(strangers):
    knows, notes = with_trust(*made(material(30), coverage=0.95), Negatives())
    assert "every set holds every class" in notes[-1]
    assert "need 19 calibration photos that do not belong together, and there are 6" in notes[-1]
    assert knows.prediction("x.jpg", np.ones(D, np.float32)).label_set is not None
    assert knows.card.coverage.covered == 1
    assert knows.card.coverage.mean_size == 3


@pytest.mark.parametrize("held_out", [0, 90])
def test_a_measured_photo_has_the_score_and_the_set_that_the_figures_count(held_out, strangers):
    found = material(300, held_out=held_out, spread=1.2)
    classifier, making = made(found, coverage=0.8)
    knows, _ = with_trust(classifier, making, Negatives())
    learned = making.examples.where(~making.is_calibrating)
    answers = measured(found, learned if held_out else making.examples, CHOSEN, seed=0)
    taken = Taken(
        material=found,
        examples=making.examples,
        is_calibrating=making.is_calibrating,
        chosen=CHOSEN,
        head=classifier.head,
        backbone=classifier.backbone,
        flip=False,
        answers=answers,
    )
    rows = measured_rows(taken, knows, coverage=0.8, seed=0)
    assert len(rows) == (held_out or 300)
    inside = [row.truth in row.label_set for row in rows]
    assert np.mean(inside) == knows.card.coverage.covered
    kept = 1 - np.mean([row.is_none_of_these for row in rows])
    if not held_out:  # by the threshold that the same distances gave: 95 of 100 are below it
        assert kept == pytest.approx(0.95, abs=1 / 300)
        return
    assert kept == knows.card.novelty.kept
    for row, vector in zip(rows, found.vectors[-held_out:], strict=True):
        assert row.none_of_these == knows.prediction(row.file, vector).none_of_these


@pytest.mark.parametrize("coverage", [0.2, 1.0, 95.0])
def test_a_coverage_that_cannot_be_promised_is_refused_before_any_work(coverage):
    with pytest.raises(InputError, match=r"from 0\.5 to below 1"):
        Order(Path("nowhere"), coverage=coverage)


def examples_of_none(monkeypatch, contents, vectors):
    """A data set with such examples, as looked at."""
    photos = tuple(Photo(Path(f"{i}.jpg"), f"none_of_these/{i}.jpg") for i in range(len(contents)))
    facts = tuple(Facts(c, 9, "JPEG", 60, 40, 1, None, None, 0, ()) for c in contents)
    embedded = Embedded(photos, vectors, vectors, facts)
    monkeypatch.setattr(negatives, "embed", lambda *arguments, **options: embedded)
    return ImageDataset("toy", Path(), (), ("a", "b", "c"), negatives=photos)


def test_examples_of_none_of_these_are_learned_from_once_each(monkeypatch, strangers):
    found = material()
    vectors = (np.eye(D)[[5] * 6] + 0.2 * np.random.default_rng(0).normal(size=(6, D))).astype("f4")
    vectors[5] = vectors[4]
    contents = ["a" * 64, "b" * 64, "a" * 64, found.contents[3], "c" * 64, "d" * 64]
    dataset = examples_of_none(monkeypatch, contents, vectors)
    learned = negatives_of(dataset, pretrained(DEFAULT), found.contents, flip=False, device="cpu")
    assert [item.reason for item in learned.left_out] == [
        "the same picture as none_of_these/0.jpg",
        "none of these, and the same picture as a photo of a class: decide which",
    ]
    assert len(learned.strangers.vectors) == 4
    assert learned.notes[0].startswith("4 photos of none of these taught what to refuse")
    classifier, making = made(found)
    knows, _ = with_trust(classifier, making, learned)
    plain, _ = with_trust(classifier, making, Negatives())
    alike = (np.eye(D)[5] + np.eye(D)[0]).astype("f4")[None]  # between them and a class
    assert knows.novelty_shares(alike) > plain.novelty_shares(alike)
    assert knows.card.novelty.negatives.n == 4
    assert knows.reference.negatives.shape == (4, D)


def test_one_example_of_none_of_these_is_told_and_not_used(monkeypatch, strangers):
    dataset = examples_of_none(monkeypatch, ["a" * 64], np.ones((1, D), np.float32))
    found = material()
    learned = negatives_of(dataset, pretrained(DEFAULT), found.contents, flip=False, device="cpu")
    assert "none_of_these/ has 1 photo" in learned.notes[0]
    assert "nothing was learned from it" in learned.notes[0]
    assert [item.file for item in learned.left_out] == ["none_of_these/0.jpg"]
    knows, notes = with_trust(*made(found), learned)
    assert not knows.novelty.has_negatives
    assert notes == learned.notes


def test_unrelated_pictures_are_the_same_each_time_and_of_every_kind():
    from eyespot.evaluation.unrelated import OF_EACH, unrelated
    from eyespot.images.decode import decode

    one, other = unrelated(), unrelated()
    assert [photo.content for photo in one] == [photo.content for photo in other]
    kinds = [photo.label for photo in one]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    each = dict.fromkeys(("noise", "gradients", "textures", "digits"), OF_EACH)
    assert counts == each | {"photos": 2}
    assert len({photo.read() for photo in one}) == len(one)
    for photo in one:
        assert min(decode(photo.source).picture.size) >= 256
