"""Converted networks on disk, by the hash of all that they depend on, verified at every use."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eyespot import files
from eyespot.engines import openvino
from eyespot.engines.backbone import Backbone
from eyespot.errors import IntegrityError
from eyespot.values import from_json, to_json

Precision = Literal["float32", "bfloat16"]

MODEL = "model.xml"
WEIGHTS = "model.bin"
RECORD = "engine.json"


@dataclass(frozen=True)
class Record:
    """What was converted, for which machine, and the bytes that it has to have."""

    architecture: str
    source: str
    converter: str
    processor: str
    precision: Precision  # the lowest one whose answers agree with torch in float32
    agreement: str  # how that was measured and what came out, in words
    files: dict[str, str]  # name -> SHA-256


def folder_of(backbone: Backbone) -> Path:
    """Where the converted network lies, or would lie: named by everything that it depends on."""
    parts = [backbone.key, openvino.VERSION, openvino.processor()]
    name = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    return files.cache_folder("engines") / name


def seal(folder: Path, record: Record) -> None:
    """Write `record`, with the hashes of the model beside it, into `folder`."""
    files.write_atomic(folder / RECORD, json.dumps(to_json(record), indent=1))


def verified(folder: Path) -> Record:
    """The record of a converted network whose bytes are all as written; else `IntegrityError`."""
    try:
        record = from_json(Record, json.loads((folder / RECORD).read_text(encoding="utf-8")))
        damaged = [n for n, digest in record.files.items() if files.sha256(folder / n) != digest]
    except (OSError, ValueError) as error:
        raise IntegrityError(f"{folder} holds no whole converted network") from error
    if damaged or set(record.files) != {MODEL, WEIGHTS}:
        raise IntegrityError(f"{folder / (damaged or [RECORD])[0]} is not as it was written")
    return record
