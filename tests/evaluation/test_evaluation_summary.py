"""The four answers are said in true words, in the terminal's width."""

import itertools
from dataclasses import replace

import pytest
from reports import measured, report

from eyespot.evaluation.cautions import cautions
from eyespot.evaluation.summary import TOO_FEW_PHOTOS, summary_lines, weakest_class

FLOWERS = ("rose", "tulip", "daisy")


def said(made) -> str:
    return " ".join(summary_lines(made))


def test_the_four_answers_are_given_in_order():
    random_split, *_ = measured([[98, 0, 2], [0, 20, 0], [0, 0, 121]], FLOWERS)
    made = report(
        [[92, 0, 8], [6, 12, 2], [7, 0, 114]], FLOWERS, group_size=4, random_split=random_split
    )
    words = said(made)
    # 218 of 241 is 90.46 %; 241 photos in fours are 61 groups
    assert words.startswith(
        "This classifier names 9 in 10 of your photos correctly. "
        "Measured on 241 photos in 61 groups it had never seen: 90.5 % (interval "
    )
    # 239 of 241 is 99.17 %
    assert (
        "A random split would have told you 99.2 %: that number counts near-copies of the "
        "training photos. Weakest: tulip (12 of 20), mostly taken for rose. "
        "Next: photograph about 20 more of tulip, on other days; "
        "look at the 23 errors in the report: labels may be wrong."
    ) in words


@pytest.mark.parametrize(
    ("confusion", "headline"),
    [
        ([[1]], "This classifier named the one photo correctly."),
        ([[0, 1], [0, 0]], "This classifier named the one photo wrongly."),
        ([[4, 1], [0, 3]], "This classifier named 7 of the 8 photos correctly."),
        ([[20, 0], [0, 133]], "This classifier named all 153 photos correctly."),
        ([[0, 20], [30, 0]], "This classifier named none of the 50 photos correctly."),
        ([[47, 3], [3, 47]], "This classifier names 94 in 100 of your photos correctly."),
        ([[300, 1], [0, 300]], "This classifier names 99 in 100 of your photos correctly."),
    ],
)
def test_the_headline_is_true_for_few_for_all_and_for_none(confusion, headline):
    assert said(report(confusion, FLOWERS[: len(confusion)])).startswith(headline)


@pytest.mark.parametrize(
    ("n", "words"),
    [
        (1, "1 photo is too few to trust this number."),
        (8, "8 photos are too few to trust this number."),
        (29, "29 photos are too few to trust this number."),
    ],
)
def test_few_photos_are_called_too_few(n, words):
    assert words in said(report([[n, 0], [0, 0]], FLOWERS[:2]))
    enough = report([[TOO_FEW_PHOTOS, 0], [0, 0]], FLOWERS[:2])
    assert "too few" not in said(enough)


@pytest.mark.parametrize(
    ("measured_by", "group_size", "words"),
    [
        ("held out", 1, "Measured on 60 photos it had never seen: "),
        ("held out", 3, "Measured on 60 photos in 20 groups it had never seen: "),
        ("cross-validation", 1, "each by a head that had not learned from it: "),
        ("cross-validation", 60, "in 1 group, each by a head that had not learned from its group"),
    ],
)
def test_on_what_it_was_measured_is_said(measured_by, group_size, words):
    made = report([[25, 5], [0, 30]], FLOWERS[:2], measured_by=measured_by, group_size=group_size)
    assert words in said(made)


@pytest.mark.parametrize(
    ("random_right", "words"),
    [
        (57, "A random split would have told you 95.0 %: that number counts near-copies"),
        (54, "A random split would have told you much the same, 90.0 %."),
        (48, "A random split would have told you 80.0 %, not more"),
    ],
)
def test_a_random_split_is_compared_whichever_way_it_went(random_right, words):
    random_split, *_ = measured([[random_right, 60 - random_right], [0, 0]], FLOWERS[:2])
    assert words in said(report([[54, 6], [0, 0]], FLOWERS[:2], random_split=random_split))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([5, 5, 0], "rose (5 of 10), taken for tulip."),
        ([5, 4, 1], "rose (5 of 10), mostly taken for tulip."),
        ([6, 2, 2], "rose (6 of 10), most often taken for tulip."),
    ],
)
def test_what_the_weakest_class_is_taken_for_is_said_as_strongly_as_counted(row, words):
    assert words in said(report([row, [0, 30, 0], [0, 0, 30]], FLOWERS))


def test_the_weakest_class_is_the_surest_weak_one_not_the_smallest():
    # 0 of 1 may be chance (interval to 79 %), 60 of 90 is not (interval to 76 %)
    metrics, *_ = measured([[0, 1, 0], [30, 60, 0], [0, 0, 50]], FLOWERS)
    assert weakest_class(metrics).label == "tulip"


def test_no_errors_have_no_weakest_class_and_a_next_step():
    words = said(report([[20, 0], [0, 20]], FLOWERS[:2]))
    assert "No photo was mistaken. Next: try it on photos of another day" in words


