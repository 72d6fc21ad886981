"""`eyespot scale`: the rule's network beside the nearest published one."""

import json

import pytest
from click.testing import CliRunner

from eyespot.cli.scale import scale
from eyespot.errors import InputError
from eyespot.networks import find


def run(*words):
    result = CliRunner().invoke(scale, ["efficientnet", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_phi_0_is_b0():
    facts = json.loads(run("--phi", "0", "--json").stdout)
    assert facts["rule"]["parameters"] == facts["published"]["parameters"]
    assert facts["rule"]["multiply_adds"] == find("efficientnet_b0").multiply_adds
    assert facts["published"]["name"] == "efficientnet_b0"


def test_the_rule_stands_beside_the_nearest_published_network():
    facts = json.loads(run("--phi", "3", "--json").stdout)
    assert facts["rule"]["depth"] == pytest.approx(1.728)  # 1.2^3
    assert facts["rule"]["width"] == pytest.approx(1.331)  # 1.1^3
    assert facts["rule"]["image_size"] == 341  # 224 * 1.15^3 = 340.68
    published = facts["published"]
    assert (published["name"], published["depth"], published["width"]) == (
        "efficientnet_b4",
        1.8,
        1.4,
    )
    assert published["multiply_adds"] == find("efficientnet_b4").multiply_adds
    # 1.2^3.22 = 1.8, 1.1^3.53 = 1.4, 1.15^3.78 * 224 = 380
    assert [round(each, 2) for each in published["phi"].values()] == [3.22, 3.53, 3.78]


def test_a_budget_is_kept_and_a_hundredth_more_would_break_it():
    facts = json.loads(run("--budget", "8e8", "--json").stdout)
    assert facts["budget"] == 8e8 and facts["rule"]["multiply_adds"] <= 8e8
    more = str(round(facts["rule"]["phi"] + 0.01, 2))
    assert json.loads(run("--phi", more, "--json").stdout)["rule"]["multiply_adds"] > 8e8


@pytest.mark.parametrize("columns", [80, 100])
def test_it_fits_the_terminal_and_says_how_it_rounds(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    text = run("--phi", "0.5").stdout
    assert max(map(len, text.splitlines())) <= columns
    assert "to the nearest pixel" in " ".join(text.split())
    assert "rule, phi = 0.5" in text


@pytest.mark.parametrize("words", [["--phi", "-1"], ["--phi", "11"], ["--phi", "nan"]])
def test_a_phi_beyond_the_rule_is_an_error(words):
    with pytest.raises(InputError, match=r"phi is a number from 0 .* to 10, not"):
        run(*words)


@pytest.mark.parametrize(
    ("budget", "told"), [("1e6", "B0 alone takes 385,814,752"), ("nan", "such as 2.5e9")]
)
def test_a_budget_that_nothing_fits_is_an_error(budget, told):
    with pytest.raises(InputError, match=told):
        run("--budget", budget)


@pytest.mark.parametrize("words", [[], ["--phi", "1", "--budget", "1e9"]])
def test_one_of_the_two_is_needed(words):
    result = CliRunner().invoke(scale, ["efficientnet", *words])
    assert result.exit_code == 2 and "one of the two" in result.stderr


def test_other_families_have_no_rule():
    with pytest.raises(InputError, match="no rule for the family 'resnet'"):
        CliRunner().invoke(scale, ["resnet", "--phi", "1"], catch_exceptions=False)
