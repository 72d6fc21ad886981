"""Ctrl-C and kill -9 at any instant: no half bundle, a sound cache, and the next run finishes.

What a run would have given undisturbed is what it gives after having been killed many times.
"""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from flows import Ran, ended, interrupted, run, start, three_files, tree, write_textures

from eyespot.classifier import bundle as bundles

KILLER = Path(__file__).with_name("killed_at.py")
STOPPED = "eyespot: stopped. Run the same command again to go on."

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


@dataclass(frozen=True)
class Place:
    """Photos, an own cache with converted engines but no embeddings, and what is to come out."""

    root: Path
    env: dict[str, str]
    expected: dict[str, bytes]
    seconds: float  # an undisturbed run takes from its first line to its end

    @property
    def out(self) -> Path:
        return self.root / "out" / "model"

    @property
    def words(self) -> tuple[str, ...]:
        return ("train", str(self.root / "photos"), "--out", str(self.out))

    def forget(self) -> None:
        """Embeddings are computed anew by the next run."""
        for path in (self.root / "cache" / "eyespot").glob("embeddings.sqlite*"):
            path.unlink()

    def assert_sound(self) -> None:
        """Whatever was killed: the bundle is whole or absent, the cache can be read."""
        store = self.root / "cache" / "eyespot" / "embeddings.sqlite"
        if store.exists():
            with closing(sqlite3.connect(store)) as connection:
                assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if self.out.exists():
            bundles.verify(self.out)

    def assert_finishes(self) -> None:
        """The next run gives what an undisturbed one gives, and leaves no temporary behind."""
        ran = run_in(self, *self.words)
        assert ran.code == 0, ran.err
        assert three_files(self.out) == self.expected
        assert [path.name for path in self.out.parent.iterdir()] == ["model"]
        assert not list(self.out.glob(".*"))


def run_in(place: Place, *words: str) -> Ran:
    return ended(start(*words, env=place.env))


@pytest.fixture(scope="module")
def place(tmp_path_factory, converted_in, made):
    root = tmp_path_factory.mktemp("interrupted")
    write_textures(root / "photos", photos=6)
    converted_in(root / "cache" / "eyespot")
    env = {**os.environ, "XDG_CACHE_HOME": str(root / "cache")}
    first = Place(root, env, {}, 0.0)
    process = start(*first.words, env=env)
    assert process.stderr is not None
    process.stderr.readline()
    before = time.monotonic()
    ran = ended(process)
    assert ran.code == 0, ran.err
    return Place(root, env, three_files(first.out), time.monotonic() - before)


def fresh(place: Place) -> None:
    shutil.rmtree(place.out.parent)
    place.out.parent.mkdir()
    place.forget()


def disturb(place: Place, number: signal.Signals, *, times: int, seed: int) -> list[Ran]:
    """Start the same training `times` times and send `number` at random instants.

    The first one has all its work before it, and is met in the middle of it on any machine.
    """
    generator = random.Random(seed)
    fresh(place)
    ends = []
    for i in range(times):
        if generator.random() < 0.5 or i == 0:
            place.forget()
        if generator.random() < 0.3 or i == 0:
            shutil.rmtree(place.out, ignore_errors=True)
        after = generator.uniform(0, place.seconds) if i else 0.3 * place.seconds
        ends.append(interrupted(start(*place.words, env=place.env), number, after=after))
        place.assert_sound()
    return ends


@pytest.mark.parametrize("times", [2, pytest.param(25, marks=pytest.mark.slow)])
def test_kill_9_at_random_instants_loses_nothing(place, times):
    ends = disturb(place, signal.SIGKILL, times=times, seed=times)
    assert {ran.code for ran in ends} <= {0, -9}
    assert -9 in {ran.code for ran in ends}, "no run was killed"
    place.assert_finishes()