def test_the_advice_brings_a_class_up_to_the_middle_one():
    have = (("rose", 90), ("tulip", 24), ("daisy", 80))
    made = report([[30, 0, 0], [8, 12, 0], [0, 0, 30]], FLOWERS, trained_on=have)
    assert "photograph about 60 more of tulip" in said(made)  # 80 - 24 = 56, in tens


@pytest.mark.parametrize(
    ("suspects", "words"), [(1, "look at 1 label that seems"), (12, "look at 12 labels that seem")]
)
def test_labels_that_seem_wrong_are_named(suspects, words):
    assert words in said(report([[29, 1], [0, 30]], FLOWERS[:2], suspects=suspects))


def test_no_gain_over_the_commonest_class_is_said():
    (note,) = cautions(report([[50, 2], [8, 0]], FLOWERS[:2]))
    # 50 of 60 right; always "rose" is right on 52 of 60
    assert note.seen == "Always answering rose would be right on 52 of 60 (86.7 %)."
    assert not cautions(report([[30, 0], [2, 28]], FLOWERS[:2]))


def test_few_groups_and_classes_without_photos_are_said():
    made = report([[30, 2, 0], [2, 28, 0], [0, 0, 0]], FLOWERS, group_size=8)
    seen = [note.seen for note in cautions(made)]
    assert seen == [
        "The photos come from only 8 groups.",
        "1 class had no photo to measure on.",
    ]


def test_the_terminal_gets_three_to_six_lines_of_at_most_100_characters():
    names = ("a" * 300, "b\x1b[31m\u202e\udcff" * 40, "c d " * 40)
    shapes = ([[9, 1, 0], [0, 2, 1], [1, 1, 1]], [[900, 80, 20], [10, 500, 9], [1, 1, 1000]])
    for confusion, measured_by, size in itertools.product(
        shapes, ("held out", "cross-validation"), (1, 3)
    ):
        random_split, *_ = measured([[9, 0, 0], [0, 9, 0], [0, 0, 9]], names)
        made = report(
            confusion,
            names,
            measured_by=measured_by,
            group_size=size,
            random_split=random_split,
            suspects=12,
        )
        lines = summary_lines(made)
        assert 3 <= len(lines) <= 6, lines
        assert max(map(len, lines)) <= 100
        assert all(line.isprintable() for line in lines)  # no escape, no turned-round text


def test_no_sentence_boasts_or_shouts():
    words = said(report([[30, 0], [0, 30]], FLOWERS[:2])).lower()
    assert not any(word in words for word in ("!", "state of the art", " ai ", "sample", "great"))


def test_nobody_is_sent_to_photograph_more_of_a_published_data_set():
    made = report([[40, 10, 0], [2, 48, 0], [0, 3, 47]], FLOWERS)
    words = said(replace(made, can_photograph=False, suspects=3))
    assert "photograph" not in words.partition("Next:")[2]
    assert (
        "Next: look at the 10 photos of rose taken for tulip, the commonest confusion; "
        "try another network, which may tell them apart (eyespot networks)."
    ) in words


def test_with_five_photos_a_class_all_classes_need_more():
    have = (("rose", 5), ("tulip", 5), ("daisy", 30))
    made = report([[4, 1, 0], [1, 4, 0], [0, 0, 30]], FLOWERS, trained_on=have)
    assert "Next: photograph more of every class, 20 of each or so, on other days" in said(made)
    assert [note.seen for note in cautions(made)] == [
        "Half of the classes have 5 photos or fewer to learn from.",
        "It learned from 30 photos of daisy, and from 5 of rose.",
    ]


def test_classes_of_unlike_sizes_are_also_counted_alike():
    # 96 of 100 and 2 of 5: 98 of 105 in all, (0.96 + 0.4) / 2 counted alike
    words = said(report([[96, 4], [3, 2]], FLOWERS[:2]))
    assert "93.3 % (interval" in words
    assert "With every class counted alike: 68.0 %." in words
    assert "counted alike" not in said(report([[46, 4], [3, 47]], FLOWERS[:2]))


@pytest.mark.parametrize(
    ("suspects", "wrong", "words"),
    [
        (213, None, "look at the first 20 of 213 labels that may be wrong"),
        (213, 3.4, "look at the first 20 of 213 labels that seem wrong: only about 3 are"),
        (213, 0.8, "the first 20 of 213 labels that seem wrong: only about 1 is"),
        (213, 0.2, "the first 20 of 213 labels that seem wrong: hardly one is"),
        (60, 44.6, "look at 60 labels that seem wrong: about 45 are"),
        (12, 0.2, "look at 12 labels that seem wrong"),
    ],
)
def test_who_is_sent_to_suspect_labels_knows_how_many_are_wrong(suspects, wrong, words):
    have = (("rose", 300), ("tulip", 300))
    made = report([[29, 1], [0, 30]], FLOWERS[:2], trained_on=have, suspects=suspects)
    assert words in said(replace(made, suspects_wrong=wrong))


def test_where_nothing_was_learned_nobody_is_sent_for_more_of_the_same():
    made = report([[100, 60], [66, 94]], FLOWERS[:2], suspects=82, group_size=8)
    words = said(made)
    assert "Next: ask whether the photos show what tells the classes apart; look through" in words
    assert "photograph" not in words and "82" not in words
