"""A cache of their own for these tests, and the embedded default converted once for all of them."""

import pytest

from eyespot.weights import catalogue
from eyespot.weights.cache import ready


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache folder; the user's own is never touched."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for proxy in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    return tmp_path / "cache" / "eyespot" / "weights"


@pytest.fixture(scope="session")
def converted_once(tmp_path_factory):
    """A cache folder in which the embedded default has been converted."""
    home = tmp_path_factory.mktemp("converted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home))
        ready(catalogue.find(catalogue.DEFAULT))
    return home


@pytest.fixture
def converted(converted_once, monkeypatch):
    """The same, as the cache folder of this test. Do not write there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(converted_once))
    return converted_once / "eyespot" / "weights"
