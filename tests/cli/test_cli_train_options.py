"""`eyespot train`: what each method takes, told in one line before any work; and its help."""

import re

import click
import pytest
from click.testing import CliRunner

from eyespot.cli.option_groups import Duration
from eyespot.cli.train import COMMON, OF, TrainCommand, train
from eyespot.errors import InputError, MissingWeightsError


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "photos").mkdir()
    return str(tmp_path / "photos")


def refused(*words, kind=click.UsageError):
    """The message of a refusal."""
    with pytest.raises(kind) as caught:
        CliRunner().invoke(train, words, catch_exceptions=False, standalone_mode=False)
    message = str(caught.value.format_message() if kind is click.UsageError else caught.value)
    assert "\n" not in message
    return message


# option: the methods that it does something with
OPTIONS = {
    ("--flip",): {"probe", "auto"},
    ("--coverage", "0.95"): {"probe", "auto", "fine-tune"},
    ("--unfreeze", "2"): {"auto", "fine-tune"},
    ("--batch-norm", "frozen"): {"auto", "fine-tune"},
    ("--time-limit", "20m"): {"auto", "fine-tune", "scratch"},
    ("--precision", "auto"): {"auto", "fine-tune", "scratch"},
    ("--workers", "1"): {"auto", "fine-tune", "scratch"},
    ("--epochs", "3"): {"fine-tune", "scratch"},
    ("--batch-size", "8"): {"fine-tune", "scratch"},
    ("--learning-rate", "0.1"): {"fine-tune", "scratch"},
    ("--keep", "2"): {"fine-tune", "scratch"},
    ("--keep-checkpoints",): {"fine-tune", "scratch"},
    ("--on-non-finite", "skip"): {"fine-tune", "scratch"},
    ("--recipe", "x"): {"scratch"},
    ("--image-size", "28"): {"scratch"},
}
UNABLE = [
    pytest.param(option, method, id=f"{option[0]} {method}")
    for option, able in OPTIONS.items()
    for method in sorted({"probe", "auto", "fine-tune", "scratch"} - able)
]


@pytest.mark.parametrize("option, method", UNABLE)
def test_what_does_nothing_with_a_method_is_refused_with_one_that_it_belongs_to(
    photos, option, method
):
    said = refused(photos, "--method", method, "--network", "resnet18", *option)
    assert said.startswith(f"{option[0]} does nothing with --method {method}: leave it out")
    assert said.rsplit(" ", 1)[1] in OPTIONS[option]


def test_several_are_named_together(photos):
    said = refused(photos, "--epochs", "3", "--workers", "2")
    assert said.startswith("--workers and --epochs do nothing with --method probe: leave them out")


def test_from_scratch_a_network_is_needed(photos):
    assert "--network resnet18" in refused(photos, "--method", "scratch")


def test_a_network_is_no_weights_and_weights_are_no_network(photos):
    said = refused(photos, "--network", "lenet5_modern", kind=MissingWeightsError)
    assert "no published weights for lenet5_modern" in said and "--method scratch" in said
    said = refused(photos, "--network", "resnet81", kind=InputError)
    assert "resnet18" in said  # what is nearest
    weights = "embedded/efficientnet_lite0.imagenet1k"
    said = refused(photos, "--method", "scratch", "--network", weights, kind=InputError)
    assert "--network efficientnet_lite0" in said
    said = refused(photos, "--method", "scratch", "--network", "resnet1000", kind=InputError)
    assert "There is no network 'resnet1000'" in said


@pytest.mark.parametrize("word", ["0", "-1", "2.5", "many"])
def test_epochs_are_whole_and_above_0(photos, word):
    assert "--epochs" in refused(photos, "--epochs", word)


@pytest.mark.parametrize(
    "word, seconds",
    [("90s", 90), ("20m", 1200), ("1h30m", 5400), ("1h 5s", 3605), ("2h", 7200)],
)
def test_times_are_read_as_people_write_them(word, seconds):
    assert Duration().convert(word, None, None) == seconds


@pytest.mark.parametrize("word", ["", "20", "m", "1.5h", "-5m", "30m1h", "0s", "0h0m"])
def test_other_times_are_refused(word):
    with pytest.raises(click.BadParameter, match="20m"):
        Duration().convert(word, None, None)


def test_the_help_shows_each_option_once_under_its_method():
    text = CliRunner().invoke(train, ["--help"]).stdout
    heads = [*TrainCommand.groups, "Other options"]
    places = [text.index(f"\n{head}:") for head in heads]
    assert places == sorted(places)
    assert {"photos", *COMMON}.union(*OF.values()) == {each.name for each in train.params}
    for parameter in train.params:
        assert isinstance(parameter, click.Option | click.Argument)
        if isinstance(parameter, click.Option):
            option = max(parameter.opts, key=len)
            (found,) = re.finditer(rf"\n  {option}\b(?!-)", text)
            under = sum(place < found.start() for place in places) - 1
            assert parameter.name in TrainCommand.groups[heads[under]], option
    assert max(map(len, text.splitlines())) <= 100
