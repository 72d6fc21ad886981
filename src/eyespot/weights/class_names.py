"""The labels of somebody's own weights: a file with one a line, in the order of the logits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eyespot.errors import InputError

IMAGENET_CLASSES = 1000
BYTES = 8 << 20  # more is no list of labels


def class_names(given: str | Path | Sequence[str] | None, outputs: int) -> tuple[str, ...]:
    """The labels of so many logits, of a file or as they are; none where they are ImageNet's.

    Raises `InputError` for an empty label, one that stands twice, or another number of them.
    """
    if given is None:
        if outputs != IMAGENET_CLASSES:
            raise InputError(
                f"These weights tell {outputs:,} classes apart, and nobody says which: pass "
                "--classes FILE with one label a line, in the order of the outputs"
            )
        return ()
    if isinstance(given, str | Path):
        what, labels = str(given), _read(Path(given))
    else:
        what, labels = "classes", tuple(given)
    seen: dict[str, int] = {}
    for number, label in enumerate(labels, 1):
        if not label.strip() or not label.isprintable():
            raise InputError(f"{what}: line {number} is no label: give one printable label a line")
        if label in seen:
            raise InputError(
                f"{what}: {label[:60]!r} stands in lines {seen[label]} and {number}: give each "
                "class a label of its own"
            )
        seen[label] = number
    if len(labels) != outputs:
        raise InputError(
            f"{what} has {len(labels):,} labels, and the weights tell {outputs:,} classes apart: "
            "give one label a line, in the order of the outputs"
        )
    return labels


def _read(path: Path) -> tuple[str, ...]:
    """The lines, without blanks around them; a line break at the end begins no line."""
    try:
        if path.stat().st_size > BYTES:
            raise InputError(f"{path} is too large to be a list of labels")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise InputError(f"{path} is no text in UTF-8: save it as such") from error
    return tuple(line.strip() for line in text.splitlines())
