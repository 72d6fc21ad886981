"""docs/json.md names every key that the commands print."""

from documented import section, undocumented
from flows import run, write_textures


def test_the_section_of_a_command_is_read():
    assert {"bundle", "skipped", "log_loss"} <= section("train")
    assert undocumented("train", {"bundle": 1, "photos": [{"invented": 1}]}) == {"invented"}


def test_every_key_of_every_answer_is_documented(made, tmp_path):
    photos = write_textures(tmp_path / "photos", photos=4)
    (photos / "dots" / "bad.jpg").write_bytes(b"nothing")
    (photos / "dots" / "dots-000.jpg").rename(photos / "dots" / "png.png")
    (photos / "waves" / "copy.jpg").write_bytes((photos / "dots" / "dots-001.jpg").read_bytes())
    answers = {
        "train": run("train", photos, "--out", tmp_path / "model", "--json").json,
        "evaluate": run("evaluate", made.bundle, photos, "--json").json,
        "predict": run("predict", made.bundle, photos, "--jsonl").lines,
        "audit": run("audit", photos, "--out", tmp_path / "audit", "--json").json,
        "networks": run("networks", "--json").json,
        "weights": run("weights", "--json").json,
        "doctor": run("doctor", "--json").json,
    }
    preprocessing = {key for row in answers["weights"] for key in row.pop("preprocessing")}
    assert {"resize", "crop"} <= preprocessing
    for row in answers["weights"]:
        row["preprocessing"] = None
    assert {command: undocumented(command, answer) for command, answer in answers.items()} == {
        command: set() for command in answers
    }


def test_what_is_seen_is_documented(made, tmp_path):
    photo = next((made.others / "dots").iterdir())
    near = ("--photos", made.photos, "--json", "--out")
    answers = {
        "explain": run("explain", made.bundle, photo, *near, tmp_path / "why.png").json,
        "similar": run("similar", made.bundle, photo, *near, tmp_path / "near.png").json,
        "map": run("map", made.others, "--json", "--out", tmp_path / "map.html").json,
    }
    assert {command: undocumented(command, answer) for command, answer in answers.items()} == {
        command: set() for command in answers
    }


def test_what_is_said_of_networks_is_documented():
    one = run("show", "googlenet_aux", "--json").json
    two = run("show", "resnet50", "--diff", "resnet50_v1_5", "--json").json
    assert undocumented("networks", one) == undocumented("networks", two) == set()
    assert undocumented("scale", run("scale", "efficientnet", "--phi", "1", "--json").json) == set()
