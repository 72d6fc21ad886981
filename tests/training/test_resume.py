"""Stopped or killed anywhere, a training comes out as if nothing had happened, to the bit."""

import json
import multiprocessing
import os
import random
import signal
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import toy_training as toy

from eyespot.errors import EyespotError, InputError
from eyespot.training.facts import Unwatched
from eyespot.training.fit import fit
from eyespot.training.stopping import Interrupted, Stop

PROCESSES = multiprocessing.get_context(
    "forkserver"
)  # torch is imported once, and never used there
PROCESSES.set_forkserver_preload(["toy_training"])
LONG = {"epochs": 12}  # more than a second: somewhere to be killed


class StopsAt(Unwatched):
    """Asks to stop after a step, as a signal would."""

    def __init__(self, step: int) -> None:
        self.stop, self.at, self.seen = Stop(), step, []

    def step(self, progress) -> None:
        self.seen.append(progress.step)
        if progress.step >= self.at:
            self.stop.signal = signal.SIGTERM


def undisturbed(variant: str, tmp_path: Path, **options) -> dict:
    return toy.train(variant, tmp_path / "undisturbed", **options)


def same(came: dict, expected: dict) -> bool:
    return all(came[key] == expected[key] for key in ("weights", "history", "stopped"))


def start(variant: str, place: Path, **options) -> multiprocessing.Process:
    answer = str(place.with_suffix(".json"))
    place.with_suffix(".listens").unlink(missing_ok=True)
    process = PROCESSES.Process(target=toy.run, args=(variant, str(place), answer, options))
    process.start()
    return process


def ended(process: multiprocessing.Process, place: Path) -> dict:
    process.join(60)
    assert process.exitcode == 0
    return json.loads(place.with_suffix(".json").read_text())


@pytest.mark.parametrize("variant", toy.VARIANTS)
def test_stopped_after_each_of_some_steps_it_ends_as_if_undisturbed(variant, tmp_path):
    expected = undisturbed(variant, tmp_path)
    steps = []
    for at in (1, 6, 7, 8, 15, 20):  # 7 steps are an epoch
        watcher = StopsAt(at)
        with pytest.raises(Interrupted, match=f"Step {at} is kept in") as stopped:
            toy.train(variant, tmp_path / "place", watcher=watcher, stop=watcher.stop)
        assert stopped.value.exit_code == 143
        steps += watcher.seen
    watcher = StopsAt(1000)
    came = toy.train(variant, tmp_path / "place", watcher=watcher)
    assert same(came, expected) and came["resumed_from"] == 20
    assert steps + watcher.seen == list(range(1, 22)), "a step is missing, or was made twice"


def test_it_does_not_matter_how_many_workers_make_the_batches_or_take_over(tmp_path):
    expected = undisturbed("mixed", tmp_path, workers=0)
    assert same(undisturbed("mixed", tmp_path / "4", workers=4), expected)
    watcher = StopsAt(9)
    with pytest.raises(Interrupted):
        toy.train("mixed", tmp_path / "p", workers=0, watcher=watcher, stop=watcher.stop)
    assert same(toy.train("mixed", tmp_path / "p", workers=3), expected)


def test_another_seed_gives_other_weights(tmp_path):
    """The comparisons above could fail."""
    expected = undisturbed("plain", tmp_path)
    assert toy.train("plain", None, seed=8)["weights"] != expected["weights"]


def test_killed_at_any_instant_it_ends_as_if_undisturbed(tmp_path):
    assert_killed_ones_end_as_if_undisturbed(tmp_path, kills=4)


@pytest.mark.slow
@pytest.mark.parametrize("variant", toy.VARIANTS)
@pytest.mark.parametrize("workers", [0, 2])
def test_killed_fifty_times_it_ends_as_if_undisturbed(variant, workers, tmp_path):
    assert_killed_ones_end_as_if_undisturbed(
        tmp_path, kills=50, variant=variant, workers=workers, epochs=60
    )


