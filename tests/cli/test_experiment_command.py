"""`eyespot experiment` as typed: the list, an experiment's lines, refusals."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from eyespot.cli.experiment import _carry_out, experiment
from eyespot.errors import InputError
from eyespot.experiments.catalogue import experiments
from eyespot.experiments.running import Order

sys.path.append(str(Path(__file__).parents[1] / "experiments"))
import tiny


def run(*words):
    return CliRunner().invoke(experiment, words, catch_exceptions=False)


def test_alone_it_lists_every_experiment_with_question_and_cost():
    listed = run().stdout
    for name, each in experiments().items():
        assert name in listed
        assert each.question in listed
        assert f"about {each.full.minutes:g} min on two cores" in " ".join(listed.split())


def test_the_list_as_json():
    rows = json.loads(run("--json").stdout)["experiments"]
    assert [row["name"] for row in rows] == list(experiments())
    assert rows[0]["full"]["seeds"] == 3
    assert rows[0]["quick"]["photos"] < rows[0]["full"]["photos"]


def test_a_name_that_is_none_is_refused_with_the_nearest():
    with pytest.raises(InputError, match="Did you mean degradation"):
        run("degradatoin")


@pytest.mark.parametrize("words", [("--quick",), ("--seeds", "2"), ("--out", "x")])
def test_options_without_an_experiment_are_refused(words):
    result = run(*words)
    assert result.exit_code == 2
    assert "NAME" in result.output


@pytest.mark.parametrize("seeds", ["0", "11", "few"])
def test_seeds_that_cannot_be_are_refused(seeds):
    assert run("degradation", "--seeds", seeds).exit_code == 2


def test_photos_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        run("random_search", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_line_for_each_run_then_the_finding(tmp_path, capsys):
    source = tiny.data(tmp_path / "pictures")
    order = Order(
        tiny.experiment(), source, tmp_path / "out", seeds=1, command="eyespot experiment"
    )
    _carry_out(order, as_json=False)
    told = capsys.readouterr()
    lines = [line for line in told.err.splitlines() if "/3 " in line]
    assert [line.split(",")[0].split("/3 ")[1] for line in lines] == list(
        dict.fromkeys(arm.label for arm in tiny.arms(tiny.SIZE))
    )
    assert "left" in lines[0]
    assert "left" not in lines[-1]
    assert "A hint from 1 seed" in told.out
    assert "15.5 %" in told.out
    _carry_out(order, as_json=True)
    again = capsys.readouterr()
    assert len(json.loads(again.out)["runs"]) == 3
    assert again.err == ""
