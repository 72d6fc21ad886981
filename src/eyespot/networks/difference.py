"""Two networks side by side: which lines of their tables differ, and which settings no table shows.

Padding, a norm's eps or an activation leave every size and count as they are, and change the
answer: editions of one paper often differ in nothing else.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

import torch
from torch import nn

from eyespot.networks.architecture import Architecture
from eyespot.networks.catalogue import build
from eyespot.networks.table import StageRow, table

ATTRIBUTES = (
    "padding", "ceil_mode", "count_include_pad", "eps", "momentum", "p", "probability",
    "size", "alpha", "beta", "k", "approximate",
)  # fmt: skip
SHOWN = (nn.Conv2d, nn.Linear, nn.Identity)  # said in the tables, or nothing
ALIKE = 0.9  # share of modules of one name that are of one kind in two editions of a network


@dataclass(frozen=True)
class LinePair:
    """Two lines of the tables that differ; `None` where one table has no such line."""

    left: StageRow | None
    right: StageRow | None


@dataclass(frozen=True)
class Setting:
    """One thing that modules of both networks differ in."""

    kind: str  # class of the modules, e.g. "BatchNorm2d"
    attribute: (
        str  # e.g. "eps"; "class" where they are of another one, "modules" where there is none
    )
    left: str
    right: str
    count: int  # how many modules


@dataclass(frozen=True)
class Difference:
    """What is not alike in two networks; settings are compared within a family only."""

    lines: tuple[LinePair, ...]
    settings: tuple[Setting, ...]


def difference(left: Architecture, right: Architecture) -> Difference:
    """Compare two networks of the catalogue, each at its own image size.

    >>> difference(find("resnet50"), find("resnet50_v1_5")).settings
    ()
    """
    pairs = _paired(table(left), table(right))
    lines = tuple(LinePair(a, b) for a, b in pairs if _visible(a) != _visible(b))
    return Difference(lines, tuple(_settings(left, right)))


def _visible(row: StageRow | None) -> object:
    return row and (row.output_shape, row.kernels, row.parameters, row.multiply_adds)


def _paired(
    left: Sequence[StageRow], right: Sequence[StageRow]
) -> Iterator[tuple[StageRow | None, StageRow | None]]:
    """Line by line; where the numbers of lines differ, lines with maps of one size together."""
    if len(left) == len(right):
        yield from zip(left, right, strict=True)
        return
    ours, theirs = (
        [(row.output_shape[1:], row.is_auxiliary) for row in rows] for rows in (left, right)
    )
    for tag, a, b, c, d in SequenceMatcher(None, ours, theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(left[a:b], right[c:d], strict=True)
        else:
            yield from zip_longest(left[a:b], right[c:d])


def _settings(left: Architecture, right: Architecture) -> Iterator[Setting]:
    if left.family != right.family:
        return
    ours, theirs = _modules(left), _modules(right)
    common = [name for name in ours if name in theirs]
    alike = sum(type(ours[name]) is type(theirs[name]) for name in common)
    if not common or alike < ALIKE * len(common):  # numbered otherwise: names mean nothing
        ours_kinds, theirs_kinds = _kinds(ours.values()), _kinds(theirs.values())
    else:
        yield from _by_name([(ours[name], theirs[name]) for name in common])
        ours_kinds = _kinds(ours[name] for name in ours if name not in theirs)
        theirs_kinds = _kinds(theirs[name] for name in theirs if name not in ours)
    for kind in sorted(ours_kinds | theirs_kinds):
        here, there = ours_kinds[kind], theirs_kinds[kind]
        if here != there:
            yield Setting(kind, "modules", str(here), str(there), abs(here - there))


def _modules(architecture: Architecture) -> dict[str, nn.Module]:
    """The modules without children, auxiliary heads apart."""
    with torch.device("meta"):
        network = build(architecture.name)
    return {
        name: module
        for name, module in network.named_modules()
        if not any(module.children()) and "aux" not in name.lower()
    }


def _by_name(pairs: Sequence[tuple[nn.Module, nn.Module]]) -> Iterator[Setting]:
    """What pairs of modules differ in, alike differences once."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for left, right in pairs:
        kind, other = type(left).__name__, type(right).__name__
        if kind != other:
            found[kind, "class", kind, other] += 1
            continue
        is_alike = _value(left, "kernel_size") == _value(right, "kernel_size")
        for attribute in ATTRIBUTES if is_alike else ():  # padding goes with the kernel
            a, b = _value(left, attribute), _value(right, attribute)
            if a != b:
                found[kind, attribute, a, b] += 1
        a, b = (
            "without" if getattr(each, "bias", None) is None else "with" for each in (left, right)
        )
        if a != b:
            found[kind, "bias", a, b] += 1
    for (kind, attribute, a, b), count in found.items():
        yield Setting(kind, attribute, a, b, count)


def _value(module: nn.Module, attribute: str) -> str:
    value = getattr(module, attribute, None)
    if isinstance(value, tuple) and len(set(value)) == 1:
        value = value[0]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _kinds(modules: Iterable[nn.Module]) -> Counter[str]:
    return Counter(type(module).__name__ for module in modules if not isinstance(module, SHOWN))
