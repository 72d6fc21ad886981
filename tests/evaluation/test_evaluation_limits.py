"""What a classifier knows of its limits stands in the report, in words and with its intervals."""

from dataclasses import replace

import numpy as np
import pytest
from page_reading import local, parsed, what_acts, words
from payloads import PAYLOADS
from reports import measured, report

from eyespot.classifier.coverage import ClassCoverage, CoverageFigures
from eyespot.classifier.novelty import NoveltyFigures, Told
from eyespot.evaluation.reliability import measure_calibration
from eyespot.evaluation.reliability_diagram import BOTTOM, LEFT, RIGHT, TOP, reliability_drawing
from eyespot.evaluation.report import report_html
from eyespot.evaluation.trials import Trial

FLOWERS = ("rose", "tulip")
UNRELATED = (
    Told("all", 98, 0.96, (0.9, 0.99), 0.99),
    Told("noise", 24, 1.0, (0.86, 1.0), 1.0),
)
NOVELTY = NoveltyFigures(
    n=200,
    kept=0.95,
    interval=(0.91, 0.98),
    unrelated=UNRELATED,
    left_out_classes=(
        Told("rose", 100, 0.4, (0.3, 0.5), 0.8),
        Told("tulip", 100, 0.1, (0.05, 0.2), 0.6),
    ),
)
COVERAGE = CoverageFigures(
    n=100,
    covered=0.94,
    interval=(0.87, 0.98),
    mean_size=1.2,
    single=0.8,
    per_class=(ClassCoverage("rose", 50, 0.98), ClassCoverage("tulip", 50, 0.9)),
)
TRIALS = (
    Trial("probe", "linear softmax", 200, 0.9, 0.3, 0.0, 0.0, 12.0, True),
    Trial("fine-tuning", "the last 2 stages", 200, 0.91, 0.31, 0.01, 0.02, 300.0, False),
)


@pytest.fixture(scope="module")
def made():
    found = report([[90, 10], [10, 90]], FLOWERS)
    _, photos, probabilities = measured([[90, 10], [10, 90]], FLOWERS)
    truth = np.array([FLOWERS.index(photo.label) for photo in photos])
    return replace(
        found,
        calibration=measure_calibration(probabilities, truth),
        novelty=NOVELTY,
        coverage=COVERAGE,
        trials=TRIALS,
        fingerprint="ab12" * 16,
        trained_on=(("rose", 100), ("tulip", 100)),
    )


def test_all_sections_stand_in_order_with_their_findings(made):
    root = parsed(report_html(made))
    titles = {e.get("id"): words(e).split("\n")[0] for e in root.iter() if local(e) == "section"}
    assert list(titles) == [
        *("matrix", "errors", "classes", "sureness", "none-of-these", "label-sets", "tried"),
        *("left-out", "making", "words"),
    ]
    told = titles["none-of-these"]
    assert told.startswith("It refuses 96.0 % of unrelated pictures, and keeps 95.0 % of its own")
    # (0.4 + 0.1) / 2
    assert "A near relative of its classes is mostly not recognised as new: 25.0 %" in told
    assert titles["label-sets"].startswith("Its sets of labels hold the truth for 94.0 %")
    assert titles["tried"].startswith("What was tried: probe was taken")
    assert "0.010 ± 0.020" in titles["tried"]
    assert "ab12ab12" in titles["making"]


def test_the_first_screen_says_how_far_it_can_be_trusted(made):
    (head,) = [e for e in parsed(report_html(made)).iter() if local(e) == "header"]
    # 70 % in every first answer, 180 of 200 right
    assert "It is less sure than it could be: 70.0 % on average, and right on 90.0 %." in words(
        head
    )
    assert (
        "Shown something else altogether, it says so for 96.0 % of 98 pictures, and wrongly for "
        "5.0 % of its own. A near relative of its classes it mostly takes for one of "
        "them. Its sets of labels hold the truth for 94.0 % of photos (interval 87-98 %)."
    ) in words(head)


def test_calibration_is_told_beside_what_chance_would_show(made):
    (sureness,) = [e for e in parsed(report_html(made)).iter() if e.get("id") == "sureness"]
    text = words(sureness)
    # all answers are equally sure: one bin, |0.7 - 0.9|; the truth has 0.7 or 0.3:
    # 0.9 (0.3^2 + 0.3^2) + 0.1 (0.7^2 + 0.7^2) and -0.9 ln 0.7 - 0.1 ln 0.3
    assert "Sure and right lie further apart than chance would have them: in 1 of 1 bin" in text
    assert "calibration error20.0 % a classifier whose probabilities are all true would" in text
    assert "Brier score0.260" in text
    assert "log loss0.441" in text


def test_marks_of_the_diagram_stand_where_arithmetic_puts_them(made):
    drawing = parsed(report_html(made))
    titles = [e for e in drawing.iter() if local(e) == "title" and "photos:" in words(e)]
    assert [words(e).split(";")[0] for e in titles] == ["200 photos: 70.0 % sure, 90.0 % right"]
    # the axes begin at 60 %: the range of chance about 70 % reaches below that
    html = str(reliability_drawing(made.calibration))
    x = LEFT + (RIGHT - LEFT) * (0.7 - 0.6) / 0.4
    y = BOTTOM + (TOP - BOTTOM) * (0.9 - 0.6) / 0.4
    assert f"M{x:.1f} {y - 7:.1f}L" in html  # the upper corner of a diamond: it lies outside


@pytest.mark.parametrize("name", PAYLOADS[:8])
def test_no_name_in_these_sections_can_act(made, name):
    page = report_html(
        replace(
            made,
            novelty=replace(NOVELTY, left_out_classes=(replace(UNRELATED[0], name=name),)),
            coverage=replace(COVERAGE, per_class=(ClassCoverage(name, 1, None),)),
            trials=(replace(TRIALS[0], name=name, words=name),),
        )
    )
    assert what_acts(page) == []


def test_a_choice_that_was_made_on_the_measured_photos_is_told_to_flatter(made):
    flattered = "makes them better by a little than they are"
    told = {
        how: report_html(replace(made, measured_by=how)) for how in ("cross-validation", "held out")
    }
    assert flattered in told["cross-validation"] and flattered not in told["held out"]
    alone = replace(made, measured_by="cross-validation", trials=TRIALS[:1])
    assert flattered not in report_html(alone), "there was nothing to choose from"


def test_answers_that_are_true_on_average_alone_are_not_called_true():
    # Half of the answers are 90 % sure, half 50 %: 70 % on average, as are right of either half.
    sure = np.repeat([0.9, 0.5], 100)
    truth = np.tile((np.arange(100) >= 70).astype(int), 2)
    calibration = measure_calibration(np.stack([sure, 1 - sure], axis=1), truth)
    assert calibration.sure == pytest.approx(calibration.right) == pytest.approx(0.7)
    made = replace(report([[70, 30], [30, 70]], FLOWERS), calibration=calibration)
    (head,) = [e for e in parsed(report_html(made)).iter() if local(e) == "header"]
    told = "It is right as often as it is sure on average, but not answer by answer."
    assert told in words(head)
