"""A training's history as files and as curves: the title says what they show, places are right."""

import csv
import io
import json
import math
from xml.etree import ElementTree

import pytest

from eyespot.training.curves import curves_svg, finding, remarks
from eyespot.training.facts import Epoch
from eyespot.training.history import history_csv, history_jsonl

SVG = "{http://www.w3.org/2000/svg}"


def epochs(right, *, rates=None, losses=None, tried=True):
    """One epoch for each share of validation photos that were right."""
    return [
        Epoch(
            epoch=i + 1,
            step=10 * (i + 1),
            learning_rate=rates[i] if rates else 0.1,
            loss=1 / (i + 1),
            top1=share + 0.01,
            validation_loss=(losses[i] if losses else 0.5) if tried else None,
            validation_top1=share if tried else None,
        )
        for i, share in enumerate(right)
    ]


def texts(svg):
    return ["".join(each.itertext()) for each in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def drawn(history):
    best = max(history, key=lambda e: e.validation_top1 or 0)
    return curves_svg(history, best, source="eyespot train x")


def test_the_history_is_read_back_by_others_to_the_last_bit():
    history = epochs([1 / 3, 2 / 3]) + epochs([0.1], tried=False)
    rows = list(csv.DictReader(io.StringIO(history_csv(history))))
    assert [float(row["validation_top1"] or math.nan) for row in rows[:2]] == [1 / 3, 2 / 3]
    assert rows[2]["validation_top1"] == rows[2]["validation_loss"] == ""
    lines = [json.loads(line) for line in history_jsonl(history).splitlines()]
    assert lines[1] == {
        "epoch": 2, "step": 20, "learning_rate": 0.1, "loss": 0.5, "top1": 2 / 3 + 0.01,
        "validation_loss": 0.5, "validation_top1": 2 / 3,
    }  # fmt: skip
    assert lines[2]["validation_loss"] is None


def test_the_title_says_which_epoch_was_best():
    history = epochs([0.5, 0.912, 0.9])
    said = finding(history, history[1])
    assert said == "Best after epoch 2 of 3: 91.2 % of the validation photos are right"
    assert said in " ".join(texts(drawn(history)))


def test_without_validation_photos_the_title_is_about_the_training_photos():
    history = epochs([0.5, 0.7], tried=False)
    said = "After epoch 2, 71.0 % of the training photos are named correctly"
    assert finding(history, None) == said
    svg = curves_svg(history, None, source="x")
    assert not any("validation 7" in text for text in texts(svg))


@pytest.mark.parametrize(
    "losses, told",
    [
        (
            [0.9, 0.5, 0.56],
            "After epoch 2 the loss of the validation photos rose, from 0.5 to 0.56",
        ),
        ([0.9, 0.5, 0.54], ""),  # less than a tenth more
        ([0.9, 0.7, 0.5], ""),
    ],
)
def test_learning_by_heart_is_told(losses, told):
    said = " ".join(remarks(epochs([0.5, 0.6, 0.6], losses=losses)))
    assert said.startswith(told) and bool(said) == bool(told)


def test_steps_of_the_learning_rate_are_marked_between_their_epochs():
    history = epochs([0.1] * 9, rates=[0.1] * 4 + [0.01] * 3 + [0.001] * 2)
    found = texts(drawn(history))
    assert [t for t in found if "rate" in t] == ["learning rate 0.01", "learning rate 0.001"]
    root = ElementTree.fromstring(drawn(history))
    upright = {
        line.get("x1")
        for line in root.iter(f"{SVG}line")
        if line.get("x1") == line.get("x2") and line.get("stroke-dasharray")
    }
    ends = [float(t.get("x")) for t in root.iter(f"{SVG}text") if t.text in ("2", "8")]
    assert len(ends) == 2
    # between epochs 2 and 8 are 6 spaces; the steps stand at epochs 4.5 and 7.5
    expected = [ends[0] + (ends[1] - ends[0]) * spaces / 6 for spaces in (2.5, 5.5)]
    assert sorted(map(float, upright)) == pytest.approx(expected, abs=0.06)


def test_a_slope_is_no_step():
    slope = [0.05 * (1 + math.cos(math.pi * (i + 1) / 30)) for i in range(30)]
    assert slope[-1] < slope[-2] / 2  # at its end, a cosine falls by more than half
    assert not any("learning rate" in t for t in texts(drawn(epochs([0.1] * 30, rates=slope))))


def test_one_epoch_and_a_loss_that_ran_away_are_drawn_too():
    for history in (epochs([0.5]), epochs([0.5] * 4, losses=[0.3, 0.3, 0.2, 1e6])):
        root = ElementTree.fromstring(drawn(history))
        numbers = [
            float(each.get(name)) for each in root.iter(f"{SVG}circle") for name in ("cx", "cy")
        ]
        assert numbers and all(0 <= number <= 760 for number in numbers)
