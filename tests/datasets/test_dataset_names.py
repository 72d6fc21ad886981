"""How names are shown: printable, one line, valid UTF-8, and never two names alike."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyespot.datasets.names import counted, label_from, part_from, shown, some
from eyespot.datasets.spreadsheet import cell, from_cell

names = st.binary(min_size=1).map(lambda data: data.decode("utf-8", "surrogateescape")) | st.text()


@given(names)
def test_a_shown_name_is_printable_text_on_one_line(name):
    text = shown(name)
    text.encode("utf-8")
    assert len(text.splitlines()) <= 1
    assert text == text.strip()
    kinds = {unicodedata.category(character) for character in text} - {"Cf"}
    assert not kinds & {"Cc", "Cs", "Zl", "Zp"}


@given(names, names)
def test_different_names_are_shown_differently(one, other):
    assert (shown(one) == shown(other)) == (one == other)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("robin.jpg", "robin.jpg"),
        ("Screenshot 9.41\u202fAM.png", "Screenshot 9.41\u202fAM.png"),
        ("caf\udce9", r"caf\xe9"),
        ("a\nb\x85c", r"a\x0ab\u0085c"),
        ("a\\nb", r"a\\nb"),
        ("\u202egpj.exe", r"\u202egpj.exe"),
        (" a b ", r"\x20a b\x20"),
        ("  ", r"\x20\x20"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_names_are_shown_as_documented(name, text):
    assert shown(name) == text


@given(st.text())
def test_a_cell_gives_back_its_text_and_never_begins_like_a_formula(text):
    assert from_cell(cell(text)) == text
    assert not cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@given(st.text())
def test_a_label_is_nfc_and_printable_and_stays_itself(text):
    label = label_from(text)
    label.encode("utf-8")
    assert unicodedata.is_normalized("NFC", label)
    assert label_from(label) == label
    assert len(label.splitlines()) <= 1


def test_part_names_are_folded_and_others_are_none():
    assert part_from("Training Set") == "train"
    assert part_from("trains") is None


def test_counts_and_lists_are_words():
    assert [counted(n, "class") for n in (0, 1, 2, 1797)] == [
        "0 classes", "1 class", "2 classes", "1,797 classes",
    ]  # fmt: skip
    assert some(["a", "b", "c", "d", "e", "f"]) == "a, b, c, d and 2 more"
