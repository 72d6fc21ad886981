"""The few things that can go wrong through what a user gave, each with a message that helps.

A message says what was expected, what came, and what to do next. The command line prints it in one
or two lines and exits with code 2; anything that is not an `EyespotError` is a mistake of ours.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import takewhile
from typing import TypeVar

Value = TypeVar("Value")
HOLDS = 2  # likeness from which a known name holds the one that was typed


class EyespotError(Exception):
    """Something a user can put right; the message says how."""

    @property
    def exit_code(self) -> int:
        """What the command line exits with."""
        return 2


class InputError(EyespotError):
    """A folder, file, table or option that cannot be used as it stands."""


class ImageError(EyespotError):
    """A photo that cannot be read. The message is the reason alone, without the file's name."""


class PixelLimitError(ImageError):
    """A photo of more pixels than are admitted."""


class IntegrityError(EyespotError):
    """Bytes on disk that are not the bytes that were written: a bundle, a cache, a download."""


class MissingWeightsError(EyespotError):
    """Pretrained weights that are not on this machine and cannot be fetched."""


class MissingExtraError(EyespotError):
    """An optional library that is not installed; the message names the extra."""


def lookup(
    kind: str,
    name: str,
    table: Mapping[str, Value],
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Value:
    """Return `table[name]`; an unknown name raises `InputError` with the nearest known ones.

    `groups` are names that people may type for several of the table, such as a family's.

    >>> lookup("network", "resnet51", {"resnet50": 50})
    Traceback (most recent call last):
    eyespot.errors.InputError: There is no network 'resnet51'. Did you mean resnet50?
    """
    if name in table:
        return table[name]
    near = nearest(name, table, groups=groups)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Known: {_shortened(list(table))}."
    raise InputError(f"There is no {kind} {name!r}. {hint}")


def nearest(
    name: str, names: Iterable[str], *, groups: Mapping[str, Sequence[str]] | None = None
) -> list[str]:
    """Up to three of `names`: those that hold `name`, signs apart, then those written alike.

    A group that is near stands for its first three.

    >>> nearest("MobileNetV2", ["vgg16", "mobilenet_v2_1_0", "mobilenet_v3_small"])
    ['mobilenet_v2_1_0']
    """
    members = dict(groups or {})
    candidates = [*members, *names]
    likeness = {each: _likeness(_plain(name), _plain(each)) for each in candidates}
    ranked = sorted(likeness, key=lambda each: -likeness[each])  # of equals, the first known
    best = max(likeness.values(), default=0)
    least = HOLDS if best >= HOLDS + 2 else 0.85 if best >= HOLDS else 0.6  # the same; holds it
    near = [n for each in ranked if likeness[each] >= least for n in members.get(each, (each,))]
    return list(dict.fromkeys(near))[:3]


def _plain(name: str) -> str:
    """Without capitals and signs: ResNet-50 is typed for resnet50."""
    return re.sub(r"[^a-z0-9]", "", name.lower()) or name


def _likeness(typed: str, known: str) -> float:
    """The share of letters in common, of equals the one that begins alike; more if it holds it."""
    if len(typed) > 1 and typed in known:
        return HOLDS + known.startswith(typed) + (typed == known)
    beginning = list(takewhile(lambda pair: pair[0] == pair[1], zip(typed, known, strict=False)))
    return SequenceMatcher(None, known, typed).ratio() + len(beginning) / 1000


def _shortened(names: list[str], limit: int = 12) -> str:
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more
