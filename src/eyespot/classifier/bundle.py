"""A classifier as a folder: values as JSON, arrays as safetensors, and a hash of every byte.

No format of tensors in use detects a flipped bit by itself, so `SHA256SUMS` lists all files and
nothing is used before every one of them has matched. The layout is in docs/bundle.md.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from eyespot import files
from eyespot.classifier import stored
from eyespot.classifier.classifier import Classifier
from eyespot.classifier.heads import Head, LinearHead
from eyespot.engines import Backbone
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.images.decode import DECODER
from eyespot.values import to_json
from eyespot.weights import tensors

if TYPE_CHECKING:
    from eyespot.networks.architecture import Network

VALUES = "classifier.json"
WEIGHTS = "weights.safetensors"
REFERENCE = "reference.safetensors"
CARD = "README.md"
REPORT = "report.html"
SUMS = "SHA256SUMS"
NEEDED = (VALUES, WEIGHTS, REFERENCE, CARD)
SYSTEM_LEFTOVERS = re.compile(r"\..*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
DIGEST = re.compile(r"[0-9a-f]{64}")
SUMS_LIMIT = 1 << 20  # bytes
_CURE = "copy the bundle again"
_SEALED_CURE = f"{_CURE}, or `eyespot bundle seal` it if you changed it yourself"


def save(
    classifier: Classifier,
    path: Path,
    *,
    overwrite: bool = False,
    pages: dict[str, str] | None = None,
) -> Path:
    """Write `classifier` to the folder `path`, whole or not at all; `pages` are files besides.

    Raises `InputError` where `path` exists and is not a bundle, or is one and not `overwrite`.
    """
    if path.exists() and not (path / VALUES).is_file():
        raise InputError(f"{path} exists and is not a bundle of eyespot: choose another --out")
    with files.folder_atomic(path, overwrite=overwrite) as folder:
        text = json.dumps(to_json(_values(classifier)), indent=1, ensure_ascii=False)
        files.write_atomic(folder / VALUES, text + "\n")
        _write_arrays(classifier, folder)
        for name, content in (pages or {}).items():
            files.write_atomic(folder / name, content)
        if not (folder / CARD).exists():
            files.write_atomic(folder / CARD, f"# {path.name}\n\nClasses: {classifier.classes}\n")
        seal(folder)
    return path


def seal(folder: Path) -> None:
    """Write `SHA256SUMS` anew: from now on, these are the bytes that loading expects."""
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder} is not a bundle of eyespot: it lacks {', '.join(missing)}")
    strange = [file.name for file in _files(folder) if not _is_plain(file)]
    if strange:
        raise InputError(f"{folder / strange[0]} is no file, or its name cannot be listed: move it")
    sums = {file.name: files.sha256(file) for file in _files(folder)}
    files.write_atomic(folder / SUMS, _sums_text(sums))


def verify(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file, if every byte is as it was sealed.

    Raises `IntegrityError`, naming the file, where one is not.
    """
    if not folder.is_dir():
        raise InputError(f"There is no bundle {folder}: expected a folder that `train` wrote")
    if not (folder / SUMS).is_file():
        kind = "has lost its SHA256SUMS" if (folder / VALUES).exists() else "is no eyespot bundle"
        raise IntegrityError(f"{folder} {kind}: expected a folder that `eyespot train` wrote")
    expected = _read_sums(folder / SUMS)
    present = {file.name: file for file in _files(folder)}
    for name in sorted(set(expected) | set(present)):
        if name not in present:
            raise IntegrityError(f"{folder / name} is missing, though in {SUMS}: {_SEALED_CURE}")
        if name not in expected:
            raise IntegrityError(f"{folder / name} does not belong, by {SUMS}: {_SEALED_CURE}")
        if not _is_plain(present[name]) or files.sha256(present[name]) != expected[name]:
            raise IntegrityError(
                f"{folder / name} is not as it was saved, by {SUMS}: {_SEALED_CURE}"
            )
    return expected


