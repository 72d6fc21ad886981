"""`eyespot train --method scratch` as users run it: once, again, stopped, and with bad input."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from documented import undocumented
from flows import Ran, ended, run, start, texture, three_files, tree

import eyespot
from eyespot import files
from eyespot.classifier import bundle as bundles
from eyespot.errors import EyespotError
from eyespot.training.recipe import Recipe
from eyespot.values import from_json

EPOCHS = 3
KILLER = Path(__file__).with_name("killed_at.py")
KEYS = {
    "bundle", "network", "classes", "photos", "split", "epochs", "best", "stopped", "metrics",
    "images_per_second", "resumed_from", "machine", "recipe", "notes", "seconds",
}  # fmt: skip


def write(root: Path) -> Path:
    """Two classes of small pictures, 16 to learn from and 6 to measure on in each."""
    for part, first, count in (("train", 0, 16), ("test", 100, 6)):
        for label in ("dots", "stripes"):
            folder = root / part / label
            folder.mkdir(parents=True)
            for seed in range(first, first + count):
                texture(label, seed, size=(28, 28)).save(folder / f"{seed}.png")
    return root


def words(photos: Path, out: Path, *more: str) -> list[str]:
    chosen = ["--network", "lenet5_modern", "--method", "scratch", "--epochs", str(EPOCHS)]
    return ["train", str(photos), *chosen, "--batch-size", "8", "--out", str(out), *more]


@dataclass(frozen=True)
class Learned:
    photos: Path
    out: Path
    answer: dict[str, Any]
    ran: Ran


@pytest.fixture(scope="module")
def learned(tmp_path_factory) -> Learned:
    folder = tmp_path_factory.mktemp("scratch")
    photos, out = write(folder / "photos"), folder / "model"
    ran = run(*words(photos, out, "--json"))
    assert ran.code == 0, ran.err
    return Learned(photos, out, ran.json, ran)


@pytest.fixture
def own(learned, tmp_path):
    """A copy of the photos, to be changed, and where their bundle would go."""
    return Path(shutil.copytree(learned.photos, tmp_path / "photos")), tmp_path / "model"


def checkpoints(out: Path) -> Path:
    return out.with_name(f"{out.name}-checkpoints")


def cut_short(photos: Path, out: Path, *, at: str = bundles.WEIGHTS) -> Ran:
    """The same command on a disk that is full when the bundle's file `at` is written."""
    whole = files.write_atomic

    def full(path: Path, data: bytes | str) -> None:
        if path.name == at:
            raise EyespotError(f"{path} cannot be written: the disk is full")
        whole(path, data)

    with mock.patch.object(files, "write_atomic", full):
        return run(*words(photos, out))


# ---------------------------------------------------------------- once, and again


def test_the_answer_says_what_was_done(learned):
    answer = learned.answer
    assert set(answer) == KEYS
    assert answer["split"]["test"] == 12
    assert answer["split"]["train"] + answer["split"]["validation"] == 32
    assert answer["photos"] == {"found": 44, "used": 44, "skipped": []}
    assert answer["epochs"] == EPOCHS and answer["resumed_from"] is None
    assert answer["stopped"] == "finished" and 1 <= answer["best"]["epoch"] <= EPOCHS
    assert answer["metrics"]["n"] == 12 and answer["metrics"]["measured_by"] == "held out"
    assert answer["recipe"]["batch_size"] == 8 and answer["recipe"]["epochs"] == EPOCHS
    assert learned.ran.err == ""
    assert undocumented("train", answer | {"recipe": None}) == set()


