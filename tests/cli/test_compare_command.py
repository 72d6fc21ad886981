"""`eyespot compare`: the table, the charts, the years, the times, and what is refused."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest
from click.testing import CliRunner
from torch.nn import functional

from eyespot.cli.compare import compare
from eyespot.engines.timing import WARM_UP, interleaved, measure
from eyespot.errors import InputError
from eyespot.networks import find
from eyespot.networks.history import entries
from eyespot.networks.lenet import Subsampling

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"


def run(*words):
    result = CliRunner().invoke(compare, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def refused(*words):
    """The sentence that the user reads."""
    result = CliRunner().invoke(compare, list(map(str, words)))
    assert result.exit_code != 0
    assert result.stdout == ""
    error = result.exception
    return result.stderr if isinstance(error, SystemExit) else str(error)


def sentences(svg):
    """All words of a chart, in one line."""
    root = ElementTree.fromstring(svg)
    return " ".join("".join(text.itertext()) for text in root.iter(f"{SVG}text"))


# ---------------------------------------------------------------- the table


def test_the_table_has_a_line_for_each_network_in_the_order_typed():
    lines = run("resnet50", "vgg16", "efficientnet_b0", "vgg16").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [
        "network",
        "resnet50",
        "vgg16",
        "efficientnet_b0",
    ]
    # He et al. 2016: table 1 (3.8e9 FLOPs; 3.86 counted), table 3 (22.85, 6.71, ten crops)
    assert lines[1].split("  ")[0].startswith("resnet50")
    for figure in ("2016", "25.6 M", "3.86 G", "224", "22.9", "6.71", "10 crops"):
        assert figure in lines[1]
    assert "dense" in lines[2] and "1 crop" in lines[3]


def test_errors_measured_otherwise_are_said_not_to_compare():
    stderr = " ".join(run("resnet50", "vgg16", "lenet5").stderr.split())
    assert "do not compare, being measured on photos of ImageNet (resnet50, vgg16), MNIST" in stderr
    assert "several crops of each photo, averaged (resnet50)" in stderr
    alike = run("densenet121", "densenet169").stderr
    assert "compare" not in alike.partition("Try:")[0]


@pytest.mark.parametrize("columns", [80, 100])
def test_all_networks_fit_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run().stdout.splitlines()
    assert len(lines) > 60
    assert max(map(len, lines)) <= columns


def test_json_has_the_figures_with_their_source_and_how_sure_they_are():
    (row,) = json.loads(run("densenet121", "--json").stdout)["networks"]
    network = find("densenet121")
    assert (row["parameters"], row["multiply_adds"]) == (7_978_856, network.multiply_adds)
    assert row["result"] == {
        "top1_error": 25.02,
        "top5_error": 7.71,
        "protocol": "single centre crop 224",
        "test_set": "ILSVRC-2012 validation",
        "where": "table 3",
        "confidence": "verified",
        "kind": "one view",
        "caveat": None,
        "drawn": "top1_error",
    }
    (row,) = json.loads(run("resnet50_v1_5", "--json").stdout)["networks"]
    assert row["result"] is None


def test_one_view_leaves_other_ways_out():
    rows = json.loads(run("--one-view", "--json").stdout)["networks"]
    assert {row["result"]["kind"] for row in rows} == {"one view"}
    assert "resnet50" in {row["name"] for row in rows}
    assert "vgg16" not in {row["name"] for row in rows}  # the paper has dense errors only


# ---------------------------------------------------------------- the charts


def test_a_chart_says_of_every_figure_how_it_was_measured(tmp_path):
    chart = tmp_path / "chart.svg"
    result = run("resnet50", "vgg16", "efficientnet_b0", "--chart", chart)
    assert f"Wrote {chart}" in result.stderr
    said = sentences(chart.read_text("utf-8"))
    for words in (
        "resnet50: 10-crop, option B; ILSVRC-2012 validation; table 3.",
        "vgg16: dense, S=256, Q=256",
        "one view of each photo",
        "several crops of each photo, averaged",
        "never of an ensemble",
        "top-1 accuracy, % of ImageNet photos",
        "multiply-adds for one photo",
        "Made by eyespot compare resnet50 vgg16 efficientnet_b0 --chart chart.svg",
    ):
        assert words in said
    assert said.partition("Accuracy is")[0].count(" resnet50 ") == 2  # its name, in both panels


def test_the_chart_of_all_names_its_odd_figures(tmp_path):
    chart = tmp_path / "all.svg"
    run("--chart", chart)
    said = sentences(chart.read_text("utf-8"))
    assert "googlenet: BVLC GoogLeNet, not the paper" in said
    unnamed = said.partition("Without a name for want of room: ")[2].partition(". ")[0]
    assert len(unnamed.split(", ")) <= 3


def test_what_a_chart_cannot_hold_is_said(tmp_path):
    result = run("resnet50", "resnet18", "lenet5", "--chart", tmp_path / "chart.svg")
    assert "lenet5 is not drawn: measured on MNIST, not ImageNet." in result.stderr
    assert "lenet5" in result.stdout


def test_equal_commands_give_equal_charts(tmp_path):
    charts = []
    for folder in ("a", "b"):
        run("resnet50", "resnet18", "vgg16", "--chart", tmp_path / folder / "chart.svg")
        charts.append((tmp_path / folder / "chart.svg").read_bytes())
    assert charts[0] == charts[1]


def test_a_chart_is_not_written_over_unless_asked(tmp_path):
    chart = tmp_path / "chart.svg"
    chart.write_text("mine")
    assert "already exists: choose another --chart, or pass --overwrite" in refused(
        "resnet50", "--chart", chart
    )
    assert chart.read_text() == "mine"
    run("resnet50", "--chart", chart, "--overwrite")
    assert "resnet50" in sentences(chart.read_text("utf-8"))


def test_only_svg_files_are_written(tmp_path):
    assert "Name one that ends in .svg" in refused("resnet50", "--chart", tmp_path / "chart.png")
    (tmp_path / "folder.svg").mkdir()
    assert "is a folder" in refused("resnet50", "--chart", tmp_path / "folder.svg")
    assert not (tmp_path / "chart.png").exists()


# ---------------------------------------------------------------- the years


def test_the_years_are_listed_with_the_human_among_them():
    lines = run("--history").stdout.splitlines()
    (human,) = [line for line in lines if "human" in line]
    assert human.split()[3] == "5.1"
    (resnet,) = [line for line in lines if " ResNet " in line]
    assert "3.57" in resnet and "6 networks" in resnet  # He et al. 2016, table 5
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if "attention" in line]  # a lecture's


def test_the_chart_of_years_draws_every_entry_and_the_human(tmp_path):
    chart = tmp_path / "history.svg"
    run("--history", "--chart", chart)
    said = sentences(chart.read_text("utf-8"))
    for entry in entries():
        if entry.is_measured:
            assert f"{entry.top5_error:g} %" in said and entry.name in said
    # NEC-UIUC's 28.2 in 2010, SENet's 2.251 in 2017, and PReLU-net's 4.94 < 5.1 in 2015
    assert "From 28 % of photos wrong in 2010 to 2.3 % in 2017" in said
    assert "passed the human in 2015" in said and "human 5.1 %" in said


def test_json_of_the_years_has_the_lectures_too():
    rows = json.loads(run("--history", "--json").stdout)["history"]
    assert len(rows) == 23
    assert [row["top5_error"] for row in rows if row["kind"] == "lecture"] == [26, 2]
    assert all(row["where"] and row["confidence"] for row in rows)


# ---------------------------------------------------------------- the times


def test_networks_are_timed_in_turns_and_the_first_runs_do_not_count():
    ran, clock = [], iter(range(1000))
    tasks = [lambda: ran.append("a"), lambda: ran.append("b")]
    turns = []
    seconds = interleaved(tasks, runs=4, advance=turns.append, clock=lambda: next(clock))
    assert "".join(ran) == "ab" * (WARM_UP + 4)
    assert seconds == [[1, 1, 1, 1]] * 2  # the clock ticks once within each run
    assert turns == [*range(1, WARM_UP + 5)]


def test_times_are_milliseconds_with_the_middle_half_of_the_runs():
    steps = []
    rows = measure(
        ["resnet20"],
        ["torch"],
        runs=3,
        advance=lambda done, total: steps.append((done, total)),
        tell=pytest.fail,
    )
    assert {row.engine for row in rows} == {"torch float32"}
    assert {row.threads for row in rows} >= {1}
    assert steps[-1] == (1 + WARM_UP + 3, 1 + WARM_UP + 3)
    for row in rows:
        assert (row.network, row.image_size, row.photos) == ("resnet20", 32, 1)
        assert 0 < row.low_ms <= row.median_ms <= row.high_ms < 10_000


def test_times_on_both_engines_are_printed_with_what_they_were_taken_on():
    words = ("resnet20", "--time", "--runs", 2)
    answer = json.loads(run(*words, "--json").stdout)["time"]
    assert answer["runs"] == 2 and answer["weights"] == "random" and answer["processor"]
    engines = {row["engine"] for row in answer["times"]}
    assert {"torch float32", "OpenVINO float32"} <= engines
    result = run(*words, "--engine", "openvino")
    assert "OpenVINO float32" in result.stdout and "torch float32" not in result.stdout
    told = " ".join(result.stderr.split())
    assert "Median of 2 runs on" in told and "Weights are random" in told


def test_what_openvino_cannot_convert_is_left_out_and_said(monkeypatch):
    def summed(self, features):  # average pooling with another divisor, which OpenVINO has not
        sums = functional.avg_pool2d(features, 2, divisor_override=1)
        return sums * self.coefficient + self.bias

    monkeypatch.setattr(Subsampling, "forward", summed)
    result = run("lenet5", "--time", "--runs", 2)
    assert "lenet5 is not timed with OpenVINO" in result.stderr
    assert "torch float32" in result.stdout and "OpenVINO" not in result.stdout


# ---------------------------------------------------------------- what is refused


def test_an_unknown_network_is_told_with_the_nearest():
    with pytest.raises(InputError, match="resnet50"):
        CliRunner().invoke(compare, ["resnet51"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--history", "resnet50"), "--history stands alone"),
        (("--time",), "name those to be timed"),
        (("resnet50", "--engine", "torch"), "--engine and --runs are for --time"),
        (("resnet50", "--time", "--engine", "tensorrt"), "torch"),
        (("resnet50_v1_5", "--chart", "x.svg"), "has a published error"),
    ],
)
def test_words_that_do_not_go_together_are_refused(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told in refused(*words)
    assert list(tmp_path.iterdir()) == []


def test_the_help_has_examples_that_are_whole_commands():
    with click.Context(compare) as context:
        text = compare.get_help(context)
    assert "eyespot compare resnet50 vgg16 efficientnet_b0 --chart chart.svg" in text


def test_every_key_of_the_answers_is_documented():
    answers = [
        json.loads(
            run("resnet20", "lenet5", "--time", "--runs", 2, "--engine", "torch", "--json").stdout
        ),
        json.loads(run("--history", "--json").stdout),
    ]
    text = (ROOT / "docs" / "json.md").read_text("utf-8")
    section = text.partition("## `eyespot compare NAMES --json`")[2].partition("\n## ")[0]
    known = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", section))))

    def keys(answer):
        if isinstance(answer, list):
            return set().union(*map(keys, answer)) if answer else set()
        return set(answer).union(*map(keys, answer.values())) if isinstance(answer, dict) else set()

    assert keys(answers) - known == set()
    assert {"median_ms", "kind", "caveat"} <= keys(answers)
