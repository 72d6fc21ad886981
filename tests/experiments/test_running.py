"""Every run is made once, whatever comes between; what is there is never trained again."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import tiny

from eyespot.errors import InputError
from eyespot.experiments import reporting
from eyespot.experiments.experiment import Size
from eyespot.experiments.photos import drawn, opened
from eyespot.experiments.running import Order, carry_out, seconds_left, slug
from eyespot.training.stopping import Interrupted


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return tiny.data(tmp_path_factory.mktemp("data") / "pictures")


@pytest.fixture(scope="module")
def undisturbed(source, tmp_path_factory):
    return tiny.carried_out(source, tmp_path_factory.mktemp("undisturbed"))


def numbers(results):
    """All but times."""
    return [replace(run, seconds=0.0) for run in results.runs]


def test_every_arm_is_trained_with_every_seed(undisturbed):
    assert undisturbed.arms == ("random search", "gradient descent", "ten times the rate")
    assert undisturbed.seeds == (0, 1)
    assert len(undisturbed.runs) == 6
    descent = undisturbed.of("gradient descent")
    assert [len(run.history) for run in descent] == [6, 6]
    assert descent[0].history != descent[1].history  # other photos, another order
    assert all(run.history[-1].error == run.held_out_error for run in descent)
    assert max(undisturbed.held_out_errors("gradient descent").values()) < 0.2  # it is easy


def test_a_search_with_more_tries_has_those_before_it_among_its_own(undisturbed):
    for run in undisturbed.of("random search"):
        assert list(run.tries) == ["1", "10", "1000"]
        assert run.held_out_error == run.tries["1000"]


class Stops(tiny.Told):
    """Asks to stop in the middle of the third run, as the system would."""

    def advance(self, done: int, total: int) -> None:
        super().advance(done, total)
        if len(self.begun) == 3 and done == 2:
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_stopped_experiment_goes_on_where_it_was(source, undisturbed, tmp_path):
    first = Stops()
    with pytest.raises(Interrupted):
        tiny.carried_out(source, tmp_path, first)
    assert len(first.ended) == 2
    assert list(tmp_path.glob("runs/*/*/checkpoints/step-*"))
    second = tiny.Told()
    results = tiny.carried_out(source, tmp_path, second)
    assert second.begun[0] == first.begun[2]
    assert second.begun == [pair for pair in second.ended if pair not in first.ended]
    assert numbers(results) == numbers(undisturbed)
    assert not list(tmp_path.glob("runs/*/*/checkpoints"))
    third = tiny.Told()
    assert numbers(tiny.carried_out(source, tmp_path, third)) == numbers(undisturbed)
    assert third.begun == []


@pytest.mark.slow
@pytest.mark.parametrize("runs", [0, 1, 3])
def test_a_killed_experiment_goes_on_where_it_was(source, undisturbed, tmp_path, runs):
    here = Path(tiny.__file__)
    paths = os.pathsep.join((str(here.parent), str(here.parents[1])))
    process = subprocess.Popen(
        [sys.executable, str(here), str(source), str(tmp_path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert process.stdout is not None
    for _ in range(runs):
        process.stdout.readline()
    process.kill()
    process.wait()
    assert numbers(tiny.carried_out(source, tmp_path)) == numbers(undisturbed)


def test_more_seeds_are_added_to_what_is_there(source, tmp_path):
    tiny.carried_out(source, tmp_path, seeds=1)
    more = tiny.Told()
    assert tiny.carried_out(source, tmp_path, more, seeds=2).seeds == (0, 1)
    assert {seed for _, seed in more.begun} == {1}


def test_the_results_of_another_size_are_refused(source, tmp_path):
    tiny.carried_out(source, tmp_path, seeds=1)
    longer = replace(tiny.experiment(), full=replace(tiny.SIZE, epochs=7))
    with pytest.raises(InputError, match=r"run.json is the result of .* another --out"):
        carry_out(Order(longer, source, tmp_path, seeds=1), tiny.Told())


def test_a_damaged_result_is_refused(source, tmp_path):
    tiny.carried_out(source, tmp_path, seeds=1)
    (path,) = tmp_path.glob("runs/random-search/seed-0/run.json")
    for content in (path.read_text()[:-40], "[]", '{"format": 9}'):
        path.write_text(content)
        with pytest.raises(InputError, match="holds no result that can be read"):
            tiny.carried_out(source, tmp_path, seeds=1)


def test_photos_that_are_too_few_are_refused(source, tmp_path):
    order = Order(replace(tiny.experiment(), full=replace(tiny.SIZE, photos=400)), source, tmp_path)
    with pytest.raises(InputError, match=r"learns from 400 photos .* has 270 and 30"):
        carry_out(order, tiny.Told())


@pytest.mark.parametrize("seeds", [0, 11])
def test_a_number_of_seeds_that_cannot_be_is_refused(source, tmp_path, seeds):
    with pytest.raises(InputError, match="1 to 10 seeds"):
        tiny.carried_out(source, tmp_path, seeds=seeds)


def test_seeds_learn_from_other_photos_and_measure_on_the_same(source):
    size = Size(photos=60, held_out=20, epochs=1, seeds=2, minutes=1)
    parts = opened(source, size, progress=lambda done, total: None).parts
    first, second = (drawn(parts, size, seed=seed) for seed in (0, 1))
    assert len(set(first.train)) == 60
    assert set(first.train) != set(second.train)
    assert first.validation == second.validation
    assert not {p.file for p in first.train} & {p.file for p in first.validation}
    assert sum(photo.label == parts.classes[0] for photo in first.train) == 30
    assert set(first.train) | set(second.train) <= set(parts.train)


def test_the_time_left_is_what_an_arm_took_or_its_cost_in_proportion(undisturbed):
    ten = replace(undisturbed.runs[0], arm="small", seconds=10.0)
    costs = {"small": 2.0, "large": 6.0}
    assert seconds_left(["small", "large"], costs, [ten]) == pytest.approx(10 + 30)
    eight = replace(ten, arm="large", seconds=8.0)
    assert seconds_left(["large", "large"], costs, [ten, eight]) == pytest.approx(16)
    assert seconds_left([], costs, [ten]) == 0


def test_an_arm_has_a_folder_of_its_own():
    assert slug("with batch norm, rate 0.001") == "with-batch-norm-rate-0.001"


def test_what_is_left_behind(source, undisturbed, tmp_path):
    order = Order(tiny.experiment(), source, tmp_path, command="eyespot experiment <tiny>")
    results, photos = carry_out(order, tiny.Told())
    finding = tiny.experiment().concluded(results)
    answer = reporting.write(reporting.Account(order, results, photos, finding))
    assert json.loads((tmp_path / "results.json").read_text()) == answer
    assert answer["command"] == "eyespot experiment <tiny>"
    assert answer["machine"]["processor"]
    assert answer["verdict"] == "undecided"  # of two seeds
    assert [run["held_out_error"] for run in answer["runs"]] == [
        run.held_out_error for run in undisturbed.runs
    ]
    chart = (tmp_path / "chart.svg").read_text()
    report = (tmp_path / "report.html").read_text()
    for page in (chart, report):
        assert "gradient descent" in page
        assert "&lt;tiny&gt;" in page
    assert finding.sentence in report
