"""The cache of embeddings with several processes, and with processes that are killed."""

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from squares import squares_backbone, write_photos

from eyespot.embeddings import embed, store

PROGRAM = Path(__file__).with_name("squares.py")


def start(folder, seconds):
    command = [sys.executable, str(PROGRAM), str(folder), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    return process


def rows():
    with closing(sqlite3.connect(store.path_of_store(), timeout=30)) as connection:
        connection.execute(store.TABLE)
        return connection.execute(f"SELECT count(*) FROM embeddings_{store.FORMAT}").fetchone()[0]


def is_sound():
    with closing(sqlite3.connect(store.path_of_store(), timeout=30)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_three_processes_at_once_write_one_sound_cache(tmp_path, engine):
    photos = write_photos(tmp_path / "photos", range(100))
    processes = [start(tmp_path / "photos", 0.002) for _ in range(3)]
    answers = [process.communicate(timeout=60)[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len({total for _, total in answers}) == 1
    assert rows() == 100
    assert is_sound()
    found = embed(photos, squares_backbone())
    assert engine.seen == 0
    assert float(answers[0][1]) == pytest.approx(found.vectors.sum(dtype=np.float64))


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_after_kill_9_the_next_run_goes_on(tmp_path, engine):
    photos = write_photos(tmp_path / "photos", range(150))
    for kept in (0, 64, 128):  # rows are kept in parts of 64; killed within each of them
        process = start(tmp_path / "photos", 0.01)
        deadline = time.monotonic() + 60
        while rows() < kept and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(0.05)
        process.kill()
        process.communicate(timeout=30)
        assert is_sound()
        assert rows() >= kept
    found = embed(photos, squares_backbone())
    assert engine.seen <= 2 * (150 - 128)
    assert len(found) == 150
    for i in (0, 70, 149):
        _, pixels = squares_backbone().preprocessing.read(photos[i].path)
        assert np.array_equal(found.vectors[i], engine(pixels[None])[0])
