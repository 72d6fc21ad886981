"""The crops of a protocol drawn on a photo, numbered: a panel for each scale and each part.

Of a network that slides over the photo, the middle of each window is a dot.
"""

from __future__ import annotations

from itertools import count as numbers

from PIL import Image, ImageDraw, ImageFont

from eyespot.evaluation.class_windows import ClassWindows
from eyespot.evaluation.crops import Box, Region, panels
from eyespot.evaluation.protocols import AnySize, LargerCrop, Protocol
from eyespot.images.preprocessing import Preprocessing
from eyespot.inspection import offset_grid
from eyespot.pages.words import count

PAPER, INK, QUIET = "#fbfaf7", "#1d2327", "#5b656c"
COLOURS = {  # of a crop, and of the number on it
    "#0072b2": "#ffffff", "#d55e00": INK, "#009e73": INK, "#cc79a7": INK, "#e69f00": INK,
    "#56b4e9": INK,
}  # fmt: skip
COLUMNS = 3
ALONE, BESIDE = 720, 420  # pixels of a panel's longer side
MARGIN, GAP, LINE = 24, 20, 22
SMALL, LARGE = 13, 18  # pixels of text
VEIL = 0.62  # of paper over what no crop of a panel shows
DOT, RING = 9, 6  # pixels across: of a window that needs no offset, and of the others
FINE = 8  # a dot is drawn so many times larger first
CORNERS = ((0, 0), (1, 0), (0, 1), (1, 1))  # where the crops of the corners have their numbers


def crops_sheet(
    protocol: Protocol,
    preprocessing: Preprocessing,
    picture: Image.Image,
    *,
    name: str,
    windows: ClassWindows | None = None,
) -> Image.Image:
    """The upright RGB `picture` of a photo called `name`, once for each part that crops are of.

    With `windows`, the network's, their middles are drawn, and how pools at offsets make them.
    """
    photo = preprocessing.prepared(picture)
    drawn = panels(protocol.views, *photo.size, preprocessing)
    side = ALONE if len(drawn) == 1 else BESIDE
    numbered = numbers(1)
    tiles = []
    for region, crops in drawn:
        is_dotted = windows is not None
        tiles.append(_panel(photo, region, crops, side, numbered, is_dotted=is_dotted))
        if windows is not None:
            _dot(tiles[-1], windows, region.box, zoom=side / max(region.size))
    columns = min(COLUMNS, len(tiles))
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    heights = [max(tile.height for tile in row) for row in rows]
    head = [*_head(protocol, preprocessing, drawn, picture, name), *_dots(windows)]
    made = _made(windows, drawn)
    across = max(columns * side + (columns - 1) * GAP, max(_width(line) for line in head))
    across = max(across, made.width if made else 0)
    down = sum(heights) + GAP * (len(rows) - 1) + LINE * (len(head) + 1)
    down += made.height + GAP if made else 0
    sheet = Image.new("RGB", (across + 2 * MARGIN, down + 2 * MARGIN), PAPER)
    pen = ImageDraw.Draw(sheet)
    for i, line in enumerate(head):
        ink, size = (QUIET, SMALL) if i else (INK, LARGE)
        pen.text((MARGIN, MARGIN + i * LINE), line, ink, ImageFont.load_default(size))
    top = MARGIN + LINE * (len(head) + 1)
    for row, height in zip(rows, heights, strict=True):
        for i, tile in enumerate(row):
            sheet.paste(tile, (MARGIN + i * (side + GAP), top))
        top += height + GAP
    if made:
        sheet.paste(made, (MARGIN, top))
    return sheet


def _dots(windows: ClassWindows | None) -> list[str]:
    """What the dots are, in words."""
    if windows is None:
        return []
    words = f"dots: the middles of windows of {windows.window} pixels"
    if windows.stride == 1:
        return [f"{words}, {windows.step} pixels apart"]
    return [
        f"{words}; large: of the network as it is, {windows.stride * windows.step} pixels apart",
        "small: those that its last pool adds where it stops at every offset; all are "
        f"{windows.step} pixels apart",
    ]


