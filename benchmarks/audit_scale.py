"""Time and memory of the audit of 20,000 photos, from made-up embeddings and facts.

python benchmarks/audit_scale.py [different | copies]
"""

import resource
import sys
import time
from pathlib import Path

import numpy as np

from eyespot.audit import audit
from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.embeddings.embedded import Embedded, Facts

PHOTOS, DIMENSIONS, PICTURES = 20_000, 1280, 100


def main() -> None:
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(PHOTOS, DIMENSIONS)).astype(np.float32)
    hashes = [int(number) for number in generator.integers(1 << 63, size=PHOTOS)]
    if sys.argv[1:] == ["copies"]:
        vectors = vectors[np.arange(PHOTOS) % PICTURES] + np.float32(0.1) * vectors
        hashes = [hashes[i % PICTURES] ^ (1 << i % 61) for i in range(PHOTOS)]
    names = [f"{i % 10}/{i:05d}.jpg" for i in range(PHOTOS)]
    photos = tuple(Photo(Path(name), name, label=name[0]) for name in names)
    facts = tuple(
        Facts(f"{i:064x}", 1, "JPEG", 640, 480, 1, None, None, hashes[i], ())
        for i in range(PHOTOS)
    )  # fmt: skip
    embedded = Embedded(photos, vectors, vectors, facts)
    dataset = ImageDataset("made up", Path("photos"), photos, tuple("0123456789"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    groups = len(set(audit(dataset, embedded).groups))
    seconds = time.perf_counter() - began
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1e6
    print(f"{PHOTOS:,} photos, {groups:,} groups: {seconds:.1f} s, {more:.2f} GB more")


if __name__ == "__main__":
    main()
