"""`eyespot networks`: the family tree, one family in full, and every fact as JSON."""

import json

import pytest
from click.testing import CliRunner

from eyespot.cli.networks import editions, networks, protocol, short
from eyespot.errors import InputError
from eyespot.networks import architectures
from eyespot.networks.catalogue import FAMILIES
from eyespot.networks.results import Result, headline


def run(*words):
    result = CliRunner().invoke(networks, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result


def test_all_rows_are_in_json_with_every_fact():
    rows = json.loads(run("--json").stdout)
    assert [row["name"] for row in rows] == list(architectures())
    row = next(row for row in rows if row["name"] == "resnet50_v1_5")
    assert row["loads"] == ["torchvision/resnet50"] and row["renamed"] == []
    assert (row["family"], row["year"], row["edition"]) == ("resnet", 2016, "v1.5")
    assert (row["parameters"], row["multiply_adds"]) == (25_557_032, 4_089_184_256)
    assert (row["image_size"], row["num_classes"]) == (224, 1000)
    assert row["stages"][1] == {"module": "layer1", "channels": 256, "stride": 4}
    assert {"what", "source", "arithmetic"} == set(row["deviations"][0])
    assert row["paper"]["venue"] == "CVPR 2016" and row["paper"]["arxiv"] == "1512.03385"
    assert row["result"] is None and row["results"] == []  # those of the paper's edition
    paper = next(row for row in rows if row["name"] == "resnet50")
    assert paper["result"]["top5_error"] == 6.71
    assert paper["result"] in paper["results"]


@pytest.mark.parametrize("columns", [80, 100])
def test_the_tree_has_a_line_for_every_network_and_fits_the_terminal(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    result = run()
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    assert max(map(len, result.stderr.splitlines())) <= columns
    named = [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "]
    assert named == list(editions(architectures().values()))
    heads = [line.split()[1].rstrip(":") for line in lines if line[:1].isdigit()]
    assert list(dict.fromkeys(heads)) == list(FAMILIES)
    years = {line.split()[1].rstrip(":"): line[:4] for line in lines[::-1] if line[:1].isdigit()}
    assert [years[family] for family in FAMILIES] == sorted(years.values())  # of its first paper
    assert "Try: eyespot networks --family" in result.stderr


def test_other_editions_are_folded_into_the_papers_line(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    lines = {line.split()[0]: line for line in run().stdout.splitlines() if line.strip()}
    assert lines["alexnet"].endswith("+ torchvision")
    assert "alexnet_torchvision" not in lines
    assert lines["resnet50"].split()[1:7] == ["25.6", "M", "3.86", "G", "22.9", "6.71"]
    assert lines["resnet50"].split()[7:] == ["10", "crops,", "option", "B", "+", "v1_5"]


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_shows_all_its_editions_and_whose_weights_they_load(monkeypatch, family, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run("--family", family).stdout
    assert max(map(len, text.splitlines())) <= columns
    rows = [row for row in architectures().values() if row.family == family]
    for row in rows:
        assert f"\n{row.name} " in text
        result = headline(row.name)
        assert result is None or result.where in " ".join(text.split())
        words = " ".join(text.split())
        assert result is None or result.confidence == "verified" or result.confidence in words


def test_an_unknown_family_is_answered_with_the_nearest():
    with pytest.raises(InputError, match=r"no family 'resnets'.* Did you mean .*resnet"):
        run("--family", "resnets")


def test_an_edition_belongs_to_the_papers_network_that_it_is_named_after():
    found = editions(architectures().values())
    assert found["googlenet"] == [
        "googlenet_aux",
        "googlenet_torchvision",
        "googlenet_torchvision_aux",
    ]
    assert found["vgg11"] == ["vgg11_bn"]
    assert found["vgg11_lrn"] == []  # the paper's own
    assert found["mobilenet_v1_1_25_timm"] == []  # there is none of the paper's
    every = [*found, *(name for others in found.values() for name in others)]
    assert sorted(every) == sorted(architectures())


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (999, "999"),
        (999_499, "999 k"),
        (999_500, "1.00 M"),
        (1_248_424, "1.25 M"),
        (25_557_032, "25.6 M"),
        (99_960_000, "100 M"),
        (724_406_816, "724 M"),
        (15_470_264_320, "15.5 G"),
    ],
)
def test_numbers_have_three_digits(number, text):
    assert short(number) == text


@pytest.mark.parametrize(
    ("printed", "test_set", "room", "text"),
    [
        ("single centre crop 224", "ILSVRC-2012 validation", 25, "1 crop 224"),
        ("10-crop, 1 net", "ILSVRC-2012 validation", 25, "10 crops"),
        ("1 net, 1 crop", "ILSVRC-2012 validation", 25, "1 crop"),
        ("10-crop, option B", "ILSVRC-2012 validation", 25, "10 crops, option B"),
        ("10-crop, option B", "ILSVRC-2012 validation", 10, "10 crops"),
        (
            "single crop, single model 240, AutoAugment checkpoint",
            "ILSVRC-2012 validation",
            25,
            "1 crop 240, AutoAugment",
        ),
        ("median of 5", "CIFAR-10 test", 25, "CIFAR-10: median of 5"),
        (
            "single centre crop 299",
            "validation subset without blacklisted images",
            25,
            "1 crop 299, subset",
        ),
    ],
)
def test_a_protocol_is_told_in_few_words(printed, test_set, room, text):
    result = Result(20.0, 5.0, printed, test_set, "table 1", "verified")
    assert protocol(result, room) == text
