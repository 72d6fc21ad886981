"""Small pictures of three textures, and the command line run on them as a user runs it."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

CLASSES = ("dots", "stripes", "waves")
THREE_FILES = ("classifier.json", "weights.safetensors", "reference.safetensors")
PATIENCE = 120  # seconds after which a command counts as hanging

_COLOURS = {"dots": (60, 160, 70), "stripes": (200, 80, 60), "waves": (60, 90, 200)}


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=_no_constant)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line, parse_constant=_no_constant) for line in self.out.splitlines()]

    def assert_refused(self, *words: str, stages: int = 0) -> None:
        """Exit code 2, nothing on stdout, one or two lines that say `words`, no traceback.

        Up to `stages` lines of stages that were over by then may stand before them.
        """
        assert self.code == 2, self.err
        assert self.out == ""
        lines = self.err.splitlines()
        assert 1 <= len(lines) <= 2 + stages, self.err
        assert [line for line in lines[-2:] if line.startswith("eyespot: ")], self.err
        assert "Traceback" not in self.err
        for word in words:
            assert word in self.err, self.err


def texture(label: str, seed: int, *, size: tuple[int, int] = (96, 72)) -> Image.Image:
    """A picture of the class `label`, another one for every seed: pattern, colour and noise."""
    generator = np.random.default_rng([CLASSES.index(label), seed])
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    phase, pace = generator.uniform(0, 6.28), generator.uniform(0.2, 0.5)
    turn = generator.uniform(-0.4, 0.4)
    along, across = pace * (x + turn * y) + phase, pace * (y - turn * x) + phase
    pattern = {
        "dots": np.sin(along) * np.sin(across), "stripes": np.sin(along), "waves": np.sin(across)
    }[label]  # fmt: skip
    tint = generator.uniform(-30, 30, 3)
    noise = generator.normal(0, 12, (size[1], size[0], 3))
    pixels = np.array(_COLOURS[label]) + tint + 60 * pattern[..., None] + noise
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def write_textures(
    root: Path, *, photos: int = 12, first: int = 0, classes: Collection[str] = CLASSES
) -> Path:
    """`photos` pictures in a folder per class; `first` is the first seed."""
    for label in classes:
        (root / label).mkdir(parents=True, exist_ok=True)
        for seed in range(first, first + photos):
            texture(label, seed).save(root / label / f"{label}-{seed:03d}.jpg", quality=90)
    return root


def run(*words: str | Path, cwd: Path | None = None) -> Ran:
    """`eyespot WORDS` in this process, through the function that the command calls."""
    from eyespot.cli.main import main

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code: Any = 0
    with (
        mock.patch.object(sys, "argv", ["eyespot", *map(str, words)]),
        contextlib.chdir(cwd or Path.cwd()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code
    return Ran(code, _text(out), _text(err))


def start(
    *words: str | Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    before: Collection[str] = (),
) -> subprocess.Popen[str]:
    """`eyespot WORDS` as a process of its own; `before` is what it is run under, such as strace."""
    return subprocess.Popen(
        [*before, sys.executable, "-m", "eyespot", *map(str, words)],
        cwd=cwd,
        env=dict(os.environ if env is None else env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=None if sys.platform == "win32" else _hear_ctrl_c,
    )


def _hear_ctrl_c() -> None:
    """What a shell starts in the background ignores SIGINT, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def ended(process: subprocess.Popen[str]) -> Ran:
    """Wait for a process. Fails, with what it was doing, where it hangs."""
    try:
        out, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"{process.args} hangs after: {err[-2000:]}") from None
    return Ran(process.returncode, out, err)


def interrupted(process: subprocess.Popen[str], number: signal.Signals, *, after: float) -> Ran:
    """Wait for a process that gets `number` `after` seconds after its first line on stderr."""
    assert process.stderr is not None
    first = process.stderr.readline()
    timer = threading.Timer(after, lambda: process.send_signal(number))
    timer.start()
    try:
        ran = ended(process)
    finally:
        timer.cancel()
    return Ran(ran.code, ran.out, first + ran.err)


def three_files(bundle: Path) -> dict[str, bytes]:
    """Their bytes; the folder of the photos, which the card has as it was typed, left empty."""
    typed = re.compile(rb'"photos": "(?:[^"\\]|\\.)*"')
    return {name: typed.sub(b'"photos": ""', (bundle / name).read_bytes()) for name in THREE_FILES}


def tree(root: Path) -> dict[str, tuple[int, int]]:
    """Everything below `root` with its size and time of change: equal trees were not written to."""
    return {
        str(path.relative_to(root)): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in sorted(root.rglob("*"))
    }


def waited_for(condition: Callable[[], bool], *, seconds: float = PATIENCE) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def texts(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below `root` with its contents."""
    for path in sorted(root.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes()


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


def _no_constant(name: str) -> None:
    raise AssertionError(f"{name} is no JSON")
