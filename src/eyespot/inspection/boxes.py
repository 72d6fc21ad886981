"""The boxes of a diagram: a convolution with its norm and its activation shares one.

Where a block starts with a norm or an activation, these belong to the layer that follows them, as
in the papers that moved them there; else to the layer before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eyespot.inspection.blocks import Layer
from eyespot.inspection.words import Kind

WEIGHTED = ("convolution", "linear")
SMALL = ("norm", "activation")


@dataclass(frozen=True)
class Box:
    """One box. `reads` are the places, in the tuple of boxes, of those that arrows come from."""

    kind: Kind
    text: str
    above: tuple[str, ...]  # small lines over the text
    below: tuple[str, ...]  # small lines under it
    reads: tuple[int, ...]
    shape: tuple[int, ...]  # of what leaves it, for one picture
    modules: tuple[str, ...]  # of its layers


def boxes(layers: Sequence[Layer], *, folds: bool = False) -> tuple[Box, ...]:
    """The boxes of traced layers, each behind those that it reads.

    If it `folds`, equal ones in a row are one, as in the picture of a whole network.
    """
    found = {
        number: Box(each.kind, each.text, (), _line(each.notes), each.reads, each.shape,
                    (each.module,))
        for number, each in enumerate(layers)
    }  # fmt: skip
    _join_forward(found, _starts(found))
    _join_backward(found)
    if folds:
        _fold(found)
    _drop_unread(found)
    places = {number: place for place, number in enumerate(found)}
    return tuple(
        replace(box, reads=tuple(places[number] for number in box.reads)) for box in found.values()
    )


def _line(texts: Sequence[str]) -> tuple[str, ...]:
    return (", ".join(texts),) if texts else ()


def _starts(found: dict[int, Box]) -> set[Kind]:
    """What stands first in the block, if that is a norm or an activation."""
    first = {
        box.kind
        for box in found.values()
        if any(found[number].kind == "input" for number in box.reads)
    }
    return first & {"norm", "activation"}


def _readers(found: dict[int, Box], number: int) -> list[int]:
    return [other for other, box in found.items() if number in box.reads]


def _join_forward(found: dict[int, Box], starts: set[Kind]) -> None:
    """Norms and activations go to the layer with weights that alone reads them."""
    for number in sorted(found, reverse=True):
        box = found[number]
        if box.kind not in SMALL or not starts:
            continue
        before = found[box.reads[0]].kind
        is_first = box.kind in starts or (before in ("norm", "input") and "norm" in starts)
        readers = _readers(found, number)
        if not is_first or len(readers) != 1 or found[readers[0]].kind not in WEIGHTED:
            continue
        reader = found[readers[0]]
        above = _line([box.text, *reader.above])
        found[readers[0]] = replace(
            reader, above=above, reads=box.reads, modules=(*box.modules, *reader.modules)
        )
        del found[number]


def _join_backward(found: dict[int, Box]) -> None:
    """Norms and activations go to the layer that they alone read; a norm takes its activation."""
    joined: dict[int, list[str]] = {}
    for number in list(found):
        box = found[number]
        if box.kind not in SMALL:
            continue
        before = found[box.reads[0]]
        fits = before.kind in (*WEIGHTED, "pool") or (
            before.kind == "norm" and box.kind == "activation"
        )
        if not fits or len(_readers(found, box.reads[0])) != 1:
            continue
        own = joined.setdefault(box.reads[0], [])
        kept = before.below[:-1] if own else before.below
        own.append(box.text)
        found[box.reads[0]] = replace(
            before, below=(*kept, *_line(own)), modules=(*before.modules, *box.modules)
        )
        _replace_reads(found, number, box.reads[0])
        del found[number]


def _drop_unread(found: dict[int, Box]) -> None:
    """Without what no output is made of."""
    for number in sorted(found, reverse=True):
        if found[number].kind not in ("input", "output") and not _readers(found, number):
            del found[number]


def _fold(found: dict[int, Box]) -> None:
    """A box that alone reads its like goes into it: "3x3, 64 × 2"."""
    counts: dict[int, int] = {}
    for number in list(found):
        box = found[number]
        before = box.reads[0] if len(box.reads) == 1 else -1
        if before < 0 or box.kind not in (*WEIGHTED, "other") or len(_readers(found, before)) != 1:
            continue
        like = found[before]
        if (box.kind, box.text, box.above, box.below) != _face(like):
            continue
        counts[before] = counts.get(before, 1) + 1
        found[before] = replace(like, shape=box.shape, modules=(*like.modules, *box.modules))
        _replace_reads(found, number, before)
        del found[number]
    for number, count in counts.items():
        found[number] = replace(found[number], text=f"{found[number].text}  × {count}")


def _face(box: Box) -> tuple[str, str, tuple[str, ...], tuple[str, ...]]:
    return box.kind, box.text, box.above, box.below


def _replace_reads(found: dict[int, Box], old: int, new: int) -> None:
    for number, box in found.items():
        if old in box.reads:
            reads = tuple(new if each == old else each for each in box.reads)
            found[number] = replace(box, reads=tuple(dict.fromkeys(reads)))
