"""Photos that join a data set: sorted by hand or by `predict --sort-into`, corrected, added."""

import numpy as np
import pytest
from PIL import Image

from eyespot.datasets.catalogue import open_dataset
from eyespot.errors import InputError


def picture(path, number):
    """A photo file whose bytes `number` decides."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(pixels).save(path, "PNG")


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """Three robins and three thrushes, numbers 0 to 5."""
    monkeypatch.chdir(tmp_path)
    for i in range(6):
        picture(tmp_path / "photos" / ("robin", "thrush")[i % 2] / f"{i}.png", i)
    return tmp_path / "photos"


@pytest.fixture
def sorted_photos(tmp_path):
    """As `predict --sort-into` leaves it, looked through by somebody."""
    folder = tmp_path / "sorted"
    picture(folder / "robin" / "10.png", 10)
    picture(folder / "robin" / "known.png", 0)  # a robin that teaches already
    picture(folder / "wren" / "day" / "11.png", 11)
    picture(folder / "none_of_these" / "12.png", 12)
    picture(folder / "unsure" / "13.png", 13)
    (folder / "robin" / "notes.txt").write_text("seen in May")
    return folder


def joined(photos, folder, **options):
    return open_dataset(photos, add=folder.relative_to(photos.parent), **options)


def test_folders_are_labels_and_a_new_one_is_a_new_class(photos, sorted_photos):
    dataset = joined(photos, sorted_photos)
    added = {p.file: p.label for p in dataset.photos if p.file.startswith("sorted/")}
    assert added == {"sorted/robin/10.png": "robin", "sorted/wren/day/11.png": "wren"}
    assert dataset.classes == ("robin", "thrush", "wren")
    assert [p.file for p in dataset.negatives] == ["sorted/none_of_these/12.png"]
    assert len(dataset.photos) == 6 + 2
    first = "3 photos from sorted join the training photos: none of these 1, robin 1, wren 1."
    assert first in dataset.notes
    assert "sorted adds 1 class: wren." in dataset.notes
    assert any("are easier than others" in note for note in dataset.notes)


def test_a_copy_of_a_known_photo_does_not_join_twice(photos, sorted_photos):
    picture(sorted_photos / "wren" / "twice.png", 11)
    reasons = {item.file: item.reason for item in joined(photos, sorted_photos).left_out}
    assert reasons["sorted/robin/known.png"] == "the same picture as robin/0.png"
    assert reasons["sorted/wren/twice.png"] == "the same picture as sorted/wren/day/11.png"


def test_a_copy_under_another_label_stays_to_be_told_as_a_contradiction(photos, sorted_photos):
    picture(sorted_photos / "thrush" / "other.png", 0)  # a robin in photos/
    dataset = joined(photos, sorted_photos)
    assert {"robin/0.png", "sorted/thrush/other.png"} <= {p.file for p in dataset.photos}


def test_what_nobody_decided_is_passed_over_and_told(photos, sorted_photos):
    dataset = joined(photos, sorted_photos)
    reasons = {item.file: item.reason for item in dataset.left_out}
    assert "put it into the folder of its class" in reasons["sorted/unsure/13.png"]
    assert "sorted/robin/notes.txt" in reasons
    (told,) = [note for note in dataset.notes if "passed over" in note]
    assert told.startswith("1 photo in sorted/unsure is passed over")


def test_a_class_named_unsure_is_a_class(photos, sorted_photos):
    picture(photos / "unsure" / "20.png", 20)
    dataset = joined(photos, sorted_photos)
    assert {p.file for p in dataset.photos if p.label == "unsure"} == {
        "unsure/20.png",
        "sorted/unsure/13.png",
    }


def test_the_given_split_stays_and_what_is_added_teaches(tmp_path, monkeypatch, sorted_photos):
    monkeypatch.chdir(tmp_path)
    for i in range(8):
        part = ("train", "test")[i // 4]
        picture(tmp_path / "photos" / part / ("robin", "wren")[i % 2] / f"{i}.png", i)
    dataset = joined(tmp_path / "photos", sorted_photos)
    assert {p.part for p in dataset.photos if p.file.startswith("sorted/")} == {"train"}
    assert not any("easier" in note for note in dataset.notes)
    assert sum(p.part == "test" for p in dataset.photos) == 4


def test_names_stay_different_where_a_class_has_the_name_of_the_folder(photos, sorted_photos):
    picture(photos / "sorted" / "robin" / "10.png", 30)
    files = [photo.file for photo in joined(photos, sorted_photos).photos]
    assert len(set(files)) == len(files) == 7 + 2


def test_split_folders_and_a_folder_without_classes_have_their_sentences(photos, tmp_path):
    picture(tmp_path / "parts" / "train" / "robin" / "1.png", 1)
    with pytest.raises(InputError, match=r"split folders \(train\).*Give parts/train instead"):
        open_dataset(photos, add=(tmp_path / "parts").relative_to(tmp_path))
    picture(tmp_path / "flat" / "1.png", 1)
    with pytest.raises(InputError, match="no photos in class folders"):
        open_dataset(photos, add=tmp_path / "flat")
    with pytest.raises(InputError, match="cannot be opened"):
        open_dataset(photos, add=tmp_path / "nowhere")


def table(folder, rows):
    path = folder / "labels.csv"
    path.write_text("file,label,site\n" + "\n".join(",".join(row) for row in rows) + "\n")
    return path


def rows_of(photos, sites):
    files = sorted(p.relative_to(photos).as_posix() for p in photos.rglob("*.png"))
    return [(file, "", site) for file, site in zip(files, sites, strict=True)]


def test_a_group_column_keeps_photos_together(photos, tmp_path):
    labels = table(tmp_path, rows_of(photos, "aabbcc"))
    dataset = open_dataset(photos, labels=labels, group_column="site")
    assert sorted(dataset.groups) == list("aabbcc")


def test_a_group_column_of_the_photos_own_table_is_read_too(photos):
    path = photos / "birds.csv"
    path.write_text(
        "file,label,site\nrobin/0.png,robin,a\nrobin/2.png,robin,b\nthrush/1.png,thrush,a\n"
    )
    assert open_dataset(path, group_column="site").groups == ("a", "b", "a")


def test_a_constant_group_column_is_refused(photos, tmp_path):
    labels = table(tmp_path, rows_of(photos, "aaaaaa"))
    with pytest.raises(InputError, match=r"--group-column site says a for every one of 6 photos"):
        open_dataset(photos, labels=labels, group_column="site")
    with pytest.raises(InputError, match="says png for every one"):
        open_dataset(photos, group_by=r"\.(png)")


def test_a_group_column_that_is_unique_per_photo_goes_on_and_says_so(photos, tmp_path):
    labels = table(tmp_path, rows_of(photos, "abcdef"))
    notes = open_dataset(photos, labels=labels, group_column="site").notes
    assert any("something else for each of 6 photos" in note for note in notes)


def test_a_group_column_that_is_not_there_is_told_with_those_that_are(photos, tmp_path):
    labels = table(tmp_path, rows_of(photos, "aabbcc"))
    with pytest.raises(InputError, match=r"--group-column place expects .* has file, label, site"):
        open_dataset(photos, labels=labels, group_column="place")
    with pytest.raises(InputError, match="there is no table here"):
        open_dataset(photos, group_column="site")
    with pytest.raises(InputError, match="expected one of them"):
        open_dataset(photos, labels=labels, group_column="site", group_by="site")


def test_an_edited_table_says_what_it_changed(photos, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text(
        "file,label,exclude\nrobin/0.png,thrush,\nrobin/2.png,thrush,\nthrush/1.png,robin,\n"
        "thrush/3.png,none_of_these,\nthrush/5.png,thrush,yes\nrobin/4.png,robin,\n"
    )
    notes = open_dataset(photos, labels=path).notes
    # 2 robins became thrushes, 1 thrush a robin, 1 thrush no class at all; 1 is excluded.
    assert any(
        note.endswith(
            "labels.csv changes the label of 4 photos: robin to thrush 2, thrush to robin 1, "
            "thrush to none of these 1."
        )
        for note in notes
    )
    assert any(note.endswith("labels.csv leaves out 1 photo.") for note in notes)
