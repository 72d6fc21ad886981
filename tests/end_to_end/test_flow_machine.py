"""What the machine sees of a command: connections, pickles, memory, damage, full and odd places."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from documented import undocumented
from flows import (
    PATIENCE,
    THREE_FILES,
    Ran,
    ended,
    run,
    start,
    texture,
    three_files,
    tree,
    write_textures,
)

WATCHED = Path(__file__).with_name("watched")
CONNECTING = ("socket.", "urllib.", "ftplib.", "smtplib.")
needs_proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")


@dataclass(frozen=True)
class Watch:
    """Commands that are run in a clean environment and leave a log of what they did."""

    home: Path
    env: dict[str, str]
    log: Path

    def run(self, *words: str | Path, before: Collection[str] = ()) -> Ran:
        return ended(start(*words, cwd=self.home, env=self.env, before=before))

    def noted(self, *starts: str) -> list[str]:
        return [
            line for line in self.log.read_text("utf-8").splitlines() if line.startswith(starts)
        ]


@pytest.fixture
def watch(tmp_path):
    """An empty home, `CI` unset, no cache; the session's cache only where a test sets it."""
    home = tmp_path / "home"
    home.mkdir()
    hidden = ("CI", "XDG_", "LOCALAPPDATA", "PYTEST", "PYTHON", "COV")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    kept |= {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(WATCHED)}
    log = tmp_path / "log"
    log.touch()
    return Watch(home, kept | {"EYESPOT_WATCHED": str(log)}, log)


def tracing(path: Path) -> list[str]:
    """strace, where it is there and may be used; it sees what libraries without Python do."""
    command = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=connect,sendto,sendmsg"]
    if shutil.which("strace") is None:
        return []
    probe = subprocess.run([*command, "true"], capture_output=True, check=False)
    return [*command, "-A", "-o", str(path)] if probe.returncode == 0 else []


SEVERAL = """
import json, sys
from eyespot.cli.main import main
for words in json.loads(sys.argv[1]):
    sys.argv = ["eyespot", *words]
    try:
        main()
    except SystemExit as ended:
        if ended.code:
            sys.exit(f"{words}: {ended.code}")
"""


