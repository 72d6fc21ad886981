"""Which keys docs/json.md names, and which of an answer's it does not."""

import re
from pathlib import Path
from typing import Any

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "json.md").read_text("utf-8")
CONTENTS = ("classes", "seconds", "versions", "bytes")  # their keys are labels, stages, names


def section(command: str) -> set[str]:
    """The words set as code in the section of `command`."""
    parts = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    found = [part for part in parts if part.startswith(f"`eyespot {command} ")]
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
