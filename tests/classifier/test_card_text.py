"""The card carries what a report measured, in the bundle and in plain words."""

from dataclasses import replace

import pytest
from small_bundles import small_classifier

from eyespot.classifier.calibration import Calibration, Errors, Reliable
from eyespot.classifier.card import Card
from eyespot.classifier.coverage import CoverageFigures
from eyespot.classifier.novelty import NoveltyFigures, Told
from eyespot.classifier.readme import card_text
from eyespot.values import from_json, to_json

CALIBRATION = Calibration(
    n=200,
    sure=0.93,
    right=0.92,
    errors=Errors(ece=0.021, brier=0.123, log_loss=0.25),
    ece_if_perfect=(0.025, 0.041),
    bins=(Reliable(200, 0.5, 1.0, 0.93, 0.92, (0.9, 0.96)),),
    before=Errors(ece=0.1, brier=0.15, log_loss=0.4),
)
FULL = {
    "calibration": CALIBRATION,
    "random_split": 0.98,
    "suspects": 1,
    "version": "1.2",
    "novelty": NoveltyFigures(
        n=200,
        kept=0.95,
        interval=(0.91, 0.98),
        unrelated=(Told("all", 66, 0.985, (0.92, 1.0), 0.999),),
        left_out_classes=(
            Told("bee", 9, 0.2, (0.1, 0.5), 0.7),
            Told("wasp", 9, 0.6, (0.3, 0.8), 0.8),
        ),
    ),
    "coverage": CoverageFigures(100, 0.94, (0.87, 0.98), 1.2, 0.8, ()),
}


@pytest.fixture
def text():
    made = small_classifier()
    full = replace(made, card=replace(made.card, **FULL))
    return card_text(full, name="insects", left_out=3)


@pytest.mark.parametrize(
    "words",
    [
        "88.9 % of 9 photos in 7 groups",
        "a random split would have told 98.0 %.",
        "On these photos it was 93.0 % sure on average, and right on 92.0 %.",
        "Its calibration error (15 bins of equal mass) is 2.1 %; a classifier whose probabilities "
        "are all true would show 2.5 % on as many photos, and at most 4.1 % in 95 of 100 cases.",
        "Brier score 0.123, log loss 0.250 (before temperature scaling 0.150 and 0.400).",
        "It keeps 95.0 % of 200 photos of its classes",
        "Of 66 unrelated pictures it refuses 98.5 % (interval 92-100 %, AUROC 0.999).",
        "it refuses 40.0 % of the photos, in the mean over the classes",  # (0.2 + 0.6) / 2
        "Its sets of labels hold the truth for 94.0 % of 100 photos",
        "9 photos. 3 files were left out: `report.html` says why. 1 label looks wrong.",
        "Seed 0 with eyespot 1.2",
        "`" + "f" * 64 + "`",
        "- one - two",
        "licence Apache-2.0",
    ],
)
def test_the_card_says_all_that_was_measured(text, words):
    assert words in " ".join(text.split())


def test_what_was_not_measured_is_not_spoken_of():
    text = card_text(small_classifier(), name="insects")
    for word in ("How sure it is", "limits", "random split", "left out", "None", "looks wrong"):
        assert word not in text


def test_a_card_with_all_figures_comes_back_as_it_was():
    card = replace(small_classifier().card, **FULL)
    assert from_json(Card, to_json(card)) == card


def test_a_card_from_before_these_figures_is_read_and_written_as_it_was():
    card = small_classifier().card
    written = to_json(card)
    assert not {"calibration", "random_split", "suspects", "version"} & set(written)
    assert from_json(Card, written) == card


def test_a_name_or_a_note_cannot_leave_its_place_in_the_card():
    made = small_classifier()
    evil = replace(made.card, notes=("# one\n## two <b>", "`x`"))
    text = card_text(replace(made, card=evil), name="insects")
    assert "\n## two" not in text and "<b>" not in text
