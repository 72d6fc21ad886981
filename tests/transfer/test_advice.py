"""Where photos stand in the table: both sides measured, on made-up responses with a known truth."""

from dataclasses import replace

import numpy as np
import pytest
from page_reading import parsed, what_acts, words

from eyespot.transfer import advice as under_test
from eyespot.transfer import advice_words
from eyespot.transfer.advice import Advice, CurvePoint, StageFigure, measure
from eyespot.transfer.advice_page import advice_html
from eyespot.transfer.advising import Advised
from eyespot.transfer.candidates import Examples
from eyespot.transfer.stages import Parts

PARTS = Parts(("early", "middle", "embedding"), (6, 6, 6))
CLASSES = ("ant", "bee", "wasp")


def responses(*, told_by, n=180, noise=0.6, seed=0):
    """Three classes that one part tells apart; the others are noise. Early are two of three."""
    generator = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = generator.normal(size=(3, 6))
    columns = [
        (centres[labels] if name == told_by else 0) + generator.normal(scale=noise, size=(n, 6))
        for name in PARTS.names
    ]
    joined = np.concatenate(columns, axis=1).astype(np.float32)
    return Examples(joined, None, labels, np.arange(n) // 3 % 5, 3)


def measured(examples, *, groups=None):
    n = len(examples.labels)
    return measure(
        PARTS,
        examples,
        classes=CLASSES,
        groups=list(range(n)) if groups is None else groups,
        names=[f"{i:04d}" for i in range(n)],
        seed=0,
    )


def made(*, amount="little", likeness="similar", top1=0.9, gain=0.03, early="features.5"):
    """An advice of known figures, as the words and the page take it."""
    names = (*(f"features.{i}" for i in range(8)), "embedding")
    stages = tuple(
        StageFigure(name, 8, i < 6, 0.5 + i / 20, (0.4, 0.95), 1.0) for i, name in enumerate(names)
    )
    curve = tuple(
        CurvePoint(share, int(400 * share), 2, top1 - 0.1 * (1 - share), (0.8, 0.99), 0.3)
        for share in (0.125, 0.25, 0.5, 1.0)
    )
    return Advice(
        n=500, groups=480, classes=CLASSES, stages=stages, early=early, late="embedding",
        likeness=likeness, is_likeness_clear=True, late_gain=0.1514,
        late_gain_interval=(0.101, 0.2041), curve=curve, amount=amount, doubling_gain=gain,
        doubling_gain_interval=(gain - 0.021, gain + 0.0189),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told_by", "likeness"), [("embedding", "similar"), ("early", "different")]
)
def test_the_side_of_the_stage_that_tells_classes_apart_is_told(told_by, likeness):
    found = measured(responses(told_by=told_by))
    assert (found.likeness, found.is_likeness_clear) == (likeness, True)
    assert (found.late_gain > 0) == (likeness == "similar")
    assert found.late_gain_interval[0] < found.late_gain < found.late_gain_interval[1]
    assert [each.is_early for each in found.stages] == [True, True, False]  # round(2 / 3 * 3) = 2
    best = min(found.stages, key=lambda each: each.log_loss)
    assert best.stage == told_by and best.top1 > 0.7
    # without any relation 1 in 3 is right, with a standard error of sqrt(2 / 9 / 180) = 3.5 points
    others = [each.top1 for each in found.stages if each.stage != told_by]
    assert max(others) < 1 / 3 + 4 * 0.035


def test_what_no_stage_tells_apart_is_no_clear_likeness():
    found = measured(responses(told_by="nothing"))
    assert not found.is_likeness_clear
    assert "no clear difference" in advice_words.likeness(found)


def test_shares_double_from_an_eighth_to_all_and_more_is_better_while_there_are_few():
    found = measured(responses(told_by="embedding", n=120, noise=0.9))
    assert [point.share for point in found.curve] == [1 / 8, 1 / 4, 1 / 2, 1]
    # four of five folds are 96 photos; an eighth is 12
    assert [point.photos for point in found.curve] == [12, 24, 48, 96]
    assert [point.draws for point in found.curve] == [3, 2, 2, 1]
    assert found.curve[0].log_loss > found.curve[-1].log_loss
    assert found.whole.top1 == found.stages[-1].top1  # the same head on the same photos


def test_few_photos_are_little_data_even_if_the_last_doubling_brought_nothing():
    found = measured(responses(told_by="embedding", n=30, noise=0.05))
    assert found.whole.top1 == 1 and found.doubling_gain == 0
    assert found.amount == "little"  # 30 photos fared alike: up to 11 % of others might not


def test_many_photos_that_half_of_would_have_done_are_a_lot():
    found = measured(responses(told_by="embedding", n=1200, noise=0.3))
    assert found.doubling_gain_interval[1] < 0.02
    assert found.amount == "a lot"


def test_a_lesson_never_divides_a_group_nor_holds_a_photo_of_its_fold():
    examples = responses(told_by="embedding", n=180)
    groups = np.arange(180) // 9  # of 9 photos, three of each class
    examples = replace(examples, folds=groups % 5)
    names = [f"{i:04d}" for i in range(180)]
    lessons = list(under_test._lessons(examples, CLASSES, groups, names, 0))
    # 16 groups outside each fold: 8 parts; 1 whole, 3 eighths, 2 quarters, 2 halves
    assert len(lessons) == 5 * (1 + 3 + 2 + 2)
    for lesson in lessons:
        assert not (examples.folds[lesson.learned] == lesson.fold).any()
        inside = np.bincount(groups[lesson.learned], minlength=20)
        assert set(inside.tolist()) <= {0, 9}
        assert len(lesson.learned) == 144 // lesson.parts
    eighths = [set(each.learned) for each in lessons if each.parts == 8 and each.fold == 0]
    assert not eighths[0] & eighths[1] and not eighths[1] & eighths[2]


def test_two_groups_a_class_give_no_curve_and_say_so():
    examples = responses(told_by="embedding", n=36)
    groups = np.arange(36) // 18
    found = measured(replace(examples, folds=groups), groups=groups.tolist())
    assert [point.share for point in found.curve] == [1]
    assert found.doubling_gain is None and found.amount == "little"
    assert "too few to learn from a half" in advice_words.amount(found)
    assert "too few groups" in advice_words.headline(found)


@pytest.mark.parametrize(
    ("amount", "likeness", "command"),
    [
        ("little", "similar", "eyespot train photos/"),
        ("little", "different", "eyespot train photos/ --method auto"),
        ("a lot", "similar", "eyespot train photos/ --method fine-tune --unfreeze 2"),
        # stages: features.0 to features.7 and the embedding; behind features.2 there are 3 to 7
        # and the one that the embedding averages: 6
        ("a lot", "different", "eyespot train photos/ --method fine-tune --unfreeze 6"),
    ],
)
def test_every_cell_has_its_command(amount, likeness, command):
    advice = made(amount=amount, likeness=likeness, early="features.2")
    assert advice_words.command(advice, "photos/") == command
    assert advice_words.headline(advice).count(".") == 1
    assert advice_words.command(advice, "my photos").startswith("eyespot train 'my photos'")
    again = advice_words.command(advice, "photos/", ("--network", "resnet18", "--add", "a b"))
    assert again == command.replace("photos/", "photos/ --network resnet18 --add 'a b'")


@pytest.mark.parametrize(
    ("top1", "told"),
    [
        (0.978, "it names 489 of 500 photos correctly already, and 11 errors are too few to show"),
        (0.998, "it names 499 of 500 photos correctly already, and 1 error is too few to show"),
        (1.0, "it names 500 of 500 photos correctly already, and no error is left to show"),
    ],
)
def test_where_halving_the_errors_could_not_be_shown_a_head_is_enough(top1, told):
    # 12 errors are 488 of 500, 97.6 %: the least that leaves something to show
    advice = made(amount="a lot", likeness="different", top1=top1)
    assert advice_words.command(advice, "photos/") == "eyespot train photos/"
    assert told in advice_words.headline(advice)
    assert "fine-tune" in advice_words.command(made(amount="a lot", top1=0.976), "photos/")
    assert not advice_words.is_settled(made(amount="little", top1=top1))


def test_figures_stand_in_the_sentences_with_intervals_rounded_outwards():
    # 0.1514 is +15.1 points; 0.101 and 0.2041 are +10.1 and, outwards, +20.5
    told = advice_words.likeness(made())
    assert "75.0 %: +15.1 points (interval +10.1 to +20.5)" in told
    # 0.03 - 0.021 = 0.009 and 0.03 + 0.0189 = 0.0489, outwards +4.9
    told = advice_words.amount(made())
    assert "(200, then 400 to learn from): +3.0 points (interval +0.9 to +4.9)" in told
    assert told.endswith("more photos will help.")
    assert "more photos would help most" in advice_words.headline(made())
    unclear = made(gain=0.02)  # from -0.1 to +3.9 points
    assert "too few of them to see what more would bring" in advice_words.headline(unclear)
    assert "is not shown" in advice_words.amount(unclear)


@pytest.mark.parametrize("likeness", ["similar", "different"])
@pytest.mark.parametrize("amount", ["little", "a lot"])
def test_the_page_marks_one_cell_and_holds_nothing_that_acts(amount, likeness):
    advice = made(amount=amount, likeness=likeness)
    found = Advised(advice, "ants & <bees>", "net", (), ("Two folds instead of five.",), {})
    page = advice_html(found, source="photos <x>", command="eyespot advise 'photos <x>'")
    assert what_acts(page) == []
    told = words(parsed(page))
    assert told.count("Your photos are here") == 1
    assert advice_words.TABLE[amount, likeness][0] in told.split("Your photos are here: ")[1][:80]
    assert "Two folds instead of five." in told and "ants & <bees>" in told
    assert advice_words.headline(advice) in told
    assert "whatever the cell says" not in told
    settled = replace(found, advice=made(amount="a lot", top1=0.99))
    assert "whatever the cell says" in words(parsed(advice_html(settled, source="a", command="b")))


def test_the_page_of_too_few_groups_has_no_curve():
    advice = replace(made(), doubling_gain=None, doubling_gain_interval=None)
    advice = replace(advice, curve=advice.curve[-1:])
    page = advice_html(Advised(advice, "ants", "net", (), (), {}), source="a", command="b")
    assert "too few to learn from a half" in words(parsed(page))
