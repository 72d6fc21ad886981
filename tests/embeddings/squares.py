"""A network that is quick and counts; run as a program, it embeds a folder slowly.

python squares.py FOLDER SECONDS_PER_PICTURE
"""

import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from eyespot.datasets.dataset import Photo
from eyespot.embeddings import embed
from eyespot.engines import Backbone
from eyespot.images.preprocessing import Preprocessing


def squares_backbone():
    half = (0.5, 0.5, 0.5)
    return Backbone("tiny", "w" * 64, Preprocessing(40, 32, "bicubic", mean=half, std=half))


class CountingEngine:
    """Means over squares of the picture; counts the pictures that it has seen."""

    name = "counting"
    batch_size = 1

    def __init__(self, seconds=0.0):
        self.seen = 0
        self.seconds = seconds

    def __call__(self, pixels):
        self.seen += len(pixels)
        time.sleep(self.seconds)
        squares = pixels.reshape(len(pixels), 4, 8, 4, 8, 3).mean(axis=(2, 4))
        return squares.reshape(len(pixels), -1).astype(np.float32)


def write_photos(folder, seeds):
    folder.mkdir(exist_ok=True)
    found = []
    for seed in seeds:
        noise = np.random.default_rng(seed).integers(0, 256, (48, 60, 3), dtype=np.uint8)
        path = folder / f"{seed:03d}.png"
        Image.fromarray(noise).save(path)
        found.append(Photo(path, path.name))
    return found


def main(folder, seconds):
    engine = CountingEngine(float(seconds))
    sys.modules["eyespot.embeddings.embed"].start = lambda backbone, *, device: engine
    photos = [Photo(path, path.name) for path in sorted(Path(folder).iterdir())]
    print("ready", flush=True)  # noqa: T201
    found = embed(photos, squares_backbone())
    print(engine.seen, found.vectors.sum(dtype=np.float64), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
