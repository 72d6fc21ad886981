"""What all tests share: a cache folder of their own, and where the optional real photos lie.

`make test` runs one process on each core. Each has one thread, since threads that wait for each
other's turn burn more time than they save; `pytest` by itself uses all of them.
"""

import gc
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"
CONVERTED = ("engines", "weights")  # parts of the cache that are made once and only read then

if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch reads it where it is imported


def pytest_collection_finish(session):
    """What ten thousand tests consist of stays to the end: it is not looked through for garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """The cache folder of the whole session, and a data folder; the user's own are never touched.

    One for all tests, so that the embedded network is converted once, also where several processes
    run them. Whoever damages something in it sets XDG_CACHE_HOME to a folder of its own.
    """
    home = tmp_path_factory.mktemp("cache")
    if "PYTEST_XDIST_WORKER" in os.environ and sys.platform != "win32":
        for part in CONVERTED:
            shared = tmp_path_factory.getbasetemp().parent / "converted-by-all" / part
            shared.mkdir(parents=True, exist_ok=True)
            (home / "eyespot").mkdir(exist_ok=True)
            (home / "eyespot" / part).symlink_to(shared)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        patch.setenv("XDG_DATA_HOME", str(home / "data"))
        patch.setenv("LOCALAPPDATA", str(home))
        patch.setenv("ORT_DISABLE_TELEMETRY", "1")  # for tests that import onnxruntime themselves
        yield home / "eyespot"


@pytest.fixture(scope="session")
def converted_in(cache) -> Callable[[Path], None]:
    """A function that copies what has been converted into another cache folder.

    Others may be converting at that moment: what is half written stays behind.
    """

    def copy(folder: Path) -> None:
        for part in CONVERTED:
            half = shutil.ignore_patterns(".*.tmp", ".*.old")
            shutil.copytree(cache / part, folder / part, ignore=half)

    return copy


@pytest.fixture
def real_photos():
    """A function from a set's name to its folder; skips the test where the photos are absent."""

    def folder(name: str) -> Path:
        if not (PHOTOS / name).is_dir():
            pytest.skip(f"real photos {name!r} are not beside this checkout")
        return PHOTOS / name

    return folder
