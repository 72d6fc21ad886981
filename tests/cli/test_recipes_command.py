"""`eyespot recipes`: the list, one recipe in full, those of a network, and an unknown name."""

import json
import re

import pytest
from click.testing import CliRunner

from eyespot.cli.main import COMMANDS
from eyespot.cli.recipes import recipes as command
from eyespot.cli.train import train
from eyespot.errors import InputError
from eyespot.networks import architectures
from eyespot.training.recipe import Recipe
from eyespot.training.recipes.catalogue import find, for_network, recipes
from eyespot.values import from_json


def ran(*words, columns=80):
    return CliRunner(env={"COLUMNS": str(columns)}).invoke(command, words, catch_exceptions=False)


@pytest.mark.parametrize("columns", [80, 100])
def test_the_list_has_every_recipe_with_what_it_does_and_no_line_is_too_wide(columns):
    told = ran(columns=columns).stdout
    assert max(map(len, told.splitlines())) <= columns
    _, *blocks = told.strip().split("\n\n")
    assert len(blocks) == len(recipes())
    for block, recipe in zip(blocks, recipes().values(), strict=True):
        words = " ".join(block.split())
        head = f"{recipe.name} {recipe.epochs:,} {recipe.batch_size:,} "
        assert words.startswith(head + recipe.optimiser.words.split(",")[0])
        assert recipe.source in words and recipe.networks[0] in words
        assert recipe.expected[1:] in words


def test_one_recipe_is_told_in_full_with_the_command_that_uses_it():
    outcome = ran("wrn_cifar_2016")
    words = " ".join(outcome.stdout.split())
    for fact in (
        "200 epochs, 128 photos a step",
        "SGD at 0.1, Nesterov 0.9, weight decay 0.0005",
        "times 0.2 after epochs 60, 120 and 160",
        "mirrored",
        "19.25 %",
        "10 % of the photos",
    ):
        assert fact in words, fact
    assert all(note in words for note in find("wrn_cifar_2016").notes)
    (tried,) = re.findall(r"Try: eyespot train (.*)", outcome.stderr)
    options = {option for parameter in train.params for option in parameter.opts}
    assert set(re.findall(r"--[\w-]+", tried)) <= options
    network = tried.split("--network ")[1].split()[0]
    assert for_network(network).name == "wrn_cifar_2016"


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_can_be_told(name):
    outcome = ran(name)
    assert outcome.exit_code == 0
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    network = outcome.stderr.split("--network ")[1].split()[0]
    row = architectures()[network]
    assert {row.name, row.family} & set(find(name).networks)


def test_a_network_and_a_family_list_their_recipes_the_default_first():
    assert re.findall(r"^(\w+) +[\d,]+ +[\d,]+ ", ran("alexnet_torchvision").stdout, re.M) == [
        "torchvision_reference_v1_slow", "alexnet_2012", "alexnet_bvlc_caffe",
    ]  # fmt: skip
    assert "The first is taken for vgg16" in " ".join(ran("vgg16").stderr.split())
    found = re.findall(r"^(\w+) +[\d,]+ +[\d,]+ ", ran("resnet_cifar").stdout, re.M)
    assert found[0] == "resnet_cifar_2015" and "resnet_cifar_2015_110" in found


def test_json_is_the_recipe_itself_and_the_networks_that_have_it_as_default():
    one = json.loads(ran("resnet_cifar_2015", "--json").stdout)
    assert "resnet20" in one.pop("default_for")
    assert from_json(Recipe, one) == find("resnet_cifar_2015")
    every = json.loads(ran("--json").stdout)
    assert [row["name"] for row in every] == list(recipes())
    defaults = [name for row in every for name in row["default_for"]]
    assert sorted(defaults) == sorted(architectures())  # each once


def test_an_unknown_name_is_answered_with_near_ones():
    with pytest.raises(InputError, match=r"no recipe 'resnet_cifar_2016'. Did you mean resnet_cif"):
        ran("resnet_cifar_2016")


def test_the_command_is_in_the_table():
    assert COMMANDS["recipes"][0] == "recipes"
