"""Three parts that share no picture: what is given stays, what lacks is held out, nothing leaks."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.dataset import ImageDataset, Photo
from eyespot.errors import InputError
from eyespot.training.looking import look
from eyespot.training.parts import Looked, divided

CLASSES = ("ant", "bee")


def looked(rows):
    """(file, label, part, content, group) of each photo."""
    photos = tuple(Photo(Path(f), f, label, part, group) for f, label, part, _, group in rows)
    classes = tuple(sorted({photo.label for photo in photos}))
    return Looked(ImageDataset("x", Path("x"), photos, classes), tuple(row[3] for row in rows))


def many(count, part=None, *, of=CLASSES, group=1, start=0):
    """`count` photos of each class with a content of their own, `group` of them together."""
    return [
        (f"{part}/{label}/{i}", label, part, f"{label}{i}", f"{label}{i // group}")
        for label in of
        for i in range(start, start + count)
    ]


def names(photos):
    return {photo.file for photo in photos}


def test_given_parts_stay_and_nothing_is_held_out():
    rows = many(10, "train") + many(4, "validation", start=20) + many(6, "test", start=40)
    parts = divided(looked(rows), validation=0.5, seed=0)
    assert parts.sizes == {"train": 20, "validation": 8, "test": 12}
    assert parts.is_test_given and parts.notes == () and parts.left_out == ()
    assert parts.classes == CLASSES


def test_validation_photos_come_from_the_training_part_never_from_the_test_part():
    rows = many(50, "train") + many(20, "test", start=100)
    parts = divided(looked(rows), validation=0.2, seed=0)
    # a fifth of 50 of each class
    assert parts.sizes == {"train": 80, "validation": 20, "test": 40}
    assert names(parts.test) == {row[0] for row in rows if row[2] == "test"}
    assert [photo.label for photo in parts.validation].count("ant") == 10
    assert any("20 photos of the training part" in note for note in parts.notes)


def test_without_parts_15_percent_are_held_out_to_measure_on_and_it_is_said():
    parts = divided(looked(many(200)), validation=0.1, seed=0)
    # 0.15 * 200 = 30 of each class; a tenth of the 170 that are left is 17
    assert parts.sizes == {"train": 306, "validation": 34, "test": 60}
    assert not parts.is_test_given
    assert any("no test part: 60 photos of them were held out" in note for note in parts.notes)


def test_a_validation_part_alone_is_measured_on():
    rows = many(40, "train") + many(10, "validation", start=100)
    parts = divided(looked(rows), validation=0.25, seed=0)
    assert parts.sizes == {"train": 60, "validation": 20, "test": 20}
    assert names(parts.test) == {row[0] for row in rows if row[2] == "validation"}
    assert any("the figures are measured on it" in note for note in parts.notes)


def test_photos_that_belong_together_are_never_separated():
    parts = divided(looked(many(60, group=5)), validation=0.2, seed=0)
    places = {}
    for part in (parts.train, parts.validation, parts.test):
        for photo in part:
            places.setdefault(photo.group, set()).add(id(part))
    assert len(places) == 24 and all(len(found) == 1 for found in places.values())
    assert min(parts.sizes.values()) > 0


def test_the_order_in_which_photos_are_listed_changes_nothing():
    rows = many(40)
    one, other = (divided(looked(r), validation=0.2, seed=0) for r in (rows, rows[::-1]))
    assert names(one.test) == names(other.test)
    assert names(one.validation) == names(other.validation)
    assert names(one.test) != names(divided(looked(rows), validation=0.2, seed=1).test)


def test_no_share_to_choose_on_leaves_none():
    parts = divided(looked(many(20, "train") + many(5, "test", start=50)), validation=0, seed=0)
    assert parts.sizes == {"train": 40, "validation": 0, "test": 10}


def test_a_copy_of_a_test_photo_does_not_teach():
    rows = [
        *many(10, "train"),
        *many(4, "validation", start=20),
        *many(4, "test", start=40),
        ("train/ant/copy", "ant", "train", "ant40", None),
        ("train/bee/wrong", "bee", "train", "ant41", None),  # under another label, too
        ("validation/ant/copy", "ant", "validation", "ant40", None),
        ("train/bee/tried", "bee", "train", "bee20", None),
    ]
    parts = divided(looked(rows), validation=0.1, seed=0)
    assert parts.sizes == {"train": 20, "validation": 8, "test": 8}
    told = {item.file: item.reason for item in parts.left_out}
    assert told == {
        "train/ant/copy": "the same picture as test/ant/40 in the test part",
        "train/bee/wrong": "the same picture as test/ant/41 in the test part",
        "validation/ant/copy": "the same picture as test/ant/40 in the test part",
        "train/bee/tried": "the same picture as validation/bee/20 in the validation part",
    }


def test_copies_in_one_part_weigh_what_they_weigh():
    rows = [*many(10, "train"), ("a", "ant", "train", "ant3", None), *many(2, "test", start=40)]
    assert divided(looked(rows), validation=0, seed=0).sizes["train"] == 21


def test_a_picture_under_two_labels_teaches_nothing_and_a_test_part_stays_whole():
    rows = [
        *many(10, "train"),
        *many(4, "test", start=40),
        ("b", "bee", "train", "ant3", None),
        ("c", "bee", "test", "ant40", None),
    ]
    parts = divided(looked(rows), validation=0, seed=0)
    assert parts.sizes == {"train": 19, "validation": 0, "test": 9}
    assert {item.file for item in parts.left_out} == {"b", "train/ant/3"}
    assert "ant and bee: decide in labels.csv" in parts.left_out[0].reason
    assert parts.notes[0].startswith("2 photos of the test part stand under two labels")


def test_too_few_photos_are_told_in_one_sentence():
    with pytest.raises(InputError, match="too small to hold photos out"):
        divided(looked(many(1)), validation=0.1, seed=0)
    rows = [*many(3, "train", of=("ant",)), *many(3, "test", start=9)]
    with pytest.raises(InputError, match=r"1 class \(ant\) left"):
        divided(looked(rows), validation=0, seed=0)


# ---------------------------------------------------------------- from files


def write(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 255, (24, 24, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)


@pytest.fixture
def folder(tmp_path):
    for i, part in enumerate(("train", "test")):
        for j, label in enumerate(CLASSES):
            for k in range(6):
                write(tmp_path / "x" / part / label / f"{k}.png", 100 * i + 10 * j + k)
    return tmp_path / "x"


def test_good_photos_beside_bad_ones_are_divided_as_without_them(folder):
    alone = divided(look(open_dataset(folder)), validation=0.3, seed=0)
    whole = (folder / "train" / "ant" / "0.png").read_bytes()
    (folder / "train" / "ant" / "00.png").write_bytes(whole[:200])
    (folder / "train" / "bee" / "1.jpg").write_bytes(b"no picture at all")
    (folder / "test" / "bee" / "empty.png").write_bytes(b"")
    seen = look(open_dataset(folder))
    beside = divided(seen, validation=0.3, seed=0)
    assert len(seen.dataset.left_out) == 3
    assert [p.file for p in beside.train] == [p.file for p in alone.train]
    assert [p.file for p in beside.validation] == [p.file for p in alone.validation]
    assert beside.contents == alone.contents


def test_equal_files_and_given_groups_are_one_group(folder):
    copy = folder / "train" / "ant" / "copy.png"
    copy.write_bytes((folder / "train" / "ant" / "1.png").read_bytes())
    seen = look(open_dataset(folder, group_by=r"ant/([23])"))
    groups = {photo.file: photo.group for photo in seen.dataset.photos if photo.part == "train"}
    assert groups["train/ant/copy.png"] == groups["train/ant/1.png"] is not None
    assert groups["train/ant/0.png"] is None
    assert groups["train/ant/2.png"] == "2"


@pytest.mark.slow  # converts the network that looks for them
def test_in_a_folder_without_parts_near_copies_are_found_and_kept_together(tmp_path):
    folder = tmp_path / "x"
    for label, seed in (("ant", 0), ("bee", 1)):
        for k in range(8):
            generator = np.random.default_rng([seed, k])
            coarse = generator.integers(0, 255, (6, 6, 3), dtype=np.uint8)
            path = folder / label / f"{k}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture = Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)
            picture.save(path)
            picture.save(path.with_suffix(".jpg"), quality=80)  # saved again
    seen = look(open_dataset(folder))
    groups = {photo.file: photo.group for photo in seen.dataset.photos}
    together = [groups[f"ant/{k}.png"] == groups[f"ant/{k}.jpg"] is not None for k in range(8)]
    assert all(together)
