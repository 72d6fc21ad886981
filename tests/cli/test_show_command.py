"""`eyespot show`: one network as its paper prints it, and two of them side by side."""

import json
import re

import pytest
from click.testing import CliRunner

from eyespot.cli.show import show, siblings
from eyespot.errors import InputError
from eyespot.networks import find
from eyespot.networks.results import results
from eyespot.weights.catalogue import loads

NAMES = ["lenet5", "vgg16_c", "googlenet_aux", "resnet50", "nasnet_a_mobile", "vit_b_16"]


def run(*words):
    result = CliRunner().invoke(show, list(words), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def words(text: str) -> str:
    """In one line, as it was before it was wrapped."""
    return " ".join(text.split())


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize("name", NAMES)
def test_a_network_is_told_in_full_and_fits_the_terminal(monkeypatch, name, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run(name).stdout
    assert max(map(len, text.splitlines())) <= columns
    row, flat = find(name), words(text)
    assert f"{row.parameters:,} parameters" in flat
    assert f"{row.multiply_adds:,} multiply-adds" in flat
    assert row.paper.title in flat and row.paper.introduced in flat
    assert "Peak: " in flat and "Activations: " in flat
    for published in loads(name):
        assert published in flat
    for deviation in row.deviations:
        assert words(deviation.what) in flat and words(deviation.source) in flat
    for result in results().get(name, ()):
        assert words(result.protocol) in flat and words(result.where) in flat


def test_what_is_recalled_or_not_the_papers_is_told_as_such():
    lines = run("efficientnet_b0").stdout.splitlines()
    (recalled,) = (line for line in lines if line.startswith(" 23.7"))  # the ICML version
    assert "recalled, not looked up again" in words("".join(lines[lines.index(recalled) :])[:300])
    flat = words(run("resnet50").stdout)
    assert "24.01 7.02 single centre crop 224; ILSVRC-2012 validation; fb.resnet.torch" in flat
    assert "(v1.5 stride for bottlenecks), not in this paper" in flat
    assert "22.85 6.71 > 10-crop, option B; ILSVRC-2012 validation; table 3" in flat


def test_an_ensemble_is_never_the_one_that_stands_for_the_network():
    lines = [line for line in run("googlenet").stdout.splitlines() if line[14:16] == "> "]
    assert len(lines) == 1 and "1 net, 1 crop" in lines[0]
    assert "ensemble of 7, 144-crop" in run("googlenet").stdout


def test_an_edition_without_results_points_to_one_that_has_some():
    assert "eyespot show resnet50" in words(run("resnet50_v1_5").stdout)


def test_json_has_the_table_the_costs_and_the_results():
    facts = json.loads(run("resnet18", "--image-size", "288", "--json").stdout)
    assert facts["multiply_adds"] == 2_998_439_936  # timm's evaluation size, counted there
    assert facts["image_size"] == 288 and facts["in_channels"] == 3
    assert facts["table"][-2]["output_shape"] == [512, 9, 9]
    assert facts["table"][0]["kernels"] == ["7x7 64/2"]
    assert facts["multiply_adds_conv"] + facts["multiply_adds_linear"] == facts["multiply_adds"]
    assert facts["peak_memory"] > 4 * 64 * 144 * 144 and facts["activations"] > 0
    assert facts["result"]["top1_error"] == 27.88


def test_a_size_that_the_network_cannot_take_is_an_error():
    with pytest.raises(InputError, match="at least 32 x 32 pixels"):
        run("vgg16", "--image-size", "31")


def test_bibtex_is_all_that_is_printed():
    text = run("vit_b_16", "--bibtex").stdout
    assert text.startswith("@inproceedings{dosovitskiy2021image,\n")
    assert text.endswith("\n}\n")
    assert re.search(r"^  author +\= \{Dosovitskiy and others\},$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("resnet-18", "Did you mean resnet18"),
        ("mobilenet_v2", "Did you mean mobilenet_v2_1_0 or mobilenet_v2_0_75 or mobilenet_v2_0_5"),
        ("wide_resnet", "Did you mean wrn_"),
        ("wide_resnet50_2", "Did you mean wrn_50_2"),  # torchvision's name
        ("tf_efficientnet_b0", "Did you mean efficientnet_b0"),
    ],
)
def test_an_unknown_name_is_answered_with_near_ones(typed, told):
    with pytest.raises(InputError, match=told) as caught:
        run(typed)
    assert "\n" not in str(caught.value)


def test_the_other_editions_of_a_network_are_known():
    assert siblings(find("googlenet_aux"))[0] == "googlenet"
    assert siblings(find("resnet50")) == ["resnet50_v1_5"]
    assert siblings(find("resnet18")) == []


@pytest.mark.parametrize("columns", [80, 100])
@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("alexnet", "alexnet_torchvision"),
        ("googlenet", "googlenet_torchvision"),
        ("googlenet", "googlenet_aux"),
        ("nasnet_a_mobile", "vit_b_16"),
    ],
)
def test_two_networks_stand_side_by_side_and_fit_the_terminal(monkeypatch, left, right, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run(left, "--diff", right).stdout
    assert max(map(len, text.splitlines())) <= columns
    assert text.splitlines()[0].split() == [left, right]
    assert f"{find(left).parameters:,}" in text and f"{find(right).parameters:,}" in text


def test_only_what_differs_is_shown():
    text = run("resnet50", "--diff", "resnet50_v1_5").stdout
    assert "layer2" in text and "layer1" not in text
    assert "25,557,032" not in text  # alike
    assert "x 3" not in text  # blocks that are alike in both
    flat = words(text)
    assert "resnet50_v1_5 differs from its paper: - a striding block strides in its 3x3" in flat
    assert "max pooling pads one pixel" not in flat  # both do
    assert "Both differ from it in one thing more, alike" in flat


def test_where_no_table_differs_the_settings_do():
    flat = words(run("efficientnet_b0", "--diff", "efficientnet_b0_torchvision").stdout)
    assert "The tables are alike" in flat
    assert "eps of 49 BatchNorm2d: 0.001, 1e-05" in flat
    assert "SamePadding: 5, 0" in flat
    assert "efficientnet_b0_torchvision differs from its paper: - striding convolutions pad" in flat


def test_a_difference_has_json():
    facts = json.loads(run("resnet50", "--diff", "resnet50_v1_5", "--json").stdout)
    assert facts["left"]["name"] == "resnet50" and facts["right"]["edition"] == "v1.5"
    assert [line["left"]["module"] for line in facts["lines"]] == ["layer2", "layer3", "layer4"]
    assert facts["lines"][0]["right"]["kernels"][0].startswith("1x1 128, 3x3 128/2")
    assert facts["settings"] == []


@pytest.mark.parametrize(
    "typed", [("vgg16", "--diff", "vgg16"), ("vgg11", "--diff", "vgg13", "--image-size", "64")]
)
def test_what_cannot_be_compared_is_an_error_of_one_line(typed):
    result = CliRunner().invoke(show, list(typed))
    assert result.exit_code == 2
    assert "alike itself" in result.stderr or "does not go with --diff" in result.stderr
