"""`eyespot find`: the picture, the figures, and a sentence for what cannot be looked for."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from eyespot.cli.main import eyespot
from eyespot.errors import EyespotError, ImageError, InputError, MissingWeightsError

DOCUMENTED = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text("utf-8")
FRESH = ("--network", "lenet5_modern", "--random-weights", "--scales", "1", "1")


@pytest.fixture(autouse=True)
def photos(tmp_path, monkeypatch) -> None:
    """A scene, and a part of it, from column 24 and row 16 on."""
    monkeypatch.chdir(tmp_path)
    small = np.random.default_rng(3).integers(0, 255, (20, 24, 3), np.uint8)
    scene = Image.fromarray(small).resize((96, 80), Image.Resampling.BICUBIC)
    scene.save("scene.png")
    scene.crop((24, 16, 64, 48)).save("target.png")


def run(*words: str) -> str:
    result = CliRunner().invoke(eyespot, ["find", *words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def refused(kind: type[EyespotError], *words: str) -> str:
    with pytest.raises(kind) as caught:
        CliRunner().invoke(eyespot, ["find", *words], catch_exceptions=False)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_the_part_is_found_and_every_key_is_documented():
    answer = json.loads(run("target.png", "scene.png", *FRESH, "--top", "2", "--json"))
    section = DOCUMENTED.split("\n## `eyespot find ")[1].split("\n## ")[0]
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", f"`{section}"))))
    assert set(answer) | set(answer["matches"][0]) <= named
    assert answer["matches"][0]["box"] == pytest.approx([24, 16, 64, 48], abs=1)
    assert answer["matches"][0]["scale"] == 1 and len(answer["matches"]) == 2
    assert answer["second"] == answer["matches"][1]
    assert answer["lead"] == pytest.approx(
        answer["matches"][0]["score"] - answer["second"]["score"], abs=1e-5
    )
    assert answer["random_weights"] and answer["is_there"] is answer["threshold"] is None
    assert Image.open("found.png").width > 1000


def test_the_terminal_says_what_was_found_and_that_nothing_was_learned():
    said = run("target.png", "scene.png", *FRESH, "--top", "3", "--out", "three.png")
    assert "The place most like the target: score 0." in said
    assert "The box goes from column 24, row 16 to column 64, row 48: 40 x 32 pixels" in said
    assert "The second-best place, elsewhere, scores" in said
    assert "Random weights: nothing of this was learned" in said
    assert "judge by how far the second-best place is behind" in " ".join(said.split())
    assert "\n 3  score" in said and "Wrote three.png" in said
    told = run("target.png", "scene.png", *FRESH, "--threshold", "0.2", "--overwrite")
    assert "The target is here: score" in told
    absent = run("target.png", "scene.png", *FRESH, "--threshold", "1", "--overwrite")
    assert "Probably not there: best score" in absent and "Its most likely place" in absent


def test_each_photo_that_cannot_be_used_is_a_sentence():
    Path("bad.png").write_bytes(b"nothing")
    Path("copy.png").write_bytes(Path("scene.png").read_bytes())
    Image.new("RGB", (40, 40), "navy").save("blank.png")
    assert refused(ImageError, "target.png", "bad.png", *FRESH).startswith("bad.png: ")
    assert refused(ImageError, "no.png", "scene.png", *FRESH).startswith("no.png: ")
    assert "one and the same photo" in refused(InputError, "copy.png", "scene.png", *FRESH)
    assert "nothing to match" in refused(InputError, "blank.png", "scene.png", *FRESH)
    larger = refused(InputError, "scene.png", "target.png", *FRESH)
    assert "96 x 80 pixels, and at scale 1 it is still larger than the scene" in larger
    assert not Path("found.png").exists()


def test_each_option_that_cannot_be_used_is_a_sentence():
    two = ("target.png", "scene.png")
    assert "features.3" in refused(InputError, *two, *FRESH, "--stage", "feature.3")
    assert "has 4 stages" in refused(InputError, *two, *FRESH, "--stage", "7")
    assert "no network" in refused(InputError, *two, "--network", "resnet51", "--random-weights")
    weights = refused(MissingWeightsError, *two, "--network", "resnet50")
    assert "--random-weights" in weights
    fixed = refused(InputError, *two, "--network", "vit_b_16", "--random-weights")
    assert "photos of one size" in fixed
    Path("found.png").write_bytes(b"mine")
    assert "already exists" in refused(InputError, *two, *FRESH)
    assert "PNG file" in refused(InputError, *two, *FRESH, "--out", "found.jpg")


def test_the_help_has_an_example():
    assert "eyespot find target.jpg scene.jpg" in run("--help")
