"""The audit's `labels.csv` after the user has been at it, and groups by name."""

import csv
from pathlib import Path

import pytest
from traps import add_good, add_traps, jpeg, write

from eyespot.datasets.catalogue import open_dataset
from eyespot.datasets.names import shown
from eyespot.datasets.spreadsheet import cell
from eyespot.errors import InputError

HEADER = ("file", "label", "exclude", "group", "suggestion", "reason")


@pytest.fixture
def root(tmp_path):
    add_good(tmp_path / "birds", photos=3)
    write(tmp_path / "birds" / "other" / "sky.jpg", jpeg(99))
    return tmp_path / "birds"


def edited(root: Path, *rows: tuple[str, ...], group_by: str | None = None, header=HEADER):
    table = root.parent / "labels.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([cell(item) for item in row] for row in rows)
    return open_dataset(root, labels=table, group_by=group_by)


def labels(dataset) -> dict[str, str | None]:
    return {photo.file: photo.label for photo in dataset.photos}


def test_an_edited_label_counts_and_a_new_one_is_a_new_class(root):
    dataset = edited(
        root,
        ("robin/good0.jpg", "wren", "", "", "wren", "looks like one"),
        ("robin/good1.jpg", "owl", "", "", "", ""),
        ("robin/good2.jpg", "", "", "", "", ""),
    )
    assert dataset.classes == ("owl", "robin", "wren")
    found = labels(dataset)
    assert [found[f"robin/good{i}.jpg"] for i in range(3)] == ["wren", "owl", "robin"]
    assert "adds 1 class: owl" in " ".join(dataset.notes)
    assert "3 photos" not in dataset.notes[-1]
    assert "4 photos not in" in " ".join(dataset.notes)


@pytest.mark.parametrize("value", ["yes", "Yes", "true", "1", "x", "X", "y"])
def test_excluded_photos_are_left_out(root, value):
    dataset = edited(root, ("robin/good0.jpg", "robin", value, "", "", ""))
    assert "robin/good0.jpg" not in labels(dataset)
    assert [(item.file, item.reason) for item in dataset.left_out] == [
        ("robin/good0.jpg", "excluded in labels.csv")
    ]


@pytest.mark.parametrize("value", ["", "no", "No", "0", "false"])
def test_photos_that_are_not_excluded_stay(root, value):
    assert len(edited(root, ("robin/good0.jpg", "robin", value, "", "", ""))) == 6


def test_a_word_that_is_neither_yes_nor_no_is_refused_with_its_line(root):
    with pytest.raises(InputError, match=r"has 'blurred' in its column exclude \(line 2\)"):
        edited(root, ("robin/good0.jpg", "robin", "blurred", "", "", ""))


def test_groups_of_the_table_are_taken_over_the_pattern(root):
    dataset = edited(
        root,
        ("robin/good0.jpg", "robin", "", "burst 1", "", ""),
        ("robin/good1.jpg", "robin", "", "burst 1", "", ""),
        group_by=r"good(\d)",
    )
    assert dataset.groups == ("burst 1", "burst 1", "2", "0", "1", "2")


def test_a_column_of_the_table_can_be_the_group(root):
    rows = [("robin/good0.jpg", "nest 1"), ("wren/good0.jpg", "nest 1")]
    dataset = edited(root, *rows, group_by="nest", header=("file", "nest"))
    assert dataset.groups == ("nest 1", None, None, "nest 1", None, None)


def test_photos_move_to_none_of_these_and_back(root):
    dataset = edited(
        root,
        ("robin/good0.jpg", "_none", "", "", "", ""),
        ("other/sky.jpg", "sky", "", "", "", ""),
    )
    assert [photo.file for photo in dataset.negatives] == ["robin/good0.jpg"]
    assert labels(dataset)["other/sky.jpg"] == "sky"


def test_a_class_that_loses_its_last_photo_is_gone_and_named(root):
    rows = [(f"wren/good{i}.jpg", "robin", "", "", "", "") for i in range(3)]
    dataset = edited(root, *rows)
    assert dataset.classes == ("robin",)
    assert "takes the last photo from 1 class: wren" in " ".join(dataset.notes)


def test_rows_for_files_that_are_gone_are_noted(root):
    dataset = edited(root, ("robin/good0.jpg", "robin"), ("robin/gone.jpg", "robin"))
    assert "has 1 row for files not there (robin/gone.jpg)" in " ".join(dataset.notes)


def test_two_rows_that_differ_are_refused_and_equal_ones_are_not(root):
    row = ("robin/good0.jpg", "wren", "", "", "", "")
    assert labels(edited(root, row, row))["robin/good0.jpg"] == "wren"
    with pytest.raises(
        InputError, match=r"two different rows for robin/good0.jpg \(lines 2 and 3\)"
    ):
        edited(root, row, ("robin/good0.jpg", "robin", "", "", "", ""))


def test_a_table_of_all_names_that_a_file_can_have_finds_every_file(root):
    add_traps(root)
    files = [photo.file for photo in open_dataset(root).photos]
    rows = [(shown(file), "=new", "", "", "", "") for file in files]
    dataset = edited(root, *rows)
    assert {photo.file for photo in dataset.photos} == set(files)
    assert dataset.classes == ("=new",)
    assert not [note for note in dataset.notes if "not there" in note]
    assert "1 photo not in" in " ".join(dataset.notes), "the one example of none of these"


def test_a_table_without_file_names_is_refused(root):
    with pytest.raises(InputError, match="no column for the file"):
        edited(root, ("robin",), header=("label",))


def test_photos_are_grouped_by_a_pattern_in_their_names(tmp_path):
    for seed, name in enumerate(("a/bird07_1.jpg", "a/bird07_2.jpg", "b/bird8_1.jpg", "b/x.jpg")):
        write(tmp_path / name, jpeg(seed))
    dataset = open_dataset(tmp_path, group_by=r"(bird\d+)_")
    assert dataset.groups == ("bird07", "bird07", "bird8", None)
    assert dataset.notes[0].startswith("2 groups of photos by")
    assert "1 photo (b/x.jpg) not matched" in dataset.notes[1]


@pytest.mark.parametrize(
    ("pattern", "sentence"),
    [
        ("(", "is no regular expression"),
        ("bird", "has 0 brackets"),
        ("(a)(b)", "has 2 brackets"),
        ("(nest)", r"matches none of 6 photos: .* such as robin/good0.jpg"),
        ("()", "matches none"),
        ("(" * 5000 + "a" + ")" * 5000, "is no regular expression|brackets"),
        ("(a{99999999999999999999})", "is no regular expression"),
    ],
)
def test_a_pattern_that_cannot_be_used_says_why(root, pattern, sentence):
    with pytest.raises(InputError, match=sentence):
        open_dataset(root, group_by=pattern)
