"""`eyespot dense`: a picture, boxes and scores of a photo; and what cannot be is said at once."""

import json
import re
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from eyespot.cli.main import eyespot
from eyespot.errors import EyespotError, ImageError, InputError

DOCUMENTED = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text("utf-8")
FRESH = ("lenet5_modern", "--random-weights")


@pytest.fixture
def photo(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 255, (60, 90, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "large.png")
    return tmp_path / "large.png"


def run(*words):
    words = ["dense", *map(str, words)]
    result = CliRunner().invoke(eyespot, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result


def test_a_map_is_drawn_and_all_of_it_is_documented(photo):
    words = (*FRESH, photo, "--scales", "0.5,1", "--threshold", "0.1", "--scores", "all.npz")
    answer = json.loads(run(*words, "--json").stdout)
    section = DOCUMENTED.split("\n## `eyespot dense ")[1].split("\n## ")[0]
    named = set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", f"`{section}"))))
    assert set(answer) <= named | {"file"}
    assert {key for row in (*answer["scales"], *answer["boxes"]) for key in row} <= named
    assert (answer["width"], answer["height"], answer["window"], answer["step"]) == (90, 60, 28, 4)
    rows = [(each["rows"], each["columns"]) for each in answer["scales"]]
    assert rows == [(1, 5), (9, 16)]  # (30 - 28) // 4 + 1, (45 - 28) // 4 + 1, and so on
    scores = np.load("all.npz", allow_pickle=False)
    assert [scores[each["name"]].shape for each in answer["scales"]] == [(10, 1, 5), (10, 9, 16)]
    assert answer["classes"][3] == "class 3" and answer["random_weights"]
    assert len(answer["boxes"]) > 1 and Image.open("map.png").width == 1200
    for box in answer["boxes"]:
        row = scores[f"{box['scale']:g}"][answer["classes"].index(box["label"])]
        place = [round(side * box["scale"] / 4) for side in (box["box"][1], box["box"][0])]
        assert row[tuple(place)] == np.float32(box["score"])
    said = run(*words, "--overwrite", "--label", "class 3")
    assert "class 3" in said.stdout.splitlines()[0] and "Wrote all.npz" in said.stdout
    assert "149 windows in 2 tiles" in said.stderr  # 5 + 144


def test_by_windows_at_any_step(photo):
    answer = json.loads(run(*FRESH, photo, "--windowed", "--step", "16", "--json").stdout)
    assert answer["windowed"] and answer["step"] == 16
    assert (answer["scales"][0]["rows"], answer["scales"][0]["columns"]) == (3, 4)


def test_a_turned_photo_is_looked_at_upright(photo):
    exif = Image.Exif()
    exif[274] = 6  # a quarter turn
    Image.open(photo).transpose(Image.Transpose.ROTATE_90).save("turned.png", exif=exif)
    boxes = []
    for name in (photo, "turned.png"):
        words = (*FRESH, name, "--threshold", "0", "--json", "--overwrite")
        answer = json.loads(run(*words).stdout)
        assert (answer["width"], answer["height"]) == (90, 60)
        boxes.append(answer["boxes"])
    assert boxes[0] == boxes[1] and boxes[0]


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (("--out", "there.png"), InputError, "there.png already exists"),
        (("--out", "map.svg"), InputError, "ends in .png"),
        (("--scores", "there.npy"), InputError, "there.npy already exists.*--scores"),
        (("--scores", "all.csv"), InputError, "a .npz file"),
        (("--scores", "all.npy", "--scales", "1,2"), InputError, "one scale, and there are 2"),
        (("--label", "class 33"), InputError, "no label 'class 33'. Did you mean class 3"),
        (("--scales", "0.2"), InputError, "18 x 12 .* 28 x 28: pass --scales 0.47 or more"),
        (("--scales", "200"), InputError, "18,000 x 12,000 .* or --max-megapixels 216"),
        (("--max-megapixels", "0.005"), ImageError, "large.png: 90 x 60 .*pass --max-megapixels"),
        (("--scales", "1;2"), click.UsageError, "no list of scales"),
        (("--scales", "0"), click.UsageError, "multiplies the photo's sides"),
        (("--step", "8"), click.UsageError, "--step is for --windowed"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(photo, words, error, said):
    for name in ("there.png", "there.npy"):
        Path(name).write_bytes(b"mine")
    command = ["dense", *FRESH, str(photo), *words]
    with pytest.raises(error, match=said):
        eyespot.main(command, standalone_mode=False)
    assert sorted(path.name for path in Path().iterdir()) == ["large.png", "there.npy", "there.png"]
    assert Path("there.png").read_bytes() == Path("there.npy").read_bytes() == b"mine"


def test_a_photo_that_cannot_be_read_is_named(photo):
    Path("half.png").write_bytes(photo.read_bytes()[:900])
    with pytest.raises(ImageError, match=r"half.png: the file ends early"):
        run(*FRESH, "half.png")


@pytest.mark.slow
def test_what_looks_at_the_whole_picture_is_asked_by_windows(photo):
    with pytest.raises(EyespotError, match="does not slide: pass --windowed"):
        run("multi_column_dnn_mnist_committee", "--random-weights", photo)
