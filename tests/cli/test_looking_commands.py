"""`eyespot filters`, `feature-maps` and `top-activations`: a picture and its figures."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from eyespot.cli.main import eyespot
from eyespot.errors import InputError

DOCUMENTED = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text("utf-8")
FRESH = ("lenet5_modern", "--random-weights")


@pytest.fixture
def photos(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for i, label in enumerate(("ant", "bee")):
        folder = tmp_path / "photos" / label
        folder.mkdir(parents=True)
        pixels = np.random.default_rng(i).integers(0, 255, (40, 30, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return tmp_path / "photos"


def run(*words, code=0):
    result = CliRunner().invoke(eyespot, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.output


def documented(command: str, answer: dict) -> None:
    """Every key, also inside lists, is named in docs/json.md."""
    section = DOCUMENTED.split(f"\n## `eyespot {command} ")[1].split("\n## ")[0]
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", f"`{section}"))))
    inner = [row for value in answer.values() if isinstance(value, list) for row in value]
    keys = set(answer).union(*(row for row in inner if isinstance(row, dict)))
    assert keys <= named | {"network", "layer", "random_weights", "out", "file"}


def test_filters(photos):
    answer = json.loads(run("filters", *FRESH, "--json"))
    documented("filters", answer)
    assert answer["shape"] == [6, 1, 5, 5] and answer["random_weights"]
    assert np.shape(answer["weights"]) == (6, 1, 5, 5)
    assert Image.open("filters.png").size[0] > 600
    said = run("filters", *FRESH, "--layer", "features.3", "--out", "deep.png", "--seed", "1")
    assert "16 filters of 5 x 5" in said and "Wrote deep.png" in said


def test_feature_maps(photos):
    photo = photos / "ant" / "0.png"
    answer = json.loads(run("feature-maps", *FRESH, photo, "--json"))
    documented("feature-maps", answer)
    assert [row["shape"] for row in answer["layers"]] == [
        [6, 24, 24], [6, 12, 12], [16, 8, 8], [16, 4, 4],
    ]  # fmt: skip
    said = run("feature-maps", *FRESH, photo, "--stage", "-1", "--out", "last.png")
    assert "features.5" in said and "features.1" not in said


def test_top_activations(photos):
    ask = ("top-activations", *FRESH, photos, "--unit", "2", "--stage", "1")
    answer = json.loads(run(*ask, "--json"))
    documented("top-activations", answer)
    assert answer["photos"] == 2 and answer["field"] == 5 and len(answer["top"]) == 2
    assert {row["label"] for row in answer["top"]} == {"ant", "bee"}
    assert answer["top"][0]["answer"] >= answer["top"][1]["answer"]
    said = run(*ask, "--k", "1", "--overwrite")
    assert "Its strongest answer to 2 photos is" in said


def test_tour(photos):
    answer = json.loads(run("tour", *FRESH, photos / "bee" / "1.png", "--json"))
    documented("tour", answer)
    assert [row["field"] for row in answer["stages"]] == [5, 6, 14, 16]  # 5; +1; +4*2; +1*2
    assert answer["answer"] is None and Path("tour.html").stat().st_size > 10_000


def test_nothing_is_computed_where_nothing_can_be_written(photos):
    Path("there.png").write_bytes(b"mine")
    for out, said in (("there.png", "already exists"), ("x.svg", "ends in .png")):
        with pytest.raises(InputError, match=said):
            run("filters", *FRESH, "--out", out)
    assert Path("there.png").read_bytes() == b"mine"
