"""`eyespot lineage`: the tree in the terminal, the picture, and the facts."""

import json
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from eyespot.cli.lineage import lineage
from eyespot.errors import InputError
from eyespot.networks.lineage import USES

SVG = "{http://www.w3.org/2000/svg}"


def run(*words):
    result = CliRunner().invoke(lineage, list(map(str, words)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_the_tree_of_densenet_leads_back_to_its_sources():
    text = run("densenet121").stdout
    for words in (
        "every layer reads all before it",
        "ResNet (He et al. 2016), Sect. 3.2",
        "BN-Inception (Ioffe, Szegedy 2015), Sect. 3",
        "Network in Network (Lin et al. 2014), Sect. 3.2",
    ):
        assert words in text
    lines = text.splitlines()
    place = next(i for i, line in enumerate(lines) if "bottleneck block" in line)
    assert "1x1 before costly kernels" in lines[place + 1]
    assert lines[place + 1].index("1x1") > lines[place].index("bottleneck")


@pytest.mark.parametrize("columns", [60, 80, 100])
@pytest.mark.parametrize("family", ["lenet", "resnet", "mobilenet_v3", "efficientnet", "vit"])
def test_a_tree_fits_the_terminal(monkeypatch, family, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run(family).stdout.splitlines()
    assert max(map(len, lines)) <= columns


@pytest.mark.parametrize("family", USES)
def test_json_tells_every_idea_that_it_names(family):
    answer = json.loads(run(family, "--json").stdout)
    ideas = {row["idea"]: row for row in answer["ideas"]}
    assert {*answer["added"], *answer["took"]} <= set(ideas)
    for row in ideas.values():
        assert row["authors"] and row["year"] and row["where"]
        assert set(row["after"]) <= set(ideas)
    assert [row["idea"] for row in answer["passed_on"]] == answer["added"]


@pytest.mark.parametrize("name", ["densenet121", "efficientnet", "lenet5", "plain34"])
def test_the_picture_has_every_idea_with_its_source(name, tmp_path):
    chart = tmp_path / "new" / "lineage.svg"
    run(name, "--chart", chart)
    root = ElementTree.fromstring(chart.read_text("utf-8"))
    said = {"".join(text.itertext()) for text in root.iter(f"{SVG}text")}
    answer = json.loads(run(name, "--json").stdout)
    assert {row["idea"] for row in answer["ideas"]} <= said
    assert len([words for words in said if words.endswith(f"--chart {chart.name}")]) == 1


def test_a_network_and_its_family_have_one_lineage():
    one = json.loads(run("resnet152", "--json").stdout)
    other = json.loads(run("resnet", "--json").stdout)
    assert one | {"name": ""} == other | {"name": ""}


def test_what_cannot_be_is_refused(tmp_path):
    for words, told in (
        (["denesnet"], "densenet"),
        (["resnet50", "--chart", str(tmp_path / "x.pdf")], "ends in .svg"),
    ):
        with pytest.raises(InputError, match=told):
            CliRunner().invoke(lineage, words, catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
