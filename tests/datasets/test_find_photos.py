"""Prediction: every file named or found has one entry, under the name that the user knows."""

import os
from pathlib import Path

import pytest
from traps import jpeg, write

from eyespot.datasets.catalogue import find_photos
from eyespot.errors import InputError


@pytest.fixture
def inbox(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("b.jpg", "a.jpg", "deep/c", "notes.txt", ".hidden.jpg")):
        write(Path("inbox", name), jpeg(seed))
    return Path("inbox")


def files(*sources: str) -> tuple[list[str], list[str]]:
    photos, left_out = find_photos([Path(source) for source in sources])
    return [photo.file for photo in photos], [item.file for item in left_out]


def test_a_folder_gives_all_its_files_sorted_whatever_their_suffix(inbox):
    assert files("inbox") == (["inbox/a.jpg", "inbox/b.jpg", "inbox/deep/c", "inbox/notes.txt"], [])


def test_named_files_keep_the_order_and_the_name_that_was_typed(inbox):
    absolute = str(inbox.absolute() / "a.jpg")
    assert files("inbox/b.jpg", absolute) == (["inbox/b.jpg", absolute], [])


def test_a_hidden_file_counts_when_it_is_named_itself(inbox):
    assert files("inbox/.hidden.jpg") == (["inbox/.hidden.jpg"], [])


def test_a_file_named_twice_in_any_way_has_one_entry(inbox):
    found = files("inbox/b.jpg", "inbox", "./inbox/../inbox/a.jpg", str(inbox.absolute()))
    assert found == (["inbox/b.jpg", "inbox/a.jpg", "inbox/deep/c", "inbox/notes.txt"], [])


def test_a_missing_file_is_left_out_and_the_others_are_found(inbox):
    photos, left_out = find_photos([Path("nowhere.jpg"), inbox / "a.jpg"])
    assert [photo.file for photo in photos] == ["inbox/a.jpg"]
    assert [(item.file, item.reason) for item in left_out] == [
        ("nowhere.jpg", "there is no such file")
    ]


def test_a_named_link_is_followed_and_a_broken_one_left_out(inbox, tmp_path):
    Path("link.jpg").symlink_to("inbox/a.jpg")
    Path("folder").symlink_to("inbox")
    Path("broken.jpg").symlink_to("nowhere")
    assert files("link.jpg") == (["link.jpg"], [])
    assert len(files("folder")[0]) == 4
    _, left_out = find_photos([Path("broken.jpg")])
    assert left_out[0].reason == "a link to a file that does not exist"


def test_pipes_devices_and_impossible_names_are_left_out_without_waiting(inbox):
    os.mkfifo("pipe.jpg")
    names = ["pipe.jpg", "/dev/null", "x" * 300, "a\0b", "inbox/a.jpg/inner.jpg"]
    photos, left_out = find_photos([Path(name) for name in names])
    assert photos == ()
    assert [item.file for item in left_out] == names
    assert all(len(item.reason) > 8 for item in left_out)


def test_no_file_at_all_is_refused(tmp_path):
    with pytest.raises(InputError, match="There is no file in"):
        find_photos([tmp_path])
    with pytest.raises(InputError, match="an empty list"):
        find_photos([])
