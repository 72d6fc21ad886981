"""Real handwritten digits as photo files, in bursts: what the estimators are tried on."""

from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image


@dataclass(frozen=True)
class Digits:
    """Files with their labels; each digit stands in two files, a burst of its own."""

    paths: list
    labels: list
    groups: list
    pixels: np.ndarray  # (N, 64, 64, 3) uint8, the same pictures


@pytest.fixture(scope="session")
def digits(tmp_path_factory):
    """12 bursts of 2 for each of "nought", "one" and "seven"."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("digits")
    source = load_digits()
    paths, labels, groups, pixels = [], [], [], []
    for digit, label in ((0, "nought"), (1, "one"), (7, "seven")):
        for burst, index in enumerate(np.flatnonzero(source.target == digit)[:12]):
            for frame in range(2):
                square = (source.images[index] * 15.9).astype(np.uint8)
                picture = Image.fromarray(square).resize((64, 64), Image.Resampling.BICUBIC)
                shifted = Image.new("RGB", (64, 64))
                shifted.paste(picture, (2 * frame, 0))
                path = folder / f"{label}-{burst:02d}-{frame}.png"
                shifted.save(path)
                paths.append(path)
                labels.append(label)
                groups.append(f"{label}-{burst}")
                pixels.append(np.asarray(shifted))
    return Digits(paths, labels, groups, np.stack(pixels))
