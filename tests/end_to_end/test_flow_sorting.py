"""The round that teaches: predict into folders, put right, train again; wrong labels are told."""

from pathlib import Path

import pytest
from documented import undocumented
from flows import CLASSES, run, texture, tree

pytestmark = pytest.mark.slow  # two trainings and an audit besides


def test_predict_sort_correct_add_and_train_again(made, tmp_path):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    for label in CLASSES:
        for seed in range(200, 203):
            texture(label, seed).save(inbox / f"{label}-{seed}.jpg", quality=90)
    before = tree(inbox)
    words = ("predict", made.bundle, "inbox", "--sort-into", "sorted", "--jsonl")
    first = run(*words, cwd=tmp_path)
    assert first.code == 0, first.err
    assert not undocumented("predict", first.lines)
    assert run(*words, cwd=tmp_path).out == first.out
    assert tree(inbox) == before  # copied, never moved
    placed = {line["file"]: tmp_path / line["sorted_to"] for line in first.lines}
    assert len(placed) == len(set(placed.values())) == 9
    for file, place in placed.items():  # somebody looks through them
        right = tmp_path / "sorted" / Path(file).name.split("-")[0] / place.name
        right.parent.mkdir(exist_ok=True)
        place.rename(right)
    corrected = tree(tmp_path / "sorted")
    assert run(*words, cwd=tmp_path).code == 0
    assert {k: v for k, v in tree(tmp_path / "sorted").items() if k in corrected} == corrected
    ran = run("train", made.photos, "--add", "sorted", "--out", "better", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert ran.json["photos"]["used"] == 36 + 9
    assert ran.json["metrics"]["n"] == 36  # what was added teaches, and is not measured
    assert any("9 photos from sorted join" in note for note in ran.json["notes"])
    again = run("train", made.photos, "--add", "sorted", "--out", "better", "--json", cwd=tmp_path)
    assert again.out == ran.out


def test_a_wrong_label_is_found_corrected_and_told(made, tmp_path):
    photos = tmp_path / "photos"
    for label in CLASSES:
        (photos / label).mkdir(parents=True)
        for path in sorted((made.photos / label).iterdir()):
            (photos / label / path.name).write_bytes(path.read_bytes())
    for path in sorted((photos / "dots").iterdir())[1::3]:
        path.rename(photos / "waves" / path.name)
    ran = run("audit", "photos", "--labels", "--json", cwd=tmp_path)
    assert ran.code == 0, ran.err
    assert not undocumented("audit", ran.json)
    found = [item["file"] for item in ran.json["suspect_labels"]]
    assert found and all(file.startswith("waves/dots-") for file in found)
    table = tmp_path / "photos-audit" / "labels.csv"
    text = table.read_text("utf-8-sig")
    for file in found:
        text = text.replace(f"{file},waves,", f"{file},dots,")
    table.write_text(text, "utf-8")
    words = ("--labels", "photos-audit/labels.csv", "--out", "model", "--json")
    trained = run("train", "photos", *words, cwd=tmp_path)
    assert trained.code == 0, trained.err
    told = f"changes the label of {len(found)} photo"
    assert any(told in note and "waves to dots" in note for note in trained.json["notes"])
    ended = run("audit", "photos", "--fail-on", "suspect-labels", "--json", cwd=tmp_path)
    assert ended.code == 1  # the folder's own labels are as they were
