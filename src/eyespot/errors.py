"""The few things that can go wrong through what a user gave, each with a message that helps.

A message says what was expected, what came, and what to do next. The command line prints it in one
or two lines and exits with code 2; anything that is not an `EyespotError` is a mistake of ours.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

Value = TypeVar("Value")


class EyespotError(Exception):
    """Something a user can put right; the message says how."""


class InputError(EyespotError):
    """A folder, file, table or option that cannot be used as it stands."""


class ImageError(EyespotError):
    """A photo that cannot be read. The message is the reason alone, without the file's name."""


class IntegrityError(EyespotError):
    """Bytes on disk that are not the bytes that were written: a bundle, a cache, a download."""


class MissingWeightsError(EyespotError):
    """Pretrained weights that are not on this machine and cannot be fetched."""


class MissingExtraError(EyespotError):
    """An optional library that is not installed; the message names the extra."""


def lookup(kind: str, name: str, table: Mapping[str, Value]) -> Value:
    """Return `table[name]`; an unknown name raises `InputError` with the nearest known ones.

    >>> lookup("network", "resnet51", {"resnet50": 50})
    Traceback (most recent call last):
    eyespot.errors.InputError: There is no network 'resnet51'. Did you mean resnet50?
    """
    if name in table:
        return table[name]
    near = get_close_matches(name, table, n=3, cutoff=0.6)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {_shortened(list(table))}."
    raise InputError(f"There is no {kind} {name!r}. {hint}")


def _shortened(names: list[str], limit: int = 12) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
