"""A classifier as a folder: values as JSON, arrays as safetensors, and a hash of every byte.

No format of tensors in use detects a flipped bit by itself, so `SHA256SUMS` lists all files and
nothing is used before every one of them has matched. The layout is in docs/bundle.md.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eyespot import files
from eyespot.classifier.card import Card
from eyespot.classifier.classifier import Classifier, Reference
from eyespot.classifier.heads import Head, LinearHead, NeighbourHead
from eyespot.engines import Backbone
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.images.preprocessing import Preprocessing
from eyespot.values import from_json, to_json
from eyespot.weights import tensors

if TYPE_CHECKING:
    from torch import Tensor

    from eyespot.networks.architecture import Network

FORMAT = 1  # of the folder; a reader refuses formats that it does not know
VALUES = "classifier.json"
WEIGHTS = "weights.safetensors"
REFERENCE = "reference.safetensors"
CARD = "README.md"
REPORT = "report.html"
SUMS = "SHA256SUMS"
NEEDED = (VALUES, WEIGHTS, REFERENCE, CARD)
SYSTEM_LEFTOVERS = re.compile(r"\..*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
VALUES_LIMIT = 16 << 20  # bytes of JSON that are read at all


@dataclass(frozen=True)
class HeadValues:
    """A head without its arrays."""

    kind: str
    strength: float
    temperature: float


@dataclass(frozen=True)
class Values:
    """What `classifier.json` holds."""

    format: int
    architecture: str
    weights: str  # digest of the backbone's tensors
    source: str
    preprocessing: Preprocessing
    output: str
    flip: bool
    classes: tuple[str, ...]
    head: HeadValues
    thresholds: dict[str, float]
    card: Card


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
    sums = {file.name: files.sha256(file) for file in _files(folder)}
    files.write_atomic(folder / SUMS, _sums_text(sums))


def verify(folder: Path) -> None:
    """Raise `IntegrityError`, naming the file, unless every byte is as it was sealed."""
    if not folder.is_dir():
        raise InputError(f"There is no bundle {folder}: expected a folder that `train` wrote")
    if not (folder / SUMS).is_file():
        kind = "has lost its SHA256SUMS" if (folder / VALUES).exists() else "is no eyespot bundle"
        raise IntegrityError(f"{folder} {kind}: expected a folder that `eyespot train` wrote")
    try:
        text = (folder / SUMS).read_bytes().decode("ascii")
        rows = [line.split("  ", 1) for line in text.splitlines()]
        expected = {name: digest for digest, name in rows}
    except ValueError as error:
        raise IntegrityError(f"{folder / SUMS} is damaged: {_CURE}") from error
    if text != _sums_text(expected) or not set(NEEDED) <= set(expected):
        raise IntegrityError(f"{folder / SUMS} is damaged: {_CURE}")
    present = {file.name: file for file in _files(folder)}
    for name in sorted(set(expected) | set(present)):
        if name not in present:
            raise IntegrityError(f"{folder / name} is missing: {_CURE}")
        if name not in expected:
            raise IntegrityError(f"{folder / name} does not belong to this bundle: {_CURE}")
        if files.sha256(present[name]) != expected[name]:
            raise IntegrityError(f"{folder / name} is not as it was saved: {_CURE}")


_CURE = "copy the bundle again, or `eyespot bundle seal` it if you changed it yourself"


def load(folder: Path, *, device: str = "auto") -> Classifier:
    """Read a bundle without torch; the network itself is built only where no engine is cached.

    Raises `IntegrityError` naming the file that is damaged, `InputError` where there is none.
    """
    verify(folder)
    values = read_values(folder / VALUES)
    arrays = tensors.read_arrays(folder / WEIGHTS, prefix="head.")
    return Classifier(
        backbone=_backbone(values, folder),
        head=_head(values, arrays, folder),
        classes=values.classes,
        reference=_reference(folder / REFERENCE),
        card=values.card,
        flip=values.flip,
        device=device,
    )


def read_values(path: Path) -> Values:
    """The contents of `classifier.json`. Raises `IntegrityError` where it is not what we write."""
    if path.stat().st_size > VALUES_LIMIT:
        raise IntegrityError(f"{path} is larger than any that eyespot writes")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{path} is not valid JSON") from error
    if isinstance(data, dict) and data.get("format") != FORMAT:
        raise EyespotError(
            f"{path} has format {data.get('format')}, this eyespot reads format {FORMAT}: "
            "install the version of eyespot that wrote it, or train again"
        )
    return from_json(Values, data, where=str(path))


def _values(classifier: Classifier) -> Values:
    backbone, head = classifier.backbone, classifier.head
    return Values(
        format=FORMAT,
        architecture=backbone.architecture,
        weights=backbone.weights,
        source=backbone.source,
        preprocessing=backbone.preprocessing,
        output=backbone.output,
        flip=classifier.flip,
        classes=classifier.classes,
        head=HeadValues(head.kind, head.strength, head.temperature),
        thresholds={},
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
    files.write_atomic(folder / REFERENCE, as_bytes(arrays))


def head_arrays(head: Head) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays of a head, by name."""
    if isinstance(head, LinearHead):
        return {"weight": head.weight, "bias": head.bias}
    return {"vectors": head.vectors, "labels": head.labels}


