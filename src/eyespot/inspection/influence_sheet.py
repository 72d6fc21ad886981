"""The picture of a receptive field: its box on the photo, and beside it what counts in there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from eyespot.inspection.influence import Edges, Influence
from eyespot.pages.drawing import SMALL, values
from eyespot.pages.legend import frame, legend
from eyespot.pages.sheet import LEAD, MARGIN, UNLEARNED, Sheet

PANEL, APART = 440, 32  # pixels: of a panel's side, and between the two
WIDTH = 2 * MARGIN + 2 * PANEL + APART
TITLE = 22  # pixels of text
WIDEST = 2.5  # sides of the photo: a larger box is not drawn, but told
RIM = 0.04  # of the photo's side, left free around the box
BOX_LINE, MOST_LINE, HALF_LINE = "right", ("unsure", 10), ("wrong", 4)  # value, pixels of a dash
FAINTEST = 0.02  # of the strongest pixel: where ink begins


@dataclass(frozen=True)
class _View:
    """The part of the plane that a panel shows, and how large a pixel of the photo is in it."""

    left: float
    top: float
    zoom: float

    def place(self, x: float, y: float) -> tuple[int, int]:
        return round((x - self.left) * self.zoom), round((y - self.top) * self.zoom)

    def corners(self, box: Sequence[float]) -> tuple[int, int, int, int]:
        """The outer edges of the pixels from the first to the last."""
        left, top, right, bottom = box
        return (*self.place(left, top), *self.place(right + 1, bottom + 1))

    def pixels(self, box: Sequence[float]) -> tuple[int, int, int, int]:
        """The first and the last pixel on the panel."""
        left, top, right, bottom = self.corners(box)
        return left, top, right - 1, bottom - 1


def sheet(
    found: Influence, pixels: NDArray[np.uint8], *, name: str, is_random: bool, source: str
) -> bytes:
    """The receptive field as a PNG. `pixels` (H, W, C) are the photo as the network saw it."""
    paper, inner = Sheet(WIDTH), WIDTH - 2 * MARGIN
    paper.paragraph(title(found), TITLE, width=inner)
    paper.space(4)
    paper.paragraph(f"{name}; photo of {_size(pixels)} pixels", LEAD, value="quiet", width=inner)
    if is_random:
        paper.space(4)
        paper.paragraph(UNLEARNED, LEAD, value="wrong", width=inner)
    paper.space(16)
    view = _view(found)
    lefts = [MARGIN, MARGIN + PANEL + APART]
    panels = [_on_photo(found, pixels, view), _measured(found, view)]
    paper.beside(list(zip(lefts, panels, strict=True)))
    under = ["the photo as the network sees it", "how much each pixel counts"]
    paper.row(list(zip(lefts, under, strict=True)), SMALL, value="quiet", width=PANEL)
    paper.space(4)
    paper.beside([(MARGIN, _legend(found))])
    paper.space(12)
    paper.told(sentences(found), source)
    return paper.png()


def title(found: Influence) -> str:
    """What was found, in a sentence."""
    left, top, right, bottom = found.box
    sees = f"A unit of {found.field.module} sees {bottom - top + 1} x {right - left + 1} pixels"
    if found.field.is_global:
        sees += ", and through gates the whole photo"
    if found.half is None:
        return f"{sees}; nothing in this photo moves it"
    return f"{sees}; half of what counts lies within {found.half} x {found.half}"


def sentences(found: Influence) -> list[str]:
    """The figures in words."""
    field, (row, column) = found.field, found.cell
    assert field.rows is not None and field.columns is not None
    cells = " x ".join(map(str, field.output_shape[1:]))
    jumps = f"{field.rows.jump} pixels"
    if field.columns.jump != field.rows.jump:
        jumps = f"{field.rows.jump} and {field.columns.jump} pixels"
    told = [
        f"The unit in the middle of the {cells} map: row {row + 1}, column {column + 1}. The field "
        f"of the next one lies {jumps} further."
    ]
    if not found.is_whole:
        told.append("The box reaches beyond the photo: there the unit sees padding.")
    if found.most is not None:
        told.append(
            f"95 % of what counts lies within {found.most} x {found.most} pixels: by the gradient "
            "of the unit's channels, root mean square, on this photo."
        )
    if found.outside > 0:
        share = "less than 0.1 %" if found.outside < 0.001 else f"{100 * found.outside:.1f} %"
        told.append(f"{share} of it lies outside of the box.")
    return told


def _size(pixels: NDArray[np.uint8]) -> str:
    return f"{pixels.shape[0]} x {pixels.shape[1]}"


def _view(found: Influence) -> _View:
    """Photo and box, with a rim; the photo alone where the box is much larger."""
    height, width = found.shares.shape
    rim = RIM * max(height, width)
    left, top, right, bottom = found.box if _is_drawn(found) else (0, 0, 0, 0)
    left, top = min(0, left) - rim, min(0, top) - rim
    right, bottom = max(width, right + 1) + rim, max(height, bottom + 1) + rim
    side = max(right - left, bottom - top)
    x, y = (left + right) / 2, (top + bottom) / 2
    return _View(x - side / 2, y - side / 2, PANEL / side)


def _is_drawn(found: Influence) -> bool:
    left, top, right, bottom = found.box
    side = max(right - left, bottom - top)
    return side < WIDEST * max(map(int, found.shares.shape))


def _on_photo(found: Influence, pixels: NDArray[np.uint8], view: _View) -> Image.Image:
    photo = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels).convert("RGB")
    panel = _placed(photo, view)
    _squares(panel, found, view)
    return panel


def _measured(found: Influence, view: _View) -> Image.Image:
    """From paper to the ink of heat, by the logarithm: influence falls off like a Gaussian."""
    low, high = (np.array(list(bytes.fromhex(values()[0][name][1:]))) for name in ("card", "ink"))
    strongest = max(float(found.shares.max()), float(np.finfo(np.float32).tiny))
    with np.errstate(divide="ignore"):
        ink = 1 - np.log(found.shares / strongest) / np.log(FAINTEST)
    mixed = low + (high - low) * np.clip(ink, 0, 1)[..., None]
    panel = _placed(Image.fromarray(mixed.round().astype(np.uint8)), view)
    _squares(panel, found, view)
    return panel


def _placed(photo: Image.Image, view: _View) -> Image.Image:
    """The photo in a panel of paper, with a rim."""
    left, top, right, bottom = view.corners((0, 0, photo.width - 1, photo.height - 1))
    way = Image.Resampling.NEAREST if view.zoom >= 3 else Image.Resampling.LANCZOS
    panel = Image.new("RGB", (PANEL, PANEL), values()[0]["paper"])
    panel.paste(photo.resize((right - left, bottom - top), way), (left, top))
    edge = (left - 1, top - 1, right, bottom)
    ImageDraw.Draw(panel).rectangle(edge, outline=values()[0]["line"])
    return panel


def _squares(panel: Image.Image, found: Influence, view: _View) -> None:
    """The box in full lines, the squares of most and of half of what counts dashed."""
    pen = ImageDraw.Draw(panel)
    for side, value, dash in ((found.most, *MOST_LINE), (found.half, *HALF_LINE)):
        if side is not None:
            frame(pen, view.pixels(_around(found.middle, side)), value, dash=dash)
    if _is_drawn(found):
        frame(pen, view.pixels(found.box), BOX_LINE)


def _legend(found: Influence) -> Image.Image:
    """A piece of each line, and what it is around."""
    left, top, right, bottom = found.box
    box = f"sees {bottom - top + 1} x {right - left + 1}"
    rows = [(box if _is_drawn(found) else f"{box}, beyond the picture", BOX_LINE, 0)]
    if found.most is not None and found.half is not None:
        rows.append((f"95 % of what counts, {found.most} x {found.most}", *MOST_LINE))
        rows.append((f"half of it, {found.half} x {found.half}", *HALF_LINE))
    return legend(rows, width=WIDTH - 2 * MARGIN)


def _around(middle: tuple[float, float], side: int) -> Edges:
    row, column = middle
    left, top = round(column - (side - 1) / 2), round(row - (side - 1) / 2)
    return left, top, left + side - 1, top + side - 1
