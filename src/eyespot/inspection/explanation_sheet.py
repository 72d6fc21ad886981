"""The picture of an explanation: photo, heat map, labels, nearest training photos, words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from eyespot.datasets.names import shown
from eyespot.errors import ImageError
from eyespot.images.decode import decode
from eyespot.inspection.deletion import hottest_tenth
from eyespot.inspection.explanation import CAUTION, Explanation
from eyespot.inspection.training_photos import Near
from eyespot.pages.drawing import SIZE, SMALL, values
from eyespot.pages.lettering import font_for, length, shortened, write
from eyespot.pages.sheet import GAP, LEAD, MARGIN, TILE, Sheet
from eyespot.pages.words import percent

PANEL, APART = 340, 28  # pixels: of a panel's longer side, and between two panels
BARS = 260  # pixels: the width of the labels' column
WIDTH = 2 * MARGIN + 2 * (PANEL + APART) + BARS
TITLE = 28  # pixels of text
VEIL = 0.85  # how far what the network did not see fades into the paper
FAINTEST = 0.12  # how much of the photo is left where nothing speaks for the label
BAR, STEP = 6, 46  # pixels: the height of a bar, and from one to the next


def sheet(found: Explanation, *, source: str) -> bytes:
    """The explanation as a PNG file."""
    name = shown(Path(found.prediction.file).name)
    paper = Sheet(WIDTH)
    paper.paragraph(_title(found), TITLE, width=WIDTH - 2 * MARGIN)
    paper.space(2)
    paper.paragraph(found.trust, LEAD, value="quiet")
    paper.space(20)
    lefts = [MARGIN, MARGIN + PANEL + APART, MARGIN + 2 * (PANEL + APART)]
    panels = (_photo(found), _heat(found), _bars(found))
    paper.beside(list(zip(lefts, panels, strict=True)))
    label = shown(found.label)
    under = [(lefts[0], name), (lefts[1], f"the clearer, the more it speaks for {label}")]
    paper.row(under, SMALL, value="quiet", width=PANEL)
    paper.row(
        [
            (lefts[0], "what the network did not see is faded"),
            (lefts[1], "the line is around the hottest tenth"),
        ],
        SMALL,
        value="quiet",
        width=PANEL,
    )
    paper.space(12)
    _nearest(paper, found)
    paper.line()
    paper.space(12)
    for mark, sentences in (("For", found.reasons), ("Against", found.doubts)):
        for sentence in sentences:
            paper.paragraph(f"{mark}: {sentence}", LEAD, width=WIDTH - 2 * MARGIN)
            paper.space(4)
    paper.paragraph(f"The map: {found.map_worth}", LEAD, width=WIDTH - 2 * MARGIN)
    paper.space(8)
    for sentence in (*found.notes, CAUTION):
        paper.paragraph(sentence, SMALL, value="quiet", width=WIDTH - 2 * MARGIN)
    drawn = f"Heat map: Grad-CAM on {found.heat_map.layer}, {_positions(found)}."
    paper.paragraph(drawn, SMALL, value="quiet", width=WIDTH - 2 * MARGIN)
    if source:
        paper.paragraph(source, SMALL, value="quiet", width=WIDTH - 2 * MARGIN)
    return paper.png()


def _title(found: Explanation) -> str:
    answer, label = found.prediction, shown(found.label)
    if found.label != answer.label:
        return f"Where it sees {label}, {percent(found.probability)}; it says {shown(answer.label)}"
    if answer.is_none_of_these:
        return (
            f"Perhaps none of the classes; the likeliest is {label}, {percent(answer.probability)}"
        )
    return f"It says {label}, {percent(answer.probability)}"


def _positions(found: Explanation) -> str:
    height, width = found.heat_map.positions
    return f"{height} x {width} places, enlarged"


def _photo(found: Explanation) -> Image.Image:
    """The whole photo, faded where the network did not see it."""
    return _on_paper(found, _shown_part(found)[0])


def _heat(found: Explanation) -> Image.Image:
    """The part that was seen, the clearer, the more it speaks for the label."""
    whole, box = _shown_part(found)
    part = np.asarray(whole.crop(box), np.float32)
    heat = _resized(found.heat_map.heat, (box[2] - box[0], box[3] - box[1]))
    share = FAINTEST + (1 - FAINTEST) * heat[..., None]
    mixed = part * share + _colour("paper") * (1 - share)
    if found.heat_map.heat.any():
        mixed[_rim(hottest_tenth(heat))] = _colour("right")
    drawn = whole.copy()
    drawn.paste(Image.fromarray(mixed.clip(0, 255).astype(np.uint8)), box[:2])
    return _on_paper(found, drawn)


def _shown_part(found: Explanation) -> tuple[Image.Image, tuple[int, int, int, int]]:
    """The photo as large as a panel, and the part of it that was seen, in its pixels."""
    photo = found.picture
    zoom = PANEL / max(photo.size)
    size = (max(1, round(zoom * photo.width)), max(1, round(zoom * photo.height)))
    resample = Image.Resampling.NEAREST if zoom >= 3 else Image.Resampling.LANCZOS
    small = photo.resize(size, resample)
    left, top, right, bottom = found.seen
    box = (
        round(left * size[0]),
        round(top * size[1]),
        max(round(right * size[0]), round(left * size[0]) + 1),
        max(round(bottom * size[1]), round(top * size[1]) + 1),
    )
    return small, box


def _on_paper(found: Explanation, photo: Image.Image) -> Image.Image:
    """The panel: what lies outside the part that was seen fades into the paper."""
    _, box = _shown_part(found)
    faded = Image.blend(photo, Image.new("RGB", photo.size, values()[0]["paper"]), VEIL)
    faded.paste(photo.crop(box), box[:2])
    left, top, right, bottom = box
    edge = (left - 1, top - 1, right, bottom)
    ImageDraw.Draw(faded).rectangle(edge, outline=values()[0]["quiet"])
    panel = Image.new("RGB", (PANEL, photo.height), values()[0]["paper"])
    panel.paste(faded, ((PANEL - photo.width) // 2, 0))
    return panel


def _bars(found: Explanation) -> Image.Image:
    """Up to five labels with bars from 0 to 100 %; none of these last, in grey."""
    answer = found.prediction
    rows = [(shown(label), share, "ink") for label, share in answer.labels]
    height = STEP * (len(rows) + (answer.none_of_these is not None) * 2)
    drawn = Image.new("RGB", (BARS, height), values()[0]["paper"])
    pen = ImageDraw.Draw(drawn)
    for place, (label, share, value) in enumerate(rows):
        bar = "right" if label == shown(found.label) else "quiet"
        _bar(pen, place * STEP, label, share, value=value, bar=bar)
    if answer.none_of_these is not None:
        top = len(rows) * STEP + STEP // 3
        _bar(pen, top, "none of these", answer.none_of_these, value="quiet", bar="none")
        words = "known photos that look more familiar"
        write(pen, (0, top + STEP - 12), words, value="quiet", font=font_for(words, SMALL - 1))
    return drawn


def _bar(
    pen: ImageDraw.ImageDraw, top: int, label: str, share: float, *, value: str, bar: str
) -> None:
    number = percent(share)
    font, figures = font_for(label, SIZE), font_for(number, SIZE)
    wide = length(number, figures)
    name = shortened(label, BARS - wide - 12, font)
    write(pen, (0, top), name, value=value, font=font)
    write(pen, (BARS - wide, top), number, value=value, font=figures)
    upper = top + round(1.45 * SIZE) + 2
    pen.rectangle((0, upper, BARS - 1, upper + BAR - 1), values()[0]["line"])
    if (end := round(share * BARS)) > 0:
        pen.rectangle((0, upper, end - 1, upper + BAR - 1), values()[0][bar])


def _nearest(paper: Sheet, found: Explanation) -> None:
    """A row of the nearest training photos that can be shown."""
    near = found.neighbours.nearest
    if not near:
        return
    paper.line()
    paper.space(12)
    paper.named("The nearest training photos", "what the classifier has seen that is most alike")
    paper.space(4)
    lefts = [MARGIN + place * (TILE + GAP + 8) for place in range(len(near))]
    if any(each.photo for each in near):
        paper.pictures([(left, tile(each)) for left, each in zip(lefts, near, strict=True)])
    words = [f"{shown(each.label)}\nsimilarity {each.similarity:.2f}" for each in near]
    paper.row(list(zip(lefts, words, strict=True)), SMALL, value="ink")
    paper.space(12)


def tile(near: Near) -> NDArray[np.uint8]:
    """The photo small, or paper with a rim where it is not at hand."""
    if near.photo is not None:
        try:
            small = decode(near.photo.source, short_side=TILE).picture
        except ImageError:
            pass
        else:
            small.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
            return np.asarray(small)
    empty = Image.new("RGB", (TILE, TILE), values()[0]["card"])
    ImageDraw.Draw(empty).rectangle((0, 0, TILE - 1, TILE - 1), outline=values()[0]["line"])
    return np.asarray(empty)


def _colour(value: str) -> NDArray[np.float32]:
    """(3,) red, green, blue of a colour of the pages."""
    return np.array(list(bytes.fromhex(values()[0][value][1:])), np.float32)


def _resized(heat: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    picture = Image.fromarray(heat, "F").resize(size, Image.Resampling.BILINEAR)
    return np.asarray(picture, np.float32).clip(0, 1)


def _rim(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Two pixels at the edge of a region."""
    padded = np.pad(inside, 1, mode="edge")
    core = inside.copy()
    for dy, dx in ((0, 1), (2, 1), (1, 0), (1, 2), (0, 0), (2, 2), (0, 2), (2, 0)):
        core &= padded[dy : dy + inside.shape[0], dx : dx + inside.shape[1]]
    rim: NDArray[np.bool_] = inside & ~core
    return rim