def _files(folder: Path) -> list[Path]:
    """The bundle's files but its sums; what systems leave in any folder does not count."""
    names = sorted(path for path in folder.iterdir() if path.name != SUMS)
    return [path for path in names if not SYSTEM_LEFTOVERS.fullmatch(path.name)]


def _sums_text(sums: dict[str, str]) -> str:
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))


def _head(values: Values, arrays: dict[str, np.ndarray[Any, Any]], folder: Path) -> Head:
    facts = (values.head.kind, values.head.strength, values.head.temperature)
    classes = len(values.classes)
    if set(arrays) == {"weight", "bias"} and arrays["weight"].shape[:1] == (classes,):
        return LinearHead(*facts, arrays["weight"], arrays["bias"])
    if set(arrays) == {"vectors", "labels"}:
        return NeighbourHead(*facts, arrays["vectors"], arrays["labels"], classes)
    raise IntegrityError(f"{folder / WEIGHTS} holds no head for {classes} classes")


def _reference(path: Path) -> Reference:
    arrays = tensors.read_arrays(path, prefix="")
    contents = tuple(row.tobytes().hex() for row in arrays["contents"])
    return Reference(contents, arrays["vectors"], arrays["labels"])


def _backbone(values: Values, folder: Path) -> Backbone:
    def load() -> Network:
        return load_network(folder / WEIGHTS, values)

    def arrays() -> dict[str, np.ndarray[Any, Any]]:
        return tensors.read_arrays(folder / WEIGHTS, prefix="network.")

    return Backbone(
        architecture=values.architecture,
        weights=values.weights,
        preprocessing=values.preprocessing,
        output=values.output,
        source=values.source,
        load=load,
        tensors=arrays,
    )


def load_network(path: Path, values: Values) -> Network:
    """The backbone as torch runs it, in eval mode, with the trained head where it is linear."""
    import torch

    from eyespot.networks import build, find

    head = find(values.architecture).head
    network = build(values.architecture, num_classes=len(values.classes))
    state: dict[str, Tensor] = {
        name: torch.from_numpy(array)
        for name, array in tensors.read_arrays(path, prefix="network.").items()
    }
    for name, array in tensors.read_arrays(path, prefix="head.").items():
        if values.head.kind.startswith("linear") and values.output == "embedding":
            state[f"{head}.{name}"] = torch.from_numpy(array)
    lacking, unknown = network.load_state_dict(state, strict=False)
    if unknown or any(not name.startswith(head + ".") for name in lacking):
        raise IntegrityError(f"{path} does not hold a {values.architecture}")
    return network.eval()
