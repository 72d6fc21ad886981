"""Tables of photos: every way they are written, and every way they can be wrong."""

import json
from pathlib import Path

import pytest
from traps import add_good, jpeg, write

from eyespot.datasets.catalogue import open_dataset
from eyespot.errors import InputError

PHOTOS = ("a.jpg", "b.jpg", "c.jpg", "d.jpg")
LABELS = {"a.jpg": "robin", "b.jpg": "robin", "c.jpg": "wren", "d.jpg": "wren"}


@pytest.fixture
def root(tmp_path):
    for seed, name in enumerate(PHOTOS):
        write(tmp_path / name, jpeg(seed))
    return tmp_path


def listed(root: Path, text: str | bytes, *, name: str = "birds.csv", group_by: str | None = None):
    data = text.encode() if isinstance(text, str) else text
    (root / name).write_bytes(data)
    return open_dataset(root / name, group_by=group_by)


def labels(dataset) -> dict[str, str | None]:
    return {photo.file: photo.label for photo in dataset.photos}


def rows(separator: str = ",", end: str = "\n", header: tuple[str, str] = ("file", "label")) -> str:
    lines = [header, *LABELS.items()]
    return "".join(separator.join(line) + end for line in lines)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_line_ends_and_byte_order_marks_are_told_apart(root, separator, end, encoding):
    assert labels(listed(root, rows(separator, end).encode(encoding))) == LABELS


@pytest.mark.parametrize("file", ["file_name", "file", "path", "image", "filename", "File Name"])
@pytest.mark.parametrize("label", ["label", "class", "category", "species", "Species"])
def test_columns_have_synonyms(root, file, label):
    assert labels(listed(root, rows(header=(file, label)))) == LABELS


@pytest.mark.parametrize("name", ["birds.tsv", "BIRDS.TSV"])
def test_a_tsv_table_may_have_commas_in_its_entries(root, name):
    text = "file\tlabel\na.jpg\tWren, young\nb.jpg\tWren; old\n"
    assert set(labels(listed(root, text, name=name)).values()) == {"Wren, young", "Wren; old"}


def test_quoted_entries_hold_separators_quotes_and_line_ends(root):
    write(root / "x, y.jpg", jpeg(9))
    text = 'label,file,remark\n"Robin, ""red""","x, y.jpg","two\nlines"\nwren,a.jpg,\n'
    assert labels(listed(root, text)) == {"x, y.jpg": 'Robin, "red"', "a.jpg": "wren"}


def test_excels_own_first_line_is_not_the_header(root):
    assert labels(listed(root, "sep=;\r\n" + rows(";", "\r\n"))) == LABELS


def test_json_lines_are_read_with_numbers_as_labels(root):
    lines = [{"file_name": "a.jpg", "label": 3}, {"file_name": "b.jpg", "label": "3", "box": [1]}]
    dataset = listed(root, "\n\n".join(map(json.dumps, lines)), name="birds.jsonl")
    assert labels(dataset) == {"a.jpg": "3", "b.jpg": "3"}


def test_split_and_group_columns_are_used(root):
    text = (
        "image,species,split,group\n"
        "a.jpg,robin,train,x\nb.jpg,robin,Valid,\nc.jpg,wren,TEST,y\nd.jpg,wren,training,y\n"
    )
    photos = listed(root, text).photos
    assert [photo.part for photo in photos] == ["train", "validation", "test", "train"]
    assert [photo.group for photo in photos] == ["x", None, "y", "y"]


def test_a_group_in_two_parts_of_the_given_split_is_noted(root):
    text = "file,label,split,group\na.jpg,robin,train,x\nb.jpg,robin,test,x\nc.jpg,wren,train,\n"
    assert "1 group (x) have photos in more than one part" in listed(root, text).notes[-1]


def test_any_column_can_be_the_group(root):
    text = "file,label,bird id\na.jpg,robin,7\nb.jpg,robin,7\nc.jpg,wren,\n"
    assert listed(root, text, group_by="bird id").groups == ("7", "7", None)


def test_reserved_labels_are_examples_of_none_of_these(root):
    dataset = listed(root, "file,label\na.jpg,robin\nb.jpg,wren\nc.jpg,unknown\nd.jpg,_none\n")
    assert dataset.classes == ("robin", "wren")
    assert [photo.file for photo in dataset.negatives] == ["c.jpg", "d.jpg"]


def test_paths_may_be_absolute_lead_out_or_come_from_windows(root):
    outside = root / "elsewhere" / "o.jpg"
    write(outside, jpeg(5))
    write(root / "table" / "sub" / "w.jpg", jpeg(6))
    text = f"file,label\n{outside},robin\n../a.jpg,wren\nsub\\w.jpg,wren\n./sub/w.jpg,wren\n"
    dataset = listed(root, text, name="table/birds.csv")
    assert {photo.label for photo in dataset.photos} == {"robin", "wren"}
    assert all(photo.path.is_file() for photo in dataset.photos)
    assert len(dataset) == 3
    assert dataset.left_out == ()


