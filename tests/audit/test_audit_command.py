"""`eyespot audit` as a user or a script calls it."""

import json
import shutil

import pytest
from click.testing import CliRunner
from PIL import Image

from eyespot.cli.main import eyespot
from eyespot.images.samples import sample_photos

KEYS = {
    "photos", "classes", "unreadable", "duplicates", "near_duplicates", "bursts",
    "conflicting_labels", "leaks", "class_problems",
}  # fmt: skip


@pytest.fixture
def photos(tmp_path, monkeypatch):
    """scikit-learn's two photos as classes, with a copy, a contradiction and an empty file."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "photos"
    for label, source in zip(("temple", "flower"), sample_photos(), strict=True):
        (folder / label).mkdir(parents=True)
        shutil.copy(source, folder / label / "one.jpg")
    shutil.copy(folder / "temple" / "one.jpg", folder / "temple" / "again.jpg")
    with Image.open(folder / "flower" / "one.jpg") as picture:
        picture.save(folder / "temple" / "wrong.jpg", quality=60)
    (folder / "flower" / "empty.jpg").touch()
    return folder


def run(*arguments):
    return CliRunner().invoke(eyespot, ["audit", *map(str, arguments)], standalone_mode=False)


def test_json_is_one_object_on_stdout_with_the_promised_keys(photos):
    result = run(photos, "--json")
    assert result.return_value == 0
    answer = json.loads(result.stdout)
    assert answer.keys() >= KEYS
    assert answer["photos"] == 4
    assert answer["classes"] == {"flower": 1, "temple": 3}
    assert answer["unreadable"] == [{"file": "flower/empty.jpg", "reason": "the file is empty"}]
    assert answer["duplicates"] == [["temple/again.jpg", "temple/one.jpg"]]
    assert answer["near_duplicates"] == [["flower/one.jpg", "temple/wrong.jpg"]]
    assert [c["files"] for c in answer["conflicting_labels"]] == answer["near_duplicates"]
    assert answer["leaks"] == []
    assert answer["independent"] == 2


def test_it_writes_beside_the_photos_and_never_among_them(photos, tmp_path):
    before = sorted(path.name for path in photos.rglob("*"))
    result = run(photos)
    assert sorted(path.name for path in (tmp_path / "photos-audit").iterdir()) == [
        "audit.html",
        "labels.csv",
    ]
    assert sorted(path.name for path in photos.rglob("*")) == before
    assert "Wrote photos-audit/audit.html" in result.stdout
    assert f"eyespot train {photos} --labels photos-audit/labels.csv" in result.stdout
    assert all(len(line) <= 100 for line in result.stdout.splitlines() if "eyespot" not in line)


def test_inside_the_photo_folder_it_asks_for_another_place(photos, monkeypatch):
    monkeypatch.chdir(photos)
    result = run(".")
    assert "--out" in str(result.exception)
    assert not (photos / "photos-audit").exists()


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (["leaks"], 0),
        (["leaks", "bursts"], 0),
        (["duplicates"], 1),
        (["leaks", "near_duplicates"], 1),
        (["conflicting-label"], 1),
        (["bursts,unreadable"], 1),
        (["class-problems"], 1),
    ],
)
def test_fail_on_ends_with_1_where_the_kind_was_found(photos, kinds, code):
    options = [part for kind in kinds for part in ("--fail-on", kind)]
    assert run(photos, "--json", *options).return_value == code


def test_an_unknown_kind_is_told_with_the_known_ones(photos):
    result = run(photos, "--fail-on", "blur")
    message = str(result.exception)
    for kind in ("unreadable", "duplicates", "near-duplicates", "bursts", "conflicting-labels",
                 "leaks", "class-problems"):  # fmt: skip
        assert kind in message


def test_the_edited_table_is_honoured_and_kept(photos, tmp_path):
    run(photos)
    table = tmp_path / "photos-audit" / "labels.csv"
    text = table.read_text("utf-8-sig").replace(
        "temple/wrong.jpg,temple", "temple/wrong.jpg,flower"
    )
    table.write_text(text, "utf-8")
    result = run(photos, "--labels", table, "--json")
    answer = json.loads(result.stdout)
    assert answer["conflicting_labels"] == []
    assert answer["classes"] == {"flower": 2, "temple": 2}
    assert "temple/wrong.jpg,flower" in table.read_text("utf-8-sig")


def test_a_column_of_the_table_says_what_belongs_together(photos, tmp_path):
    """Two pictures, each with a copy or near-copy: two groups, until one place joins them."""
    sites = {"flower/one": "x", "temple/one": "x", "temple/again": "x", "temple/wrong": "y"}
    table = tmp_path / "sites.csv"
    rows = [f"{file}.jpg,{file.partition('/')[0]},{site}" for file, site in sites.items()]
    table.write_text("\n".join(["file,label,site", *rows]))
    answers = [
        json.loads(run(photos, "--json", "--labels", table, *words).stdout)
        for words in ((), ("--group-column", "site"))
    ]
    assert [answer["independent"] for answer in answers] == [2, 1]


def test_a_folder_that_is_not_there_is_said_so(tmp_path):
    result = run(tmp_path / "nowhere")
    assert "does not exist" in str(result.exception)
