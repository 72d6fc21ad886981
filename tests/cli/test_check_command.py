"""`eyespot check`: the verdict, the page, the chart, the exit code, refusals before any work."""

import json

import click
import numpy as np
import pytest
from click.testing import CliRunner
from page_reading import parsed, what_acts, words
from PIL import Image

from eyespot.cli.check import check, machine_answer
from eyespot.errors import InputError

QUICK = ("--only", "inputs,outputs,loss,random", "--only", "steps,rates")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """200 of scikit-learn's digits in train/, 40 in test/: with parts, nothing is searched for."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("check") / "digits"
    digits = load_digits()
    pictures = (digits.images * 255 / 16).astype(np.uint8)
    for i in range(240):
        place = folder / ("train" if i < 200 else "test") / f"digit {digits.target[i]}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pictures[i]).save(place / f"{i}.png")
    return folder


def run(photos, *words):
    words = [str(photos), "--network", "lenet5_modern", *map(str, words)]
    result = CliRunner().invoke(check, words, catch_exceptions=False, standalone_mode=False)
    assert result.exception is None
    return result


def test_a_sound_set_up_is_told_and_a_page_is_written(photos, tmp_path):
    result = run(photos, *QUICK, "--out", tmp_path / "check.html")
    assert result.return_value == 0
    lines = result.stdout.strip().splitlines()
    assert lines[0] == "We found nothing wrong with this set-up."
    assert "the best of 1,000 random classifiers" in " ".join(lines[1:3])
    assert lines[-1] == f"Try: eyespot train {photos} --network lenet5_modern --method scratch"
    stages = [line.split()[0] for line in result.stderr.splitlines() if line[0].isalpha()]
    wanted = ["inputs", "outputs", "loss", "random", "steps", "rates"]
    assert [stage for stage in stages if stage in wanted] == wanted
    assert max(map(len, result.stderr.splitlines())) <= 100
    page = (tmp_path / "check.html").read_text("utf-8")
    assert what_acts(page) == []
    assert "We found nothing wrong with this set-up." in words(parsed(page))
    assert "The loss falls at learning rates from" in words(parsed(page))


def test_a_rate_that_is_too_high_is_a_fault_with_exit_code_1(photos):
    result = run(photos, "--only", "steps", "--lr", 3, "--json")
    assert result.return_value == 1
    answer = json.loads(result.stdout)
    assert answer["is_sound"] is False and answer["verdict"].startswith("Do not train yet: 1 fault")
    (finding,) = answer["findings"]
    assert finding["check"] == "steps" and "--learning-rate 0.1" in finding["what_to_do"]
    assert answer["rates"] is None and answer["steps"]["learning_rate"] == 3
    assert answer["told"]["steps"] and answer["network"] == "lenet5_modern"


def test_several_signs_of_one_fault_are_told_once_and_what_next(photos):
    result = run(photos, "--only", "overfit,steps,rates", "--lr", 3)
    lines = result.stdout.strip().splitlines()
    assert lines[0] == "Do not train yet: 1 fault in this set-up."
    assert sum(line.startswith("! ") for line in lines) == 1
    assert lines[-1] == "Put this right, then run the same check again."


def test_the_chart_of_rates_is_a_file_of_its_own(photos, tmp_path):
    chart = tmp_path / "rates.svg"
    answer = json.loads(run(photos, "--only", "rates", "--out", chart, "--json").stdout)
    low, high = answer["rates"]["suggested"]
    assert low < high < answer["rates"]["highest"]
    drawn = chart.read_text("utf-8")
    assert f"The loss falls at learning rates from {low:.2g} to {high:.2g}" in drawn
    assert f"recipe {answer['rates']['recipe_rate']:.2g}" in drawn


def test_numbers_that_json_does_not_know_are_null():
    from eyespot.training.checks.examine import Checked
    from eyespot.training.checks.first_steps import FirstSteps
    from eyespot.training.checks.page import Subject

    steps = FirstSteps(1.0, 2.3, (2.3, float("inf")), float("nan"))
    subject = Subject("a", "b/", "c", 10, 2, "eyespot train")
    answer = machine_answer(Checked(steps=steps), subject, None)
    assert answer["steps"]["losses"] == [2.3, None] and answer["steps"]["growth"] is None
    json.dumps(answer, allow_nan=False)


def test_photos_are_not_changed(photos):
    before = {file: file.read_bytes() for file in photos.rglob("*.png")}
    run(photos, "--only", "inputs")
    assert {file: file.read_bytes() for file in photos.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize(
    ("words", "said", "kind"),
    [
        (("--only", "rate"), "Did you mean rates", InputError),
        (("--out", "check.pdf"), "ends in .html", InputError),
        (("--only", "loss", "--out", "x.svg"), "add --only rates", click.UsageError),
        (("--network", "resnet81"), "Did you mean", InputError),
        (("--recipe", "resnet_2015"), "recipe", InputError),
        (("--batch-size", "1000"), "batch", InputError),
    ],
)
def test_refusals_come_before_any_work(photos, words, said, kind):
    typed = [str(photos), "--network", "lenet5_modern", *words]
    result = CliRunner().invoke(check, typed, standalone_mode=False)
    assert isinstance(result.exception, kind)
    told = getattr(result.exception, "message", str(result.exception))
    assert said in told and "\n" not in told


def test_an_existing_page_is_kept(photos, tmp_path):
    page = tmp_path / "check.html"
    page.write_text("mine")
    result = CliRunner().invoke(
        check, [str(photos), "--network", "lenet5_modern", "--out", str(page)]
    )
    assert "--overwrite" in str(result.exception)
    assert page.read_text() == "mine"
