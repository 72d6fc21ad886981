"""How many changed copies of real photos the audit finds, and how many false sets it makes.

    python benchmarks/audit_recall.py PHOTOS...

Every photo below the folders is copied to a scratch folder once as it is and once changed, under
names without numbers; for each kind of change one audit.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from eyespot.audit import audit
from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.images.decode import decode
from eyespot.weights.catalogue import DEFAULT


def crop(picture: Image.Image, share: float, generator: np.random.Generator) -> Image.Image:
    """A window of `1 - share` of each side, anywhere."""
    width, height = (round(side * (1 - share)) for side in picture.size)
    left = int(generator.integers(picture.width - width + 1))
    top = int(generator.integers(picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


def smaller(picture: Image.Image, by: int) -> Image.Image:
    return picture.resize((max(1, picture.width // by), max(1, picture.height // by)))


KINDS = {
    "JPEG quality 75": (lambda p, g: p, 75),
    "JPEG quality 30": (lambda p, g: p, 30),
    "half the size": (lambda p, g: smaller(p, 2), 90),
    "a third of the size": (lambda p, g: smaller(p, 3), 60),
    "3 % crop": (lambda p, g: crop(p, 0.03, g), 90),
    "10 % crop": (lambda p, g: crop(p, 0.10, g), 90),
    "20 % crop": (lambda p, g: crop(p, 0.20, g), 90),
    "mirrored": (lambda p, g: ImageOps.mirror(p), 90),
    "brightness 1.3": (lambda p, g: ImageEnhance.Brightness(p).enhance(1.3), 90),
    "brightness 0.6": (lambda p, g: ImageEnhance.Brightness(p).enhance(0.6), 90),
    "contrast 1.4": (lambda p, g: ImageEnhance.Contrast(p).enhance(1.4), 90),
    "grey": (lambda p, g: p.convert("L"), 90),
}


def main() -> None:
    folders = [Path(word) for word in sys.argv[1:]]
    paths = sorted(p for folder in folders for p in folder.rglob("*.*") if p.is_file())
    backbone = pretrained(DEFAULT)
    for kind, (change, quality) in KINDS.items():
        generator = np.random.default_rng(0)
        with tempfile.TemporaryDirectory() as scratch:
            photos = []
            for k, path in enumerate(paths):
                letters = "".join("ghijklmnop"[int(digit)] for digit in str(k))
                label = path.parent.name
                copy = Path(scratch, f"{letters}.jpg")
                change(decode(path).picture, generator).save(copy, quality=quality)
                photos += [
                    Photo(path, f"{label}/{letters}-a.jpg", label=label),
                    Photo(copy, f"{label}/{letters}-b.jpg", label=label),
                ]
            classes = tuple(sorted({str(photo.label) for photo in photos}))
            dataset = ImageDataset("copies", Path(scratch), tuple(photos), classes)
            groups = np.array(audit(dataset, embed(photos, backbone)).groups).reshape(-1, 2)
        together = (groups[:, 0] == groups[:, 1]).mean()
        members: dict[int, set[int]] = {}
        for k, pair in enumerate(groups.tolist()):
            for group in pair:
                members.setdefault(group, set()).add(k)
        false = sum(len(different) > 1 for different in members.values())
        print(f"{kind:<22}{100 * together:6.1f} %   false sets {false}   n = {len(paths)}")


if __name__ == "__main__":
    main()
