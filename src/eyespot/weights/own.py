"""Weights of your own: for each a folder with a copy of the file and the facts that you gave.

They lie in the user's data folder and not in the cache: nobody else has them. One that is damaged
is named, and the others are used as if it were not there. No torch.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

from eyespot.errors import EyespotError, InputError, IntegrityError, nearest
from eyespot.files import data_folder
from eyespot.images.decode import DECODER
from eyespot.values import from_json, to_json
from eyespot.weights.checkpoint import OWN, Checkpoint

FACTS, FILE = "checkpoint.json", "model.safetensors"
FORMAT = 1
_NAME = re.compile(rf"{OWN}/[a-z0-9](?:[a-z0-9_.-]{{0,62}}[a-z0-9])?")


@dataclass(frozen=True)
class _Kept:
    """What stands in `checkpoint.json`."""

    format: int
    checkpoint: Checkpoint


def place(name: str) -> Path:
    """The folder of the weights `own/...`. Raises `InputError` for what is no such name."""
    if not _NAME.fullmatch(name):
        raise InputError(
            f"Weights of your own are called {OWN}/ and up to 64 of a-z, 0-9, _ . -, with a letter "
            f"or digit at both ends, such as {OWN}/my-squeezenet; not {name!r}"
        )
    return data_folder("weights", *name.split("/"))


def file_of(name: str) -> Path:
    """Where the copy of the file lies."""
    return place(name) / FILE


def written(checkpoint: Checkpoint) -> str:
    """The text of `checkpoint.json`."""
    return json.dumps(to_json(_Kept(FORMAT, checkpoint)), indent=1) + "\n"


def read(name: str) -> Checkpoint:
    """The weights of that name, as they were added.

    Raises `InputError` where there are none, `IntegrityError` where their facts are damaged.
    """
    folder = place(name)
    if not folder.is_dir():
        raise InputError(f"There are no weights {name}. {_instead(name)}")
    try:
        kept = from_json(_Kept, json.loads((folder / FACTS).read_text("utf-8")), where=FACTS)
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(name, f"{FACTS} cannot be read") from error
    except EyespotError as error:
        raise _damaged(name, str(error)) from error
    row = kept.checkpoint
    has_labels = (row.classes == OWN) == bool(row.labels)
    is_whole = row.name == row.published == name and row.is_own and has_labels
    if kept.format != FORMAT or not is_whole or not (row.sha256 and row.digest and row.entries):
        raise _damaged(name, f"{FACTS} is not what this version writes")
    return replace(row, preprocessing=replace(row.preprocessing, decoder=DECODER))


def checkpoints() -> tuple[Checkpoint, ...]:
    """All that can be read, in the order of their names."""
    found = []
    for name in _names():
        try:
            found.append(read(name))
        except EyespotError:
            continue  # `faults` has it
    return tuple(found)


def faults() -> tuple[str, ...]:
    """A sentence for each that cannot be read, with what to do."""
    found = []
    for name in _names():
        try:
            read(name)
        except EyespotError as error:
            found.append(str(error))
    return tuple(found)


def _names() -> list[str]:
    """Folders in the place of weights that have a name as such; no other file is looked at."""
    try:
        entries = sorted(data_folder("weights", OWN).iterdir())
    except OSError:  # nothing was ever added, or nobody may look
        return []
    names = [f"{OWN}/{entry.name}" for entry in entries if entry.is_dir()]
    return [name for name in names if _NAME.fullmatch(name)]


def _instead(name: str) -> str:
    """What the user may have meant by a name that is not there, or how it comes to be there."""
    known = _names()
    if near := nearest(name, known):
        return f"Did you mean {' or '.join(near)}?"
    have = f"You have {', '.join(known[:5])}{' ...' if len(known) > 5 else ''}. " if known else ""
    return f"{have}To add some: eyespot weights {name} --add FILE.safetensors"


def _damaged(name: str, reason: str) -> IntegrityError:
    return IntegrityError(f"The weights {name} are damaged ({reason}). {add_again(name)}")


def add_again(name: str) -> str:
    """What to do about damaged weights."""
    return (
        f"Add them again: eyespot weights {name} --add FILE --overwrite; or take them away: "
        f"eyespot weights {name} --remove"
    )