def test_the_bundle_is_whole_with_its_pages_and_no_checkpoints_are_left(learned):
    bundles.verify(learned.out)
    assert sorted(path.name for path in learned.out.parent.iterdir()) == ["model", "photos"]
    with (learned.out / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    lines = (learned.out / "history.jsonl").read_text().splitlines()
    assert [int(row["epoch"]) for row in rows] == list(range(1, EPOCHS + 1))
    assert [json.loads(line)["loss"] for line in lines] == [float(row["loss"]) for row in rows]
    best = learned.answer["best"]
    assert float(rows[best["epoch"] - 1]["validation_top1"]) == best["top1"]
    kept = json.loads((learned.out / "recipe.json").read_text())
    assert kept == learned.answer["recipe"]
    from_json(Recipe, kept)
    assert (learned.out / "curves.svg").read_text().startswith("<?xml")
    assert len((learned.out / "predictions.csv").read_text().splitlines()) == 13
    report = (learned.out / "report.html").read_text()
    assert 'id="learning"' in report and kept["name"] in report


def test_the_same_command_again_changes_nothing_and_says_the_same(learned):
    before = tree(learned.out.parent)
    again = run(*words(learned.photos, learned.out, "--json"))
    assert again.code == 0 and again.out == learned.ran.out
    assert "nothing is to be done" in again.err
    plain = run(*words(learned.photos, learned.out, "--workers", "0", "--keep", "1"))
    assert plain.code == 0 and "named" in plain.out  # what the result does not depend on
    assert tree(learned.out.parent) == before


def test_the_bundle_is_measured_by_others_as_it_was_here(learned):
    ran = run("evaluate", learned.out, learned.photos, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["top1"] == learned.answer["metrics"]["top1"]
    assert ran.json["n"] == 12
    classifier = eyespot.load(learned.out)
    assert classifier.card.measured.top1 == learned.answer["metrics"]["top1"]
    assert sum(classifier.card.trained_on.values()) == learned.answer["split"]["train"]


def test_the_recipe_of_a_bundle_makes_the_same_bundle(learned, tmp_path):
    out = tmp_path / "again"
    recipe = str(learned.out / "recipe.json")
    chosen = ["--network", "lenet5_modern", "--method", "scratch", "--recipe", recipe]
    ran = run("train", learned.photos, *chosen, "--out", out, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["recipe"] == learned.answer["recipe"]
    assert three_files(out) == three_files(learned.out)


def test_python_gives_the_same_classifier_and_writes_nothing(learned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    classifier = eyespot.train(
        learned.photos, method="scratch", network="lenet5_modern", epochs=EPOCHS, batch_size=8
    )
    assert classifier.backbone.weights == eyespot.load(learned.out).backbone.weights
    assert list(tmp_path.iterdir()) == []


def test_other_options_are_refused_unless_the_bundle_may_be_replaced(learned, own):
    photos, out = own
    shutil.copytree(learned.out, out)
    before = tree(out)
    run(*words(learned.photos, out, "--seed", "1")).assert_refused("other options", "--overwrite")
    assert tree(out) == before
    ran = run(*words(learned.photos, out, "--seed", "1", "--overwrite", "--keep-checkpoints"))
    assert ran.code == 0, ran.err
    assert three_files(out) != three_files(learned.out)
    before = tree(out.parent)
    assert run(*words(photos, out, "--seed", "1")).code == 0
    assert tree(out.parent) == before, "checkpoints that were to be kept are kept"
    assert list(checkpoints(out).glob("step-*"))


# ---------------------------------------------------------------- stopped


def test_what_was_cut_short_while_the_bundle_was_written_goes_on_to_the_same_bits(learned, own):
    photos, out = own
    cut_short(photos, out).assert_refused(str(out), "disk is full", stages=20)
    assert not out.exists() and list(checkpoints(out).glob("step-*"))
    ran = run(*words(photos, out))
    assert ran.code == 0, ran.err
    assert "going on at its end" in ran.err
    assert three_files(out) == three_files(learned.out)
    assert (out / "history.csv").read_bytes() == (learned.out / "history.csv").read_bytes()
    assert sorted(path.name for path in out.parent.iterdir()) == ["model", "photos"]


def test_checkpoints_of_other_photos_are_refused_and_kept(own):
    photos, out = own
    assert cut_short(photos, out).code == 2
    before = tree(checkpoints(out))
    texture("dots", 999, size=(28, 28)).save(photos / "train" / "dots" / "0.png")
    ran = run(*words(photos, out))
    ran.assert_refused("the training photos", "--overwrite", stages=6)
    assert tree(checkpoints(out)) == before
    ran = run(*words(photos, out, "--overwrite"))
    assert ran.code == 0, ran.err
    assert "going on" not in ran.err


def test_checkpoints_of_another_network_are_refused(own):
    photos, out = own
    assert cut_short(photos, out).code == 2
    other = [word.replace("lenet5_modern", "resnet20") for word in words(photos, out)]
    run(*other).assert_refused("the network differs", "--overwrite", stages=6)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize(
    "number, code",
    [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)],
)
def test_stopped_by_a_signal_it_goes_on_where_it_was(own, cache, number, code):
    photos, out = own
    many = [word if word != str(EPOCHS) else "2000" for word in words(photos, out)]
    env = {**os.environ, "XDG_CACHE_HOME": str(cache.parent)}
    process = start(*many, env=env)
    assert process.stderr is not None
    before = [process.stderr.readline()]
    while "/2000 " not in before[-1]:  # an epoch is over
        before.append(process.stderr.readline())
        assert before[-1], before
    process.send_signal(number)
    ran = ended(process)
    assert ran.code == code, ran.err
    last = ran.err.splitlines()[-1]
    assert "is kept in" in last and last.endswith("Run the same command again to go on.")
    assert "Traceback" not in ran.err
    assert not out.exists() and list(checkpoints(out).glob("step-*"))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_kill_9_before_any_step_on_disk_ends_in_the_same_bundle(learned, own, cache):
    """Killed before every fifth flush, rename, new file or folder, and started again once."""
    photos, out = own
    env = {**os.environ, "XDG_CACHE_HOME": str(cache.parent)}

    def killed(step: int) -> Ran:
        command = [sys.executable, str(KILLER), str(step), *words(photos, out)]
        pipe = subprocess.PIPE
        return ended(subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True))

    whole = killed(0)
    assert whole.code == 0, whole.err
    steps = int(whole.err.splitlines()[-1])
    assert steps > 40, "the steps are not seen"
    for step in range(1, steps + 1, 5):
        shutil.rmtree(out)
        assert killed(step).code == -9
        if out.exists():
            bundles.verify(out)
        ran = ended(start(*words(photos, out), env=env))
        assert ran.code == 0, (step, ran.err)
        assert three_files(out) == three_files(learned.out), step
        assert sorted(path.name for path in out.parent.iterdir()) == ["model", "photos"], step


@pytest.mark.slow
def test_of_two_processes_one_speaks_and_writes(learned, own, cache):
    photos, out = own
    env = {**os.environ, "XDG_CACHE_HOME": str(cache.parent)}
    torchrun = ["-m", "torch.distributed.run", "--nproc-per-node", "2", "-m", "eyespot"]
    command = [sys.executable, *torchrun, *words(photos, out, "--json")]
    pipe = subprocess.PIPE
    ran = ended(subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True))
    assert ran.code == 0, ran.err
    assert len(ran.out.splitlines()) == 1
    assert ran.json["split"] == learned.answer["split"]
    assert ran.json["recipe"] == learned.answer["recipe"]
    losses = [
        [json.loads(line)["loss"] for line in (each / "history.jsonl").read_text().splitlines()]
        for each in (out, learned.out)
    ]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)  # sums in another order
    again = ended(subprocess.Popen(command, env=env, stdout=pipe, stderr=pipe, text=True))
    assert again.code == 0 and again.out == ran.out


# ---------------------------------------------------------------- bad input


def test_a_batch_larger_than_the_photos_is_refused(own):
    photos, out = own
    more = [word if word != "8" else "500" for word in words(photos, out)]
    run(*more).assert_refused("500", "--batch-size", stages=2)
    assert not out.exists()


def test_a_bundle_is_not_written_among_photos(own):
    photos, _ = own
    run(*words(photos, photos / "model")).assert_refused("nothing is written among photos")


@pytest.mark.parametrize(
    "content, told",
    [
        (b"{", "no JSON"),
        (b"[]", "should be an object"),
        (b'{"name": "mine"}', "lacks"),
        (b"\xff\xfe", "no JSON"),
    ],
)
def test_a_damaged_recipe_is_refused(own, content, told):
    photos, out = own
    recipe = photos.parent / "mine.json"
    recipe.write_bytes(content)
    run(*words(photos, out, "--recipe", str(recipe))).assert_refused("mine.json", told)


def test_an_unknown_recipe_is_told_with_known_ones(own):
    photos, out = own
    run(*words(photos, out, "--recipe", "lenet_nonsense")).assert_refused("lenet_nonsense")
    run(*words(photos, out, "--recipe", "gone.json")).assert_refused("gone.json", "cannot be read")
