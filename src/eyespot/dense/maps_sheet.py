"""The picture of a class map: the photo with its map and boxes, what colours mean, the boxes."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from eyespot.datasets.names import shown
from eyespot.dense.maps import ClassMaps
from eyespot.dense.overlay import BOXES, DEEPEST, ONE, PALE, colour, legends, overlaid
from eyespot.pages.drawing import SIZE, SMALL, values
from eyespot.pages.lettering import font_for, length, shortened, write
from eyespot.pages.sheet import LEAD, MARGIN, UNLEARNED, Sheet
from eyespot.pages.words import count, listed, percent

WIDTH = 1200  # pixels
TALLEST = 1000  # pixels of the photo
TITLE = 28  # pixels of text
BAR = (320, 14)  # pixels of the colour bar
SWATCH = 14


def sheet(found: ClassMaps, *, name: str, file: str, is_random: bool, source: str) -> bytes:
    """The map as a PNG; `name` is the network in words, `source` the command in small print."""
    paper, inner = Sheet(WIDTH), WIDTH - 2 * MARGIN
    paper.paragraph(finding(found), TITLE, width=inner)
    paper.space(4)
    paper.paragraph(looked_at(found, name=name, file=file), LEAD, value="quiet", width=inner)
    if is_random:
        paper.space(4)
        paper.paragraph(UNLEARNED, LEAD, value="wrong", width=inner)
    paper.space(16)
    zoom = min(inner / found.picture.width, TALLEST / found.picture.height)
    size = tuple(max(1, round(zoom * side)) for side in found.picture.size)
    paper.beside([(MARGIN, overlaid(found, (size[0], size[1])))])
    paper.space(8)
    paper.beside([(MARGIN, _scale_of_one(found) if found.label else _key(found))])
    paper.space(8)
    if found.boxes:
        _table(paper, found)
    paper.line()
    paper.space(12)
    for sentence in (*found.notes, *remarks(found), source):
        paper.paragraph(sentence, SMALL, value="quiet", width=inner)
    return paper.png()


def finding(found: ClassMaps) -> str:
    """What was found, in a sentence."""
    sure = percent(found.threshold)
    if not found.boxes:
        best = max(
            float((each.best if each.asked is None else each.asked).max()) for each in found.scales
        )
        if found.label is None:
            return f"No label reaches {sure} anywhere; {percent(best)} at most"
        return f"{shown(found.label)} reaches {sure} nowhere; {percent(best)} at most"
    first = found.boxes[0]
    places = count(len(found.boxes), "place")
    if found.label is not None:
        said = f"{shown(found.label)} in {places}"
        return f"{said}, at most {percent(first.score)}"
    labels = list(dict.fromkeys(shown(box.label) for box in found.boxes))
    return f"{count(len(labels), 'label')} in {places}: {listed(labels)}"


def looked_at(found: ClassMaps, *, name: str, file: str) -> str:
    """The photo, the network and the windows, in a sentence."""
    width, height = found.picture.size
    scales = listed([f"{each.scale:g}" for each in found.scales], limit=6)
    geometry = found.scales[0].geometry
    cells = sum(each.labels.size for each in found.scales)
    at = "scale" if len(found.scales) == 1 else "scales"
    way = "asked one by one" if found.is_windowed else "in one sliding pass"
    return (
        f"{shown(file)}, {width:,} x {height:,} pixels, at {at} {scales}; {name}; "
        f"{count(cells, 'window')} of {geometry.window} pixels every {geometry.step}, {way}."
    )


def remarks(found: ClassMaps) -> tuple[str, ...]:
    """What the reader of the picture should know."""
    said = [
        "A box is the window that was classified, not an outline of the thing. The colour of a "
        "place is what the window about it shows; nearer to the edge than half a window there is "
        "none."
    ]
    if found.refused:
        said.append(
            f"{count(found.refused, 'window')} with {percent(found.threshold)} or more had no box: "
            "to the classifier they look like none of its classes."
        )
    if len(found.boxes) > BOXES:
        said.append(f"Drawn are the {BOXES} surest of {len(found.boxes):,} boxes.")
    return tuple(said)


def _scale_of_one(found: ClassMaps) -> Image.Image:
    """The bar from 0 to 100 % of the label that was asked for, as on pale grey."""
    width, height = BAR
    words = f"probability of {shown(found.label or '')}"
    drawn = Image.new("RGB", (WIDTH - 2 * MARGIN, 40), values()[0]["paper"])
    share = np.linspace(0, 1, width, dtype=np.float32)[None, :, None] * DEEPEST
    ground = 128 * (1 - PALE) + colour("card") * PALE
    bar = np.repeat(ground * (1 - share) + colour(ONE) * share, height, axis=0)
    pen, font = ImageDraw.Draw(drawn), font_for(words, SMALL)
    drawn.paste(Image.fromarray(bar.astype(np.uint8)), (0, 2))
    for place, mark in ((0, "0"), (width // 2, "50"), (width, "100 %")):
        left = place - (length(mark, font) / 2 if place == width // 2 else 0)
        left -= length(mark, font) if place == width else 0
        write(pen, (left, height + 5), mark, value="quiet", font=font)
    write(pen, (width + 16, 0), words, value="ink", font=font)
    return drawn


def _key(found: ClassMaps) -> Image.Image:
    """Colours with their labels; the deeper, the more probable."""
    wide, step = WIDTH - 2 * MARGIN, (WIDTH - 2 * MARGIN) // 4
    named = legends(found)
    rows = -(-len(named) // 4)
    drawn = Image.new("RGB", (wide, 24 * rows + 20), values()[0]["paper"])
    pen = ImageDraw.Draw(drawn)
    for number, each in enumerate(named):
        left, top = number % 4 * step, number // 4 * 24
        pen.rectangle((left, top + 2, left + SWATCH, top + 2 + SWATCH), values()[0][each.value])
        font = font_for(each.label, SIZE)
        words = shortened(shown(each.label), step - SWATCH - 24, font)
        write(pen, (left + SWATCH + 8, top + 1), words, value="ink", font=font)
    words = "the deeper the colour, the more probable; labels without one stay grey"
    write(pen, (0, 24 * rows), words, value="quiet", font=font_for(words, SMALL))
    return drawn


def _table(paper: Sheet, found: ClassMaps) -> None:
    """The boxes that are drawn, two beside each other."""
    half = (WIDTH - 2 * MARGIN) // 2
    lines = [
        f"{number}  {shown(box.label)}  {percent(box.score)}, "
        f"from {box.box[0]:,}, {box.box[1]:,} to {box.box[2]:,}, {box.box[3]:,}"
        + (f", scale {box.scale:g}" if len(found.scales) > 1 else "")
        for number, box in enumerate(found.boxes[:BOXES], 1)
    ]
    rows = -(-len(lines) // 2)
    for row in range(rows):
        pair = [(MARGIN, lines[row])]
        pair += [(MARGIN + half, line) for line in lines[rows + row : rows + row + 1]]
        paper.row(pair, SMALL, value="ink", width=half - 16)
    paper.space(8)
