"""What `auto` has found out already, beside the bundle: killed, it goes on with the same command.

One file for each thing that is finished, sealed with its own hash and with the request that it
answers: what is damaged, or of other photos or options, is not there. The seconds that were spent
are kept with each, since the time limit is one for all runs together.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eyespot import files

SPENT = "spent"


@dataclass(frozen=True)
class Found:
    """Something that was finished."""

    facts: Any  # as JSON gives it
    arrays: Mapping[str, NDArray[Any]]


@dataclass
class Tried:
    """A folder of findings; without a place nothing is kept."""

    place: Path | None = None
    request: str = ""  # of which photos, options and versions they are
    began: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        found = self.found(SPENT)
        self.before = 0.0 if found is None else float(found.facts)

    @property
    def spent(self) -> float:
        """Seconds, of all runs together."""
        return self.before + time.monotonic() - self.began

    def found(self, name: str) -> Found | None:
        """What was kept under `name`, every byte as it was; None: there is nothing."""
        if self.place is None:
            return None
        try:
            content = self._path(name).read_bytes()
            seal, _, rest = content.partition(b"\n")
            if seal.decode("ascii") != self._seal(name, rest):
                return None
            line, _, packed = rest.partition(b"\n")
            with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
                return Found(json.loads(line), dict(arrays))
        except (OSError, ValueError):
            return None

    def keep(self, name: str, facts: Any, arrays: Mapping[str, NDArray[Any]] | None = None) -> None:
        """Write `name`, and how much time was spent until now."""
        self._write(name, facts, arrays or {})
        self.keep_spent()

    def keep_spent(self) -> None:
        """Write how much time was spent until now."""
        self._write(SPENT, self.spent, {})

    def folder(self, name: str) -> Path | None:
        """A folder of its own for what keeps itself."""
        return None if self.place is None else self.place / name

    def clear(self) -> None:
        """Remove all of it."""
        if self.place is not None:
            shutil.rmtree(self.place, ignore_errors=True)

    def _write(self, name: str, facts: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
        if self.place is None:
            return
        packed = io.BytesIO()
        np.savez(packed, allow_pickle=False, **dict(arrays))
        rest = json.dumps(facts).encode() + b"\n" + packed.getvalue()
        self.place.mkdir(parents=True, exist_ok=True)
        files.write_atomic(self._path(name), self._seal(name, rest).encode() + b"\n" + rest)

    def _path(self, name: str) -> Path:
        assert self.place is not None
        return self.place / f"{name.replace(' ', '-')}.kept"

    def _seal(self, name: str, rest: bytes) -> str:
        return files.sha256(f"{self.request}\n{name}\n".encode() + rest)
