"""What is learned from and what is measured: each picture once, and groups whole."""

import hashlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.embeddings import Embedded, Facts
from eyespot.errors import InputError
from eyespot.transfer import measuring
from eyespot.transfer.candidates import Candidate
from eyespot.transfer.material import gather
from eyespot.transfer.measuring import answer_rows, measured
from eyespot.transfer.probes import choose

CHOSEN = Candidate("linear softmax", 0.01, False, 0.9, 0.1, 0.01, 1.0)


def material(rows, *, groups=None, flip=False, seed=0):
    """Of rows (file, label, part, content)."""
    photos = tuple(Photo(Path(file), file, label, part) for file, label, part, _ in rows)
    generator = np.random.default_rng(seed)
    contents = [hashlib.sha256(content.encode()).hexdigest() for *_, content in rows]
    classes = tuple(sorted({label for _, label, _, _ in rows}))
    centres = 3 * generator.normal(size=(len(classes), 8))
    vectors = np.stack([centres[classes.index(row[1])] for row in rows])
    vectors = (vectors + generator.normal(size=vectors.shape)).astype(np.float32)
    facts = tuple(Facts(c, 9, "JPEG", 60, 40, 1, None, None, 0, ()) for c in contents)
    dataset = ImageDataset("test", Path(), photos, classes)
    audit = SimpleNamespace(groups=tuple(groups or range(len(rows))))
    return gather(dataset, Embedded(photos, vectors, vectors + 1, facts), audit, flip=flip)


def folder(n=40, *, held_out=0):
    """Two classes; with `held_out`, the last photos are of the part "test"."""
    parts = ["train" if held_out else None] * (n - held_out) + ["test"] * held_out
    return [(f"{i:02d}.jpg", "ab"[i % 2], parts[i], f"picture {i}") for i in range(n)]


def test_copies_of_a_picture_leave_one():
    rows = [*folder(8), ("99.jpg", "a", None, "picture 0"), ("00-copy.jpg", "a", None, "picture 0")]
    found = material(rows)
    files = [photo.file for photo in found.photos]
    assert files.count("00-copy.jpg") + files.count("00.jpg") + files.count("99.jpg") == 1
    assert {item.file: item.reason for item in found.left_out} == {
        "00.jpg": "the same picture as 00-copy.jpg",
        "99.jpg": "the same picture as 00-copy.jpg",
    }


def test_of_copies_in_two_parts_the_held_out_one_stays():
    rows = [*folder(12, held_out=4), ("0.jpg", "a", "train", "picture 10")]
    found = material(rows)
    assert [item.file for item in found.left_out] == ["0.jpg"]
    kept = [photo for photo in found.photos if photo.file == "10.jpg"]
    assert kept[0].part == "test"


def test_a_picture_under_two_labels_is_left_out_everywhere():
    found = material([*folder(8), ("x.jpg", "b", None, "picture 0")])
    assert [item.file for item in found.left_out] == ["00.jpg", "x.jpg"]
    assert all("stands under a and b" in item.reason for item in found.left_out)
    assert not {"00.jpg", "x.jpg"} & {photo.file for photo in found.photos}


def test_what_remains_has_to_be_enough_to_learn_from():
    rows = [("a.jpg", "a", None, "same"), ("b.jpg", "b", None, "same"), *folder(4)[::2]]
    with pytest.raises(InputError):
        material(rows)


def test_with_flip_a_photo_is_the_mean_of_its_two_views():
    plain, flipped = material(folder(8)), material(folder(8), flip=True)
    assert np.allclose(flipped.vectors, (plain.vectors + plain.mirrored) / 2)
    assert np.array_equal(flipped.vectors, flipped.mirrored)
    assert flipped.vectors.dtype == np.float32


def test_no_group_is_in_two_folds_unless_a_random_split_is_asked_for():
    groups = [i // 8 for i in range(40)]
    found = material(folder(), groups=groups)
    folds = found.examples(seed=0)[0].folds
    for group in set(groups):
        assert len(set(folds[np.array(groups) == group])) == 1
    separated = found.examples(seed=0, grouped=False)[0].folds
    assert any(len(set(separated[np.array(groups) == group])) > 1 for group in set(groups))


def test_folds_do_not_depend_on_names_or_on_the_order_of_files():
    """So photos renamed, or bad files between them, change nothing."""
    rows = folder()
    folds = material(rows).examples(seed=3)[0].folds
    renamed = [(f"other-{row[0]}", *row[1:]) for row in rows]
    assert np.array_equal(material(renamed).examples(seed=3)[0].folds, folds)
    turned = material(rows[::-1]).examples(seed=3)[0].folds
    assert np.array_equal(turned[::-1], folds)
    assert not np.array_equal(material(rows).examples(seed=4)[0].folds, folds)


def test_held_out_photos_take_no_part_in_the_choice():
    found = material(folder(60, held_out=20))
    examples = found.examples(seed=0)[0]
    assert len(examples.labels) == 40
    found.vectors[found.is_held_out] = 99
    found.labels[found.is_held_out] = 0
    assert choose(found.examples(seed=0)[0]) == choose(examples)


def test_with_a_held_out_part_it_is_measured_once():
    found = material(folder(60, held_out=20))
    answers = measured(found, found.examples(seed=0)[0], CHOSEN, seed=0)
    assert not answers.is_cross_validation
    assert answers.random_split is None
    assert [found.photos[row].part for row in answers.part] == ["test"] * 20
    assert answers.metrics.n == 20


def test_without_one_every_photo_is_answered_in_cross_validation(monkeypatch):
    found = material(folder(), groups=[i // 4 for i in range(40)])
    chosen_on = []

    def counting(examples, *, held_out=None):
        chosen_on.append(set(examples.folds.tolist()))
        return (CHOSEN,)

    monkeypatch.setattr(measuring, "choose", counting)
    answers = measured(found, found.examples(seed=0)[0], CHOSEN, seed=0)
    assert answers.is_cross_validation
    assert (answers.metrics.n, answers.metrics.groups) == (40, 10)
    assert answers.random_split.n == 40
    # the choice is made anew for each fold, without it; by the random split once, on its own folds
    every = set(range(5))
    expected = [every, *(every - {i} for i in range(5))]
    assert sorted(map(sorted, chosen_on)) == sorted(map(sorted, expected))


def test_neighbours_shown_beside_an_error_are_photos_that_the_answer_was_learned_from():
    rows = folder()
    rows[0] = ("00.jpg", "b", None, "picture 0")  # an error: it looks like an a
    found = material(rows)
    found.vectors[0] = found.vectors[2]
    examples = found.examples(seed=0)[0]
    answers = measured(found, examples, CHOSEN, seed=0)
    answered = answer_rows(found, examples, answers)
    wrong = [row for row in answered if row.nearest]
    assert "00.jpg" in [row.file for row in wrong]
    fold = dict(zip([photo.file for photo in found.photos], examples.folds.tolist(), strict=True))
    for row in wrong:
        assert len(row.nearest) == measuring.NEIGHBOURS
        assert all(fold[near.file] != fold[row.file] for near in row.nearest)
