"""`predict --sort-into`: copies by their answer, nothing lost, the same command twice is once."""

import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from small_networks import made

from eyespot.classifier.classifier import Prediction
from eyespot.classifier.sorting import Sorter, require_apart, sorted_as
from eyespot.cli.main import eyespot
from eyespot.datasets.dataset import Photo
from eyespot.errors import InputError
from eyespot.images.samples import sample_photos

CLASSES = ("robin", "thrush")


def said(label="robin", probability=0.9, **fields):
    labels = ((label, probability),)
    return Prediction("x.jpg", label, probability, none_of_these=None, labels=labels, **fields)


def photo(folder, name, content):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return Photo(path, f"inbox/{name}")


def tree(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


@pytest.mark.parametrize(
    ("prediction", "folder"),
    [
        (said(), "robin"),
        (said(probability=0.8), "robin"),
        (said(probability=0.79), "unsure"),
        (said(label_set=("robin", "thrush")), "unsure"),
        (said(label_set=("robin",)), "robin"),
        (said(label_set=()), "robin"),
        (said(probability=0.3, is_none_of_these=True, label_set=CLASSES), "none_of_these"),
    ],
)
def test_refused_first_then_unsure_then_the_label(prediction, folder):
    assert sorted_as(prediction) == folder


def test_what_is_sure_enough_is_asked_for():
    assert sorted_as(said(probability=0.6), sure=0.5) == "robin"
    assert sorted_as(said(probability=0.99), sure=1) == "unsure"


def test_two_photos_of_one_name_both_lie_there_and_twice_is_once(tmp_path):
    target = tmp_path / "sorted"
    one = photo(tmp_path, "a/1.jpg", b"first")
    two = photo(tmp_path, "b/1.jpg", b"second")
    sorter = Sorter(target, CLASSES)
    assert sorter.copy(one, said()) == target / "robin" / "1.jpg"
    named = sorter.copy(two, said())
    # the first eight digits of SHA-256("second"), by sha256sum
    assert named == target / "robin" / "1-16367aac.jpg"
    before = tree(target)
    again = Sorter(target, CLASSES)
    assert again.copy(two, said()) == named
    assert again.copy(one, said()) == target / "robin" / "1.jpg"
    assert (again.copied, again.known) == (0, 2)
    assert tree(target) == before
    assert one.path.read_bytes() == b"first"  # copied, not moved


def test_another_file_is_never_overwritten(tmp_path):
    target = tmp_path / "sorted"
    photo(target, "robin/1.jpg", b"somebody's own")
    Sorter(target, CLASSES).copy(photo(tmp_path, "1.jpg", b"new"), said())
    assert (target / "robin" / "1.jpg").read_bytes() == b"somebody's own"
    assert len(tree(target)) == 2


def test_a_correction_is_not_undone_by_the_next_run(tmp_path):
    target = tmp_path / "sorted"
    one = photo(tmp_path, "1.jpg", b"a thrush in truth")
    Sorter(target, CLASSES).copy(one, said("robin"))
    (target / "thrush").mkdir()
    (target / "robin" / "1.jpg").rename(target / "thrush" / "1.jpg")
    assert Sorter(target, CLASSES).copy(one, said("robin")) == target / "thrush" / "1.jpg"
    assert set(tree(target)) == {"thrush/1.jpg"}


def test_hidden_names_and_pictures_inside_larger_files_can_be_read_back(tmp_path):
    target = tmp_path / "sorted"
    hidden = photo(tmp_path, ".hidden.jpg", b"hidden")
    inside = Photo(tmp_path, "cifar10/test/00007", content=b"P6 ...")
    sorter = Sorter(target, CLASSES)
    assert sorter.copy(hidden, said()).name == "hidden.jpg"
    assert sorter.copy(inside, said()).name == "00007.ppm"


@pytest.mark.parametrize("label", ["a/b", "../up", "..", ".", "", ".git", "C:\\x", "C:x", "a\0b"])
def test_a_class_that_would_lead_elsewhere_is_refused(tmp_path, label):
    with pytest.raises(InputError, match="cannot be the name of one"):
        Sorter(tmp_path, ("robin", label))


@pytest.mark.parametrize("label", ["unsure", "Unsure", "none of these", "other"])
def test_a_class_that_has_the_name_of_a_reserved_folder_is_refused(tmp_path, label):
    with pytest.raises(InputError, match="another purpose"):
        Sorter(tmp_path, ("robin", label))


def test_copies_do_not_lie_among_the_photos(tmp_path):
    (tmp_path / "inbox").mkdir()
    with pytest.raises(InputError, match="would take the copies for new photos"):
        require_apart(tmp_path / "inbox" / "sorted", [tmp_path / "inbox", tmp_path / "a.jpg"])
    require_apart(tmp_path / "sorted", [tmp_path / "inbox"])


def run(*words):
    result = CliRunner().invoke(eyespot, ["predict", "./model", *map(str, words)])
    assert result.exit_code == 0, result.output
    return result


def test_the_command_tells_where_each_photo_went(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    made("lenet5")[2].save("model")
    for path in sample_photos():
        shutil.copy(path, inbox)
    (inbox / "broken.jpg").write_bytes(b"nothing")
    words = ("inbox", "--sort-into", "sorted", "--csv", "out.csv", "--jsonl", "--sure", "0")
    first = run(*words)
    answers = [json.loads(line) for line in first.stdout.splitlines()]
    placed = {answer["file"]: answer["sorted_to"] for answer in answers}
    assert placed.pop("inbox/broken.jpg") is None
    for answer in answers:
        if place := answer["sorted_to"]:
            assert place == f"sorted/{answer['label']}/{Path(answer['file']).name}"
            assert Path(place).read_bytes() == Path(answer["file"]).read_bytes()
    text = Path("out.csv").read_text("utf-8-sig")
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(text))}
    assert {file: rows[file]["sorted_to"] for file in placed} == placed
    assert rows["inbox/broken.jpg"]["error"] and not rows["inbox/broken.jpg"]["sorted_to"]
    assert "Copied 2 photos into sorted" in first.stderr
    assert "eyespot train PHOTOS --add sorted" in first.stderr
    before = tree(tmp_path / "sorted")
    second = run(*words)
    assert second.stdout == first.stdout
    assert tree(tmp_path / "sorted") == before
    assert "Copied 0 photos into sorted, 2 were there already" in second.stderr


def test_a_bound_without_a_folder_is_refused():
    result = CliRunner().invoke(
        eyespot, ["predict", "imagenet", "x.jpg", "--sure", "0.5"], standalone_mode=False
    )
    assert "--sure does nothing without --sort-into" in str(result.exception)
