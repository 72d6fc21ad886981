"""What a folder's layout means: classes, splits, reserved folders, and each refusal's sentence."""

import os
import shutil
from pathlib import Path

import pytest
from traps import add_good, jpeg, write

from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.checks import check_trainable
from eyespot.errors import InputError


def fill(root: Path, *names: str) -> Path:
    for seed, name in enumerate(names):
        write(root / name, jpeg(seed))
    return root


def labels(root: Path) -> dict[str, str | None]:
    return {photo.file: photo.label for photo in open_dataset(root).photos}


def parts(root: Path) -> dict[str, str | None]:
    return {photo.file: photo.part for photo in open_dataset(root).photos}


def test_the_class_is_the_first_folder_and_deeper_ones_belong_to_it(tmp_path):
    fill(tmp_path, "robin/1.jpg", "robin/may/2.jpg", "robin/may/x/3.jpg", "wren/4.jpg")
    assert labels(tmp_path) == {
        "robin/1.jpg": "robin",
        "robin/may/2.jpg": "robin",
        "robin/may/x/3.jpg": "robin",
        "wren/4.jpg": "wren",
    }


def test_classes_are_sorted_names_and_an_index_is_a_place_in_them(tmp_path):
    fill(tmp_path, "wren/1.jpg", "Robin/1.jpg", "ant/1.jpg", "10/1.jpg", "9/1.jpg")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("10", "9", "Robin", "ant", "wren")
    assert [dataset[i][1] for i in range(5)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("folder", "part"),
    [
        ("train", "train"), ("Training", "train"), ("TRAIN", "train"), ("training-set", "train"),
        ("val", "validation"), ("valid", "validation"), ("Validation", "validation"),
        ("dev", "validation"), ("test", "test"), ("Testing", "test"), ("test set", "test"),
    ],
)  # fmt: skip
def test_split_folders_have_synonyms(tmp_path, folder, part):
    fill(tmp_path, f"{folder}/robin/1.jpg", f"{folder}/wren/deep/2.jpg")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("robin", "wren")
    assert {photo.part for photo in dataset.photos} == {part}


def test_a_class_gets_its_index_from_its_name_in_every_split(tmp_path):
    """The order of a split's folders is what others took the index from (timm 957)."""
    fill(tmp_path, "train/ant/1.jpg", "train/bee/1.jpg", "train/cat/1.jpg", "val/cat/1.jpg")
    (tmp_path / "val" / "ant").mkdir()
    dataset = open_dataset(tmp_path)
    index = {photo.file: dataset[i][1] for i, photo in enumerate(dataset.photos)}
    assert index["val/cat/1.jpg"] == index["train/cat/1.jpg"] == 2
    assert "val/ant/ has no photos" in " ".join(dataset.notes)


def test_split_and_class_folders_side_by_side_are_refused(tmp_path):
    fill(tmp_path, "train/robin/1.jpg", "test/robin/1.jpg", "wren/1.jpg")
    with pytest.raises(InputError, match=r"mixes split folders \(test, train\) with class folders"):
        open_dataset(tmp_path)


def test_a_class_that_is_called_like_a_split_is_refused_with_the_way_out(tmp_path):
    fill(tmp_path, "bus/1.jpg", "car/1.jpg", "train/1.jpg")
    with pytest.raises(InputError, match=r"give train/ a new name if it is a class"):
        open_dataset(tmp_path)


def test_split_folders_without_class_folders_are_never_read_as_classes(tmp_path):
    fill(tmp_path, "train/1.jpg", "train/2.jpg", "validation/3.jpg", "test/4.jpg")
    with pytest.raises(InputError, match=r"4 photos but no class folders.*test/<class>/photo\.jpg"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["_none", "none_of_these", "background", "other", "noise", "unknown", "None of these", "Other"],
)
def test_reserved_folders_are_examples_of_none_of_these(tmp_path, name):
    fill(tmp_path, "robin/1.jpg", "wren/2.jpg", f"{name}/3.jpg", f"{name}/deep/4.jpg")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("robin", "wren")
    assert [photo.file for photo in dataset.negatives] == [f"{name}/3.jpg", f"{name}/deep/4.jpg"]
    assert {photo.label for photo in dataset.negatives} == {None}
    assert "2 photos" in dataset.notes[0]
    assert "Rename it if it is one" in dataset.notes[0]


def test_reserved_folders_count_in_and_beside_splits(tmp_path):
    fill(tmp_path, "train/robin/1.jpg", "train/_none/2.jpg", "test/robin/3.jpg", "unknown/4.jpg")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("robin",)
    found = {photo.file: photo.part for photo in dataset.negatives}
    assert found == {"train/_none/2.jpg": "train", "unknown/4.jpg": None}


def test_a_folder_that_wraps_everything_is_looked_through_and_named(tmp_path):
    fill(tmp_path, "photos/birds/robin/1.jpg", "photos/birds/wren/2.jpg", "__MACOSX/x/._1.jpg")
    write(tmp_path / "README.txt", b"unpacked from a zip")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("robin", "wren")
    assert "read from photos/birds/" in dataset.notes[0]
    assert [item.file for item in dataset.left_out] == ["README.txt"]
    assert dataset.photos[0].file == "photos/birds/robin/1.jpg"


def test_splits_below_a_wrapping_folder_are_found(tmp_path):
    fill(tmp_path, "data/train/robin/1.jpg", "data/val/robin/2.jpg")
    assert parts(tmp_path) == {
        "data/train/robin/1.jpg": "train",
        "data/val/robin/2.jpg": "validation",
    }


def test_a_single_class_folder_is_a_class_and_not_a_wrapper(tmp_path):
    fill(tmp_path, "robin/1.jpg", "robin/may/2.jpg")
    assert set(labels(tmp_path).values()) == {"robin"}


