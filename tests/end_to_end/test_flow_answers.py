"""Every command's machine-readable answer has the keys that were promised, and true contents."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from flows import CLASSES, THREE_FILES, run, texture, three_files, tree, write_textures
from traps import PASSED_OVER, add_good, add_traps

SHARES = ("top1", "balanced_accuracy")


def test_train_answers_with_one_object_that_has_every_promised_key(made):
    answer = made.answer
    assert set(answer) >= {"bundle", "classes", "photos", "split", "head", "metrics", "seconds"}
    assert answer["bundle"] == str(made.bundle)
    assert answer["classes"] == list(CLASSES)
    assert answer["photos"] == {"found": 36, "used": 36, "skipped": []}
    assert answer["split"] == {"train": 36, "validation": 0, "test": 0}
    metrics = answer["metrics"]
    assert metrics["n"] == 36
    assert 2 <= metrics["groups"] <= 36
    low, high = metrics["top1_interval"]
    assert 0 <= low <= metrics["top1"] <= high <= 1
    assert all(0 <= metrics[key] <= 1 for key in SHARES)
    assert [row["label"] for row in metrics["per_class"]] == list(CLASSES)
    assert all(set(row) >= {"n", "precision", "recall", "f1"} for row in metrics["per_class"])
    assert sum(row["n"] for row in metrics["per_class"]) == 36
    assert all(seconds >= 0 for seconds in answer["seconds"].values())
    assert metrics["top1"] >= 0.9, "textures of three colours can be told apart"


def test_the_bundle_holds_what_was_promised(made):
    names = {path.name for path in made.bundle.iterdir()}
    assert names >= {*THREE_FILES, "README.md", "report.html", "SHA256SUMS"}
    assert not [name for name in names if name.startswith(".")]


def test_the_same_command_again_changes_nothing_and_says_the_same(made):
    before = tree(made.bundle.parent)
    again = run("train", made.photos, "--out", made.bundle, "--json")
    assert again.code == 0
    assert again.json == made.answer
    assert "nothing is to be done" in again.err
    assert tree(made.bundle.parent) == before


def test_another_command_does_not_replace_a_bundle_without_overwrite(made, bundle):
    before = tree(bundle)
    run("train", made.photos, "--out", bundle, "--seed", "1").assert_refused("--overwrite")
    run("train", made.others, "--out", bundle).assert_refused("--overwrite")
    assert tree(bundle) == before
    replaced = run("train", made.others, "--out", bundle, "--overwrite", "--json")
    assert replaced.code == 0
    assert replaced.json["photos"]["used"] == 12
    assert run("bundle", "check", bundle).code == 0


def test_training_twice_gives_the_same_three_files(made, tmp_path):
    ran = run("train", made.photos, "--out", tmp_path / "model", "--json")
    assert three_files(tmp_path / "model") == three_files(made.bundle)
    assert ran.json["metrics"] == made.answer["metrics"]


def test_a_folder_with_train_and_val_trains_on_the_one_and_reports_on_the_other(tmp_path):
    write_textures(tmp_path / "photos" / "train", photos=6)
    write_textures(tmp_path / "photos" / "val", photos=3, first=50)
    answer = run("train", tmp_path / "photos", "--out", tmp_path / "m", "--json").json
    assert answer["split"] == {"train": 18, "validation": 9, "test": 0}
    assert answer["metrics"]["n"] == 9
    assert answer["photos"] == {"found": 27, "used": 27, "skipped": []}
    values = json.loads((tmp_path / "m" / "classifier.json").read_text("utf-8"))
    assert values["card"]["trained_on"] == dict.fromkeys(CLASSES, 6)
    measured = run("evaluate", tmp_path / "m", tmp_path / "photos", "--json").json
    assert measured["n"] == 9
    assert measured["measured_by"] == "held out"
    assert measured["top1"] == answer["metrics"]["top1"]


def test_a_table_of_photos_is_trained_on_like_a_folder(made, tmp_path):
    rows = ["file,label", *(f"{p},{p.parent.name}" for p in sorted(made.photos.rglob("*.jpg")))]
    table = tmp_path / "photos.csv"
    table.write_text("\ufeff" + "\n".join(rows) + "\n", "utf-8")
    answer = run("train", table, "--out", tmp_path / "m", "--json").json
    assert answer["classes"] == list(CLASSES)
    assert answer["photos"]["used"] == 36
    assert three_files(tmp_path / "m") == three_files(made.bundle)


def test_evaluate_answers_with_every_promised_key_in_both_spellings(made):
    one = run("evaluate", made.bundle, made.others, "--json").json
    other = run("evaluate", made.bundle, "--data", made.others, "--json").json
    assert one == other
    assert set(one) >= {
        "n", "top1", "top1_interval", "top5", "balanced_accuracy", "per_class", "confusion",
        "classes", "skipped",
    }  # fmt: skip
    assert one["n"] == 12 == np.array(one["confusion"]).sum()
    assert np.trace(one["confusion"]) == round(one["top1"] * 12)
    assert one["skipped"] == []
    assert one["classes"] == list(CLASSES)
    assert all({"label", "n", "precision", "recall", "f1"} <= set(r) for r in one["per_class"])


def test_evaluate_takes_several_bundles_with_data(made, bundle):
    both = run("evaluate", made.bundle, bundle, "--data", made.others, "--json").json["results"]
    assert [result["bundle"] for result in both] == [str(made.bundle), str(bundle)]
    assert both[0]["confusion"] == both[1]["confusion"]


def test_evaluate_leaves_out_what_was_learned_from_and_says_so(made, tmp_path):
    mixed = write_textures(tmp_path / "mixed", photos=2)  # the first two are training photos
    write_textures(mixed, photos=1, first=200)
    answer = run("evaluate", made.bundle, mixed, "--json").json
    assert answer["n"] == 3
    assert len(answer["skipped"]) == 6
    assert {item["reason"] for item in answer["skipped"]} == {
        "the classifier learned from this photo"
    }
    told = run("evaluate", made.bundle, mixed)
    assert "Measured on 3 photos it had never seen" in told.out
    assert "6 files were left out" in told.err


def test_evaluate_on_the_training_photos_alone_says_what_that_is_worth(made, tmp_path):
    photos = Path(shutil.copytree(made.photos, tmp_path / "photos"))
    (photos / "dots" / "bad.jpg").write_bytes(b"no picture")
    answer = run("evaluate", made.bundle, photos, "--json").json
    assert answer["n"] == 36
    assert [item["file"] for item in answer["skipped"]] == ["dots/bad.jpg"]
    assert answer["measured_by"] == "training photos"
    assert "learned from all" in answer["notes"][0]
    told = run("evaluate", made.bundle, made.photos)
    assert "never seen" not in told.out
    assert "that it had learned from" in told.out
    assert "not how good it is on new ones" in " ".join(told.err.split())


def test_evaluate_writes_a_report_where_it_is_asked_to(made, tmp_path):
    out = tmp_path / "measured"
    assert run("evaluate", made.bundle, made.others, "--out", out).code == 0
    assert {path.name for path in out.iterdir()} == {"report.html", "predictions.csv"}
    again = run("evaluate", made.bundle, made.others, "--out", out)
    again.assert_refused("--overwrite")
    assert run("evaluate", made.bundle, made.others, "--out", out, "--overwrite").code == 0
    run("evaluate", made.bundle, made.others, "--out", made.photos, "--overwrite").assert_refused(
        "no report"
    )


def test_evaluate_imagenet_knows_folders_by_class_and_by_wordnet_id(tmp_path):
    from eyespot.images.samples import sample_photos

    china, flower = sorted(sample_photos())
    for name, photo in (
        ("n03877845_palace", china), ("Daisy", flower), ("n11939491", flower), ("house", china)
    ):  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / "photo.jpg").write_bytes(photo.read_bytes())
    answer = run("evaluate", "imagenet", tmp_path, "--json").json
    assert answer["n"] == 3
    assert len(answer["classes"]) == 1000
    counts = {row["label"]: row["n"] for row in answer["per_class"] if row["n"]}
    assert counts == {"palace": 1, "daisy": 2}
    assert [item["file"] for item in answer["skipped"]] == ["house/photo.jpg"]
    assert answer["top5"] is not None


def test_predict_prints_one_line_for_every_file_and_only_those(made, tmp_path):
    folder = tmp_path / "inbox"
    good = add_good(folder)
    traps = add_traps(folder)
    ran = run("predict", made.bundle, folder, "--jsonl")
    assert ran.code == 0
    rows = {line["file"]: line for line in ran.lines}
    assert len(rows) == len(ran.lines), "a file has two lines"
    expected = {f"{folder}/{t.file}" for t in traps if t.outcome != PASSED_OVER}
    expected |= {f"{folder}/{name}" for name in good}
    # an empty folder named like a picture has a line of its own, a folder with photos has none
    assert set(rows) == expected
    for row in rows.values():
        if "error" in row:
            assert set(row) == {"file", "error"}
            assert len(row["error"]) > 5
        else:
            assert set(row) == {
                "file", "label", "probability", "none_of_these", "is_none_of_these", "label_set",
                "labels",
            }  # fmt: skip
            assert 0 <= row["none_of_these"] <= 1
            assert row["is_none_of_these"] == (row["none_of_these"] > 0.95)
            assert row["label_set"] is None
            assert row["label"] == row["labels"][0]["label"]
            scores = [item["score"] for item in row["labels"]]
            assert scores == sorted(scores, reverse=True)
            assert sum(scores) == pytest.approx(1, abs=1e-5)
    unanswered = sum("error" in row for row in rows.values())
    assert f"{unanswered:,}  not answered" in ran.err
    assert re.search(rf"{len(rows):,}  files$", ran.err.strip())


def test_predict_refuses_what_is_none_of_the_classes(made, tmp_path):
    """The classes are textures: two real photos are none of them, further textures mostly are."""
    from eyespot.images.samples import sample_photos

    said = run("predict", made.bundle, *sample_photos(), made.others, "--csv", tmp_path / "a.csv")
    rows = said.out.splitlines()
    assert all("none of these" in row and "rather" in row for row in rows[:2])
    assert re.search(r"[2-5]  none of these", said.err)
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["is_none_of_these"] for row in table[:2]] == ["1", "1"]
    assert sum(row["is_none_of_these"] == "0" for row in table[2:]) >= 9  # of 12, one in 20 is
    assert {row["label_set"] for row in table} == {""}


def test_training_with_a_coverage_gives_label_sets(made, tmp_path):
    ran = run("train", made.photos, "--out", tmp_path / "m", "--coverage", "0.8", "--json")
    assert ran.code == 0, ran.err
    split = ran.json["split"]
    assert split["calibration"] + split["train"] == 36
    assert split["calibration"] >= 4
    assert "were not learned from: they calibrate the label sets" in " ".join(ran.json["notes"])
    for row in run("predict", tmp_path / "m", made.others, "--jsonl").lines:
        assert row["label_set"][0] == row["label"]
    refused = run("train", made.photos, "--out", tmp_path / "n", "--coverage", "95")
    assert (refused.code, "try 0.95" in refused.err) == (2, True)


def test_predict_answers_alone_as_in_company(made, tmp_path):
    photos = sorted(made.others.rglob("*.jpg"))
    together = run("predict", made.bundle, made.others, "--jsonl").lines
    alone = [run("predict", made.bundle, photo, "--jsonl").lines[0] for photo in photos[::3]]
    assert alone == together[::3]
    reverse = run("predict", made.bundle, *reversed(photos), "--jsonl").lines
    assert reverse[::-1] == together


def test_predict_writes_a_table_that_opens_and_cannot_act(made, tmp_path):
    folder = tmp_path / "in\nbox"
    folder.mkdir()
    names = ["=1+1.jpg", "+1.jpg", "-1.jpg", "@a.jpg", 'a,b;\t"c".jpg', "é\u202e.jpg", "bad.jpg"]
    for seed, name in enumerate(names):
        texture("dots", seed).save(folder / name, "JPEG")
    (folder / "bad.jpg").write_bytes(b"nothing")
    table = tmp_path / "answers.csv"
    ran = run("predict", made.bundle, "--csv", table, "--", *names, cwd=folder)
    assert ran.code == 0
    content = table.read_bytes().decode("utf-8-sig")
    head, *rows = csv.reader(io.StringIO(content, newline=""))
    assert head[:5] == ["file", "label", "probability", "none_of_these", "error"]
    assert head[5:7] == ["is_none_of_these", "label_set"]
    assert len(rows) == len(names)
    assert all(len(row) <= len(head) for row in rows)
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@\t\r"))]
    assert rows[0][0] == "'=1+1.jpg"
    assert rows[-1][4]
    assert len(ran.out.splitlines()) == len(names), "a name breaks a line"


def test_predict_imagenet_names_the_two_sample_photos(tmp_path):
    from eyespot.images.samples import sample_photos

    lines = run("predict", "imagenet", *sample_photos(), "--jsonl").lines
    assert [len(line["labels"]) for line in lines] == [5, 5]
    assert {line["label"] for line in lines} <= {"palace", "daisy", "pot", "stupa", "monastery"}


def test_predict_fails_only_where_no_photo_was_answered(made, tmp_path):
    photo = next(made.others.rglob("*.jpg"))
    missing = tmp_path / "missing.jpg"
    assert run("predict", made.bundle, missing, photo, "--jsonl").code == 0
    none = run("predict", made.bundle, missing, "--jsonl")
    assert none.code == 2
    assert none.lines == [{"file": str(missing), "error": "there is no such file"}]


def test_audit_answers_with_every_promised_key(made, tmp_path):
    folder = write_textures(tmp_path / "photos", photos=4)
    first = folder / "dots" / "dots-000.jpg"
    (folder / "dots" / "copy.jpg").write_bytes(first.read_bytes())
    (folder / "waves" / "wrong.jpg").write_bytes(first.read_bytes())
    (folder / "waves" / "cut.jpg").write_bytes(first.read_bytes()[:300])
    before = tree(folder)
    ran = run("audit", folder, "--out", tmp_path / "audit", "--json")
    assert ran.code == 0
    answer = ran.json
    assert set(answer) >= {
        "photos", "classes", "unreadable", "duplicates", "near_duplicates", "bursts",
        "conflicting_labels", "leaks", "class_problems",
    }  # fmt: skip
    assert answer["photos"] == 14
    assert [item["file"] for item in answer["unreadable"]] == ["waves/cut.jpg"]
    assert ["dots/copy.jpg", "dots/dots-000.jpg"] in [g[:2] for g in answer["duplicates"]]
    conflict = answer["conflicting_labels"][0]
    assert conflict["kind"] == "duplicate"
    assert conflict["files"] == ["dots/copy.jpg", "dots/dots-000.jpg", "waves/wrong.jpg"]
    assert (tmp_path / "audit" / "audit.html").is_file()
    assert tree(folder) == before, "nothing is written among the photos"
    failing = ("--fail-on", "conflicting-labels", "--overwrite")
    assert run("audit", folder, "--out", tmp_path / "audit", *failing).code == 1


def test_networks_and_doctor_answer_with_every_promised_key():
    rows = run("networks", "--json").json
    keys = {
        "name", "family", "year", "parameters", "multiply_adds", "image_size", "num_classes",
        "stages", "edition", "loads", "renamed", "deviations",
    }  # fmt: skip
    assert all(keys <= set(row) for row in rows)
    assert all({"module", "channels", "stride"} <= set(s) for row in rows for s in row["stages"])
    answer = run("doctor", "--json").json
    assert {"versions", "processor", "engine", "caches", "weights", "problems"} <= set(answer)
    assert {"name", "features", "cores", "threads", "bfloat16"} <= set(answer["processor"])
    assert answer["processor"]["cores"] >= 1
    assert Path(answer["caches"]["folder"]).is_dir()
    assert all(size >= 0 for size in answer["caches"]["bytes"].values())
    assert answer["problems"] == []
    assert answer["weights"]["present"]


def test_a_bundle_can_be_checked_edited_and_sealed(made, bundle):
    assert "is whole: 3 classes" in run("bundle", "check", bundle).out
    card = bundle / "README.md"
    card.write_text(card.read_text("utf-8") + "\nTaken in May.\n", "utf-8")
    run("bundle", "check", bundle).assert_refused("README.md is not as it was saved", "seal")
    assert run("bundle", "seal", bundle).code == 0
    assert "is whole" in run("bundle", "check", bundle).out
    photo = next(made.others.rglob("*.jpg"))
    kept = run("predict", made.bundle, photo, "--jsonl").lines
    assert run("predict", bundle, photo, "--jsonl").lines == kept
