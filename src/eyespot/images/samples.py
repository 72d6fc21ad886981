"""Two real photos that are on every machine: scikit-learn brings them."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from eyespot.errors import EyespotError


def sample_photos() -> list[Path]:
    """A temple and a flower, found without importing scikit-learn."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise EyespotError("scikit-learn is not installed: pip install scikit-learn")
    folder = Path(spec.submodule_search_locations[0], "datasets", "images")
    return sorted(folder.glob("*.jpg"))
