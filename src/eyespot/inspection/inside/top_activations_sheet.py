"""The picture of what moves a unit most."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from eyespot.datasets.names import counted, shown
from eyespot.inspection.inside.grid import Row, Small, coloured, grid_sheet
from eyespot.inspection.inside.top_activations import Moved, TopActivations
from eyespot.pages.drawing import values
from eyespot.pages.words import listed

SIDE = 140  # pixels of a picture


def sheet(found: TopActivations, *, source: str) -> bytes:
    """What the unit saw, and the photos that it lies in, as a PNG."""
    rows = []
    if found.field is not None:
        about = f"{found.field} x {found.field} pixels of what the network sees, less at the rim"
        cuts = tuple(Small(_cut(each), _caption(each)) for each in found.top)
        rows.append(Row("What the unit saw", about, cuts, SIDE))
    whole = tuple(
        Small(_marked(each, has_box=found.field is not None), _caption(each)) for each in found.top
    )
    about = "the frame is what the unit saw"
    if found.field is None:
        about = "the cross is where it answers most"
    rows.append(Row("The photos", about, whole, SIDE))
    return grid_sheet(
        rows,
        title=f"What moves unit {found.unit} of layer {found.layer} most",
        lead=f"Of {found.name}. {finding(found)}",
        notes=_notes(found),
        source=source,
        is_random=found.is_random,
    )


def finding(found: TopActivations) -> str:
    """What came out, in a sentence."""
    strongest = found.top[0].answer
    if strongest <= 0:
        return f"It answers nothing above 0 to any of {counted(found.photos, 'photo')}."
    said = f"Its strongest answer to {counted(found.photos, 'photo')} is {strongest:.3g}"
    weakest = found.top[-1].answer
    if len(found.top) > 1:
        said = f"{said}, the {len(found.top)}th {weakest:.3g}"
    labels = [f"{count} {shown(name)}" for name, count in found.labels]
    return f"{said}; shown are {listed(labels, limit=5)}." if labels else f"{said}."


def _notes(found: TopActivations) -> tuple[str, ...]:
    notes = [
        f"Unit {found.unit} is one of {found.units:,}; a photo is shown once, at its best place."
    ]
    if found.silent:
        notes.append(f"It answers nothing above 0 to {counted(found.silent, 'photo')}.")
    if found.field is None:
        notes.append("Units of this layer see the whole photo.")
    if found.left_out:
        notes.append(f"{counted(len(found.left_out), 'file')} could not be read.")
    return tuple(notes)


def _caption(each: Moved) -> str:
    name = shown(each.photo.label) if each.photo.label else shown(each.photo.path.stem)
    return f"{name}\n{each.answer:.3g}"


def _cut(each: Moved) -> NDArray[np.uint8]:
    left, top, right, bottom = each.box
    return coloured(each.pixels)[top:bottom, left:right]


def _marked(each: Moved, *, has_box: bool) -> NDArray[np.uint8]:
    """The photo with a frame around what the unit saw, or a cross at its place."""
    picture = Image.fromarray(coloured(each.pixels)).resize((2 * SIDE, 2 * SIDE))
    pen, zoom = ImageDraw.Draw(picture), 2 * SIDE / each.pixels.shape[0]
    left, top, right, bottom = (zoom * edge for edge in each.box)
    light, dark = values()[0]["card"], values()[0]["wrong"]
    if has_box:
        pen.rectangle((left, top, right - 1, bottom - 1), outline=light, width=6)
        pen.rectangle((left, top, right - 1, bottom - 1), outline=dark, width=3)
        return np.asarray(picture)
    x, y = (zoom * each.middle[1], zoom * each.middle[0])
    for colour, wide in ((light, 8), (dark, 4)):
        pen.line((x - 14, y, x + 14, y), fill=colour, width=wide)
        pen.line((x, y - 14, x, y + 14), fill=colour, width=wide)
    return np.asarray(picture)
