"""What the files of a bundle say, read strictly: a value that we never write is refused, in words.

The hashes prove that the bytes are as they were sealed, not that an honest eyespot sealed them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from eyespot.classifier.card import Card
from eyespot.classifier.classifier import Reference
from eyespot.classifier.coverage import Coverage
from eyespot.classifier.heads import NEIGHBOURS, Head, LinearHead, NeighbourHead
from eyespot.classifier.novelty import Novelty
from eyespot.errors import EyespotError, InputError, IntegrityError
from eyespot.images.preprocessing import Preprocessing
from eyespot.values import from_json, to_json
from eyespot.weights import tensors

if TYPE_CHECKING:
    from eyespot.networks.architecture import Network

FORMAT = 3  # of the folder; a reader refuses formats that it does not know
OLDER = (1, 2)  # that are read, too
ADDED = {"padding": 0, "mean_image": None}  # to a preprocessing by format 2, as it was before
CARD_BEFORE = ("trained_on", "fingerprint", "seed", "licence", "measured", "notes")  # format 3
VALUES_LIMIT = 16 << 20  # bytes of JSON that are read at all
CONTENT_BYTES = 32  # of a SHA-256

Arrays = dict[str, NDArray[Any]]


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
    novelty: Novelty | None
    coverage: Coverage | None
    card: Card


def read_values(path: Path) -> Values:
    """The contents of `classifier.json`. Raises `IntegrityError` where it is not what we write."""
    if path.stat().st_size > VALUES_LIMIT:
        _refuse(path, "it is larger than any that eyespot writes")
    try:
        data = json.loads(
            path.read_text(encoding="utf-8"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{path} is not valid JSON") from error
    if isinstance(data, dict) and data.get("format") not in (*OLDER, FORMAT):
        raise EyespotError(
            f"{path} has format {str(data.get('format'))[:20]}, this eyespot reads formats 1 to "
            f"{FORMAT}: install the version of eyespot that wrote it, or train again"
        )
    if isinstance(data, dict) and data["format"] in OLDER:
        data = _upgraded(path, data)
    try:
        values = from_json(Values, data, where=str(path))
    except (InputError, RecursionError) as error:  # numbers that no preprocessing can have
        _refuse(path, str(error))
    if len(set(values.classes)) != len(values.classes) or len(values.classes) < 2:
        _refuse(path, "its classes are not two different names or more")
    if not values.head.temperature > 0 or not values.head.strength >= 0:
        _refuse(path, "its head has an impossible temperature or strength")
    if values.coverage and len(values.coverage.thresholds) != len(values.classes):
        _refuse(path, "its label sets are not of its classes")
    return values


def _upgraded(path: Path, data: dict[str, Any]) -> dict[str, Any]:
    """The values of an older format as today's has them."""
    seen, card = data.get("preprocessing"), data.get("card")
    if not isinstance(seen, dict) or not isinstance(card, dict):
        return data  # which is told by whoever reads it
    if data["format"] == 1:
        _require_none(path, 1, ADDED.keys() & seen.keys())
        data = data | {"preprocessing": seen | ADDED}
    _require_none(path, data["format"], {"novelty", "coverage"} & data.keys())
    _require_none(path, data["format"], card.keys() - set(CARD_BEFORE))
    if data.get("thresholds") != {}:
        _refuse(path, f"format {data['format']} has empty thresholds")
    later = {name: item for name, item in to_json(Card()).items() if name not in CARD_BEFORE}
    data = {name: item for name, item in data.items() if name != "thresholds"}
    return data | {"novelty": None, "coverage": None, "card": later | card}


def _require_none(path: Path, number: int, early: set[str]) -> None:
    if early:
        _refuse(path, f"format {number} has no {sorted(early)[0]}")


def read_head(path: Path, values: Values) -> Head:
    """The trained head of `weights.safetensors`, proved to fit the classes."""
    arrays = tensors.read_arrays(path, prefix="head.")
    facts = (values.head.kind, values.head.strength, values.head.temperature)
    classes = len(values.classes)
    if values.head.kind != NEIGHBOURS:
        _require(path, arrays, {"weight": (np.float32, 2), "bias": (np.float32, 1)})
        if not len(arrays["weight"]) == len(arrays["bias"]) == classes:
            _refuse(path, f"its head is not one for {classes} classes")
        return LinearHead(*facts, arrays["weight"], arrays["bias"])
    _require(path, arrays, {"vectors": (np.float32, 2), "labels": (np.int64, 1)})
    _require_labels(path, arrays, classes)
    if values.head.strength < 1:
        _refuse(path, "its head asks less than one neighbour")
    return NeighbourHead(*facts, arrays["vectors"], arrays["labels"], classes)


def read_reference(path: Path, values: Values) -> Reference:
    """The training photos as `reference.safetensors` remembers them: the first with vectors."""
    arrays = tensors.read_arrays(path)
    kinds = {"contents": (np.uint8, 2), "vectors": (np.float32, 2), "labels": (np.int64, 1)}
    has_negatives = values.novelty is not None and values.novelty.has_negatives
    _require(path, arrays, kinds | ({"negatives": (np.float32, 2)} if has_negatives else {}))
    negatives = arrays.get("negatives")
    if negatives is not None and not (
        len(negatives) and negatives.shape[1] == arrays["vectors"].shape[1]
    ):
        _refuse(path, "its examples of none of these are none, or not like its photos")
    _require_labels(path, arrays, len(values.classes))
    photos, width = arrays["contents"].shape
    if width != CONTENT_BYTES or photos < len(arrays["labels"]):
        _refuse(path, "its photos have no hashes, or not all of them")
    digits, one = arrays["contents"].tobytes().hex(), 2 * CONTENT_BYTES
    contents = tuple(digits[i : i + one] for i in range(0, len(digits), one))
    return Reference(contents, arrays["vectors"], arrays["labels"], negatives)


def load_network(path: Path, values: Values) -> Network:
    """The backbone as torch runs it, in eval mode, with the trained head where it is linear."""
    from eyespot.classifier.assembly import assembled

    try:
        return assembled(
            values.architecture,
            tensors.read_arrays(path, prefix="network."),
            output=values.output,
            head=read_head(path, values),
            num_classes=len(values.classes),
        )
    except IntegrityError as error:
        raise IntegrityError(f"{path} does not hold a {values.architecture}") from error


def _require(path: Path, arrays: Arrays, kinds: Mapping[str, tuple[type, int]]) -> None:
    """Refuse anything but arrays of these names, types and numbers of axes, all finite."""
    came = {name: (array.dtype, array.ndim) for name, array in arrays.items()}
    if came != {name: (np.dtype(kind), axes) for name, (kind, axes) in kinds.items()}:
        _refuse(path, f"expected the arrays {', '.join(kinds)}")
    if not all(np.isfinite(array).all() for array in arrays.values()):
        _refuse(path, "it holds numbers that are not finite")


def _require_labels(path: Path, arrays: Arrays, classes: int) -> None:
    labels = arrays["labels"]
    if len(labels) != len(arrays["vectors"]) or not len(labels):
        _refuse(path, "its photos and their labels are not of one number")
    if labels.min() < 0 or labels.max() >= classes:
        _refuse(path, f"it has labels that are none of the {classes} classes")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name stands twice")
    return table


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _refuse(path: Path, reason: str) -> NoReturn:
    raise IntegrityError(f"{path} is not one that eyespot wrote: {reason}. Get the bundle again.")
