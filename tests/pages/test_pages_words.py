"""Numbers are said the same everywhere, and never flatter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eyespot.pages.words import between, count, duration, in_words, listed, percent, two_digits


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.9412765, "94.1 %"),
        (1.0, "100 %"),
        (0.0, "0 %"),
        (0.9999, "99.9 %"),
        (0.0001, "0.1 %"),
        (0.5, "50.0 %"),
    ],
)
def test_a_share_has_one_decimal_and_is_never_rounded_to_all_or_none(share, words):
    assert percent(share) == words


@pytest.mark.parametrize(
    ("interval", "words"),
    [((0.8449, 0.9451), "84-95 %"), ((0.84, 0.95), "84-95 %"), ((0.0, 1.0), "0-100 %")],
)
def test_an_interval_is_only_ever_widened_by_rounding(interval, words):
    assert between(interval) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.905, "9 in 10"),
        (0.9, "9 in 10"),
        (0.897, "9 in 10"),
        (0.94, "94 in 100"),
        (0.857, "6 in 7"),
        (0.89, "8 in 9"),
        (0.95, "19 in 20"),
        (0.5, "1 in 2"),
        (2 / 3, "2 in 3"),
        (0.75, "3 in 4"),
        (0.8, "4 in 5"),
        (0.999, "99 in 100"),
        (0.003, "fewer than 1 in 100"),
    ],
)
def test_a_share_is_said_in_round_words(share, words):
    assert in_words(share) == words


@given(st.floats(0.01, 0.999))
def test_round_words_never_flatter_by_more_than_half_a_point(share):
    part, whole = (int(word) for word in in_words(share).split(" in "))
    assert -0.0101 <= part / whole - share <= 0.0051


def test_counts_agree_with_their_nouns():
    assert count(1, "photo") == "1 photo"
    assert count(0, "photo") == "0 photos"
    assert count(1243, "photo") == "1,243 photos"
    assert count(2, "class") == "2 classes"


def test_lists_are_cut_where_they_grow_long():
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.44, "0.4 s"), (9.96, "10.0 s"), (12.3, "12 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_times_are_as_exact_as_they_are_useful(seconds, words):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0.4949, "0.49"), (4.5, "4.5"), (3.0, "3"), (99.7, "100"), (447.0, "450"), (2649.0, "2,600"),
     (-1044.0, "-1,000"), (0.0, "0"), (12.4, "12"), (0.00012, "0.00012"), (0.0000123, "1.2e-05")],
)  # fmt: skip
def test_two_digits_are_written_without_powers_of_ten_where_the_number_is_large(number, words):
    assert two_digits(number) == words
