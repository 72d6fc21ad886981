"""Every data set that cannot be trained on has a sentence of its own, and others have none."""

from pathlib import Path

import pytest
from traps import add_good, jpeg, write

from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.checks import check_trainable, without
from eyespot.datasets.dataset import LeftOut
from eyespot.errors import InputError


def dataset(root: Path, *names: str, group_by: str | None = None):
    for seed, name in enumerate(names):
        write(root / name, jpeg(seed))
    return open_dataset(root, group_by=group_by)


def fails(sentence: str):
    return pytest.raises(InputError, match=sentence)


def test_two_classes_with_two_photos_each_are_enough(tmp_path):
    check_trainable(dataset(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg"))


def test_one_class_is_refused(tmp_path):
    with fails(
        r"has one class \(robin, 2 photos\): a classifier expects at least 2\. Add a folder"
    ):
        check_trainable(dataset(tmp_path, "robin/1.jpg", "robin/2.jpg"))


def test_one_class_beside_a_reserved_folder_names_the_folder_to_rename(tmp_path):
    with fails(r"Photos in other are examples of \"none of these\": rename it to make a class"):
        check_trainable(dataset(tmp_path, "robin/1.jpg", "robin/2.jpg", "other/3.jpg"))


def test_reserved_folders_alone_are_refused(tmp_path):
    with fails(r"has only examples of \"none of these\" \(noise/2.jpg and 1 more\)"):
        check_trainable(dataset(tmp_path, "other/1.jpg", "noise/2.jpg"))


def test_one_class_that_holds_the_classes_names_them(tmp_path):
    names = ["docs/readme.txt", "photos/robin/1.jpg", "photos/wren/2.jpg"]
    write(tmp_path / names[0], b"text")
    with fails(r"If robin, wren are the classes, give the folder"):
        check_trainable(dataset(tmp_path, *names[1:]))


def test_one_photo_per_class_is_refused(tmp_path):
    with fails(r"too few photos per class \(a 1, b 1, c 1\): expected at least 2 photos"):
        check_trainable(dataset(tmp_path, "a/1.jpg", "b/1.jpg", "c/1.jpg"))


def test_one_class_with_many_and_one_with_a_single_photo_is_refused(tmp_path):
    with fails(r"too few photos per class \(a 3, b 1\)"):
        check_trainable(dataset(tmp_path, "a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg"))


def test_photos_of_one_group_count_as_one(tmp_path):
    names = ["a/x1_1.jpg", "a/x1_2.jpg", "b/x2_1.jpg", "b/x2_2.jpg"]
    with fails(r"\(a 1, b 1\): expected at least 2 photos that belong to different groups"):
        check_trainable(dataset(tmp_path, *names, group_by=r"(x\d)"))


def test_splits_without_a_common_class_are_refused(tmp_path):
    names = ["train/a/1.jpg", "train/b/1.jpg", "val/c/1.jpg", "val/d/1.jpg"]
    with fails(r"has the classes a, b, the held-out part has c, d: .*none in common"):
        check_trainable(dataset(tmp_path, *names))


def test_a_class_that_is_only_held_out_is_refused(tmp_path):
    names = ["train/a/1.jpg", "train/b/1.jpg", "val/a/2.jpg", "val/wolf/1.jpg", "val/wolf/2.jpg"]
    with fails(r"wolf of .* is held out but not in train \(wolf: 2 photos\)"):
        check_trainable(dataset(tmp_path, *names))


def test_held_out_photos_without_a_train_part_are_refused(tmp_path):
    with fails(r"has no train part, only test and validation"):
        check_trainable(dataset(tmp_path, "test/a/1.jpg", "val/b/1.jpg"))


def test_a_train_part_with_one_class_is_refused(tmp_path):
    names = ["train/a/1.jpg", "train/a/2.jpg", "val/a/3.jpg", "test/a/1.jpg"]
    with fails("has one class"):
        check_trainable(dataset(tmp_path, *names))


def test_a_class_only_in_train_is_allowed(tmp_path):
    names = [f"train/{label}/{i}.jpg" for label in "abc" for i in range(2)]
    check_trainable(dataset(tmp_path, *names, "val/a/1.jpg"))


def test_a_folder_whose_photos_are_all_unreadable_is_refused_with_a_reason(tmp_path):
    add_good(tmp_path)
    whole = open_dataset(tmp_path)
    none = without(whole, tuple(LeftOut(photo.file, "cut off") for photo in whole.photos))
    with fails(r"no photos that can be used.*12 files were left out \(robin/good0.jpg: cut off\)"):
        check_trainable(none)
    assert none.classes == ()