def _made(
    windows: ClassWindows | None, drawn: list[tuple[Region, list[Box]]]
) -> Image.Image | None:
    """How a class map comes about: the second panel's, as the first may have one window only."""
    place = min(1, len(drawn) - 1)
    grid = None if windows is None else windows.grid(drawn[place][0].box)
    if grid is None or min(grid.together) < 1:
        return None
    parts = offset_grid.drawn(grid)
    picture = Image.new("RGB", (parts.width, parts.height + 2 * LINE), PAPER)
    title = f"How the map of {_shape(drawn[place][0].box)} pixels comes about"
    pen = ImageDraw.Draw(picture)
    pen.text((0, LINE // 2), title, INK, ImageFont.load_default(LARGE - 2))
    picture.paste(parts, (0, 2 * LINE))
    return picture


def _shape(box: Box) -> str:
    return f"{box[3] - box[1]} x {box[2] - box[0]}"


def _head(
    protocol: Protocol,
    preprocessing: Preprocessing,
    drawn: list[tuple[Region, list[Box]]],
    picture: Image.Image,
    name: str,
) -> list[str]:
    crops, views = sum(len(boxes) for _, boxes in drawn), protocol.views.count
    kind = "picture" if isinstance(protocol.views, AnySize) else "crop"
    mirrored = " and as many mirror images" if views == 2 * crops else ""
    different = {(region.size, box) for region, boxes in drawn for box in boxes}
    same = f"; {len(different)} of them differ" if len(different) < crops else ""
    shape = f"{name}, {picture.width} x {picture.height} pixels"
    taken = f"the network sees {preprocessing.size} x {preprocessing.size}"
    if isinstance(protocol.views, AnySize | LargerCrop):
        taken = f"it was trained on {preprocessing.size} x {preprocessing.size}"
    return [f"{protocol.name}: {count(crops, kind)}{mirrored}", f"{shape}; {taken}{same}"]


def _panel(
    photo: Image.Image,
    region: Region,
    crops: list[Box],
    side: int,
    numbered: numbers[int],
    *,
    is_dotted: bool,
) -> Image.Image:
    """The photo with one part's crops, `side` pixels wide, under a line that says which part."""
    zoom = side / max(region.size)
    size = (max(1, round(zoom * region.size[0])), max(1, round(zoom * region.size[1])))
    shown = photo.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    veiled = Image.blend(shown, Image.new("RGB", size, PAPER), VEIL)
    inside = _zoomed(region.box, zoom)
    veiled.paste(shown.crop(inside), inside[:2])
    tile = Image.new("RGB", (side, size[1] + LINE), PAPER)
    pen = ImageDraw.Draw(tile)
    tile.paste(veiled, (0, LINE))
    marks = []
    for i, crop in enumerate(crops):
        place = CORNERS[i] if i < 4 and len(crops) in (5, 6) else (0.5, 0.5)
        place = (0.5, 1) if crop == region.box and len(crops) > 1 else place
        place = (0, 0) if is_dotted else place
        colour = list(COLOURS)[i % len(COLOURS)]
        marks.append((next(numbered), _zoomed(crop, zoom), place, colour))
    for _, box, _, colour in sorted(marks, key=lambda mark: mark[1] != inside):  # the whole first
        _outline(pen, box, colour)
    taken: list[Box] = []
    for number, box, place, colour in marks:
        _number(pen, number, box, place, colour, taken)
    which = " to ".join(dict.fromkeys(str(marks[i][0]) for i in (0, -1)))
    words = f"short side {min(region.size)} pixels, {region.name}: {which}"
    pen.text((0, 0), words, INK, ImageFont.load_default(SMALL))
    return tile


def _dot(tile: Image.Image, windows: ClassWindows, box: Box, *, zoom: float) -> None:
    """The middles of all windows on a panel, those that need no offset last and larger."""
    blue = next(iter(COLOURS))
    stamps = {True: _stamp(DOT, blue, "#ffffff"), False: _stamp(RING, "#ffffff", blue)}
    for across, down, is_plain in sorted(windows.middles(box), key=lambda each: each[2]):
        stamp = stamps[is_plain]
        half = stamp.width / 2
        place = (round(zoom * across - half), round(zoom * down - half) + LINE)
        tile.paste(stamp, place, stamp)


def _stamp(side: int, fill: str, rim: str) -> Image.Image:
    large = Image.new("RGBA", (FINE * side, FINE * side), f"{rim}00")
    box = (0, 0, FINE * side - 1, FINE * side - 1)
    ImageDraw.Draw(large).ellipse(box, fill=fill, outline=rim, width=FINE)
    return large.resize((side, side), Image.Resampling.LANCZOS)


def _zoomed(box: Box, zoom: float) -> Box:
    left, top, right, bottom = (round(zoom * edge) for edge in box)
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _outline(pen: ImageDraw.ImageDraw, box: Box, colour: str) -> None:
    left, top, right, bottom = box
    pen.rectangle((left, top + LINE, right - 1, bottom + LINE - 1), outline=colour, width=2)


def _number(
    pen: ImageDraw.ImageDraw,
    number: int,
    box: Box,
    place: tuple[float, float],
    colour: str,
    taken: list[Box],
) -> None:
    """A small label with the crop's number, in its corner or middle, if there is room."""
    font = ImageFont.load_default(SMALL)
    wide, high = int(font.getlength(str(number))) + 8, SMALL + 3
    left = round(box[0] + place[0] * (box[2] - box[0] - wide))
    top = round(box[1] + place[1] * (box[3] - box[1] - high)) + LINE
    label = (left, top, left + wide, top + high)
    if any(_overlap(label, other) for other in taken):
        return  # of a fine grid the numbers of some rows are seen
    taken.append(label)
    pen.rectangle((left, top, left + wide - 1, top + high - 1), fill=colour)
    middle = (left + wide / 2, top + high / 2)
    pen.text(middle, str(number), COLOURS[colour], font, anchor="mm")


def _overlap(one: Box, other: Box) -> bool:
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] < other[3] and other[1] < one[3]


def _width(line: str) -> int:
    return int(ImageFont.load_default(LARGE).getlength(line)) + 1