def _read_sums(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > SUMS_LIMIT:
            raise ValueError("too large")
        text = path.read_bytes().decode("utf-8")
        rows = [line.split("  ", 1) for line in text.split("\n")[:-1]]
        expected = {name: digest for digest, name in rows}
        if not all(DIGEST.fullmatch(digest) for digest in expected.values()):
            raise ValueError("no digest")
    except ValueError as error:
        raise IntegrityError(f"{path} is damaged: {_SEALED_CURE}") from error
    if text != _sums_text(expected) or not set(NEEDED) <= set(expected):
        raise IntegrityError(f"{path} is damaged: {_SEALED_CURE}")
    return expected


def load(folder: Path, *, device: str = "auto") -> Classifier:
    """Read a bundle without torch; the network itself is built only where no engine is cached.

    Raises `IntegrityError` naming the file that is damaged, `InputError` where there is none.
    """
    sums = verify(folder)
    values = stored.read_values(folder / VALUES)
    head = stored.read_head(folder / WEIGHTS, values)
    reference = stored.read_reference(folder / REFERENCE, values)
    if tensors.file_digest(folder / WEIGHTS, prefix="network.") != values.weights:
        raise IntegrityError(f"{folder / WEIGHTS} is not the network that {VALUES} names: {_CURE}")
    if head.width != reference.vectors.shape[1]:
        raise IntegrityError(
            f"{folder / WEIGHTS} and {REFERENCE} are not of one classifier: {_CURE}"
        )
    return Classifier(
        backbone=_backbone(values, folder / WEIGHTS, sums[WEIGHTS]),
        head=head,
        classes=values.classes,
        reference=reference,
        card=values.card,
        flip=values.flip,
        device=device,
        notes=_notes(values, folder),
        novelty=values.novelty,
        coverage=values.coverage,
    )


def _notes(values: stored.Values, folder: Path) -> tuple[str, ...]:
    """What is different here from where the bundle was made, one sentence each."""
    made_with = values.preprocessing.decoder
    if made_with == DECODER:
        return ()
    return (
        f"{folder} was made with {made_with}, here photos are decoded by {DECODER}: pixels, and so "
        "probabilities, may differ a little. Measure it again with eyespot evaluate.",
    )


def _values(classifier: Classifier) -> stored.Values:
    backbone, head = classifier.backbone, classifier.head
    return stored.Values(
        format=stored.FORMAT,
        architecture=backbone.architecture,
        weights=backbone.weights,
        source=backbone.source,
        preprocessing=backbone.preprocessing,
        output=backbone.output,
        flip=classifier.flip,
        classes=classifier.classes,
        head=stored.HeadValues(head.kind, head.strength, head.temperature),
        novelty=classifier.novelty,
        coverage=classifier.coverage,
        card=classifier.card,
    )


def _write_arrays(classifier: Classifier, folder: Path) -> None:
    from safetensors.numpy import save as as_bytes

    if classifier.backbone.tensors is None:
        raise EyespotError("this classifier came without its network")
    state = {f"network.{name}": value for name, value in classifier.backbone.tensors().items()}
    state |= {f"head.{name}": value for name, value in head_arrays(classifier.head).items()}
    files.write_atomic(folder / WEIGHTS, as_bytes(dict(sorted(state.items()))))
    reference = classifier.reference
    if reference is None:
        raise EyespotError("only a classifier that was trained here can be saved")
    contents = b"".join(bytes.fromhex(content) for content in reference.contents)
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "contents": np.frombuffer(contents, np.uint8).reshape(-1, 32),
        "labels": reference.labels,
        "vectors": reference.vectors,
    }
    if classifier.novelty is not None and classifier.novelty.has_negatives:
        if reference.negatives is None:
            raise EyespotError("novelty was fitted with examples of none of these: keep them")
        arrays["negatives"] = reference.negatives
    arrays = dict(sorted(arrays.items()))
    files.write_atomic(folder / REFERENCE, as_bytes(arrays))


def head_arrays(head: Head) -> dict[str, NDArray[Any]]:
    """The arrays of a head, by name."""
    if isinstance(head, LinearHead):
        return {"weight": head.weight, "bias": head.bias}
    return {"vectors": head.vectors, "labels": head.labels}


def _files(folder: Path) -> list[Path]:
    """The bundle's files but its sums; what systems leave in any folder does not count."""
    names = sorted(path for path in folder.iterdir() if path.name != SUMS)
    return [path for path in names if not SYSTEM_LEFTOVERS.fullmatch(path.name)]


def _is_plain(file: Path) -> bool:
    """A file, and of a name that is one line of text."""
    return file.is_file() and file.name.isprintable()


def _sums_text(sums: dict[str, str]) -> str:
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def _backbone(values: stored.Values, weights: Path, digest: str) -> Backbone:
    """The network is read when it is needed, perhaps much later: its file is verified again."""

    def load() -> Network:
        _require_unchanged(weights, digest)
        return stored.load_network(weights, values)

    def arrays() -> dict[str, NDArray[Any]]:
        _require_unchanged(weights, digest)
        return tensors.read_arrays(weights, prefix="network.")

    return Backbone(
        architecture=values.architecture,
        weights=values.weights,
        preprocessing=replace(values.preprocessing, decoder=DECODER),
        output=values.output,
        source=values.source,
        load=load,
        tensors=arrays,
    )


def _require_unchanged(file: Path, digest: str) -> None:
    if not file.is_file() or files.sha256(file) != digest:
        raise IntegrityError(f"{file} has changed since it was loaded: load the bundle again")
