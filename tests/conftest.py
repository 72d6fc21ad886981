"""What all tests share: where the optional real photos lie, and one thread per test process."""

from pathlib import Path

import pytest

PHOTOS = Path(__file__).resolve().parents[2] / "shared" / "photos"


@pytest.fixture
def real_photos():
    """A function from a set's name to its folder; skips the test where the photos are absent."""

    def folder(name: str) -> Path:
        if not (PHOTOS / name).is_dir():
            pytest.skip(f"real photos {name!r} are not beside this checkout")
        return PHOTOS / name

    return folder
