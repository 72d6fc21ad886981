"""What one arm gave with one seed, as a file; and all of them together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eyespot import files
from eyespot.datasets.names import shown
from eyespot.errors import InputError, IntegrityError
from eyespot.training.facts import Epoch
from eyespot.values import from_json, to_json

FORMAT = 1
LIMIT = 64 << 20  # bytes


@dataclass(frozen=True)
class Weights:
    """A layer's kernels, (filters, channels, height, width), one number after the other."""

    shape: tuple[int, int, int, int]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Run:
    """Errors are shares in [0, 1], of the last weights, on the photos as evaluation sees them."""

    arm: str
    seed: int
    key: str  # SHA-256 over all that decides it
    history: tuple[Epoch, ...]
    training_error: float
    held_out_error: float  # on photos that nothing was learned from or chosen on
    is_lost: bool  # its loss became no finite number; its errors are those of guessing
    seconds: float
    parameters: int
    multiply_adds: int  # of one picture
    tries: dict[str, float] = field(default_factory=dict)  # of `Guessing`: tries -> held-out error
    before: Weights | None = None  # the first layer's, where the arm keeps them
    after: Weights | None = None


@dataclass(frozen=True)
class Results:
    """All runs, arm after arm in the order of the experiment."""

    runs: tuple[Run, ...]

    @property
    def arms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(run.arm for run in self.runs))

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(sorted({run.seed for run in self.runs}))

    def of(self, arm: str) -> tuple[Run, ...]:
        """The runs of one arm, seed after seed."""
        return tuple(run for run in self.runs if run.arm == arm)

    def training_errors(self, arm: str) -> dict[int, float]:
        """Seed -> error on the training photos."""
        return {run.seed: run.training_error for run in self.of(arm)}

    def held_out_errors(self, arm: str) -> dict[int, float]:
        """Seed -> error on the photos held out."""
        return {run.seed: run.held_out_error for run in self.of(arm)}


def key(facts: Mapping[str, Any]) -> str:
    """SHA-256 over values that go to JSON."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def write_run(path: Path, run: Run) -> None:
    """Whole or not at all."""
    data = json.dumps({"format": FORMAT} | to_json(run), allow_nan=False)
    files.write_atomic(path, data + "\n")


def read_run(path: Path, *, key: str) -> Run | None:
    """The run in `path`, None where there is no file.

    Raises `InputError` where it is another experiment's, and where the file is damaged.
    """
    name = shown(str(path))
    try:
        if path.stat().st_size > LIMIT:
            raise IntegrityError("it is too large")
        data = json.loads(path.read_bytes())
        if data.pop("format") != FORMAT:
            raise IntegrityError("another version of eyespot wrote it")
        run = from_json(Run, data, where=path.name)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}") from error
    except (ValueError, LookupError, TypeError, AttributeError, IntegrityError) as error:
        raise InputError(
            f"{name} holds no result that can be read ({error}): delete it, and it is trained again"
        ) from error
    if run.key != key:
        raise InputError(
            f"{name} is the result of other photos, another size or another recipe: choose another "
            "--out"
        )
    return run
