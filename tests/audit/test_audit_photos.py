"""The audit of real pixels through the real network: copies are found, and nothing else."""

import shutil

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

from eyespot.audit import audit
from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.digits import write_spoiled_digits
from eyespot.embeddings import embed
from eyespot.engines import pretrained
from eyespot.weights.catalogue import DEFAULT


def audited(folder):
    dataset = open_dataset(folder)
    return audit(dataset, embed(dataset.photos, pretrained(DEFAULT)))


def frames_of_bursts(folder, name, *, bursts=8, frames=10):
    """The leakage toy: smooth random textures, a little motion per frame, labels by chance."""
    generator = np.random.default_rng(0)
    number = 0
    for burst in range(bursts):
        noise = generator.integers(0, 256, (24, 32, 3)).astype(np.uint8)
        scene = Image.fromarray(noise).resize((480, 360), Image.Resampling.BICUBIC)
        place = folder / "ab"[burst % 2]
        place.mkdir(parents=True, exist_ok=True)
        left, top = 80.0, 60.0
        for _ in range(frames):
            left, top = np.clip(np.add([left, top], generator.normal(0, 2, 2)), 0, 120)
            frame = scene.crop((int(left), int(top), int(left) + 320, int(top) + 240))
            frame.save(place / name(number, generator), quality=88)
            number += 1


@pytest.mark.parametrize(
    "name",
    [
        lambda number, generator: f"{number:04d}.jpg",
        lambda number, generator: f"{generator.integers(1 << 60):x}q.jpg",
    ],
    ids=["numbered", "unnamed"],
)
def test_frames_of_few_bursts_come_out_as_bursts(tmp_path, name):
    frames_of_bursts(tmp_path / "toy", name)
    found = audited(tmp_path / "toy")
    assert len(found.bursts) == 8
    assert sum(map(len, found.bursts)) >= 72  # of 80
    assert len(set(found.groups)) <= 10


def test_two_classes_of_digits_keep_apart(tmp_path):
    """Hundreds of pictures of two shapes: alike, and yet different."""
    spoiled = write_spoiled_digits(tmp_path / "digits")
    for place in (tmp_path / "digits").iterdir():
        if place.is_dir() and place.name not in ("0", "1"):
            shutil.rmtree(place)
    found = audited(tmp_path / "digits")
    near = {frozenset(files) for files in found.near_duplicates}
    assert found.photos > 350
    assert len(near - {frozenset(pair) for pair in spoiled.near_copies}) <= 2
    assert found.bursts == ()
    assert max(np.bincount(found.groups)) <= 3


@pytest.mark.slow
def test_digits_keep_apart_and_their_planted_copies_are_found(tmp_path):
    """All 1,797 pictures of ten shapes, with copies, contradictions and damage planted."""
    spoiled = write_spoiled_digits(tmp_path / "digits")
    found = audited(tmp_path / "digits")
    duplicates = {frozenset(files) for files in found.duplicates}
    assert duplicates == {frozenset(pair) for pair in (*spoiled.copies, *spoiled.two_labels)}
    near = {frozenset(files) for files in found.near_duplicates}
    planted = {frozenset(pair) for pair in spoiled.near_copies}
    assert len(near & planted) >= 10  # of 12
    assert len(near - planted) <= 4
    assert {item.file for item in found.unreadable} == set(spoiled.unreadable)
    assert {frozenset(c.files) for c in found.conflicting_labels} >= {
        frozenset(pair) for pair in spoiled.two_labels
    }
    assert found.bursts == ()
    assert max(np.bincount(found.groups)) <= 3


def test_no_two_of_the_ants_and_bees_are_taken_for_one_picture(real_photos):
    found = audited(real_photos("hymenoptera"))
    assert found.photos == 398
    assert found.duplicates == found.near_duplicates == found.bursts == found.leaks == ()
    assert len(set(found.groups)) == 398


def crop(picture, share):
    width, height = picture.size
    left, top = round(width * share / 2), round(height * share / 2)
    return picture.crop((left, top, width - left, height - top))


CHANGES = {
    "quality 30": lambda picture: picture,
    "half": lambda picture: picture.resize((picture.width // 2, picture.height // 2)),
    "3 % crop": lambda picture: crop(picture, 0.03),
    "10 % crop": lambda picture: crop(picture, 0.10),
    "mirrored": ImageOps.mirror,
    "brighter": lambda picture: ImageEnhance.Brightness(picture).enhance(1.3),
    "darker": lambda picture: ImageEnhance.Brightness(picture).enhance(0.6),
}


def test_changed_copies_of_real_photos_are_found(real_photos, tmp_path):
    """Every seventh photo twice: nine of ten copies of every kind, and nothing else."""
    source = real_photos("hymenoptera")
    planted = {}
    kinds = list(CHANGES)
    for k, path in enumerate(sorted((source / "train").rglob("*.jpg"))):
        target = tmp_path / "photos" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
        with Image.open(path) as picture:
            changed = CHANGES[kinds[k % 7]](picture.convert("RGB"))
        copy = target.with_name(f"z{path.stem}-z.jpg")
        changed.save(copy, quality=30 if kinds[k % 7] == "quality 30" else 90)
        pair = frozenset(f"{file.parent.name}/{file.name}" for file in (target, copy))
        planted[pair] = kinds[k % 7]
    near = {frozenset(files) for files in audited(tmp_path / "photos").near_duplicates}
    found = [planted[pair] for pair in planted.keys() & near]
    assert near <= planted.keys()
    for kind in kinds:
        assert found.count(kind) >= 0.9 * list(planted.values()).count(kind), kind
