"""The table of every photo's answers: read back by a CSV reader, and harmless in a spreadsheet."""

import csv
import io

import pytest
from payloads import ODD, PAYLOADS

from eyespot.datasets.names import shown
from eyespot.evaluation.answers import Row
from eyespot.evaluation.table import predictions_csv


def read(table: str) -> list[dict[str, str]]:
    encoded = table.encode("utf-8")
    assert encoded.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(encoded.decode("utf-8-sig"), newline="")))


def test_a_row_holds_truth_answers_and_probabilities():
    labels = (("b", 0.6), ("a", 0.3), ("c", 0.1))
    row = Row("a/1.jpg", "a", labels, None, "burst 1", 0.05, label_set=("b", "a"))
    (got,) = read(predictions_csv([row]))
    assert got == {
        "file": "a/1.jpg",
        "truth": "a",
        "answer": "b",
        "is_right": "no",
        "probability": "0.600000",
        "none_of_these": "0.050000",
        "group": "burst 1",
        "is_none_of_these": "0",
        "label_set": "b | a",
        "label_2": "a",
        "probability_2": "0.300000",
        "label_3": "c",
        "probability_3": "0.100000",
        "label_4": "",
        "probability_4": "",
        "label_5": "",
        "probability_5": "",
    }


def test_what_a_classifier_cannot_tell_is_empty():
    (got,) = read(predictions_csv([Row("1.jpg", "a", (("a", 1.0),), None)]))
    empty = ("none_of_these", "is_none_of_these", "label_set", "group", "label_2")
    assert [got[key] for key in empty] == [""] * 5


ACTIVE = ("=1+1", "+1", "-1", "@SUM(A1)", "=cmd|'/c calc'!A0", "＝1")


@pytest.mark.parametrize("name", ACTIVE)
def test_a_cell_that_a_spreadsheet_could_run_begins_with_an_apostrophe(name):
    (got,) = read(predictions_csv([Row(name, name, ((name, 1.0),), None, name)]))
    assert [got[key] for key in ("file", "truth", "answer", "group")] == ["'" + name] * 4


@pytest.mark.parametrize("name", [*PAYLOADS, *ODD, "\t=1", "\r=1", "\n=1"])
def test_every_name_stands_as_it_is_shown(name):
    (got,) = read(predictions_csv([Row(name, "a", (("a", 1.0),), None)]))
    assert got["file"] in (shown(name), "'" + shown(name))
    assert got["file"][:1] not in ("\t", "\r", "\n", "=")
    assert got["truth"] == "a"
