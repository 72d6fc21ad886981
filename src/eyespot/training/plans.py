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

WORDS = {
    "network": "the network",
    "start": "the weights that it began with",
    "photos": "the training photos, or what is done to them",
    "validation": "the validation photos",
}


def structure(state: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types and shapes: equal for networks that can take each other's state."""
    rows = [[name, str(held.dtype), list(held.shape)] for name, held in sorted(state.items())]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def difference(theirs: Plan, ours: Plan) -> str | None:
    """In one phrase, what a checkpoint's plan has otherwise than ours; None for equal plans."""
    if theirs == ours:
        return None
    pairs = list(_differing("", to_json(theirs), to_json(ours)))
    for name, words in WORDS.items():  # the network's own first: the rest follows from it
        if any(path == name for path, _, _ in pairs):
            return f"{words} differ{'s' if name == 'network' else ''}"
    path, before, now = pairs[0]
    return f"its {path.replace('_', ' ')} is {_short(before)}, now {_short(now)}"


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
