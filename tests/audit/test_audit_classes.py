"""Class names that look alike, and classes that are too small, too large, or one occasion."""

import pytest

from eyespot.audit.classes import class_problems, look_alike


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Tulip", "tulip"),
        ("tulip", "tulips"),
        ("red fox", "red_fox"),
        ("red-fox", "RedFox"),
        ("cherry", "cherries"),
        ("caf\u00e9", "cafe\u0301"),
        ("daisy", "daiisy"),
        ("golden eagle", "goldne eagle"),
        ("sunflower", "sunflwer"),
    ],
)
def test_spellings_of_one_name_look_alike(first, second):
    assert look_alike(first, second)
    assert look_alike(second, first)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cat", "bat"),
        ("mouse", "house"),
        ("class 1", "class 2"),
        ("type10", "type100"),
        ("left", "right"),
        ("ants", "bees"),
        ("glass", "grass"),
        ("male", "female"),
        ("good", "no good"),
        ("stage I", "stage II"),
        ("0", "1"),
    ],
)
def test_different_names_do_not(first, second):
    assert not look_alike(first, second)


def problems(classes, groups=None, parts=None):
    found = class_problems(classes, groups or classes, parts or {})
    return [(problem.kind, problem.classes) for problem in found]


def test_look_alikes_are_found_among_many_names():
    names = {f"species {k:04d}": 20 for k in range(1000)} | {"Tulip": 20, "tulip": 20}
    assert problems(names) == [("look-alike names", ("Tulip", "tulip"))]


def test_sizes_are_told_from_nothing_to_few():
    assert problems({"a": 0, "b": 1, "c": 9, "d": 10}) == [
        ("empty", ("a",)),
        ("one photo", ("b",)),
        ("few photos", ("c",)),
        ("imbalance", ("d", "b")),
    ]


def test_a_class_of_one_burst_is_told():
    assert problems({"a": 30, "b": 30}, groups={"a": 1, "b": 9}) == [("one group", ("a",))]


def test_imbalance_begins_at_ten_to_one():
    assert problems({"a": 199, "b": 20}) == []
    assert problems({"a": 200, "b": 20}) == [("imbalance", ("a", "b"))]


def test_a_class_that_a_part_lacks_is_told():
    assert problems({"a": 20, "b": 20}, parts={"b": ["test"]}) == [("not in a part", ("b",))]
