"""What a fine-tuned classifier knows of itself, of photos that decided nothing about it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.datasets.dataset import Photo
from eyespot.training import scratch
from eyespot.training.opening import opened
from eyespot.training.parts import Parts
from eyespot.training.saving import machine_answer
from eyespot.training.stages import Stages, Unwatched
from eyespot.transfer.answered import Answered, sets_out_of_fold
from eyespot.transfer.fine_tuning import learn
from eyespot.transfer.lesson import Tuning
from eyespot.transfer.tuned_trust import measured_with_trust, with_calibration


def parts(count: int, *, together: int = 2) -> Parts:
    """`count` training photos of two classes, groups of `together` of one class."""
    photos = tuple(
        Photo(Path(f"{i}.png"), f"{i}.png", "ab"[i // together % 2], "train", f"g{i // together}")
        for i in range(count)
    )
    contents = tuple(f"{i:064d}" for i in range(count))
    return Parts(("a", "b"), photos, (), (), contents, (), (), is_test_given=False)


def test_photos_that_calibrate_are_whole_groups_of_every_class_and_are_not_learned_from():
    before = parts(80)
    found = with_calibration(before, seed=0)
    assert set(found.train) | set(found.calibration) == set(before.train)
    groups = [{photo.group for photo in part} for part in (found.train, found.calibration)]
    assert not groups[0] & groups[1]
    assert {photo.label for photo in found.calibration} == {"a", "b"}
    assert len(found.calibration) == pytest.approx(0.15 * 80, abs=4)
    assert [int(content) for content in found.contents] == [
        int(photo.file.removesuffix(".png")) for photo in found.train
    ]
    assert found.sizes["calibration"] == len(found.calibration)
    told = f"{len(found.calibration)} photos were not learned from: they calibrate the label sets."
    assert found.notes == (told,)


def test_where_nothing_can_be_held_out_to_calibrate_it_is_said_and_all_is_learned_from():
    before = parts(4, together=2)
    found = with_calibration(before, seed=0)
    assert found.train == before.train and not found.calibration
    assert found.notes[0].startswith("No label sets were fitted: no photos can be held out")
    assert "calibration" not in found.sizes


def answered(count: int, folds: int, *, seed: int = 0) -> tuple[Answered, dict]:
    """Answers of three classes, right in about four of five, in folds; photos come in pairs."""
    generator = np.random.default_rng(seed)
    groups = np.arange(count) // 2
    labels = np.repeat(generator.integers(0, 3, count // 2), 2)
    scores = np.repeat(generator.normal(size=(count // 2, 3)), 2, axis=0)
    scores += 0.3 * generator.normal(size=(count, 3))
    scores[np.arange(count), labels] += 1.5
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    where = {"classes": ("a", "b", "c"), "groups": groups, "seed": 0}
    found = Answered(np.arange(count), shares.astype(np.float32))
    return found, {"labels": labels, "folds": groups % folds, **where}


def test_label_sets_of_answers_out_of_fold_hold_the_truth_as_often_as_they_promise():
    held = []
    for seed in range(20):
        found, where = answered(600, 5, seed=seed)
        sets = sets_out_of_fold(found, coverage=0.9, **where)
        held.append(sets[np.arange(600), where["labels"]].mean())
        assert 1.0 <= sets.sum(1).mean() < 2.5
    # 300 groups at 0.9: a standard error of sqrt(0.09 / 300) = 0.017 each, 0.004 in the mean of 20;
    # the thresholds of 60 groups hold the truth in up to 1 / 61 = 0.016 more.
    assert 0.885 < np.mean(held) < 0.93


def test_no_fold_calibrates_itself():
    found, where = answered(200, 4)
    before = sets_out_of_fold(found, coverage=0.8, **where)
    own = where["folds"] == 1
    where["labels"] = where["labels"].copy()
    where["labels"][own] = (where["labels"][own] + 1) % 3
    after = sets_out_of_fold(found, coverage=0.8, **where)
    np.testing.assert_array_equal(before[own], after[own])
    assert (before[where["folds"] == 0] != after[where["folds"] == 0]).any()  # by those of fold 1


def test_one_fold_cannot_be_measured():
    found, where = answered(40, 1)
    assert sets_out_of_fold(found, coverage=0.9, **where) is None


@pytest.mark.slow
def test_fine_tuning_gives_label_sets_and_learns_what_is_none_of_these(digits, tmp_path):
    for path, label in zip(digits.paths, digits.labels, strict=True):
        (tmp_path / "photos" / label).mkdir(parents=True, exist_ok=True)
        (tmp_path / "photos" / label / path.name).write_bytes(path.read_bytes())
    (tmp_path / "photos" / "none_of_these").mkdir()
    for i in range(4):
        noise = np.random.default_rng(i).integers(0, 255, (64, 64, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "photos" / "none_of_these" / f"{i}.png")
    copy = tmp_path / "photos" / "none_of_these" / "copy.png"
    copy.write_bytes(digits.paths[0].read_bytes())
    order = scratch.Order(
        tmp_path / "photos",
        network="efficientnet_lite0",
        precision="float32",
        epochs=1,
        workers=1,
        group_by=r"(\w+-\d+)-",
    )
    stages = Stages(Unwatched())
    learned = learn(order, opened(order, stages), stages, tuning=Tuning(unfrozen=1), coverage=0.6)
    trained = measured_with_trust(order, learned, coverage=0.6)
    classifier, report = trained.classifier, trained.report
    assert classifier.coverage.coverage == 0.6
    assert report.coverage == classifier.card.coverage and report.coverage.n == report.metrics.n
    assert report.novelty.negatives.n == 4 and len(classifier.reference.negatives) == 4
    assert classifier.prediction("x.png", classifier.reference.vectors[0]).label_set
    reasons = {item.file: item.reason for item in report.left_out}
    assert reasons == {
        "none_of_these/copy.png": "none of these, and the same picture as a photo of a class: "
        "decide which"
    }
    answer = machine_answer(trained, tmp_path / "m")
    assert answer["split"]["none_of_these"] == 4 and answer["split"]["calibration"] > 0
    assert answer["photos"]["used"] == 72 + 4
    assert any("calibrate the label sets" in note for note in answer["notes"])
    assert any("4 photos of none of these taught" in note for note in classifier.card.notes)
