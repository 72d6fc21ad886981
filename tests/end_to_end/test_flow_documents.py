"""docs/json.md names every key that the commands print."""

import re
from pathlib import Path
from typing import Any

import pytest
from flows import run, write_textures

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text("utf-8")
CONTENTS = ("classes", "seconds", "versions", "bytes")  # their keys are labels, stages, names


def section(command: str) -> set[str]:
    """The words set as code in the section of `command`."""
    parts = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    found = [part for part in parts if part.startswith(f"`eyespot {command}")]
    assert len(found) == 1, command
    return set(re.findall(r"\w+", " ".join(re.findall(r"`([^`]*)`", found[0]))))


def keys(answer: Any) -> set[str]:
    """Every key in `answer`, however deep."""
    if isinstance(answer, list):
        return set().union(*map(keys, answer)) if answer else set()
    if not isinstance(answer, dict):
        return set()
    inner = (keys(value) for key, value in answer.items() if key not in CONTENTS)
    return set(answer).union(*inner)


def undocumented(command: str, answer: Any) -> set[str]:
    return keys(answer) - section(command)


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


def test_every_key_of_an_export_is_documented(made, tmp_path):
    pytest.importorskip("onnxruntime", reason="the extra [export] is not installed")
    ran = run("export", made.bundle, "--out", tmp_path / "exported", "--json")
    answer = ran.json
    for part in ("torch", "engine"):
        assert answer["parity"][part].pop("engine")
    assert undocumented("export", answer) == set()
