"""Checkpoints: whole or not there, damaged and foreign ones passed over, full disks survived."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import toy_training as toy

from eyespot import files
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.training import checkpoints
from eyespot.training.checkpoints import Saving, opened, read
from eyespot.training.facts import Unwatched
from eyespot.training.plans import difference
from eyespot.training.stopping import Interrupted, Stop

FILES = ("state.json", "tensors.safetensors", "SHA256SUMS")


@pytest.fixture(autouse=True)
def one_thread():
    """Small products on two threads wait for one another more than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Notes(Unwatched):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, sentence: str) -> None:
        self.notes.append(sentence)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Checkpoints of steps 19, 20 and 21."""
    place = tmp_path_factory.mktemp("trained") / "place"
    toy.train("mixed", place)
    return place


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    """The same steps of another seed."""
    place = tmp_path_factory.mktemp("foreign") / "place"
    toy.train("mixed", place, seed=8)
    return place


def test_the_last_three_are_kept_and_hold_what_was_written(trained):
    folders = sorted(path.name for path in trained.glob("*step*"))
    assert folders == ["step-00000019", "step-00000020", "step-00000021"]
    record, tensors = read(trained / "step-00000021")
    assert (record.step, record.stopped, len(record.history)) == (21, "finished", 3)
    kinds = {name.partition(".")[0] for name in tensors}
    assert kinds == {"network", "optimiser", "average", "best"}
    assert tensors["optimiser.0.exp_avg"].shape == (8, 3, 3, 3)
    assert record.plan.recipe == toy.VARIANTS["mixed"][0]
    assert difference(record.plan, replace(record.plan, seed=9)) == "its seed is 7, now 9"


def damaged(folder: Path, other: Path, generator: random.Random) -> str:
    """Spoil one checkpoint in one of many ways, and say how."""
    file = folder / generator.choice(FILES)
    content = file.read_bytes()
    way = generator.choice(
        (
            "flip",
            "cut",
            "zero",
            "empty",
            "missing",
            "grow",
            "foreign file",
            "foreign",
            "more",
            "old",
        )
    )
    place = generator.randrange(len(content))
    if way == "flip":
        changed = bytearray(content)
        changed[place] ^= 1 << generator.randrange(8)
        file.write_bytes(changed)
    elif way == "cut":
        file.write_bytes(content[:place])
    elif way == "zero":
        file.write_bytes(content[:place] + bytes(len(content) - place))
    elif way == "empty":
        file.write_bytes(b"")
    elif way == "missing":
        file.unlink()
    elif way == "grow":
        file.write_bytes(content + bytes(1 + place))
    elif way == "foreign file":
        file.write_bytes((other / file.name).read_bytes())
    elif way == "foreign":
        shutil.rmtree(folder)
        shutil.copytree(other, folder)
    elif way == "more":
        (folder / "more.json").write_text("{}")
    else:  # an older checkpoint under the newest one's name
        shutil.rmtree(folder)
        shutil.copytree(folder.with_name("step-00000019"), folder)
    return f"{way} {file.name}"


def found_in(place: Path, plan) -> tuple[int | None, list[str]]:
    watcher = Notes()
    with opened(place, rule=Saving(), note=watcher.note) as kept:
        found = kept.newest(lambda record: plan)
    return found and found[0].step, watcher.notes


@pytest.mark.parametrize("count", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_a_newest_checkpoint_damaged_in_any_way_falls_back_to_the_one_before(
    count, trained, foreign, tmp_path
):
    plan = read(trained / "step-00000021")[0].plan
    generator = random.Random(count)
    for i in range(count):
        place = tmp_path / str(i)
        shutil.copytree(trained, place)
        newest = place / "step-00000021"
        before = {file.name: file.read_bytes() for file in newest.iterdir()}
        how = damaged(newest, foreign / newest.name, generator)
        if {file.name: file.read_bytes() for file in newest.iterdir()} == before:
            continue  # zeros in place of zeros, a file of equal content
        step, notes = found_in(place, plan)
        assert step == 20, how
        assert len(notes) == 1 and "step-00000021" in notes[0], how
        assert (place / "passed-over-step-00000021").is_dir()
        assert found_in(place, plan) == (20, []), "told once"
        shutil.rmtree(place)


def test_where_none_is_whole_the_training_begins_again_and_says_so(trained, tmp_path):
    place = tmp_path / "place"
    shutil.copytree(trained, place)
    for folder in place.glob("step-*"):
        (folder / "state.json").write_text("{}")
    plan = read(trained / "step-00000021")[0].plan
    step, notes = found_in(place, plan)
    assert step is None and notes[-1] == "No checkpoint is whole: the training begins again."


def test_another_version_of_eyespot_is_named_and_its_checkpoints_stay(trained, tmp_path):
    place = tmp_path / "place"
    shutil.copytree(trained, place)
    for folder in place.glob("step-*"):
        data = json.loads((folder / "state.json").read_text()) | {"format": 2}
        (folder / "state.json").write_text(json.dumps(data))
        sums = (f"{files.sha256(folder / name)}  {name}\n" for name in FILES[:2])
        (folder / "SHA256SUMS").write_text("".join(sums))
    before = sorted(place.rglob("*"))
    with pytest.raises(InputError, match=r"another version of eyespot wrote it \(format 2, not 1"):
        found_in(place, read(trained / "step-00000021")[0].plan)
    assert sorted(place.rglob("*")) == before


def test_a_record_that_is_none_is_refused_without_a_traceback(trained, tmp_path):
    for i, text in enumerate((b"[]", b"{", b'{"format": 1}', b"[" * 100_000, b"nan")):
        folder = tmp_path / f"{i}" / "step-00000021"
        shutil.copytree(trained / folder.name, folder)
        (folder / "state.json").write_bytes(text)
        sums = (f"{files.sha256(folder / name)}  {name}\n" for name in FILES[:2])
        (folder / "SHA256SUMS").write_text("".join(sums))
        with pytest.raises((IntegrityError, InputError)):
            read(folder)


def test_a_second_training_in_the_same_place_is_refused(tmp_path):
    with (
        opened(tmp_path, rule=Saving(), note=print),
        pytest.raises(InputError, match="Another eyespot is training in"),
        opened(tmp_path, rule=Saving(), note=print),
    ):
        pass
    with opened(tmp_path, rule=Saving(), note=print):
        pass


def test_what_a_killed_process_left_behind_is_cleared(trained, tmp_path):
    place = tmp_path / "place"
    shutil.copytree(trained, place)
    shutil.copytree(place / "step-00000021", place / ".step-00000022.abc.tmp")
    (place / "step-00000021").rename(place / ".step-00000021.xyz.old")  # killed while swapping
    assert found_in(place, read(trained / "step-00000020")[0].plan)[0] == 21
    hidden = [path.name for path in place.iterdir() if path.name.startswith(".")]
    assert hidden == [".lock"]


def test_a_place_that_cannot_be_written_is_told_before_any_work(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(InputError, match="should be a folder for checkpoints"):
        toy.train("plain", tmp_path / "file")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(InputError, match="is read-only"):
        toy.train("plain", tmp_path / "place")


CALLS = {"fsync": "fsync", "rename": "rename", "replace": "replace", "mkdir": "mkdir"}


def failing(call: str, number: int, n: int):
    """The `n`-th call of the system's function fails, as a full or broken disk makes it."""
    whole, left = getattr(os, call), [n]

    def function(*arguments, **options):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(number, os.strerror(number))
        return whole(*arguments, **options)

    return function, left


