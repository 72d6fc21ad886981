"""Every trap that a file system can set ends in its one documented outcome (bar I8)."""

import csv
import io
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

import pytest
from traps import (
    LEFT_OUT,
    PASSED_OVER,
    PHOTO,
    UNREADABLE,
    Trap,
    add_good,
    add_traps,
    as_nobody,
    jpeg,
    write,
)

from eyespot.datasets.catalogue import find_photos, open_dataset
from eyespot.datasets.checks import check_trainable, without
from eyespot.datasets.dataset import ImageDataset, LeftOut
from eyespot.datasets.names import shown
from eyespot.datasets.spreadsheet import cell, from_cell
from eyespot.errors import ImageError
from eyespot.images.decode import decode


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "birds"
    add_good(root)
    return root


def outcomes(dataset: ImageDataset) -> dict[str, tuple[str, str]]:
    """File -> what became of it, and why. Fails where a file has two outcomes."""
    found = [(item.file, (LEFT_OUT, item.reason)) for item in dataset.left_out]
    for photo in dataset.photos:
        try:
            decode(photo.path)
        except ImageError as error:
            found.append((photo.file, (UNREADABLE, str(error))))
        else:
            found.append((photo.file, (PHOTO, "")))
    assert len(found) == len(dict(found)), "a file has two outcomes"
    return dict(found)


def assert_all_as_documented(traps: tuple[Trap, ...], came: dict[str, tuple[str, str]]) -> None:
    for trap in traps:
        outcome, reason = came.get(trap.file, (PASSED_OVER, ""))
        assert outcome == trap.outcome, f"{trap.file!r}: {reason}"
        assert trap.reason in reason, trap.file
        assert outcome in (PHOTO, PASSED_OVER) or len(reason) > 8, trap.file


def test_every_trap_in_a_folder_ends_as_documented(folder):
    traps = add_traps(folder)
    assert len(traps) >= 50, "this system can set at least 50 traps"
    dataset = open_dataset(folder)
    came = outcomes(dataset)
    assert_all_as_documented(traps, came)
    good = {file for file, (outcome, _) in came.items() if outcome == PHOTO}
    assert good >= {f"{label}/good{i}.jpg" for label in ("robin", "wren") for i in range(6)}
    assert set(came) == {trap.file for trap in traps if trap.outcome != PASSED_OVER} | good
    assert dataset.classes == ("robin", "wren")


def test_prediction_gives_every_file_of_the_trap_folder_exactly_one_entry(folder):
    traps = add_traps(folder)
    photos, left_out = find_photos([folder])
    names = [photo.file for photo in photos] + [item.file for item in left_out]
    assert len(names) == len(set(names))
    expected = {f"{folder.as_posix()}/{trap.file}" for trap in traps if trap.outcome != PASSED_OVER}
    assert expected <= set(names)
    passed_over = [trap.file for trap in traps if trap.outcome == PASSED_OVER]
    assert not {f"{folder.as_posix()}/{file}" for file in passed_over} & set(names)


def test_bad_files_leave_the_data_set_as_it_was_without_them(folder):
    alone = open_dataset(folder)
    add_traps(folder, outcomes={UNREADABLE, LEFT_OUT, PASSED_OVER})
    write(folder / "only_bad" / "broken.jpg", b"no picture")
    dataset = open_dataset(folder)
    bad = tuple(
        LeftOut(file, reason)
        for file, (outcome, reason) in outcomes(dataset).items()
        if outcome == UNREADABLE
    )
    assert len(bad) >= 6
    kept = without(dataset, bad)
    check_trainable(kept)
    assert kept.photos == alone.photos
    assert kept.classes == alone.classes == ("robin", "wren")
    assert kept.fingerprint == alone.fingerprint
    assert "'only_bad' has no photo that can be read" in " ".join(kept.notes)


@pytest.mark.skipif(not hasattr(os, "fork") or os.geteuid() != 0, reason="needs root and fork")
def test_without_the_right_to_read_files_are_unreadable_and_folders_left_out():
    root = Path(tempfile.mkdtemp(prefix="eyespot-traps-"))
    try:
        root.chmod(0o755)
        photos = root / "birds"
        photos.mkdir()
        shutil.chown(photos, 65534)

        def look():
            add_good(photos)
            traps = add_traps(photos)
            came = outcomes(open_dataset(photos))
            assert_all_as_documented(traps, came)
            closed = find_photos([photos / "robin" / "closed"])
            return [
                len(traps),
                came["robin/mode000.jpg"],
                came["robin/closed"],
                closed[1][0].reason,
            ]

        count, forbidden, closed, named = as_nobody(look)
        assert count >= 50
        assert forbidden[0] == UNREADABLE
        assert "permission" in forbidden[1]
        assert closed == [LEFT_OUT, "the folder cannot be opened: permission denied"]
        assert named == closed[1]
    finally:
        shutil.rmtree(root)


def test_a_photo_that_goes_or_is_cut_after_the_listing_is_an_image_error(folder):
    dataset = open_dataset(folder)
    dataset.photos[0].path.unlink()
    with pytest.raises(ImageError, match="no such file"):
        dataset[0]
    dataset.photos[1].path.write_bytes(jpeg(1)[:300])
    with pytest.raises(ImageError):
        dataset[1]
    picture, label = dataset[2]
    assert (picture.mode, label) == ("RGB", 0)


def test_every_name_survives_json_and_csv(folder):
    add_traps(folder)
    files = [photo.file for photo in open_dataset(folder).photos]
    assert "wren/byte\udce9.jpg" in files
    assert json.loads(json.dumps(files)) == files
    table = io.StringIO()
    csv.writer(table).writerows([cell(shown(file))] for file in files)
    content = table.getvalue().encode("utf-8")  # raises for what is no text
    rows = [from_cell(row[0]) for row in csv.reader(io.StringIO(content.decode(), newline=""))]
    assert rows == [shown(file) for file in files]
    assert len(set(rows)) == len(files), "different names are shown differently"
    assert all(line.isprintable() or "\u200d" in line for line in rows)


def test_a_file_in_a_mount_of_a_folder_in_itself_is_read_once(folder, monkeypatch):
    """A bind mount cannot be made in a test: its effect is, by giving two folders one identity."""
    add_good(folder / "copy" / "birds")
    real = os.stat
    twin = {str(folder / "copy" / "birds"): folder}
    monkeypatch.setattr(
        os, "stat", lambda path, **options: real(twin.get(str(path), path), **options)
    )
    dataset = open_dataset(folder)
    assert len(dataset) == 12
    assert [item.file for item in dataset.left_out] == ["copy/birds"]
    assert "read in another place" in dataset.left_out[0].reason


@pytest.mark.slow
def test_a_hundred_thousand_files_are_read_in_the_time_of_a_few_bare_listings(tmp_path):
    content = jpeg(0)
    for i in range(100):
        (tmp_path / f"class{i:02d}").mkdir()
        for j in range(1000):
            (tmp_path / f"class{i:02d}" / f"{j}.jpg").write_bytes(content)
    start = time.monotonic()
    bare = len(sorted(tmp_path.rglob("*.jpg")))
    walked = time.monotonic() - start
    start = time.monotonic()
    dataset = open_dataset(tmp_path)
    read = time.monotonic() - start
    assert len(dataset) == bare == 100_000
    assert len(dataset.classes) == 100
    assert read <= 8 * walked, f"{read:.1f} s, a bare sorted rglob {walked:.1f} s"
