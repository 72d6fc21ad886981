"""What a training will be, laid down before its first step; and what differs between two plans."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from eyespot.training.facts import Plan
from eyespot.values import to_json

# What is told first: other differences follow from it. Digests are told in words.
FIRST = ("network", "seed", "recipe's name", "recipe's epochs", "time_limit", "photos")
WORDS = {
    "network": "the network differs",
    "photos": "the training photos, or what is done to them differ",
    "validation": "the validation photos differ",
    "start": "the weights that it began with differ",
}


def structure(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types and shapes: equal for networks that can take each other's state."""
    rows = [[name, str(held.dtype), list(held.shape)] for name, held in sorted(state.items())]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def difference(theirs: Plan, ours: Plan) -> str | None:
    """In one phrase, what a checkpoint's plan has otherwise than ours; None for equal plans."""
    if theirs == ours:
        return None
    pairs = {path: pair for path, *pair in _differing("", to_json(theirs), to_json(ours))}
    path = next((path for path in FIRST if path in pairs), next(iter(pairs)))
    before, now = pairs[path]
    return WORDS.get(path) or f"its {path.replace('_', ' ')} is {_short(before)}, now {_short(now)}"


def _differing(path: str, theirs: Any, ours: Any) -> list[tuple[str, Any, Any]]:
    """The innermost places where two values differ: (path in words, theirs, ours)."""
    if isinstance(theirs, dict) and isinstance(ours, dict) and theirs.keys() == ours.keys():
        named = [(f"{path}'s {key}" if path else key, key) for key in theirs]
        return [row for name, key in named for row in _differing(name, theirs[key], ours[key])]
    return [] if theirs == ours else [(path, theirs, ours)]


def _short(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:g}"
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
