"""Rows hold what was answered, classes are matched by name, what does not fit is refused."""

from pathlib import Path

import numpy as np
import pytest
from reports import report

from eyespot.datasets.dataset import LeftOut, Photo
from eyespot.errors import InputError
from eyespot.evaluation.answers import known, rows, truths
from eyespot.evaluation.findings import Report


def photo(label: str | None, file: str = "a.jpg") -> Photo:
    return Photo(Path(file), file, label)


def test_a_row_has_the_five_likeliest_labels_equal_ones_in_order():
    probabilities = np.array([[0.1, 0.2, 0.2, 0.1, 0.1, 0.1, 0.2]])
    (row,) = rows([photo("c")], tuple("abcdefg"), probabilities)
    assert row.labels == (("b", 0.2), ("c", 0.2), ("g", 0.2), ("a", 0.1), ("d", 0.1))
    assert (row.answer, row.probability, row.is_right) == ("b", 0.2, False)


def test_truths_are_found_by_name_whatever_the_order():
    photos = [photo("b"), photo("a"), photo("c")]
    assert list(truths(photos, ("c", "b", "a"))) == [1, 2, 0]


def test_a_class_that_the_classifier_lacks_is_named():
    with pytest.raises(InputError, match=r"has no class 'kiwi'.*knows ant, bee"):
        truths([photo("kiwi")], ("ant", "bee"))
    kept, left = known([photo("ant", "1.jpg"), photo("kiwi", "2.jpg")], ("ant", "bee"))
    assert [p.file for p in kept] == ["1.jpg"]
    assert left == (LeftOut("2.jpg", "the classifier has no class 'kiwi'"),)


@pytest.mark.parametrize(
    ("photos", "probabilities", "message"),
    [
        ([photo("a")], np.zeros((1, 3)), "1 x 2 probabilities, but 1 x 3 came"),
        ([photo("a")], np.array([[-0.1, 1.1]]), "turn margins into them"),
        ([photo("a")], np.array([[np.nan, 0.5]]), "turn margins into them"),
        ([photo(None)], np.array([[0.5, 0.5]]), "a.jpg has no label"),
    ],
)
def test_what_is_no_answer_is_refused(photos, probabilities, message):
    with pytest.raises(InputError, match=message):
        rows(photos, ("a", "b"), probabilities)


def test_a_report_whose_rows_contradict_its_numbers_cannot_be_made():
    made = report([[5, 1], [2, 7]], ("a", "b"))
    with pytest.raises(ValueError, match="not those that were measured"):
        Report("x", made.metrics, made.rows[1:], "held out", "x")
