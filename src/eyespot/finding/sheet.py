"""The picture of a search: the target, the scene with the boxes, and how like it every place is."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from eyespot.finding.places import Box
from eyespot.finding.search import Found
from eyespot.inspection.inside.grid import inked
from eyespot.pages.drawing import SMALL, values
from eyespot.pages.legend import Line, frame, legend
from eyespot.pages.lettering import font_for, length, write
from eyespot.pages.sheet import LEAD, MARGIN, UNLEARNED, Sheet

ASIDE, PANEL, APART = 170, 440, 24  # pixels: of the target's and the panels' sides, between them
WIDTH = 2 * MARGIN + ASIDE + 2 * (PANEL + APART)
TITLE = 22  # pixels of text
BEST, OTHER, DASH = "right", "wrong", 6  # the lines of the boxes, and pixels of a dash
LEAST_INK = 0.5  # the score that is drawn with full ink, or the best one where that is higher


def sheet(
    found: Found,
    target: Image.Image,
    scene: Image.Image,
    *,
    names: tuple[str, str],
    source: str,
) -> bytes:
    """A search as a PNG. `names` are the files' of target and scene, as they are to be shown."""
    paper, inner = Sheet(WIDTH), WIDTH - 2 * MARGIN
    paper.paragraph(title(found), TITLE, width=inner)
    paper.space(4)
    about = f"{names[0]} in {names[1]}; {found.layer} of {found.network}"
    paper.paragraph(about, LEAD, value="quiet", width=inner)
    if found.is_random:
        paper.space(4)
        paper.paragraph(UNLEARNED, LEAD, value="wrong", width=inner)
    paper.space(16)
    panels = [fitted(target, ASIDE), fitted(scene, PANEL), score_map(found)]
    for panel in panels[1:]:
        _marked(panel, found)
    lefts = [MARGIN, MARGIN + ASIDE + APART, MARGIN + ASIDE + 2 * APART + _least(panels[1])]
    paper.beside(list(zip(lefts, panels, strict=True)))
    under = [
        f"the target, {target.width} x {target.height}",
        f"the scene, {scene.width} x {scene.height} pixels",
        f"score of a box around each place:\npaper 0, dark {_most(found):.2f}; empty: none fits",
    ]
    paper.row(list(zip(lefts, under, strict=True)), SMALL, value="quiet", width=_least(panels[1]))
    paper.space(4)
    paper.beside([(lefts[1], _legend(found))])
    paper.space(10)
    paper.told(sentences(found), source)
    return paper.png()


def title(found: Found) -> str:
    """What was found, in a sentence without its full stop."""
    score = f"score {found.best.score:.2f}"
    if found.is_there is None:
        return f"The place most like the target: {score}"
    return f"The target is here: {score}" if found.is_there else f"Probably not there: best {score}"


def sentences(found: Found) -> list[str]:
    """The figures in words."""
    told = [_place(found)]
    if found.second is None or found.lead is None:
        told.append("The scene has no room for a second place apart from the first.")
    else:
        told.append(
            f"The second-best place, elsewhere, scores {found.second.score:.2f}: "
            f"{round(found.best.score, 2) - round(found.second.score, 2):.2f} behind."
        )
    if found.threshold is None:
        told.append(
            "From which score on a target is there was measured for the default network and stage "
            "alone. Here, judge by how far the second-best place is behind; or pass --threshold."
        )
    else:
        told.append(f"Below {found.threshold:.2f} it is probably not there.")
    return [*told, *found.notes]


def _place(found: Found) -> str:
    left, top, right, bottom = found.best.box
    return (
        f"{'The box' if found.is_there is not False else 'Its most likely place'} goes from column "
        f"{left}, row {top} to column {right}, row {bottom}: {right - left} x {bottom - top} "
        f"pixels, {found.best.scale:.2f} times the target's size."
    )


def _most(found: Found) -> float:
    return max(LEAST_INK, found.best.score)


def _least(panel: Image.Image) -> int:
    """Pixels of a panel's column: a narrow one leaves room for what stands below it."""
    return max(panel.width, 260)


def fitted(picture: Image.Image, side: int) -> Image.Image:
    """As large as a panel of `side` pixels: a small one enlarged."""
    share = side / max(picture.size)
    size = max(1, round(share * picture.width)), max(1, round(share * picture.height))
    way = Image.Resampling.NEAREST if share >= 3 else Image.Resampling.LANCZOS
    return picture.convert("RGB").resize(size, way)


def score_map(found: Found) -> Image.Image:
    """From paper to the ink of heat; where no box fits around a place, the page's own paper."""
    size = fitted(Image.new("L", found.size), PANEL).size
    shares = np.nan_to_num(found.scores) / _most(found)
    panel = Image.fromarray(inked(shares)).resize(size, Image.Resampling.NEAREST)
    there = Image.fromarray(np.where(np.isnan(found.scores), 0, 255).astype(np.uint8))
    paper = Image.new("RGB", size, values()[0]["paper"])
    paper.paste(panel, mask=there.resize(size, Image.Resampling.NEAREST))
    edge = (0, 0, size[0] - 1, size[1] - 1)
    ImageDraw.Draw(paper).rectangle(edge, outline=values()[0]["line"])
    return paper


def _marked(panel: Image.Image, found: Found) -> None:
    """The best box in a full line, the others dashed; each with its number."""
    pen, share = ImageDraw.Draw(panel), panel.width / found.size[0]
    boxes = list(enumerate(_boxes(found), 1))
    for number, box in reversed(boxes):
        left, top, right, bottom = (round(share * each) for each in box)
        corners = left, top, max(left + 2, right - 1), max(top + 2, bottom - 1)
        is_best = number == 1 and found.is_there is not False
        frame(pen, corners, BEST if is_best else OTHER, dash=0 if is_best else DASH)
    for number, box in reversed(boxes):
        is_best = number == 1 and found.is_there is not False
        place = round(share * box[0]), round(share * box[1])
        _number(pen, place, str(number), BEST if is_best else OTHER)


def _boxes(found: Found) -> list[Box]:
    boxes = [match.box for match in found.matches]
    if len(boxes) == 1 and found.second is not None:
        boxes.append(found.second.box)
    return boxes


def _number(pen: ImageDraw.ImageDraw, place: tuple[int, int], words: str, value: str) -> None:
    """In the box's upper left corner, on its colour."""
    font = font_for(words, SMALL)
    left, top = place
    pen.rectangle((left, top, left + round(length(words, font)) + 8, top + 18), values()[0][value])
    write(pen, (left + 4, top + 1), words, value="card", font=font)


def _legend(found: Found) -> Image.Image:
    """A piece of each line, and what it is around."""
    is_best = found.is_there is not False
    first = "the best place" if is_best else "the best place, not good enough"
    rows: list[Line] = [(f"1  {first}", BEST if is_best else OTHER, 0)]
    if not is_best:
        rows = [(f"1  {first}", OTHER, DASH)]
    others = len(_boxes(found)) - 1
    if others:
        name = "2  the second-best" if others == 1 else f"2 to {others + 1}  the next ones"
        rows.append((f"{name}, elsewhere", OTHER, DASH))
    return legend(rows, width=WIDTH - 2 * MARGIN - ASIDE)