def sweep(tmp_path: Path, monkeypatch, call: str, number: int, ns: list[int]) -> int:
    """Train with the n-th call failing; then again without. Returns how often it did fail."""
    expected = toy.train("plain", None, epochs=1)
    failures = 0
    for n in ns:
        place = tmp_path / f"{call}-{n}"
        function, left = failing(call, number, n)
        watcher = Notes()
        with monkeypatch.context() as patch:
            patch.setattr(os, call, function)
            try:
                toy.train("plain", place, watcher=watcher, epochs=1)
            except EyespotError as error:
                assert str(place) in str(error)
                assert number != errno.ENOSPC or "the disk is full" in str(error)
        if left[0] > 0:
            return failures
        failures += 1
        steps = [read(folder)[0].step for folder in sorted(place.glob("step-*"))]
        assert steps == sorted(steps)
        again = toy.train("plain", place, epochs=1)
        assert again["weights"] == expected["weights"] and again["history"] == expected["history"]
    return failures


@pytest.mark.parametrize("call", CALLS)
def test_a_failing_disk_loses_nothing_whichever_call_fails(call, tmp_path, monkeypatch):
    assert sweep(tmp_path, monkeypatch, call, errno.ENOSPC, [1, 4, 8]) == 3


@pytest.mark.slow
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EINTR])
def test_every_nth_failure_loses_nothing(call, number, tmp_path, monkeypatch):
    assert sweep(tmp_path, monkeypatch, call, number, list(range(1, 10_000))) > 7