def all_flows(watch: Watch, photos: Path, trace: Path) -> str:
    """Every command, one after the other in one process, on a machine where nothing was set up.

    Returns what they printed.
    """
    commands = [
        ["train", str(photos), "--out", "model", "--json"],
        ["predict", "model", str(photos), "--csv", "answers.csv"],
        ["predict", "imagenet", str(photos)],
        ["evaluate", "model", str(photos), "--out", "measured"],
        ["audit", str(photos), "--out", "audit"],
        ["networks", "--json"],
        ["show", "resnet18"],
        ["weights"],
        ["doctor", "--json"],
        ["bundle", "check", "model"],
        ["bundle", "seal", "model"],
    ]
    if find_spec("onnxruntime"):
        commands.append(["export", "model", "--photos", str(photos), "--out", "exported", "--json"])
    ran = subprocess.run(
        [*tracing(trace), sys.executable, "-c", SEVERAL, json.dumps(commands)],
        cwd=watch.home,
        env=watch.env,
        capture_output=True,
        text=True,
        timeout=3 * PATIENCE,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Warning" not in ran.stderr, ran.stderr
    assert watch.noted("peak"), "the watcher was not loaded"
    assert watch.noted(*CONNECTING) == []
    assert watch.noted("pickle.find_class") == []
    if trace.exists():
        assert not re.findall(r".*AF_INET.*", trace.read_text())
    asked_for = {"model", "answers.csv", "measured", "audit", "exported"}
    assert {path.name for path in watch.home.iterdir()} <= asked_for | {".cache"}
    return ran.stdout


def test_no_command_connects_or_unpickles(watch, cache, tmp_path):
    watch.env["XDG_CACHE_HOME"] = str(cache.parent)
    printed = all_flows(watch, write_textures(tmp_path / "photos", photos=4), tmp_path / "trace")
    if find_spec("onnxruntime"):
        exported = json.loads(printed.splitlines()[-1])
        names = [exported["parity"][part].pop("engine") for part in ("torch", "engine")]
        assert names[0].startswith("torch")
        assert undocumented("export", exported) == set()
    assert not (watch.home / ".cache").exists()


@pytest.mark.slow
def test_no_command_connects_or_unpickles_on_first_use(watch, tmp_path):
    all_flows(watch, write_textures(tmp_path / "photos", photos=4), tmp_path / "trace")
    assert (watch.home / ".cache" / "eyespot").is_dir()


def test_the_watchers_would_see_a_connection_and_a_pickle(watch, tmp_path):
    program = (
        "import pickle, socket, collections; pickle.loads(pickle.dumps(collections.Counter()));"
        "socket.socket().connect_ex(('127.0.0.1', 9))"
    )
    trace = tracing(tmp_path / "trace")
    subprocess.run([*trace, sys.executable, "-c", program], env=watch.env, check=True)
    assert watch.noted("pickle.find_class")
    assert watch.noted(*CONNECTING)
    if trace:
        assert "AF_INET" in (tmp_path / "trace").read_text()


def test_predicting_evaluating_and_checking_load_no_torch(watch, cache, made):
    watch.env["XDG_CACHE_HOME"] = str(cache.parent)
    for words in (
        ("predict", made.bundle, made.others),
        ("evaluate", made.bundle, made.others),
        ("bundle", "check", made.bundle),
        ("predict", "imagenet", made.others),
        ("train", made.photos, "--out", made.bundle),
    ):
        assert watch.run(*words).code == 0
    assert watch.noted("torch") == ["torch False"] * 5


@needs_proc
@pytest.mark.parametrize("few, many", [(60, 240), pytest.param(300, 900, marks=pytest.mark.slow)])
def test_memory_does_not_grow_with_the_number_of_photos(watch, cache, made, tmp_path, few, many):
    """Kept crops alone would take 150 kB for each photo: 27 MB for 180."""
    watch.env["XDG_CACHE_HOME"] = str(cache.parent)
    peaks = []
    for number in (few, many):
        folder = tmp_path / f"photos{number}"
        folder.mkdir()
        picture = texture("dots", 1, size=(320, 240))
        for i in range(number):
            picture.save(folder / f"{i}.jpg", quality=60 + i % 36, comment=str(i).encode())
        assert watch.run("predict", made.bundle, folder, "--jsonl").code == 0
        peaks.append(int(watch.noted("peak")[-1].split()[1]))
    assert peaks[1] - peaks[0] < 12_000, f"{peaks} kB"


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_bundle_is_refused_in_a_line_that_names_the_file(made, bundle, seed):
    generator = random.Random(seed)
    name = generator.choice([*THREE_FILES, "README.md", "report.html", "SHA256SUMS"])
    content = bytearray((bundle / name).read_bytes())
    if seed % 3 == 0:
        content = content[: generator.randrange(len(content))]
    elif seed % 3 == 1:
        content += b"\0"
    else:
        place = generator.randrange(len(content))
        content[place] ^= 1 << generator.randrange(8)
    (bundle / name).write_bytes(content)
    for words in (
        ("predict", bundle, made.others),
        ("evaluate", bundle, made.others),
        ("bundle", "check", bundle),
        ("export", bundle, "--out", bundle.parent / "exported"),
    ):
        ran = run(*words)
        ran.assert_refused(str(bundle))
        assert len(ran.err.splitlines()) == 1
        # a damaged list of sums may blame the file whose line was hit
        assert name in ran.err or name == "SHA256SUMS"
    assert not (bundle.parent / "exported").exists()


def test_a_lost_file_is_named(made, bundle):
    for name in THREE_FILES:
        moved = (bundle / name).rename(bundle.parent / name)
        run("predict", bundle, made.others).assert_refused(f"{name} is missing")
        moved.rename(bundle / name)
    assert run("bundle", "check", bundle).code == 0


@contextmanager
def small_disk(folder: Path, size: str):
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount")
def test_a_full_disk_is_told_with_what_is_needed_and_leaves_nothing(made, tmp_path):
    with small_disk(tmp_path / "disk", "4m") as disk:
        ran = run("train", made.photos, "--out", disk / "model", "--json")
        ran.assert_refused("the disk is full", "bytes needed", "free", str(disk / "model"))
        assert list(disk.iterdir()) == []
        (disk / "filler").write_bytes(bytes(4 << 20 - 1))
        table = run("predict", made.bundle, made.others, "--csv", disk / "t.csv")
        assert table.code in (0, 2)
        (disk / "filler").unlink()
        assert run("predict", made.bundle, made.others, "--csv", disk / "t.csv").code == 0


@pytest.mark.skipif(shutil.which("mount") is None, reason="needs mount")
def test_a_full_disk_under_the_cache_is_told_and_the_next_run_goes_on(
    made, cache, converted_in, tmp_path
):
    converted = sum(path.stat().st_size for path in cache.glob("*/**/*") if path.is_file())
    with small_disk(tmp_path / "disk", f"{(converted >> 20) + 32}m") as disk:
        converted_in(disk / "eyespot")
        env = {**os.environ, "XDG_CACHE_HOME": str(disk)}
        filler = disk / "filler"
        filler.write_bytes(bytes(shutil.disk_usage(disk).free - 16_384))
        words = ("train", made.photos, "--out", tmp_path / "model", "--json")
        ran = ended(start(*words, env=env))
        ran.assert_refused("XDG_CACHE_HOME")
        assert "full" in ran.err
        assert not (tmp_path / "model").exists()
        filler.unlink()
        again = ended(start(*words, env=env))
        assert again.code == 0, again.err
        assert three_files(tmp_path / "model") == three_files(made.bundle)


def test_output_that_cannot_take_every_character_stops_nothing(made, tmp_path):
    folder = tmp_path / "Überfahrt …"
    folder.mkdir()
    texture("dots", 1).save(folder / "ñandú ….jpg")
    name = os.fsdecode(b"caf\xe9")
    texture("dots", 2).save(folder / f"{name}.jpg")
    env = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    for words in (
        ("predict", made.bundle, folder),
        ("predict", made.bundle, folder, "--jsonl"),
        ("train", folder / name),
        ("evaluate", made.bundle, made.others),
    ):
        ran = ended(start(*words, env=env, cwd=tmp_path))
        assert "Traceback" not in ran.err
        assert "UnicodeEncodeError" not in ran.err


def test_a_bundle_may_have_any_name(made, tmp_path):
    out = tmp_path / os.fsdecode(b"m\xf6del \n<b>")
    ran = ended(start("train", made.others, "--out", out))
    assert ran.code == 0, ran.err
    assert "m\\xf6del \\x0a<b>" in ran.out
    assert ended(start("predict", out, made.others, "--jsonl")).code == 0
    again = ended(start("train", made.others, "--out", out, "--json"))
    assert again.json["bundle"] == str(out)


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
def test_a_reader_that_leaves_early_is_no_error(made):
    command = f'"{sys.executable}" -m eyespot predict "$0" "$1" --jsonl | head -n 1'
    ran = subprocess.run(
        ["bash", "-c", command, str(made.bundle), str(made.photos)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert len(ran.stdout.splitlines()) == 1
    assert "Traceback" not in ran.stderr
    assert "BrokenPipe" not in ran.stderr


def test_a_home_that_cannot_be_written_is_told(made, watch):
    watch.env["HOME"] = "/proc/nowhere"
    ran = watch.run("predict", made.bundle, made.others)
    ran.assert_refused("HOME or XDG_CACHE_HOME")
    told = watch.run("doctor", "--json")
    assert told.code == 0
    assert {problem["cure"] for problem in told.json["problems"]} == {
        "set HOME or XDG_CACHE_HOME to a folder of yours"
    }


def test_photos_are_never_written_to(made):
    before = tree(made.photos)
    for words in (
        ("predict", made.bundle, made.photos),
        ("evaluate", made.bundle, made.photos),
        ("train", made.photos, "--out", made.bundle),
    ):
        assert run(*words).code == 0
    assert tree(made.photos) == before