@pytest.mark.parametrize("times", [2, pytest.param(25, marks=pytest.mark.slow)])
def test_ctrl_c_at_random_instants_is_told_in_one_line(place, times):
    ends = disturb(place, signal.SIGINT, times=times, seed=100 + times)
    # Where a library compiled code as the signal came, Python ends itself by the signal: -2 here,
    # 130 in a shell.
    assert {ran.code for ran in ends} <= {0, 130, -signal.SIGINT}, [ran.err for ran in ends]
    assert {ran.code for ran in ends} != {0}, "no run was stopped"
    for ran in ends:
        assert "Traceback" not in ran.err, ran.err
        is_done = "Saved" in ran.out  # the signal came while the process was already leaving
        assert is_done or ran.err.strip().splitlines()[-1] == STOPPED, ran.err
    place.assert_finishes()


def killed_before(place: Place, step: int, *more: str) -> Ran:
    command = [sys.executable, str(KILLER), str(step), *place.words, *more]
    return ended(
        subprocess.Popen(
            command,
            env=place.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    )


def steps_of(place: Place, *more: str) -> int:
    ran = killed_before(place, 0, *more)
    assert ran.code == 0, ran.err
    return int(ran.err.splitlines()[-1])


@pytest.mark.parametrize("stride", [29, pytest.param(1, marks=pytest.mark.slow)])
def test_kill_9_before_any_step_on_disk_leaves_the_old_bundle_or_the_new_one(place, stride):
    """Replacing a bundle, killed before every `stride`-th flush, rename, new file or folder."""
    fresh(place)
    number = steps_of(place)
    assert number >= 20, "the steps are not seen"
    for step in range(1, number + 8, stride):
        ran = killed_before(place, step, "--overwrite")
        assert ran.code in (0, -9), ran.err
        place.assert_sound()
        left = [path for path in place.out.parent.iterdir() if path.name.endswith(".old")]
        assert place.out.exists() or left, "the old bundle is gone before the new one is there"
    place.assert_finishes()


def test_two_trainings_at_once_into_one_place_end_in_one_whole_bundle(place):
    fresh(place)
    processes = [start(*place.words, "--json", env=place.env) for _ in range(2)]
    ends = [ended(process) for process in processes]
    assert 0 in {ran.code for ran in ends}
    for ran in ends:
        if ran.code:
            ran.assert_refused("Another eyespot is writing", "--out")
        else:
            assert ran.json["photos"]["used"] == 18
    place.assert_finishes()


def test_a_place_is_refused_while_another_process_writes_it(made, tmp_path):
    """By holding the lock that a training holds; it is free as soon as its holder is dead."""
    from eyespot import files
    from eyespot.classifier import place

    out = tmp_path / "model"
    with place.alone(out):
        ran = run("train", made.others, "--out", out)
        ran.assert_refused("Another eyespot is writing", str(out))
    assert not out.exists()
    holder = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys, time; from pathlib import Path; from eyespot.classifier import place\n"
            "with place.alone(Path(sys.argv[1])): print('held', flush=True); time.sleep(600)",
            str(out),
        ],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    run("train", made.others, "--out", out).assert_refused("Another eyespot is writing")
    holder.kill()
    holder.wait()
    holder.stdout.close()
    (tmp_path / ".model.abc.tmp").mkdir()
    files.write_atomic(tmp_path / ".model.abc.tmp" / "weights.safetensors", b"half")
    assert run("train", made.others, "--out", out).code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["model"], "litter is swept at once"


def test_a_bundle_that_stepped_aside_comes_back(made, bundle):
    """Killed between the two renames that replace a folder: the old one is taken up again."""
    before = tree(bundle)
    bundle.rename(bundle.with_name(".model.xyz.old"))
    ran = run("train", made.photos, "--out", bundle, "--json")
    assert ran.json["photos"] == made.answer["photos"]
    assert "nothing is to be done" in ran.err
    assert tree(bundle) == before


@pytest.mark.slow
def test_two_predictions_at_once_with_a_cold_cache_convert_once_and_agree(made, tmp_path):
    env = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    words = ("predict", str(made.bundle), str(made.others), "--jsonl")
    ends = [ended(process) for process in [start(*words, env=env) for _ in range(2)]]
    assert [ran.code for ran in ends] == [0, 0], [ran.err for ran in ends]
    assert ends[0].lines == ends[1].lines == run(*words).lines
    engines = [path for path in (tmp_path / "cache/eyespot/engines").iterdir() if path.is_dir()]
    assert len(engines) == 1
