"""A cache of its own for each of these tests, photo files, and a network that is quick."""

import sys

import pytest
from squares import CountingEngine, squares_backbone, write_photos


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache folder, which these tests damage."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "eyespot"


@pytest.fixture
def backbone():
    return squares_backbone()


@pytest.fixture
def engine(monkeypatch):
    """The engine that `embed` starts, instead of a network."""
    counting = CountingEngine()
    module = sys.modules["eyespot.embeddings.embed"]
    monkeypatch.setattr(module, "start", lambda backbone, *, device: counting)
    return counting


@pytest.fixture
def photos(tmp_path):
    """Ten photos of noise."""
    return write_photos(tmp_path / "photos", range(10))
