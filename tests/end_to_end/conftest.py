"""One folder of textures and one bundle of it for all tests of whole commands."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flows import run, write_textures


@dataclass(frozen=True)
class Made:
    """A folder of photos, its bundle, and what `eyespot train --json` said of it."""

    photos: Path  # 3 classes of 12
    others: Path  # 3 classes of 4 that the classifier has not seen
    bundle: Path
    answer: dict[str, Any]


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    photos = write_textures(folder / "photos")
    others = write_textures(folder / "others", photos=4, first=100)
    ran = run("train", photos, "--out", folder / "model", "--json")
    assert ran.code == 0, ran.err
    return Made(photos, others, folder / "model", ran.json)


@pytest.fixture
def bundle(made, tmp_path):
    """A copy of the bundle, to be changed."""
    return Path(shutil.copytree(made.bundle, tmp_path / "model"))
