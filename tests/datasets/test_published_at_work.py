"""A published data set goes through the commands like a folder of photos, by path and by name."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from published import write_idx

from eyespot.audit.write import folder_for
from eyespot.classifier.place import bundle_for
from eyespot.cli.main import eyespot
from eyespot.datasets.catalogue import open_dataset
from eyespot.errors import InputError


def stripes(count: int, seed: int) -> tuple[np.ndarray, list[int]]:
    """(N, 28, 28): lying stripes are trousers, standing ones are dresses."""
    generator = np.random.default_rng(seed)
    labels = [1 + 2 * (i % 2) for i in range(count)]
    images = generator.integers(0, 80, (count, 28, 28))
    for image, label in zip(images, labels, strict=True):
        lines = np.arange(28) // generator.integers(2, 5) % 2 * 170
        image += lines[:, None] if label == 1 else lines[None, :]
    return images.astype(np.uint8), labels


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """FashionMNIST where the system has its data sets; the working directory is another."""
    folder = tmp_path / "shelf" / "fashion-mnist"
    write_idx(folder, "train", *stripes(24, 0), packed=True)
    write_idx(folder, "t10k", *stripes(8, 1), packed=True)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("eyespot.datasets.places.default_folders", lambda: (tmp_path / "shelf",))
    return folder


def run(*words: str) -> Result:
    return CliRunner().invoke(eyespot, words, catch_exceptions=False, standalone_mode=False)


def test_audit_train_evaluate_and_predict_take_a_data_set_by_its_name(shelf):
    audit = json.loads(run("audit", "fashion-mnist", "--json").stdout)
    assert audit["photos"] == 32
    assert audit["wrong_extension"] == []  # a picture in a larger file has no extension
    assert Path("fashion-mnist-audit", "audit.html").stat().st_size > 10_000

    train = json.loads(run("train", "fashion-mnist", "--json").stdout)
    assert train["bundle"] == "fashion-mnist-model"
    assert train["classes"] == ["Dress", "Trouser"]
    assert train["metrics"]["n"] == 8
    assert train["metrics"]["top1"] == 1.0
    again = run("train", "fashion-mnist", "--json")
    assert json.loads(again.stdout) == train

    evaluated = json.loads(
        run("evaluate", "fashion-mnist-model", "--data", "fashion-mnist", "--json").stdout
    )
    assert evaluated["n"] == 8
    assert evaluated["top1"] == 1.0
    told = run("evaluate", "fashion-mnist-model", "fashion-mnist", "--json").stdout
    assert json.loads(told)["top1"] == 1.0

    lines = run("predict", "fashion-mnist-model", "fashion-mnist", "--jsonl").stdout.splitlines()
    answers = [json.loads(line) for line in lines if line.startswith("{")]
    assert [answer["file"] for answer in answers[:2]] == [
        f"{shelf}/test/00000",
        f"{shelf}/test/00001",
    ]
    assert [answer["label"] for answer in answers[:8]] == ["Trouser", "Dress"] * 4
    assert sorted(path.name for path in shelf.iterdir()) == sorted(
        f"{part}-{what}-ubyte.gz"
        for part in ("train", "t10k")
        for what in ("images-idx3", "labels-idx1")
    )


def test_a_pixel_more_is_another_request(shelf):
    before = open_dataset("fashion-mnist").fingerprint
    images, labels = stripes(24, 0)
    images[0, 0, 0] ^= 1
    write_idx(shelf, "train", images, labels, packed=True)
    assert open_dataset("fashion-mnist").fingerprint != before


def test_the_edited_labels_csv_names_pictures_inside_a_file(shelf, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("file,label,exclude\ntrain/00000,Bag,\ntrain/00001,,yes\n")
    dataset = open_dataset("fashion-mnist", labels=table)
    labels = {photo.file: photo.label for photo in dataset.photos}
    assert labels["train/00000"] == "Bag"
    assert "train/00001" not in labels


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "fashion-mnist"),
        ("train", "fashion-mnist"),
        ("evaluate", "x-model", "fashion-mnist"),
        ("evaluate", "x-model", "--data", "fashion-mnist"),
        ("predict", "imagenet", "fashion-mnist"),
    ],
)
def test_every_command_refuses_a_name_that_is_a_folder_here_too(shelf, words):
    write_idx(Path("fashion-mnist"), "train", *stripes(4, 0))
    with pytest.raises(InputError, match=r"write \./fashion-mnist for what is here"):
        run(*words)


def test_what_is_written_is_called_after_the_data_set_not_its_suffixes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for source, name in (("cifar-10-binary.tar.gz", "cifar-10-binary"), ("table.csv", "table")):
        Path(source).write_bytes(b"")
        assert bundle_for(Path(source)) == Path(f"{name}-model")
        assert folder_for(Path(source)) == Path(f"{name}-audit")