LIMITED = """
import resource, signal, sys
sys.path.insert(0, {here!r})
import toy_training as toy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
from pathlib import Path
from eyespot.errors import EyespotError
try:
    toy.train("plain", Path({place!r}))
except EyespotError as error:
    print(error)
    sys.exit(2)
"""


@pytest.mark.slow
def test_files_cut_off_at_twenty_sizes_lose_nothing(trained, tmp_path):
    """RLIMIT_FSIZE stands for a disk that fills up: writes end with an error in the middle."""
    expected = toy.train("plain", None)
    largest = max(path.stat().st_size for path in trained.rglob("*"))
    for i in range(20):
        place, limit = tmp_path / str(i), 1 + i * largest // 20
        here = str(Path(__file__).parent)
        code = LIMITED.format(here=here, limit=limit, place=str(place))
        ran = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=600)
        assert ran.returncode in (0, 2), ran.stderr.decode()
        assert ran.returncode == 0 or str(place) in ran.stdout.decode()
        for folder in place.glob("step-*"):
            read(folder)
        assert toy.train("plain", place)["weights"] == expected["weights"]


def test_a_full_disk_is_told_once_the_training_goes_on_and_saves_when_there_is_room(
    tmp_path, monkeypatch
):
    full = [True]

    def write(*arguments):
        if full[0]:
            raise EyespotError("the disk is full")
        return whole(*arguments)

    whole = checkpoints.write
    monkeypatch.setattr(checkpoints, "write", write)

    class Frees(Notes):
        def step(self, progress) -> None:
            full[0] = progress.step < 10

    watcher = Frees()
    assert toy.train("plain", tmp_path, watcher=watcher)["stopped"] == "finished"
    assert watcher.notes == [
        "No checkpoint of step 1; the training goes on. the disk is full",
    ]
    assert len(list(tmp_path.glob("step-*"))) == 3


def test_checkpoints_take_a_small_share_of_the_time(tmp_path, monkeypatch):
    """Where writing takes 20 ms and nothing else any time, it is done for 2.5 % of the time."""
    clock = [0.0]
    monkeypatch.setattr(checkpoints.time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(checkpoints, "write", lambda *_: clock.__setitem__(0, clock[0] + 0.02))
    record = type("Record", (), {"step": 0})
    with opened(tmp_path, rule=Saving(seconds=0.0), note=print) as kept:
        for _ in range(100_000):
            clock[0] += 0.001
            if kept.is_due():
                kept.save(record, {})
    assert 0.02 < kept.seconds / clock[0] < 0.03


def test_numbers_that_are_none_are_never_written(tmp_path):
    class Poisons(Notes):
        def step(self, progress) -> None:
            if progress.step == 9:
                with torch.no_grad():
                    network.conv.weight[0, 0, 0, 0] = float("nan")
                    poisoned.append(progress.step)

    poisoned: list = []
    network = toy.Small()
    recipe = toy.VARIANTS["plain"][0]
    with pytest.raises(EyespotError, match="not finite, so no checkpoint was written"):
        toy.fit(
            network,
            toy.pictures(107, recipe),
            None,
            recipe,
            seed=7,
            place=tmp_path,
            saving=toy.AT_EVERY_STEP,
            watcher=Poisons(),
        )
    assert poisoned
    for folder in tmp_path.glob("step-*"):
        assert all(bool(torch.isfinite(tensor).all()) for tensor in read(folder)[1].values())
    assert toy.train("plain", tmp_path / "other")["stopped"] == "finished"


@pytest.mark.parametrize("umask", [0o077, 0o022])
def test_the_rights_of_files_follow_the_umask(umask, tmp_path):
    before = os.umask(umask)
    try:
        stop = Stop()
        stop.signal = signal.SIGTERM
        with pytest.raises(Interrupted):
            toy.train("plain", tmp_path / "place", stop=stop)
        toy.train("plain", tmp_path / "place", epochs=1)
    finally:
        os.umask(before)
    (newest,) = list((tmp_path / "place").glob("step-*7"))
    assert newest.stat().st_mode & 0o777 == 0o777 & ~umask
    assert (newest / "state.json").stat().st_mode & 0o777 == 0o666 & ~umask
