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
from eyespot.errors import EyespotError, InputError
from eyespot.weights import catalogue

ALL = catalogue.checkpoints()


def run(*words):
    return CliRunner().invoke(weights, words, catch_exceptions=False)


def test_the_list_has_a_line_for_each_checkpoint_with_its_licence():
    result = run()
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    for row in ALL.values():
        (line,) = (line for line in lines if line.startswith(row.name + " "))
        assert (row.licence or "none stated") in line
        assert row.network in line
    assert max(map(len, lines)) <= 100
    assert "56 checkpoints, 1 here. Try: eyespot weights" in result.stderr


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
    assert "Other weights of torchvision/resnet50: torchvision/resnet50.imagenet1k_v1" in (
        result.stderr
    )


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
