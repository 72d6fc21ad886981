"""`tour.html`: a photo on its way through a network, one stage below the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from eyespot.datasets.names import counted, shown
from eyespot.inspection.inside.feature_maps_sheet import drawn
from eyespot.inspection.inside.grid import coloured, enlarged
from eyespot.inspection.inside.tour import Stop, Tour
from eyespot.pages.markup import Html, join, tag
from eyespot.pages.page import page
from eyespot.pages.photos import photo, strip
from eyespot.pages.pieces import paragraph, probability_bars, quiet, section
from eyespot.pages.sheet import UNLEARNED
from eyespot.pages.thumbnails import thumbnail
from eyespot.pages.words import percent, two_digits

SIDE, PHOTO = 112, 320  # pixels of a small picture, and of the photo


def page_html(found: Tour, *, command: str) -> str:
    """The whole page, with every picture in it."""
    title = _title(found)
    parts = [
        tag("h1", None, title),
        paragraph(found.name, ". ", _finding(found)),
        *([paragraph(UNLEARNED)] if found.answer is None else []),
        section(
            "The photo",
            tag("div", {"class": "portrait"}, photo(_picture(found.pixels), found.file)),
            paragraph(quiet(_shape(found))),
            anchor="photo",
        ),
    ]
    done = 0
    for number, stop in enumerate(found.stops, start=1):
        done += stop.row.multiply_adds if stop.row else 0
        parts.append(_stop(stop, number, done / max(1, found.multiply_adds)))
    parts.append(_end(found))
    return page(title=title, body=join(parts), source=command)


def _title(found: Tour) -> str:
    if found.answer is None:
        return f"{found.file} on its way through a network"
    said = f"{shown(found.answer.label)}, {percent(found.answer.probability)}"
    return f"How {found.file} becomes {said}"


def _finding(found: Tour) -> str:
    first, last = found.stops[0], found.stops[-1]
    ends = []
    for stop in (first, last):
        units, height, width = stop.maps.values.shape
        ends.append(f"{units:,} maps of {height} x {width} places")
    sees = "all of the photo" if last.side is None else f"{last.side} x {last.side} pixels"
    start = "all of the photo" if first.side is None else f"{first.side} x {first.side}"
    return (
        f"In {counted(len(found.stops), 'stage')} the pixels become {ends[0]}, and at last "
        f"{ends[1]}. A place of the first ones sees {start} pixels, one of the last ones {sees}."
        if first.side is not None
        else f"In {counted(len(found.stops), 'stage')} the pixels become {ends[1]}."
    )


def _shape(found: Tour) -> str:
    height, width, channels = found.pixels.shape
    kind = "in colour" if channels == 3 else "in grey"
    return f"As the network sees it: {height} x {width} pixels, {kind}."


def _stop(stop: Stop, number: int, share: float) -> Html:
    units, height, width = stop.maps.values.shape
    sees = (
        "Each place sees the whole photo"
        if stop.side is None
        else f"Each place sees {stop.side} x {stop.side} pixels of the photo"
    )
    said = [f"{sees}."]
    if stop.row is not None:
        said.append(
            f"{stop.row.parameters:,} weights; {percent(share)} of all multiply-adds are done."
        )
    if stop.maps.silent:
        said.append(f"{counted(stop.maps.silent, 'unit')} of {units:,} answer nothing here.")
    made = "; ".join(stop.row.kernels) if stop.row is not None else ""
    answers = [
        (
            _picture(drawn(stop.maps.values[unit]), SIDE),
            f"unit {unit} of {stop.maps.layer}",
            f"{unit}: {two_digits(float(stop.maps.largest[unit]))}",
        )
        for unit in stop.units
    ]
    saw = [
        (_picture(part, SIDE), f"what unit {unit} saw", f"{unit}")
        for unit, part in zip(stop.units, stop.seen, strict=True)
    ]
    children = [paragraph(" ".join(said))]
    if made:
        children.append(paragraph(quiet(made)))
    children.append(
        strip(
            answers,
            title="The units that stand out most, and their largest answer",
            is_small=True,
        )
    )
    if stop.side is not None:
        children.append(
            strip(saw, title="What each of them saw where it answers most", is_small=True)
        )
    title = f"{number}. {stop.maps.layer}: {counted(units, 'unit')} of {height} x {width}"
    return section(title, *children, anchor=f"stage-{number}")


def _end(found: Tour) -> Html:
    children = []
    if found.embedding is not None:
        active = int((found.embedding > 0).sum())
        children.append(
            paragraph(
                f"The last maps are averaged over their places: {len(found.embedding):,} numbers "
                f"are left of the photo, {active:,} of them above 0. The head weighs them."
            )
        )
    if found.answer is None:
        children.append(paragraph("No head has learned what these maps mean: there is no label."))
    else:
        answer = found.answer
        children.append(probability_bars(answer.labels, none_of_these=answer.none_of_these))
    return section("The labels", *children, anchor="labels")


def _picture(pixels: NDArray[np.uint8], side: int = PHOTO) -> str:
    return thumbnail(enlarged(coloured(pixels), side), size=side)