def assert_killed_ones_end_as_if_undisturbed(
    tmp_path: Path, *, kills: int, variant: str = "mixed", **options
) -> None:
    """Each life is short, so that kills fall on saving, validation and the first batch alike."""
    options = LONG | options
    expected = undisturbed(variant, tmp_path, **options)
    place, survived = tmp_path / "place", 0
    generator = random.Random(variant)
    while survived < kills:
        process = start(variant, place, **options)
        time.sleep(generator.uniform(0.05, 0.6))
        if not process.is_alive():  # it was quicker
            assert ended(process, place)["weights"] == expected["weights"]
            break
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        survived += 1
    came = ended(start(variant, place, **options), place)
    assert same(came, expected)
    names = sorted(path.name for path in place.iterdir())
    assert len([name for name in names if name.startswith(".") and name != ".lock"]) <= 1, names
    rows = (place / "history.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == [str(n + 1) for n in range(len(rows) - 1)]
    assert len(rows) == 1 + len(expected["history"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_is_answered_within_seconds_by_a_checkpoint_and_its_exit_code(
    number, code, tmp_path
):
    place = tmp_path / "place"
    process = start("mixed", place, epochs=400, saving=toy.Saving(seconds=1e9))
    wait_for(lambda: (place / "history.csv").exists())
    asked = time.monotonic()
    os.kill(process.pid, number)
    process.join(30)
    assert time.monotonic() - asked < 5
    assert process.exitcode == code
    assert len(list(place.glob("step-*"))) == 1


@pytest.mark.slow
def test_twenty_signals_to_a_training_lose_no_step(tmp_path):
    expected = undisturbed("mixed", tmp_path, epochs=400)
    place, answered = tmp_path / "place", 0
    generator = random.Random(0)
    for i in range(20):
        process = start("mixed", place, epochs=400, saving=toy.Saving(seconds=1e9))
        wait_for(place.with_suffix(".listens").exists)
        time.sleep(generator.uniform(0, 0.5))
        number = (signal.SIGTERM, signal.SIGINT)[i % 2]
        with suppress(ProcessLookupError):  # it was quicker
            os.kill(process.pid, number)
        process.join(5)
        assert process.exitcode in (0, 128 + number)
        answered += process.exitcode != 0
    assert answered >= 10
    assert same(ended(start("mixed", place, epochs=400), place), expected)


def test_a_second_signal_ends_it_at_once_and_damages_nothing(tmp_path):
    place = tmp_path / "place"
    process = start("mixed", place, epochs=4000)
    wait_for(lambda: (place / "history.csv").exists())
    os.kill(process.pid, signal.SIGSTOP)  # so that both are there before it wakes
    os.kill(process.pid, signal.SIGTERM)
    os.kill(process.pid, signal.SIGCONT)
    os.kill(process.pid, signal.SIGTERM)
    process.join(5)
    assert process.exitcode in (143, -signal.SIGTERM)
    watcher = StopsAt(1)
    with pytest.raises(Interrupted):
        toy.train("mixed", place, epochs=4000, watcher=watcher, stop=watcher.stop)
    assert watcher.seen[0] > 7


def test_after_the_end_the_same_training_says_so_and_changes_nothing(tmp_path):
    first = toy.train("mixed", tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    watcher = StopsAt(1000)
    again = toy.train("mixed", tmp_path, watcher=watcher)
    assert same(again, first) and again["resumed_from"] == 21
    assert watcher.seen == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"epochs": 4}, "its recipe's epochs is 3, now 4"),
        ({"seed": 8}, "its seed is 7, now 8"),
        ({"norm": False}, "the network differs"),
        ({"variant": "mixed"}, "the training photos, or what is done to them differ"),
        ({"variant": "accumulated", "micro_batch": None}, "the training photos"),
        ({"precision": "bfloat16"}, "its precision is float32, now bfloat16"),
        ({"time_limit": 60.0}, "its time limit is null, now 60"),
    ],
)
def test_another_training_is_refused_by_what_differs_and_nothing_is_lost(change, words, tmp_path):
    toy.train("plain", tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError, match=words) as refused:
        toy.train(change.pop("variant", "plain"), tmp_path, **change)
    assert "--overwrite" in str(refused.value)
    assert sorted(tmp_path.iterdir()) == before
    assert toy.train("plain", tmp_path)["resumed_from"] == 21


def test_with_overwrite_another_training_takes_the_place(tmp_path):
    toy.train("plain", tmp_path)
    came = toy.train("plain", tmp_path, epochs=1, overwrite=True)
    assert came["resumed_from"] is None and len(came["history"]) == 1


def test_a_photo_that_changed_since_is_told_and_the_training_refused(tmp_path):
    photos, labels = toy.drawn(32)
    files = [tmp_path / f"{i}.ppm" for i in range(32)]
    for file, photo in zip(files, photos, strict=True):
        file.write_bytes(photo.content)
    photos = [replace(p, path=f, content=None) for p, f in zip(photos, files, strict=True)]
    recipe = replace(toy.PLAIN, epochs=1)

    def train() -> None:
        pictures = toy.Pictures(
            photos, labels, num_classes=toy.CLASSES, preprocessing=toy.PIXELS, seed=7
        )
        fit(toy.Small(), pictures, None, recipe, seed=7, place=tmp_path / "place")

    train()
    files[3].write_bytes(files[4].read_bytes())
    with pytest.raises(InputError, match="the training photos, or what is done to them differ"):
        train()
    files[3].unlink()
    with pytest.raises(InputError, match=r"3\.ppm can no longer be read"):
        train()


def test_a_photo_that_vanishes_in_the_middle_stops_with_its_name_and_a_checkpoint(tmp_path):
    photos, labels = toy.drawn(32)
    file = tmp_path / "vanishing.ppm"
    file.write_bytes(photos[5].content)
    photos[5] = replace(photos[5], path=file, file="vanishing.ppm", content=None)
    pictures = toy.Pictures(
        photos, labels, num_classes=toy.CLASSES, preprocessing=toy.PIXELS, memory=0
    )

    class Removes(Unwatched):
        def step(self, progress) -> None:
            if progress.step == 3:
                file.rename(tmp_path / "elsewhere")

    recipe = replace(toy.PLAIN, epochs=20)
    with pytest.raises(EyespotError, match=r"vanishing\.ppm can no longer be read"):
        fit(toy.Small(), pictures, None, recipe, seed=7, place=tmp_path / "p", watcher=Removes())
    assert len(list((tmp_path / "p").glob("step-*"))) == 1
    (tmp_path / "elsewhere").rename(file)
    fitted = fit(toy.Small(), pictures, None, recipe, seed=7, place=tmp_path / "p")
    assert fitted.resumed_from >= 3


def wait_for(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
def test_memory_and_open_files_stay_as_they_are_however_long_it_trains(tmp_path):
    """Over the second half of 6,000 steps, at most 1 MB per 1,000 steps and no file."""

    class Measures(Unwatched):
        def __init__(self) -> None:
            self.at = {}

        def step(self, progress) -> None:
            if progress.step in (3_000, 6_000):
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                used = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
                self.at[progress.step] = (used, len(list(Path("/proc/self/fd").iterdir())))

    watcher = Measures()
    toy.train("mixed", tmp_path, epochs=858, watcher=watcher, saving=toy.Saving(seconds=0.5))
    (before, files_before), (after, files_after) = watcher.at[3_000], watcher.at[6_000]
    assert after - before <= 3
    assert files_after <= files_before
