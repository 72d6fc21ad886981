"""Real photos and handwritten digits that are on every machine: scikit-learn brings them."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from eyespot.errors import EyespotError

DIGIT = 8  # pixels of a side
LEVELS = 16  # the darkest ink


def sample_photos() -> list[Path]:
    """A temple and a flower."""
    return sorted(_folder("images").glob("*.jpg"))


def sample_digits(n: int | None = None) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """The first `n` of 1,797 digits: (N, 8, 8) of 0 to 16, and (N,) which digit each is.

    E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    with gzip.open(_folder("data") / "digits.csv.gz", "rt", encoding="ascii") as lines:
        table = np.loadtxt(lines, delimiter=",", max_rows=n, ndmin=2).astype(np.int64)
    return table[:, :-1].astype(np.uint8).reshape(-1, DIGIT, DIGIT), table[:, -1]


def _folder(name: str) -> Path:
    """A folder of `sklearn.datasets`, found without importing it, which takes a second."""
    spec = importlib.util.find_spec("sklearn")
    if spec is None or not spec.submodule_search_locations:
        raise EyespotError("scikit-learn is not installed: pip install scikit-learn")
    return Path(spec.submodule_search_locations[0], "datasets", name)
