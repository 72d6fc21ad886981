"""The picture of a convolution: the photo, what a filter leaves of it, and one sum step by step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from eyespot.images.filters import Kernel, convolved, patch_at
from eyespot.pages.drawing import SIZE, SMALL, values
from eyespot.pages.lettering import font_for, length, write
from eyespot.pages.sheet import LEAD, MARGIN, Sheet

PANEL, APART = 440, 32  # pixels: of a panel's side, and between the two
WIDTH = 2 * MARGIN + 2 * PANEL + APART
TITLE = 22  # pixels of text
CELL = 56  # pixels of a number's square, at most
SIGN = 40  # pixels between two tables
MARK = 8  # sides of the kernel that the marked place has at least, in pixels of a panel
FINEST = 1025  # parts of 1 that weights are written in
LARGEST_SHOWN = 7  # rows or columns that a table of numbers has room for

Plane = NDArray[np.float64]


def sheet(
    photo: Image.Image,
    plane: Plane,
    kernel: Kernel,
    place: tuple[int, int] | None,
    *,
    source: str,
) -> bytes:
    """The filtered photo as a PNG; with the sum at `place` (row, column), where it is given.

    `plane` (H, W) is the brightness of the photo, 0 to 255.
    """
    paper, inner = Sheet(WIDTH), WIDTH - 2 * MARGIN
    result = convolved(plane, kernel)
    name = "a kernel of yours" if kernel.name == "yours" else kernel.name
    size = " x ".join(map(str, kernel.weights.shape))
    paper.paragraph(f"A convolution: {name}, {size}", TITLE, width=inner)
    paper.space(4)
    paper.paragraph(told(result, kernel), LEAD, value="quiet", width=inner)
    paper.space(16)
    lefts = [MARGIN, MARGIN + PANEL + APART]
    panels = [_panel(_filtered(photo, kernel, False)), _panel(_filtered(photo, kernel, True))]
    if place is not None:
        for panel in panels:
            _mark(panel, photo.size, kernel, place)
    paper.beside(list(zip(lefts, panels, strict=True)))
    under = ["the photo", drawn_as(kernel)]
    paper.row(list(zip(lefts, under, strict=True)), SMALL, value="quiet", width=PANEL)
    if place is not None:
        _steps(paper, plane, kernel, place)
    paper.space(8)
    paper.paragraph(source, SMALL, value="quiet", width=inner)
    return paper.png()


def told(result: Plane, kernel: Kernel) -> str:
    """What the weights add up to, and what comes out."""
    total = float(kernel.weights.sum())
    ends = f"{number(float(result.min()))} to {number(float(result.max()))}"
    if kernel.makes_a_picture:
        return f"The weights add up to 1: an even area stays as it is. Results from {ends}."
    even = "0: an even area gives 0" if abs(total) < 1e-6 else number(total)
    return f"The weights add up to {even}. Results from {ends}."


def drawn_as(kernel: Kernel) -> str:
    """How the filtered photo is to be read."""
    if kernel.makes_a_picture:
        return "filtered; below 0 is black, above 255 white"
    return "filtered, brightness alone; grey is 0, darker below, brighter above"


def _filtered(photo: Image.Image, kernel: Kernel, is_filtered: bool) -> Image.Image:
    """Colours one by one where the filter leaves a picture; else brightness, 0 as middle grey."""
    if not is_filtered:
        return photo
    if kernel.makes_a_picture:
        colours = np.asarray(photo, np.float64)
        planes = [convolved(colours[..., i], kernel) for i in range(3)]
        return Image.fromarray(np.stack(planes, axis=-1).round().clip(0, 255).astype(np.uint8))
    found = convolved(np.asarray(photo.convert("L"), np.float64), kernel)
    reach = max(float(np.quantile(np.abs(found), 0.995)), 1e-9)
    grey = (127.5 + 127.5 * found / reach).round().clip(0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _panel(picture: Image.Image) -> Image.Image:
    zoom = PANEL / max(picture.size)
    size = (max(1, round(picture.width * zoom)), max(1, round(picture.height * zoom)))
    way = Image.Resampling.NEAREST if zoom >= 3 else Image.Resampling.LANCZOS
    return picture.resize(size, way)


def _mark(
    panel: Image.Image, size: tuple[int, int], kernel: Kernel, place: tuple[int, int]
) -> None:
    """A square around the place, larger than the kernel where that could not be seen."""
    zoom = panel.width / size[0]
    row, column = ((each + 0.5) * zoom for each in place)
    half = max(max(kernel.weights.shape) * zoom / 2, MARK)
    corners = (column - half, row - half, column + half, row + half)
    pen = ImageDraw.Draw(panel)
    outer = (corners[0] - 2, corners[1] - 2, corners[2] + 2, corners[3] + 2)
    pen.rectangle(outer, outline=values()[0]["card"], width=6)
    pen.rectangle(corners, outline=values()[0]["wrong"], width=2)


def _steps(paper: Sheet, plane: Plane, kernel: Kernel, place: tuple[int, int]) -> None:
    """Patch, kernel, products, and their sum as the number of one place."""
    paper.space(12)
    paper.line()
    paper.space(12)
    row, column = place
    where = f"row {row + 1}, column {column + 1}, the place that is marked"
    paper.named("One number, step by step", where)
    paper.space(4)
    patch, weights = patch_at(plane, kernel, place), kernel.weights
    products = patch * weights
    if max(weights.shape) > LARGEST_SHOWN:
        words = f"A kernel of {weights.shape[0]} x {weights.shape[1]} has too many numbers to draw."
        paper.paragraph(f"{words} The sum: {number(float(products.sum()))}.", LEAD)
        return
    height, width = weights.shape
    room = WIDTH - 2 * MARGIN - 3 * SIGN
    cell = min(CELL, room // (3 * width + 2))
    drawn = Image.new("RGB", (WIDTH - 2 * MARGIN, height * cell + 2 * SIZE), values()[0]["paper"])
    pen, left = ImageDraw.Draw(drawn), 0
    part = _part(weights)
    named = "the kernel" if part == 1 else f"the kernel, in parts of 1/{part}"
    tables = [("brightness, 0 to 255", patch, "×"), (named, weights * part, "="),
              ("products, place by place", products, "→")]  # fmt: skip
    for name, numbers, sign in tables:
        write(pen, (left, 0), name, value="quiet", font=font_for(name, SMALL))
        _table(pen, (left, 2 * SIZE - 4), numbers, cell, is_pixels=numbers is patch)
        left += width * cell
        middle = (left + SIGN / 2, 2 * SIZE - 4 + height * cell / 2)
        _sign(pen, middle, sign)
        left += SIGN
    top = 2 * SIZE - 4 + round((height - 1) / 2 * cell)
    write(pen, (left, top - 2 * SIZE + 4), "their sum", value="quiet", font=font_for("sum", SMALL))
    _box(pen, (left, top), float(products.sum()), 2 * cell, cell, outline="wrong")
    paper.beside([(MARGIN, drawn)])
    paper.space(4)
    paper.paragraph(_sum_in_words(products, kernel), LEAD, width=WIDTH - 2 * MARGIN)
    paper.space(4)
    paper.paragraph(
        "The kernel is moved to every place of the photo; each sum is one pixel of the result.",
        LEAD,
        width=WIDTH - 2 * MARGIN,
    )


def _part(weights: Plane) -> int:
    """1/9 of a blur: the largest part that all weights are whole numbers of, 1 where there is none.

    Weights with two digits behind the point or fewer stay as they are.
    """
    if np.allclose(weights * 100, np.round(weights * 100)):
        return 1
    whole = (n for n in range(2, FINEST) if np.allclose(weights * n, np.round(weights * n)))
    return next(whole, 1)


def _sum_in_words(products: Plane, kernel: Kernel) -> str:
    """The sum written out, without the products that are 0."""
    parts = [float(each) for each in products.ravel() if each] or [0.0]
    first, rest = number(parts[0]), parts[1:]
    text = " ".join([first, *(f"{'-' if x < 0 else '+'} {number(abs(x))}" for x in rest)])
    total = float(products.sum())
    drawn = ""
    if kernel.makes_a_picture and not 0 <= total <= 255:
        drawn = f", drawn as {'black, 0' if total < 0 else 'white, 255'}"
    return f"{text} = {number(total)}{drawn}"


def _table(
    pen: ImageDraw.ImageDraw,
    place: tuple[int, int],
    numbers: Plane,
    cell: int,
    *,
    is_pixels: bool,
) -> None:
    for row, line in enumerate(numbers):
        for column, each in enumerate(line):
            corner = (place[0] + column * cell, place[1] + row * cell)
            shade = round(float(each)) if is_pixels else None
            _box(pen, corner, float(each), cell, cell, shade=shade)


def _box(
    pen: ImageDraw.ImageDraw,
    corner: tuple[int, int],
    value: float,
    width: int,
    height: int,
    *,
    shade: int | None = None,
    outline: str = "line",
) -> None:
    """A number in its square; a pixel on its own grey."""
    left, top = corner
    fill = values()[0]["card"] if shade is None else (shade, shade, shade)
    thick = 2 if outline != "line" else 1
    pen.rectangle((left, top, left + width, top + height), fill, values()[0][outline], width=thick)
    text = number(value)
    font = font_for(text, min(SIZE, height // 2))
    x = left + (width - length(text, font)) / 2
    is_dark = shade is not None and shade < 128
    write(pen, (x, top + height / 2 - 9), text, value="card" if is_dark else "ink", font=font)


def _sign(pen: ImageDraw.ImageDraw, middle: tuple[float, float], sign: str) -> None:
    """Times, equals, or an arrow, drawn: not every font has them."""
    x, y = middle
    strokes: Sequence[tuple[float, float, float, float]] = {
        "×": ((-6, -6, 6, 6), (-6, 6, 6, -6)),
        "=": ((-8, -4, 8, -4), (-8, 4, 8, 4)),
        "→": ((-10, 0, 10, 0), (4, -6, 10, 0), (4, 6, 10, 0)),
    }[sign]
    for x1, y1, x2, y2 in strokes:
        pen.line((x + x1, y + y1, x + x2, y + y2), values()[0]["ink"], 2)


def number(value: float) -> str:
    """At most two digits behind the point: 12, -0.11, 3.5."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