def test_photos_beside_the_class_folders_are_left_out_with_the_reason(tmp_path):
    fill(tmp_path, "robin/1.jpg", "wren/2.jpg", "stray.jpg")
    left_out = open_dataset(tmp_path).left_out
    assert [(item.file, item.reason) for item in left_out] == [
        ("stray.jpg", "lies beside the class folders, in none of them")
    ]
    fill(tmp_path / "split", "train/robin/1.jpg", "train/stray.jpg")
    left_out = open_dataset(tmp_path / "split").left_out
    assert [(item.file, item.reason) for item in left_out] == [
        ("train/stray.jpg", "lies in train/, but in no class folder")
    ]


def test_splits_inside_class_folders_are_pointed_out(tmp_path):
    fill(tmp_path, "robin/train/1.jpg", "robin/test/2.jpg", "wren/train/3.jpg")
    dataset = open_dataset(tmp_path)
    assert {photo.part for photo in dataset.photos} == {None}
    assert "test/<class>/photo.jpg" in dataset.notes[0]


def test_two_spellings_of_unicode_are_one_class_and_case_is_two(tmp_path):
    fill(tmp_path, "café/1.jpg", "cafe\u0301/2.jpg", "Tulip/3.jpg", "tulip/4.jpg")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("Tulip", "café", "tulip")
    assert len(dataset) == 4
    assert "2 folders are read as the one class 'café'" in dataset.notes[0]
    assert "'Tulip' and 'tulip' differ in spelling only" in dataset.notes[1]


def test_an_empty_class_folder_is_no_class_and_is_named(tmp_path):
    fill(tmp_path, "robin/1.jpg", "wren/2.jpg")
    (tmp_path / "owl").mkdir()
    write(tmp_path / "docs" / "notes.txt", b"text")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("robin", "wren")
    assert [note.split(" ")[0] for note in dataset.notes] == ["docs/", "owl/"]


def test_the_order_of_files_on_disk_changes_nothing(tmp_path):
    names = [f"{label}/{i}.jpg" for label in ("robin", "wren") for i in range(5)]
    forward, backward = fill(tmp_path / "a" / "birds", *names), tmp_path / "b" / "birds"
    for name in reversed(names):
        (backward / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(forward / name, backward / name)
    assert open_dataset(forward).fingerprint == open_dataset(backward).fingerprint


def test_an_empty_folder_says_what_was_expected(tmp_path):
    with pytest.raises(InputError, match=r"has no photos: expected a folder per class.*nothing"):
        open_dataset(tmp_path)
    write(tmp_path / "robin" / "notes.txt", b"text")
    with pytest.raises(InputError, match=r"only 1 other file \(robin/notes.txt\)"):
        open_dataset(tmp_path)


def test_a_folder_of_links_to_elsewhere_says_so(tmp_path):
    fill(tmp_path / "store", "1.jpg")
    (tmp_path / "set" / "robin").mkdir(parents=True)
    (tmp_path / "set" / "robin" / "1.jpg").symlink_to(tmp_path / "store" / "1.jpg")
    with pytest.raises(InputError, match=r"robin/1\.jpg: a link to a file outside the folder"):
        open_dataset(tmp_path / "set")


def test_the_folder_itself_may_be_a_link(tmp_path):
    add_good(tmp_path / "birds")
    (tmp_path / "link").symlink_to("birds")
    assert len(open_dataset(tmp_path / "link")) == 12


def test_photos_without_class_folders_are_refused_with_both_ways_out(tmp_path):
    fill(tmp_path, "1.jpg", "2.jpg")
    with pytest.raises(InputError, match=r"2 photos but no class folders.*or give a table"):
        open_dataset(tmp_path)


def test_a_source_that_is_not_there_offers_the_nearest_name(tmp_path):
    add_good(tmp_path / "birds")
    with pytest.raises(InputError, match=r"bird does not exist.*Did you mean .*/birds\?"):
        open_dataset(tmp_path / "bird")
    (tmp_path / "broken").symlink_to("nowhere")
    with pytest.raises(InputError, match="is a link to something that does not exist"):
        open_dataset(tmp_path / "broken")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("birds.zip", "is an archive: .* Unpack it"),
        ("birds.tar.gz", "is an archive: .* Unpack it"),
        ("birds.xlsx", "is a .xlsx file: .* Save it as 'CSV UTF-8'"),
        ("bird.jpg", "is a single file: .* Give the folder"),
        ("bird", "is a single file: expected a folder"),
    ],
)
def test_sources_that_are_no_data_set_have_their_sentence(tmp_path, name, sentence):
    write(tmp_path / name, b"contents")
    with pytest.raises(InputError, match=sentence):
        open_dataset(tmp_path / name)


def test_a_pipe_or_an_impossible_name_as_source_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(InputError, match="a named pipe"):
        open_dataset(tmp_path / "pipe.csv")
    with pytest.raises(InputError):
        open_dataset(Path("x" * 300))
    with pytest.raises(InputError):
        open_dataset(Path("a\0b"))
    with pytest.raises(InputError, match="does not exist"):
        open_dataset(tmp_path / "a" / "b")


def test_the_name_of_a_data_set_is_its_folders(tmp_path, monkeypatch):
    add_good(tmp_path / "birds")
    monkeypatch.chdir(tmp_path / "birds")
    assert open_dataset(Path()).name == "birds"


def test_ants_and_bees_are_read_as_published(real_photos):
    dataset = open_dataset(real_photos("hymenoptera"))
    assert dataset.classes == ("ants", "bees")
    counts = [sum(p.part == part for p in dataset.photos) for part in ("train", "validation")]
    assert counts == [245, 153]  # 124 ants and 121 bees; 70 and 83
    check_trainable(dataset)
