"""What auto has tried is kept: stopped, it goes on with the same command to the same answer."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from eyespot.classifier.bundle import load
from eyespot.datasets.dataset import Photo
from eyespot.training import scratch
from eyespot.training.stages import Unwatched
from eyespot.transfer.auto import Trying
from eyespot.transfer.candidates import Examples
from eyespot.transfer.contenders import NotTriedError
from eyespot.transfer.lesson import Tuning
from eyespot.transfer.saving import train_and_save, tried_of
from eyespot.transfer.train import Order
from eyespot.transfer.tried import Tried
from eyespot.transfer.tuned_contender import BY_CHANCE, NAME, fine_tuning
from eyespot.transfer.tuned_folds import Task


def test_what_is_kept_is_found_again_and_only_for_the_same_request(tmp_path):
    place = tmp_path / "m-tried"
    arrays = {"answers": np.eye(3, dtype=np.float32), "answered": np.array([True, False, True])}
    Tried(place, "photos").keep("better probe", {"seconds": 1.5}, arrays)
    found = Tried(place, "photos").found("better probe")
    assert found.facts == {"seconds": 1.5}
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype
    assert Tried(place, "other photos").found("better probe") is None
    assert Tried(place, "photos").found("fine-tuning 0") is None


def test_a_damaged_file_is_not_there(tmp_path):
    place = tmp_path / "m-tried"
    Tried(place, "photos").keep("probe", {"seconds": 1.5}, {"answers": np.arange(50)})
    (path,) = (path for path in place.iterdir() if "probe" in path.name)
    content = path.read_bytes()
    for at in (0, 70, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert Tried(place, "photos").found("probe") is None
    path.write_bytes(content[: len(content) // 2])
    assert Tried(place, "photos").found("probe") is None
    path.write_bytes(content)
    assert Tried(place, "photos").found("probe") is not None


def test_the_time_of_all_runs_counts(tmp_path):
    first = Tried(tmp_path / "m-tried", "photos")
    first.began -= 40.0  # as if it had gone on for so long
    first.keep_spent()
    second = Tried(tmp_path / "m-tried", "photos")
    second.began -= 2.0
    assert 42.0 <= second.spent < 60.0
    assert Tried(tmp_path / "m-tried", "other photos").spent < 20.0


def test_without_a_place_nothing_is_kept_and_clearing_removes_all(tmp_path):
    nowhere = Tried()
    nowhere.keep("probe", {})
    assert nowhere.found("probe") is None and nowhere.folder("training") is None
    kept = Tried(tmp_path / "m-tried", "photos")
    kept.keep("probe", {})
    kept.clear()
    assert not (tmp_path / "m-tried").exists()


def task() -> Task:
    """Six photos that are nowhere: nothing can be learned from them."""
    photos = tuple(Photo(Path(f"{i}.jpg"), f"{i}.jpg", "ab"[i % 2]) for i in range(6))
    nothing, folds = np.zeros((6, 0), np.float32), np.array([0, 0, 1, 1, 2, 2])
    examples = Examples(nothing, None, np.arange(6) % 2, folds, 2)
    order = scratch.Order(Path("nowhere"), network="efficientnet_lite0")
    return Task(photos, tuple("abcdef"), examples, (0, 0, 1, 1, 2, 2), Tuning(), order)


def answers(fold: int) -> dict:
    return {"answers": np.array([[0.1 * fold, 1 - 0.1 * fold]] * 2, np.float32)}


def test_folds_that_are_kept_are_not_answered_again(tmp_path):
    facts = {"words": "9 epochs of the head", "seconds": 10.0, "again": 8.0}
    kept = Tried(tmp_path / "m-tried", "photos")
    for fold in range(2):
        kept.keep(f"{NAME} {fold}", facts, answers(fold))
    # Two folds, and no time for the third one: it needs 3 trainings of 1.2 * 8 s.
    some = fine_tuning(task(), seconds=28.0, kept=Tried(tmp_path / "m-tried", "photos"))
    assert some.answered.tolist() == [True] * 4 + [False] * 2
    assert some.notes == ("Time allowed fine-tuning to answer 4 of 6 photos out of fold.",)
    kept.keep(f"{NAME} 2", facts, answers(2))
    every = fine_tuning(task(), seconds=0.0, kept=Tried(tmp_path / "m-tried", "photos"))
    assert every.is_whole and every.seconds == 30.0
    assert every.words == "efficientnet_lite0: 9 epochs of the head"
    np.testing.assert_allclose(every.probabilities[:, 0], [0, 0, 0.1, 0.1, 0.2, 0.2], atol=1e-6)


def test_without_kept_folds_too_little_time_is_said():
    with pytest.raises(NotTriedError):
        fine_tuning(task(), seconds=0.0)


def test_a_random_split_is_asked_in_its_own_folds_where_there_is_time(tmp_path):
    facts = {"words": "9 epochs of the head", "seconds": 10.0, "again": 8.0}
    kept = Tried(tmp_path / "m-tried", "photos")
    for fold in range(3):
        kept.keep(f"{NAME} {fold}", facts, answers(fold))
    contender = fine_tuning(task(), seconds=0.0, kept=kept)
    other = np.array([0, 1, 2, 0, 1, 2])
    assert not contender.by_chance(other, 9.0)[1].any()  # less than 1.2 * 8 s
    kept.keep(f"{BY_CHANCE} 0", facts, answers(5))
    found, answered = contender.by_chance(other, 9.0)
    assert answered.tolist() == [True, False, False] * 2
    np.testing.assert_allclose(found[0], [0.5, 0.5], atol=1e-6)


class Stopping(Unwatched):
    """Ctrl-C when a stage has come so far."""

    def __init__(self, stage: str, done: int) -> None:
        self.stage, self.done, self.now = stage, done, ""
        self.seen = []

    def begin(self, stage: str) -> None:
        self.now = stage
        self.seen.append(stage)
        if (stage, 0) == (self.stage, self.done):
            raise KeyboardInterrupt

    def advance(self, done: int, total: int) -> None:
        if (self.now, done) == (self.stage, self.done):
            raise KeyboardInterrupt


NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?")


def numbers(answer: dict) -> list[float]:
    """All that are no whole ones: batches of other sizes round otherwise."""
    return [float(each) for each in NUMBER.findall(json.dumps(answer))]


def words(answer: dict) -> str:
    return NUMBER.sub("x", json.dumps(answer))


@pytest.mark.slow
def test_auto_that_is_stopped_ends_where_it_would_have_ended(digits, tmp_path):
    photos = tmp_path / "photos"
    for i, (path, label) in enumerate(zip(digits.paths, digits.labels, strict=True)):
        if label != "seven" and i % 24 < 12:
            (photos / label).mkdir(parents=True, exist_ok=True)
            (photos / label / path.name).write_bytes(path.read_bytes())
    trying = Trying(Tuning(unfrozen=1), 36_000.0, "float32", 1)
    order = Order(photos, trying=trying, group_by=r"(\w+-\d+)-")
    whole = train_and_save(order, tmp_path / "whole")
    for stage, done in (("tuning", 0), ("tuning", 2), ("trust", 0)):
        with pytest.raises(KeyboardInterrupt):
            train_and_save(order, tmp_path / "stopped", watcher=Stopping(stage, done))
        assert tried_of(tmp_path / "stopped").is_dir()
    stopped = train_and_save(order, tmp_path / "stopped")
    assert not tried_of(tmp_path / "stopped").exists()
    for answer in (whole.answer, stopped.answer):
        for key in ("bundle", "seconds"):
            del answer[key]
        for trial in answer["tried"]:
            del trial["seconds"]
    assert numbers(stopped.answer) == pytest.approx(numbers(whole.answer), rel=1e-4, abs=1e-5)
    assert words(stopped.answer) == words(whole.answer)
    one, other = (load(tmp_path / name).reference.vectors for name in ("whole", "stopped"))
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