def test_a_name_in_the_other_spelling_of_unicode_is_found(root):
    write(root / "cafe\u0301.jpg", jpeg(7))
    dataset = listed(root, "file,label\ncafé.jpg,robin\na.jpg,wren\n")
    assert len(dataset) == 2
    assert dataset.left_out == ()


def test_rows_that_give_no_photo_are_left_out_with_the_reason(root):
    (root / "folder.jpg").mkdir()
    text = (
        "file,label\na.jpg,robin\nmissing.jpg,robin\nfolder.jpg,wren\nb.jpg,\n,wren\n"
        "https://example.org/x.jpg,wren\n"
    )
    dataset = listed(root, text)
    assert labels(dataset) == {"a.jpg": "robin"}
    assert {item.file: item.reason for item in dataset.left_out} == {
        "missing.jpg": "listed in the table, but there is no such file",
        "folder.jpg": "listed in the table, but a folder",
        "b.jpg": "no label in the table",
        "line 6": "the row names no file",
        "https://example.org/x.jpg": "a web address: download the photo and list the file",
    }


def test_a_photo_listed_twice_alike_is_used_once_and_noted(root):
    dataset = listed(root, rows() + "./a.jpg,robin\n")
    assert labels(dataset) == LABELS
    assert "1 photo more than once (a.jpg)" in dataset.notes[0]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a.jpg,wren,train,x", "listed with 2 labels: robin (line 2) and wren (line 4)"),
        ("a.jpg,robin,test,x", "listed with 2 splits: train (line 2) and test (line 4)"),
        ("a.jpg,robin,train,y", "listed with 2 groups: x (line 2) and y (line 4)"),
    ],
)
def test_a_photo_whose_rows_disagree_is_left_out_and_not_the_last_one_taken(root, row, reason):
    text = "file,label,split,group\na.jpg,robin,train,x\nb.jpg,wren,train,z\n"
    dataset = listed(root, text + row + "\n")
    assert labels(dataset) == {"b.jpg": "wren"}
    assert [(item.file, _sorted(item.reason)) for item in dataset.left_out] == [
        ("a.jpg", _sorted(reason))
    ]


def _sorted(reason: str) -> tuple[str, list[str]]:
    head, _, pairs = reason.partition(": ")
    return head, sorted(pairs.split(" and "))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no rows"),
        ("file,label\n", "has no rows"),
        ("a.jpg,robin\nb.jpg,wren\n", r"no column for the file: .*it has a\.jpg, robin"),
        ("file,kind\na.jpg,robin\n", r"no column for the label: .*it has file, kind"),
        ("file,label,label\na.jpg,x,y\n", r"two columns named label"),
        ("file,label\na.jpg,robin,oops\n", r"3 entries in line 2, where its header has 2"),
        ("file,label,split\na.jpg,robin,hold\n", r"has hold in its column split \(line 2\)"),
        ("file,label,split\na.jpg,robin,train\nb.jpg,x,\n", r"has nothing in its column split"),
        ("file,label\nx.jpg,robin\n", r"lists 1 file, and none can be used \(x\.jpg: listed"),
        (b"file,label\nb\xe4r.jpg,robin\n", r"is not UTF-8 text \(line 2\): save it again"),
        ('file,label\n"a.jpg,robin\n' + "x" * 200_000, r"cannot be read as a table"),
        ("x" * 200_000, r"cannot be read as a table|no column"),
        ("file,label\na\0.jpg,robin\n", r"none can be used .*zero byte"),
    ],
)
def test_a_table_that_cannot_be_used_says_why_and_what_to_do(root, text, sentence):
    with pytest.raises(InputError, match=sentence):
        listed(root, text)


@pytest.mark.parametrize(
    ("line", "came"),
    [
        ("not json", "no JSON"),
        ("[1, 2]", "a list"),
        ('"text"', "a str"),
        ("[" * 100_000, "no JSON"),
        ('{"file": ' + "9" * 5000 + "}", "no JSON"),
    ],
)
def test_a_line_that_is_no_json_object_is_named(root, line, came):
    text = '{"file": "a.jpg", "label": "robin"}\n' + line
    with pytest.raises(InputError, match=f"line 2 is {came}"):
        listed(root, text, name="birds.jsonl")


def test_a_folder_with_a_metadata_table_is_read_by_it(root):
    (root / "metadata.csv").write_text("file_name,label\na.jpg,robin\nb.jpg,wren\nx.jpg,wren\n")
    dataset = open_dataset(root)
    assert labels(dataset) == {"a.jpg": "robin", "b.jpg": "wren"}
    reasons = {item.file: item.reason for item in dataset.left_out}
    assert set(reasons) == {"c.jpg", "d.jpg", "x.jpg"}
    assert reasons["c.jpg"] == "not listed in the folder's table"


def test_a_metadata_table_without_labels_leaves_the_folders_to_say_them(tmp_path):
    add_good(tmp_path)
    (tmp_path / "metadata.csv").write_text("file_name,date\nrobin/good0.jpg,May\n")
    dataset = open_dataset(tmp_path)
    assert len(dataset) == 12
    assert [item.file for item in dataset.left_out] == ["metadata.csv"]
