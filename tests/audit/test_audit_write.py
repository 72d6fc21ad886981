"""`labels.csv` and `audit.html`: what is written, read back, kept, and never written."""

import csv
import io
from dataclasses import replace

import html5lib
import pytest
from facts_builder import Builder, empty
from PIL import Image

from eyespot.audit import audit, write
from eyespot.audit.table import COLUMNS, as_csv, fresh_rows
from eyespot.datasets.dataset import Photo
from eyespot.datasets.labels import with_labels
from eyespot.datasets.names import shown
from eyespot.datasets.rows import read_table
from eyespot.errors import InputError


def written(builder: Builder, folder, *, overwrite=False, root=None):
    dataset = replace(builder.dataset(), root=root or folder.parent / "photos")
    found = audit(dataset, builder.embedded())
    return write(
        found, folder, dataset=dataset, command="eyespot audit photos", overwrite=overwrite
    )


def rows(folder):
    text = (folder / "labels.csv").read_text("utf-8-sig")
    return {row["file"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}


def edit(folder, file, **values):
    """What a user does in a spreadsheet."""
    known = rows(folder)
    known[file] |= values
    columns = list(dict.fromkeys(key for row in known.values() for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(known.values())
    (folder / "labels.csv").write_text(text.getvalue(), "utf-8")


@pytest.fixture
def planted(builder):
    """Copies, a conflict and a burst among 60 photos that are like no other."""
    builder.add("a/one.jpg", content="same")
    builder.add("a/one-copy.jpg", like=60, bits=0, content="same")
    builder.add("a/two.jpg")
    builder.add("b/two.jpg", like=62, bits=2)
    for k in (11, 12, 13):
        builder.add(f"b/IMG_{k}.jpg", like=None if k == 11 else 64, cosine=0.75)
    return builder


def test_the_table_has_a_row_for_every_photo_and_decides_nothing(planted, tmp_path):
    written(planted, tmp_path / "audit")
    table = rows(tmp_path / "audit")
    assert tuple(next(iter(table.values()))) == COLUMNS
    assert list(table) == sorted(photo.file for photo in planted.photos)
    assert {row["exclude"] for row in table.values()} == {""}
    assert {file: row["label"] for file, row in table.items()} == {
        photo.file: photo.label for photo in planted.photos
    }


def test_suggestions_say_why(planted, tmp_path):
    written(planted, tmp_path / "audit")
    said = {f: (row["suggestion"], row["reason"]) for f, row in rows(tmp_path / "audit").items()}
    assert said["a/one.jpg"] == ("exclude", "the same bytes as a/one-copy.jpg")
    assert said["a/one-copy.jpg"] == ("", "")
    assert said["b/two.jpg"] == (
        "check label",
        "nearly the same picture as a/two.jpg, which is labelled a",
    )
    assert said["b/IMG_12.jpg"] == ("keep together", "one of 3 photos of a burst")


def test_the_table_read_back_changes_no_label_and_keeps_groups_together(planted, tmp_path):
    written(planted, tmp_path / "audit")
    dataset = planted.dataset()
    again = with_labels(dataset, read_table(tmp_path / "audit" / "labels.csv"))
    assert [(p.file, p.label) for p in again.photos] == sorted(
        (p.file, p.label) for p in dataset.photos
    )
    groups = {photo.file: photo.group for photo in again.photos}
    assert groups["b/IMG_11.jpg"] == groups["b/IMG_13.jpg"] != groups["a/one.jpg"]
    assert groups[planted.photos[0].file] is None


names = ["=1+1", "+x", "-x", "@x", "'=x", "'x", "\tx", 'q"uote', "a,b", "a;b", "caf\u00e9", "<b>",
         "line\nend", "\u202eright", "\udce9byte", " space "]  # fmt: skip


@pytest.mark.parametrize("name", names)
def test_any_name_is_safe_in_a_spreadsheet_and_read_back_exactly(nothing, name, tmp_path):
    nothing.add(f"{name}.jpg", label="a")
    nothing.add(f"a/{name}.jpg", label=shown(name).strip())
    dataset = nothing.dataset()
    text = as_csv(fresh_rows(audit(dataset, nothing.embedded()), dataset))
    assert text.startswith("\ufefffile,label,")
    for row in csv.reader(io.StringIO(text[1:], newline="")):
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)
    (tmp_path / "labels.csv").write_text(text, "utf-8", newline="")
    again = with_labels(dataset, read_table(tmp_path / "labels.csv"))
    assert [(p.file, p.label) for p in again.photos] == sorted(
        (p.file, p.label) for p in dataset.photos
    )
    assert not again.notes


def test_a_second_audit_keeps_what_the_user_wrote(planted, tmp_path):
    folder = tmp_path / "audit"
    written(planted, folder)
    edit(folder, "b/two.jpg", label="a")
    edit(folder, "a/one.jpg", exclude="yes", remark="blurred")
    edit(folder, planted.photos[0].file, group="same nest")
    kept = written(planted, folder).kept
    assert (kept.labels, kept.exclusions, kept.groups) == (1, 1, 1)
    table = rows(folder)
    assert table["b/two.jpg"]["label"] == "a"
    assert table["a/one.jpg"]["exclude"] == "yes"
    assert table["a/one.jpg"]["remark"] == "blurred"
    assert table["a/one.jpg"]["suggestion"] == "exclude"
    assert table[planted.photos[0].file]["group"] == "same nest"


def test_a_second_audit_without_edits_changes_nothing(planted, tmp_path):
    folder = tmp_path / "audit"
    written(planted, folder)
    before = (folder / "labels.csv").read_bytes()
    assert str(written(planted, folder).kept) == ""
    assert (folder / "labels.csv").read_bytes() == before


def test_our_own_groups_follow_the_photos_unless_the_user_changed_them(planted, tmp_path):
    folder = tmp_path / "audit"
    written(planted, folder)
    burst = rows(folder)["b/IMG_11.jpg"]["group"]
    assert burst.startswith("burst-")
    planted.add("b/IMG_14.jpg", like=64, cosine=0.75)
    written(planted, folder)
    grown = {row["group"] for file, row in rows(folder).items() if "IMG_1" in file}
    assert len(grown) == 1
    assert grown != {burst}
    edit(folder, planted.photos[0].file, group=grown.pop())
    assert written(planted, folder).kept.groups >= 1
    assert rows(folder)[planted.photos[0].file]["group"] == rows(folder)["b/IMG_14.jpg"]["group"]


def test_a_row_of_a_photo_that_is_gone_is_kept(planted, tmp_path):
    folder = tmp_path / "audit"
    written(planted, folder)
    edit(folder, "a/two.jpg", exclude="x")
    fewer = empty()
    for photo, vector, facts in zip(planted.photos, planted.vectors, planted.facts, strict=True):
        if photo.file != "a/two.jpg":
            fewer.photos.append(photo)
            fewer.vectors.append(vector)
            fewer.facts.append(facts)
    assert written(fewer, folder).kept.rows == 1
    assert rows(folder)["a/two.jpg"]["exclude"] == "x"


def test_overwrite_begins_anew(planted, tmp_path):
    folder = tmp_path / "audit"
    written(planted, folder)
    edit(folder, "b/two.jpg", label="a")
    written(planted, folder, overwrite=True)
    assert rows(folder)["b/two.jpg"]["label"] == "b"


def test_an_earlier_table_that_cannot_be_read_is_refused_and_stays(planted, tmp_path):
    folder = tmp_path / "audit"
    folder.mkdir()
    (folder / "labels.csv").write_bytes(b"file,label\n\xff\xfe\xfd,a\n")
    with pytest.raises(InputError, match=r"labels.csv"):
        written(planted, folder)
    assert (folder / "labels.csv").read_bytes().startswith(b"file,label\n\xff")


def test_nothing_is_written_among_the_photos(planted, tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(InputError, match="nothing is written among photos"):
        written(planted, tmp_path / "photos" / "audit", root=tmp_path / "photos")
    assert list((tmp_path / "photos").iterdir()) == []


def test_the_page_is_whole_asks_for_nothing_and_runs_nothing(tmp_path):
    made = empty()
    evil = '<script>alert("1")</script>&amp;'
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.new("RGB", (40, 30), "red").save(folder / "one.png")
    for k, name in enumerate([f"a/{evil}.jpg", "b/one.jpg", "a/\udce9.jpg"]):
        made.add(name, like=0 if k else None, bits=0, content="same", label=f"{name[0]}{evil}")
    made.photos[1] = replace(made.photos[1], path=folder / "one.png")
    dataset = replace(made.dataset(), root=folder, name=evil, notes=(evil,))
    found = audit(dataset, made.embedded())
    result = write(found, tmp_path / "audit", dataset=dataset, command=f"eyespot audit {evil}")
    text = result.page.read_text("utf-8")
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert document.findall(".//script") == []
    pictures = [element.get("src", "") for element in document.iter("img")]
    assert any(source.startswith("data:image/jpeg;base64,") for source in pictures)
    assert all(source.startswith("data:") for source in pictures)
    assert "http://" not in text
    assert "https://" not in text


def test_the_page_has_a_place_for_every_link(planted, tmp_path):
    written(planted, tmp_path / "audit")
    text = (tmp_path / "audit" / "audit.html").read_text("utf-8")
    document = html5lib.parse(text, namespaceHTMLElements=False)
    places = {element.get("id") for element in document.iter() if element.get("id")}
    links = {element.get("href", "")[1:] for element in document.iter("a")}
    assert links <= places
    assert {"labels", "bursts", "duplicates"} <= links


def test_a_negative_keeps_its_place_in_the_table(nothing, tmp_path):
    nothing.add("a/one.jpg")
    nothing.add("other/one.jpg", label=None)
    dataset = nothing.dataset()
    (tmp_path / "labels.csv").write_text(
        as_csv(fresh_rows(audit(dataset, nothing.embedded()), dataset)), "utf-8", newline=""
    )
    again = with_labels(dataset, read_table(tmp_path / "labels.csv"))
    assert [photo.file for photo in again.negatives] == ["other/one.jpg"]
    assert all(isinstance(photo, Photo) for photo in again.photos)
