"""A training on disk: whole or not there at all, the last few kept, nothing believed unverified.

    PLACE/step-00001234/state.json           the plan, the step, the history (`Record`)
                        tensors.safetensors  network., optimiser., average., best.
                        SHA256SUMS           of both; no format of tensors detects a flipped bit
    PLACE/history.csv, history.jsonl         a row for each epoch, written anew from the history

The order of the photos and every draw follow from the seed and the step, so no state of a generator
and no position in a queue has to be kept.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from eyespot import files
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.training.distributed import World
from eyespot.training.facts import Ending, Epoch, Machine, Plan
from eyespot.training.history import history_csv, history_jsonl
from eyespot.training.plans import difference
from eyespot.values import from_json, to_json
from eyespot.weights.tensors import read_header

FORMAT = 1
STATE, TENSORS, SUMS = "state.json", "tensors.safetensors", "SHA256SUMS"
NAME = re.compile(r"step-(\d{8,})")
STATE_LIMIT = 64 << 20  # bytes; a line of history has some 200


@dataclass(frozen=True)
class Record:
    """A training between two steps, without its tensors."""

    plan: Plan
    machine: Machine
    step: int
    loss_sum: float  # over the photos of the epoch that is going on
    correct: float
    seen: int
    learning_rate: float  # of the last step
    history: tuple[Epoch, ...]
    best: Epoch | None
    norms: tuple[float, ...]  # of the last gradients
    micro_batch: int | None
    left_out: tuple[int, ...]  # steps whose photos are passed over
    brake: float  # what learning rates are multiplied with, after roll-backs
    numbers: dict[str, float]  # of the optimiser, those that are no tensors
    stopped: Ending | None  # None: not over yet
    seconds: float


@dataclass(frozen=True)
class Saving:
    """How often checkpoints are written, and how many are kept."""

    seconds: float = 2.0  # at least, from one to the next
    share: float = 0.025  # of the time, at most: seldom where writing takes long
    keep: int = 3


class Checkpoints:
    """The checkpoints of one training; get one from `opened`."""

    def __init__(self, place: Path, rule: Saving, note: Callable[[str], None]) -> None:
        self.place, self.rule, self.note = place, rule, note
        self.seconds = 0.0  # spent on writing
        self._own: list[Path] = []  # oldest first; verified or written by us
        self._start = time.monotonic()
        self._next = self._start + rule.seconds

    def newest(self, plan: Callable[[Record], Plan]) -> tuple[Record, dict[str, Tensor]] | None:
        """The newest whole checkpoint of this plan; what is passed over is told and set aside.

        `plan` says what our plan is, given a record: what was measured or chosen for the machine
        is taken over from it. Raises `InputError` where there are others' checkpoints only.
        """
        found = sorted((p for p in self.place.iterdir() if NAME.fullmatch(p.name)), reverse=True)
        faults: dict[Path, Exception] = {}
        for folder in found:
            try:
                record, tensors = read(folder)
                if differs := difference(record.plan, plan(record)):
                    raise InputError(f"it is of another training: {differs}")
            except (InputError, IntegrityError) as error:
                faults[folder] = error
                continue
            self._set_aside(faults)
            self._own = [p for p in reversed(found) if p not in faults]
            return record, tensors
        foreign = [fault for fault in faults.values() if isinstance(fault, InputError)]
        if foreign:
            raise InputError(
                f"{self.place} cannot be gone on with: {foreign[0]}. Pass --overwrite to begin "
                "again, or choose another --out."
            )
        self._set_aside(faults)
        if faults:
            self.note("No checkpoint is whole: the training begins again.")
        return None

    def is_due(self) -> bool:
        return time.monotonic() >= self._next

    def folder(self, step: int) -> Path:
        return self.place / f"step-{step:08d}"

    def save(self, record: Record, tensors: dict[str, Tensor]) -> None:
        """Write a checkpoint and let the oldest one go. Raises `EyespotError` where it cannot."""
        begin = time.monotonic()
        folder = self.folder(record.step)
        try:
            write(folder, record, tensors)
            self._own = [*(p for p in self._own if p != folder), folder]
            while len(self._own) > self.rule.keep:
                _remove(self._own[0])
                self._own.pop(0)
        finally:
            now = time.monotonic()
            self.seconds += now - begin
            after_next = self.seconds + (now - begin)  # if it takes as long as this one did
            self._next = max(now + self.rule.seconds, self._start + after_next / self.rule.share)

    def _set_aside(self, faults: dict[Path, Exception]) -> None:
        for folder, fault in faults.items():
            aside = folder.with_name(f"passed-over-{folder.name}")
            self.note(f"Passed over {folder}: {fault}. It lies in {aside.name} now.")
            _remove(aside)
            with suppress(OSError):  # where it stays, it will be passed over again
                folder.rename(aside)


def newest(
    kept: Checkpoints | None, world: World, plan_for: Callable[[Record], Plan]
) -> tuple[Record, dict[str, Tensor]] | None:
    """The checkpoint to go on from: the first process finds and proves it, all others read it."""
    found: tuple[Record, dict[str, Tensor]] | None = None

    def look() -> str:
        nonlocal found
        found = kept.newest(plan_for) if kept else None
        return str(kept.folder(found[0].step)) if kept and found else ""

    folder = world.told(look)
    return read(Path(folder)) if folder and not world.is_first else found


@contextmanager
def opened(
    place: Path, *, rule: Saving, note: Callable[[str], None], overwrite: bool = False
) -> Iterator[Checkpoints]:
    """Hold `place` against other processes, and clear what killed ones left behind.

    With `overwrite`, the checkpoints that are there are removed. Raises `InputError` where another
    process is at work there, `EyespotError` where nothing can be written.
    """
    if place.exists() and not place.is_dir():
        raise InputError(f"{place} should be a folder for checkpoints: choose another --out")
    files.require_writable(place / SUMS)
    held = files.lock(place / ".lock", wait_s=0)
    try:
        held.__enter__()
    except EyespotError as error:
        if error.__cause__ is not None:  # the lock itself cannot be written
            raise
        raise InputError(
            f"Another eyespot is training in {place}: wait for it, or choose another --out"
        ) from error
    try:
        for leftover in place.glob(".*.*.*"):
            files.sweep(place / leftover.name[1:].rsplit(".", 2)[0], older_than=0.0)
        if overwrite:
            clear(place)
        yield Checkpoints(place, rule, note)
    finally:
        held.__exit__(None, None, None)


def clear(place: Path) -> None:
    """Remove the checkpoints in `place`, those that were passed over, too."""
    for folder in sorted(place.glob("*step-*")):
        if NAME.fullmatch(folder.name.removeprefix("passed-over-")):
            _remove(folder)


def write(folder: Path, record: Record, tensors: dict[str, Tensor]) -> None:
    """One checkpoint, whole or not at all."""
    from safetensors.torch import save as as_bytes

    content = {
        STATE: json.dumps({"format": FORMAT} | to_json(record), allow_nan=False).encode() + b"\n",
        TENSORS: as_bytes({name: held.contiguous() for name, held in sorted(tensors.items())}),
    }
    sums = "".join(f"{files.sha256(data)}  {name}\n" for name, data in content.items())
    with files.folder_atomic(folder, overwrite=True) as new:
        for name, data in (content | {SUMS: sums.encode()}).items():
            files.write_atomic(new / name, data)


def read(folder: Path) -> tuple[Record, dict[str, Tensor]]:
    """A checkpoint, every byte as it was written.

    Raises `IntegrityError` where one is not, `InputError` where another version wrote it.
    """
    from safetensors.torch import load_file

    _verify(folder)
    try:
        data = json.loads((folder / STATE).read_bytes())
        found = data.pop("format")
    except (ValueError, RecursionError, AttributeError, LookupError, TypeError) as error:
        raise IntegrityError(f"{STATE} is damaged") from error
    if found != FORMAT:
        raise InputError(f"another version of eyespot wrote it (format {found}, not {FORMAT})")
    try:
        record = from_json(Record, data, where=STATE)
    except IntegrityError as error:
        raise InputError(f"another version of eyespot wrote it: {error}") from error
    if folder.name != f"step-{record.step:08d}":
        raise IntegrityError(f"it holds step {record.step:,} under another's name")
    read_header(folder / TENSORS)
    return record, load_file(folder / TENSORS)


def write_history(place: Path, history: Sequence[Epoch]) -> None:
    """`history.csv` and `history.jsonl`: a row for each epoch, none missing and none twice."""
    files.write_atomic(place / "history.csv", history_csv(history))
    files.write_atomic(place / "history.jsonl", history_jsonl(history))


def _verify(folder: Path) -> None:
    """Raise `IntegrityError` unless the folder holds what SHA256SUMS says, and nothing else."""
    try:
        names = sorted(path.name for path in folder.iterdir())
        if names != sorted((STATE, TENSORS, SUMS)):
            raise IntegrityError(f"it should hold {STATE}, {TENSORS} and {SUMS}, not {names[:5]}")
        if (folder / STATE).stat().st_size > STATE_LIMIT:
            raise IntegrityError(f"{STATE} is too large")
        sums = "".join(f"{files.sha256(folder / name)}  {name}\n" for name in (STATE, TENSORS))
        if (folder / SUMS).read_bytes() != sums.encode():
            raise IntegrityError(f"it is not as it was saved, by {SUMS}")
    except OSError as error:
        raise IntegrityError(f"it cannot be read: {error.strerror or error}") from error


def _remove(folder: Path) -> None:
    """A folder that dies half removed must not be taken for a damaged checkpoint."""
    with suppress(OSError):
        dying = folder.with_name(f".{folder.name}.removed.tmp")
        folder.rename(dying)
        shutil.rmtree(dying, ignore_errors=True)
