"""`eyespot train --method fine-tune` and `auto`: what is refused, and a whole run of each."""

import pytest
from flows import run, tree, write_textures

from eyespot.classifier.classifier import Classifier


@pytest.fixture(scope="module")
def textures(tmp_path_factory):
    return write_textures(tmp_path_factory.mktemp("textures") / "photos", photos=16)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--method", "fine-tune", "--unfreeze", "10"], ["has 9 stages, and 10 were to learn"]),
        (["--method", "auto", "--unfreeze", "10"], ["pass --unfreeze 1 to 9, or all"]),
        (["--method", "fine-tune", "--unfreeze", "0"], ["'0' is no number of stages"]),
        (["--unfreeze", "2"], ["--unfreeze does nothing with --method probe", "fine-tune"]),
        (["--method", "fine-tune", "--flip"], ["--flip does nothing with", "pass --method auto"]),
        (["--method", "fine-tune", "--network", "lenet5"], ["no published weights", "scratch"]),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(textures, options, words):
    before = tree(textures.parent)
    out = textures.parent / "model"
    ran = run("train", textures, "--out", out, *options)
    assert ran.code == 2 and not ran.out
    assert all(word in ran.err for word in words), ran.err
    assert tree(textures.parent) == before


@pytest.mark.slow
def test_fine_tuning_is_measured_saved_and_done_once(textures, tmp_path):
    command = ("train", textures, "--method", "fine-tune", "--unfreeze", "1", "--epochs", "2")
    first = run(*command, "--out", tmp_path / "model", "--json")
    assert first.code == 0, first.err
    answer = first.json
    assert answer["split"]["validation"] and answer["split"]["test"]
    assert answer["recipe"]["fine_tuning"]["unfrozen"] == 1
    assert answer["metrics"]["measured_by"] == "held out"
    assert answer["metrics"]["none_of_these"] is not None
    assert run(*command, "--out", tmp_path / "model", "--json").json == answer
    again = run(*command, "--out", tmp_path / "again", "--json")
    paths = [tmp_path / name / "weights.safetensors" for name in ("model", "again")]
    assert again.code == 0 and paths[0].read_bytes() == paths[1].read_bytes()
    loaded = Classifier.load(tmp_path / "model")
    photo = next((textures / "dots").iterdir())
    assert loaded.predict(photo).none_of_these is not None


@pytest.mark.slow
def test_auto_goes_on_without_fine_tuning_where_time_does_not_allow_it(textures, tmp_path):
    ran = run(
        "train", textures, "--method", "auto", "--time-limit", "8s",
        "--out", tmp_path / "model", "--json",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert [each["name"] for each in ran.json["tried"]] == ["probe", "better probe"]
    assert sum(each["is_chosen"] for each in ran.json["tried"]) == 1
    assert any("Fine-tuning was not tried" in note for note in ran.json["notes"])
    assert any("A closer look was not tried: the short side" in n for n in ran.json["notes"])
    assert 'id="tried"' in (tmp_path / "model" / "report.html").read_text("utf-8")
