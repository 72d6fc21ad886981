"""Suspect labels in the audit: in words, on the page, in labels.csv; asked for by `--labels`."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from eyespot.audit import Audit
from eyespot.audit.findings import Near, SuspectLabel
from eyespot.audit.page import audit_html
from eyespot.audit.table import as_csv, fresh_rows, merged
from eyespot.audit.words import Places, figures, headline, told
from eyespot.cli.audit import audit as command
from eyespot.cli.audit import machine_answer
from eyespot.values import from_json, to_json

PLACES = Places("photos", "photos-audit/labels.csv")


@pytest.fixture
def found(builder):
    """60 unlike photos; of a/first.jpg and b/second.jpg the label is doubted."""
    builder.add("a/first.jpg")
    builder.add("b/second.jpg")
    near = (Near("b/<i>.jpg", "b"), Near("a/2.jpg", "a"))
    doubted = (
        SuspectLabel("a/first.jpg", "a", "b", 0.035, 0.964, near),
        SuspectLabel("b/second.jpg", "b", "a", 0.2, 0.75, ()),
    )
    return replace(builder.audit(), suspect_labels=doubted)


def rows(audit, builder):
    return {
        file: (row["label"], row["suggestion"], row["reason"])
        for file, row in fresh_rows(audit, builder.dataset()).items()
    }


def test_the_table_suggests_the_other_label_and_leaves_the_label_alone(found, builder):
    assert rows(found, builder)["a/first.jpg"] == (
        "a",
        "label b",
        "looks like b (96 %), not like a (4 %)",
    )


def test_one_picture_under_two_labels_is_told_first(builder):
    builder.add("a/one.jpg", content="same")
    builder.add("b/two.jpg", like=60, cosine=1.0, bits=0, content="same")
    doubted = (SuspectLabel("a/one.jpg", "a", "b", 0.1, 0.9, ()),)
    audit = replace(builder.audit(), suspect_labels=doubted)
    assert rows(audit, builder)["a/one.jpg"][1] == "check label"


def test_what_was_suspected_stays_until_it_is_asked_for_again(found, builder, tmp_path):
    earlier = tmp_path / "labels.csv"
    earlier.write_text(as_csv(fresh_rows(found, builder.dataset())), "utf-8")
    unasked = fresh_rows(replace(found, suspect_labels=None), builder.dataset())
    kept, _ = merged(unasked, earlier, has_suspects=False)
    assert kept["a/first.jpg"]["suggestion"] == "label b"
    assert kept["a/first.jpg"]["reason"].startswith("looks like b")
    cleared = fresh_rows(replace(found, suspect_labels=()), builder.dataset())
    again, _ = merged(cleared, earlier, has_suspects=True)
    assert again["a/first.jpg"]["suggestion"] == ""


def test_a_label_that_was_corrected_is_not_suggested_any_more(found, builder, tmp_path):
    earlier = tmp_path / "labels.csv"
    text = as_csv(fresh_rows(found, builder.dataset()))
    earlier.write_text(text.replace("a/first.jpg,a,", "a/first.jpg,b,"), "utf-8")
    unasked = fresh_rows(replace(found, suspect_labels=None), builder.dataset())
    kept, counted = merged(unasked, earlier, has_suspects=False)
    assert (kept["a/first.jpg"]["label"], kept["a/first.jpg"]["suggestion"]) == ("b", "")
    assert kept["b/second.jpg"]["suggestion"] == "label a"
    assert counted.labels == 1


def test_the_words_say_what_to_do_and_that_some_are_right(found):
    (warning,) = [item for item in told(found, PLACES) if item.kind == "suspect-labels"]
    assert warning.seen == "2 labels look wrong."
    assert "some are right" in warning.why
    assert warning.command == "eyespot train photos --labels photos-audit/labels.csv"
    assert (
        headline(found, told(found, PLACES)) == "photos can be trained on, but 2 labels look wrong."
    )
    one = replace(found, suspect_labels=found.suspect_labels[:1])
    assert "1 label looks wrong." in headline(one, told(one, PLACES))


def test_nothing_is_said_where_nobody_asked(builder):
    audit = builder.audit()
    assert audit.suspect_labels is None and audit.count("suspect-labels") == 0
    assert "suspect labels" not in [item.kind for item in figures(audit)]
    page = audit_html(audit, PLACES, lambda file: None, notes=(), command="")
    assert "look wrong" not in page


def test_the_page_shows_each_with_both_labels_and_what_is_most_like_it(found):
    page = audit_html(found, PLACES, lambda file: None, notes=(), command="eyespot audit photos")
    assert "Labels that look wrong: 2" in page
    assert "96.4 %" in page and "3.5 %" in page
    assert "b/&lt;i&gt;.jpg" in page and "<i>" not in page
    assert page.index("a/first.jpg") < page.index("b/second.jpg")
    none = replace(found, suspect_labels=())
    page = audit_html(none, PLACES, lambda file: None, notes=(), command="")
    assert "No label is doubted." in page


def test_of_many_the_most_suspect_are_shown_and_the_rest_counted(found):
    many = tuple(replace(found.suspect_labels[0], file=f"a/{i}.jpg") for i in range(1070))
    page = audit_html(
        replace(found, suspect_labels=many), PLACES, lambda file: None, notes=(), command=""
    )
    # 60 are shown, 1,070 - 60 = 1,010 are not
    assert "1,010 more, less suspect, are in labels.csv." in page


def test_they_go_to_json_and_back_and_into_the_answer(found):
    assert from_json(Audit, json.loads(json.dumps(to_json(found)))) == found
    answer = machine_answer(found, "audit.html", "labels.csv")
    assert answer["suspect_labels"][0]["suggestion"] == "b"
    unasked = machine_answer(replace(found, suspect_labels=None), "audit.html", "labels.csv")
    assert unasked["suspect_labels"] is None


@pytest.mark.parametrize(
    ("words", "suspects", "labels"),
    [
        (["PHOTOS", "--labels"], True, None),
        (["--labels", "PHOTOS"], True, None),
        (["PHOTOS", "--labels", "--json"], True, None),
        (["PHOTOS", "--suspects"], True, None),
        (["PHOTOS", "--labels", "labels.csv"], False, Path("labels.csv")),
        (["PHOTOS", "--labels", "labels.csv", "--suspects"], True, Path("labels.csv")),
        (["PHOTOS"], False, None),
    ],
)
def test_labels_without_a_table_asks_for_suspects(tmp_path, words, suspects, labels):
    folder = tmp_path / "photos"
    folder.mkdir()
    typed = [str(folder) if word == "PHOTOS" else word for word in words]
    with command.make_context("audit", typed) as context:
        assert context.params["photos"] == folder
        assert (context.params["suspects"], context.params["labels"]) == (suspects, labels)


def test_the_help_names_both_spellings():
    text = CliRunner().invoke(command, ["--help"]).stdout
    assert "eyespot audit photos/ --labels" in text and "--suspects" in text


@pytest.mark.slow
def test_wrong_labels_among_real_photos_are_listed_first(real_photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    source = real_photos("hymenoptera") / "train"
    for label in ("ants", "bees"):
        for path in sorted((source / label).glob("*.jpg"))[:40]:
            (tmp_path / "photos" / label).mkdir(parents=True, exist_ok=True)
            (tmp_path / "photos" / label / path.name).write_bytes(path.read_bytes())
    wrong = sorted((tmp_path / "photos" / "ants").iterdir())[2:30:9]
    for path in wrong:
        path.rename(tmp_path / "photos" / "bees" / path.name)
    result = CliRunner().invoke(command, ["photos", "--labels", "--json"], standalone_mode=False)
    answer = json.loads(result.stdout)
    found = [item["file"] for item in answer["suspect_labels"]]
    hits = [f"bees/{path.name}" in found for path in wrong]
    assert sum(hits) >= 3 and len(found) <= 8
    text = Path(answer["table"]).read_text("utf-8-sig")
    rows = {row["file"]: row["suggestion"] for row in csv.DictReader(io.StringIO(text))}
    assert {rows[file] for file in found} <= {"label ants", "label bees"}
