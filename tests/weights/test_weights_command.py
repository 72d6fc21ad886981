"""`eyespot weights`: what can be had, under which licence, and where to put it."""

import dataclasses
import hashlib
import json
import random
import socket

import pytest
from click.testing import CliRunner
from weights_server import serving

from eyespot.cli.weights import weights
from eyespot.errors import EyespotError, InputError, MissingWeightsError
from eyespot.weights import catalogue

ALL = catalogue.published()


def run(*words):
    return CliRunner().invoke(weights, words, catch_exceptions=False)


def test_the_list_has_a_line_for_each_network_with_the_default_weights_and_their_licence():
    result = run()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    networks = list(dict.fromkeys(row.network for row in ALL.values()))
    for name in networks:
        (line,) = (line for line in lines if line.startswith(name + " "))
        row = catalogue.find(name)
        assert row.published in line
        assert ("non-commercial" if row.is_non_commercial else row.licence or "none stated") in line
        weights = [other for other in ALL.values() if other.network == name]
        assert line.endswith(f"+{len(weights) - 1}") == (len(weights) > 1)
    assert len([line for line in lines if line]) == 1 + len(networks)
    assert max(map(len, lines)) <= 100
    counts = f"{len(ALL)} checkpoints for {len(networks)} networks, 1 here. Try: eyespot weights "
    assert counts in result.stderr


def test_all_lists_every_checkpoint_under_its_network():
    lines = run("--all").stdout.splitlines()
    for row in ALL.values():
        (place,) = (i for i, line in enumerate(lines) if line.startswith(f"  {row.name} "))
        network = next(line for line in reversed(lines[:place]) if line and line[0] != " ")
        assert network == row.network
    assert max(map(len, lines)) <= 100


def test_networks_of_one_kind_stand_together():
    kinds = [line.split()[0].split("_")[0].rstrip("0123456789") if line else "" for line in
             run().stdout.splitlines()[1:]]  # fmt: skip
    runs = [kind for i, kind in enumerate(kinds) if kind and (i == 0 or kinds[i - 1] != kind)]
    assert len(runs) == len(set(runs))


@pytest.mark.parametrize(("word", "networks"), [("vgg", 8), ("squeezenet", 2)])
def test_the_beginning_of_several_names_lists_those(word, networks):
    result = run(word)
    names = [line for line in result.stdout.splitlines()[1:] if line[:1].strip()]
    assert len(names) == networks
    assert all(name.startswith(word) for name in names)
    assert len(json.loads(run(word, "--json").stdout)) >= networks
    with pytest.raises(InputError, match=f"{word!r} is not one network but {networks}"):
        run(word, "--fetch")


def test_a_publisher_lists_its_own():
    names = [row["name"] for row in json.loads(run("timm", "--json").stdout)]
    assert names == [name for name in ALL if name.startswith("timm/")]


def test_a_network_without_weights_names_a_neighbour_that_has_some():
    with pytest.raises(MissingWeightsError) as caught:
        run("efficientnet_lite1_timm")
    assert str(caught.value) == (
        "There are no published weights for efficientnet_lite1_timm. efficientnet_lite1 has some: "
        "run `eyespot weights efficientnet_lite1`."
    )


def test_the_json_list_has_every_field_and_whether_the_file_is_here():
    rows = json.loads(run("--json").stdout)
    assert [row["name"] for row in rows] == list(ALL)
    here = {row["name"] for row in rows if row["present"]}
    assert here == {catalogue.DEFAULT}
    (lite0,) = (row for row in rows if row["present"])
    assert lite0["licence"] == "apache-2.0"
    assert lite0["preprocessing"]["mean"] == [127 / 255] * 3
    assert lite0["preprocessing"]["std"] == [128 / 255] * 3


def test_one_checkpoint_says_how_to_get_it_with_and_without_a_network(cache):
    result = run("torchvision/resnet50")
    assert "eyespot weights torchvision/resnet50.imagenet1k_v2 --fetch" in result.stdout
    place = cache / "torchvision" / "resnet50.imagenet1k_v2" / "resnet50-11ad3fa6.pth"
    assert f"put the file at {place}" in result.stdout
    assert "none stated by the publisher" in result.stdout
    others = result.stdout.partition("Other weights for this network:\n")[2]
    assert others.split()[:3] == ["torchvision/resnet50.imagenet1k_v1", "76.1", "%"]


def test_a_bare_family_name_is_answered_with_the_edition_it_means():
    result = run("resnet50")
    assert result.stdout.startswith("torchvision/resnet50.imagenet1k_v2")
    assert "edition resnet50_v1_5" in result.stderr


def test_looking_connects_to_nothing(monkeypatch):
    def refuse(*_words):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert run().exit_code == 0
    assert run("resnet50").exit_code == 0
    row = dataclasses.replace(catalogue.find("resnet18"), source="http://127.0.0.1:9/resnet18.pth")
    monkeypatch.setattr(catalogue, "find", lambda _name: row)
    with pytest.raises(AssertionError, match="a connection was tried"):
        run("resnet18", "--fetch")  # the guard sees a connection where there is one


def test_fetch_names_the_place_for_the_file_when_the_server_gives_another(monkeypatch, cache):
    content = random.Random(0).randbytes(5000)
    prefix = hashlib.sha256(content).hexdigest()[:8]
    with serving(content[:-1]) as server:
        row = dataclasses.replace(
            catalogue.find("resnet18"), source=server.url, sha256_prefix=prefix
        )
        monkeypatch.setattr(catalogue, "find", lambda _name: row)
        with pytest.raises(EyespotError) as caught:
            run("resnet18", "--fetch")
    message = str(caught.value)
    assert f"its SHA-256 should begin with {prefix}" in message
    assert message.endswith(f"put it at {cache / row.name / row.file}")
    assert [
        path.name for path in (cache / row.name).glob("resnet18*") if "lock" not in path.name
    ] == []


def test_the_embedded_default_is_verified_on_request(converted):
    result = run(catalogue.DEFAULT, "--fetch")
    assert "18.8 MB verified" in result.stderr


def test_fetch_without_a_name_and_unknown_names_are_refused():
    assert "--fetch needs the NAME" in run("--fetch").stderr
    assert run("--fetch").exit_code == 2
    with pytest.raises(InputError, match="Did you mean torchvision/resnet50"):
        run("torchvision/resnet5")
