"""`eyespot advise`: advice with its evidence, a page, JSON, refusals before any work."""

import dataclasses
import hashlib
import json
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from page_reading import parsed, what_acts, words
from PIL import Image

from eyespot.cli.advise import advise
from eyespot.errors import InputError
from eyespot.weights import catalogue
from eyespot.weights.cache import place

REAL = Path(__file__).resolve().parents[3] / "shared" / "weights"


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """8 of scikit-learn's noughts and 8 of its sevens."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("advise") / "digits"
    digits = load_digits()
    pictures = (digits.images * 255 / 16).astype(np.uint8)
    for digit in (0, 7):
        place = folder / f"digit {digit}"
        place.mkdir(parents=True)
        for i in np.flatnonzero(digits.target == digit)[:8]:
            Image.fromarray(pictures[i]).resize((64, 64)).save(place / f"{i}.png")
    return folder


def run(photos, *options):
    arguments = [str(photos), "--device", "cpu", *map(str, options)]
    result = CliRunner().invoke(advise, arguments, catch_exceptions=False, standalone_mode=False)
    assert result.exception is None
    return result


def test_advice_evidence_and_figures_are_told_and_written(photos, tmp_path):
    page = tmp_path / "advice.html"
    result = run(photos, "--out", page)
    lines = result.stdout.strip().splitlines()
    told = " ".join(lines)
    assert "A linear head on the best late stage" in told
    assert "  features.0" in result.stdout and "  all photos" in result.stdout
    assert lines[-1].startswith(f"Try: eyespot train {photos}")
    stages = [line.split()[0] for line in result.stderr.splitlines() if line[0].isalpha()]
    assert stages == ["photos", "embedding", "audit", "heads"]
    assert max(map(len, result.stderr.splitlines())) <= 100
    text = page.read_text("utf-8")
    assert what_acts(text) == []
    assert "Your photos are here" in words(parsed(text))

    answer = json.loads(run(photos, "--json").stdout)  # now from the cache
    assert answer["n"] == 16 and answer["classes"] == ["digit 0", "digit 7"]
    assert [each["stage"] for each in answer["stages"]][-2:] == ["features.7", "embedding"]
    assert answer["curve"][-1]["share"] == 1 and answer["page"] is None
    assert answer["command"] == lines[-1].removeprefix("Try: ")
    assert answer["advice"] in told


@pytest.mark.parametrize(
    ("name", "message"), [("advice.svg", r"ends in \.html"), ("there.html", "already exists")]
)
def test_a_page_that_cannot_be_written_is_refused_before_any_work(tmp_path, name, message):
    (tmp_path / "there.html").write_text("mine")
    with pytest.raises(InputError, match=message):
        run(tmp_path / "no-photos", "--out", tmp_path / name)
    assert (tmp_path / "there.html").read_text() == "mine"


def test_added_photos_and_a_column_of_groups_are_heeded_and_told_to_the_training(photos, tmp_path):
    rows = ["file,label,site"]
    for folder in sorted(photos.iterdir()):  # two photos of each site
        names = [f"{folder.name}/{path.name}" for path in sorted(folder.iterdir())]
        rows += [f"{name},,{folder.name} {i // 2}" for i, name in enumerate(names)]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(rows))
    for digit in (0, 7):
        (tmp_path / "sorted" / f"digit {digit}").mkdir(parents=True)
        grain = np.random.default_rng(digit).integers(0, 256, (64, 64), np.uint8)
        Image.fromarray(grain).save(tmp_path / "sorted" / f"digit {digit}" / "new.png")
    options = ("--group-column", "site", "--labels", table, "--add", tmp_path / "sorted")
    answer = json.loads(run(photos, *options, "--json").stdout)
    assert answer["n"] == 18
    assert answer["groups"] <= 8 + 2  # sites, and photos that were added; copies join some
    assert shlex.split(answer["command"])[3:][:6] == [str(word) for word in options]


@pytest.mark.slow
def test_a_squeezenet_from_a_file_is_asked_as_train_takes_it(real_photos, tmp_path, monkeypatch):
    """Its file lies where `eyespot weights squeezenet1_0` says; its head is a convolution."""
    file = REAL / "squeezenet1_0_deepcompression.safetensors"
    if not file.is_file():
        pytest.skip(f"{file} is not here")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    row = dataclasses.replace(
        catalogue.find("squeezenet1_0"),
        source=f"https://x/{file.name}",
        file=file.name,
        sha256_prefix=hashlib.sha256(file.read_bytes()).hexdigest()[:8],
    )
    place(row).mkdir(parents=True)
    shutil.copy(file, place(row))
    monkeypatch.setattr(catalogue, "find", lambda name: row)
    for source in sorted((real_photos("hymenoptera") / "train").iterdir()):
        (tmp_path / "photos" / source.name).mkdir(parents=True)
        for path in sorted(source.iterdir())[:12]:
            shutil.copy(path, tmp_path / "photos" / source.name)
    options = ("--network", "squeezenet1_0", "--json")
    answer = json.loads(run(tmp_path / "photos", *options).stdout)
    assert answer["network"] == row.name
    assert answer["stages"][-1]["width"] == 512  # the map before the head, averaged
    assert "--network squeezenet1_0" in answer["command"]
