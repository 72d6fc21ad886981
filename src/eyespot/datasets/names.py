"""Names of files and classes: how they are shown, and what special meaning a folder's name has.

A file's name can hold anything but a slash: bytes that are no text, line ends, marks that turn the
writing direction. Inside eyespot it stays what the system gave; JSON carries it exactly
(`json.dumps` with its default `ensure_ascii`); a person, a page or a table sees `shown(name)`.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from eyespot.datasets.dataset import Part

SPLIT_FOLDERS: Final[dict[str, Part]] = {
    "train": "train", "training": "train", "trn": "train",
    "train_set": "train", "training_set": "train", "trainset": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "validate": "validation", "val_set": "validation", "validation_set": "validation",
    "test": "test", "testing": "test", "tst": "test", "test_set": "test", "testset": "test",
}  # fmt: skip
NEGATIVE_FOLDERS: Final = frozenset(
    {"_none", "none_of_these", "background", "other", "noise", "unknown"}
)
SYSTEM_LEFTOVERS: Final = frozenset(
    {
        "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r",
        "$recycle.bin", "system volume information", "@eadir",
    }
)  # fmt: skip

_KEPT_MARKS = "\u200c\u200d"  # joiners: part of the spelling in Persian, Hindi and emoji
_HIDDEN_KINDS = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def shown(name: str) -> str:
    r"""The name as printable text: one line, valid UTF-8, and different for different names.

    Bytes that are no UTF-8 and control characters become `\xe9`, other invisible characters
    `\u202e`, spaces at either end `\x20`, and a backslash is doubled so that nothing else can look
    the same.

    >>> shown("caf\udce9\n.jpg")
    'caf\\xe9\\x0a.jpg'
    """
    if name.isprintable() and "\\" not in name and name == name.strip():
        return name
    start, end = len(name) - len(name.lstrip()), len(name.rstrip())
    ends = (map(_escaped, name[:start]), map(_escaped, name[max(start, end) :]))
    return "".join([*ends[0], *map(_shown_character, name[start:end]), *ends[1]])


def _shown_character(character: str) -> str:
    if character == "\\":
        return "\\\\"
    return _escaped(character) if _is_hidden(character) else character


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN_KINDS and character not in _KEPT_MARKS


def _escaped(character: str) -> str:
    code = ord(character)
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that is no UTF-8
        return f"\\x{code - 0xDC00:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


@lru_cache(maxsize=65536)  # a folder holds many photos
def label_from(name: str) -> str:
    """The label that a folder's name or a table's entry stands for: NFC, trimmed, printable.

    macOS writes an accent as a character of its own (NFD), other systems as one with its letter
    (NFC): to a person both are the same class.
    """
    label = unicodedata.normalize("NFC", name).strip()
    return shown(label) if any(map(_is_hidden, label)) else label or shown(name)


def part_from(name: str) -> Part | None:
    """The part that a folder's or a split's name stands for: `Valid` -> "validation"."""
    return SPLIT_FOLDERS.get(plain(name))


def is_negative(name: str) -> bool:
    """Is this the name of a folder with examples of "none of these"?"""
    return plain(name) in NEGATIVE_FOLDERS


def is_leftover(name: str) -> bool:
    """Hidden, or left behind by a system: passed over without a word."""
    return name.startswith(".") or name.casefold() in SYSTEM_LEFTOVERS


@lru_cache(maxsize=65536)
def plain(name: str) -> str:
    """Lower case with underscores: `None of these` and `none-of-these` are one name."""
    return re.sub(r"[\s\-]+", "_", unicodedata.normalize("NFC", name).strip().casefold())


def some(names: list[str], limit: int = 4) -> str:
    """`a, b, c and 9 more`, each as it is shown."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(shown(name) for name in names[:limit]) + more


def counted(count: int, noun: str) -> str:
    """`1 photo`, `1,797 photos`, `2 classes`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"
