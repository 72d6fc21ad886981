"""The picture of a layer's filters."""

from __future__ import annotations

from eyespot.datasets.names import counted, some
from eyespot.inspection.inside.filters import DEAD, SLICES, Filters, levels
from eyespot.inspection.inside.grid import Row, Small, grid_sheet
from eyespot.pages.words import two_digits

MOST, MOST_DEEP = 100, 12  # filters that are shown: in colours, and with their slices


def sheet(found: Filters, *, source: str) -> bytes:
    """The filters as a PNG, numbered as their channels are."""
    shown = MOST if found.sees_colours else MOST_DEEP
    rows = _colours(found) if found.sees_colours else _slices(found)
    return grid_sheet(
        rows,
        title=_title(found),
        lead=_lead(found),
        notes=_notes(found, shown),
        source=source,
        is_random=found.is_random,
    )


def _title(found: Filters) -> str:
    number, _, height, width = found.weights.shape
    return f"{counted(number, 'filter')} of {height} x {width}: layer {found.layer}"


def _lead(found: Filters) -> str:
    return (
        f"Of {found.name}. Neighbouring weights correlate with {found.likeness:.2f}: about 0 for "
        "weights that were drawn, the more, the smoother the filters are."
    )


def _notes(found: Filters, shown: int) -> tuple[str, ...]:
    number = len(found.weights)
    notes = ["The middle grey is a weight of 0; under each filter stands the weight of full white."]
    if not found.sees_colours:
        notes.append(
            f"Each filter sees {found.weights.shape[1]:,} channels; the {SLICES} that it weighs "
            "most are shown, with their numbers."
        )
    if dead := found.dead:
        names = some([str(i) for i in dead])
        notes.append(
            f"{counted(len(dead), 'filter')} ({names}) add nothing: their weights have vanished."
            if len(dead) > 1
            else f"Filter {names} adds nothing: its weights have vanished."
        )
    if number > shown:
        notes.append(f"The first {shown} of {number:,} filters are shown.")
    return tuple(notes)


def _colours(found: Filters) -> list[Row]:
    least = DEAD * float(found.largest.max())
    smalls = tuple(
        Small(levels(kernel, max(most, least)), f"{i}   {two_digits(most)}")
        for i, (kernel, most) in enumerate(zip(found.weights, found.largest.tolist(), strict=True))
    )
    return [Row("", "", smalls[:MOST])]


def _slices(found: Filters) -> list[Row]:
    rows = []
    for i, (kernel, most) in enumerate(zip(found.weights, found.largest, strict=True)):
        if i == MOST_DEEP:
            break
        smalls = tuple(
            Small(levels(kernel[channel : channel + 1], float(most)), f"channel {channel}")
            for channel in found.strongest(i)
        )
        rows.append(Row(f"filter {i}", f"largest weight {two_digits(float(most))}", smalls))
    return rows
