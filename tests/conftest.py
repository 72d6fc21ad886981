"""What all tests share: a cache folder of their own, and where the optional real photos lie."""

from pathlib import Path

import pytest

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """The cache folder of the whole session; the user's own is never touched.

    One for all tests, so that the embedded network is converted once. Whoever damages something in
    it sets XDG_CACHE_HOME to a folder of its own.
    """
    home = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        patch.setenv("LOCALAPPDATA", str(home))
        patch.setenv("ORT_DISABLE_TELEMETRY", "1")  # for tests that import onnxruntime themselves
        yield home / "eyespot"


@pytest.fixture
def real_photos():
    """A function from a set's name to its folder; skips the test where the photos are absent."""

    def folder(name: str) -> Path:
        if not (PHOTOS / name).is_dir():
            pytest.skip(f"real photos {name!r} are not beside this checkout")
        return PHOTOS / name

    return folder
