"""Blocks of networks, drawn: a box for every layer, an arrow for every tensor, as SVG.

What was new in a paper is in the accent colour, and only that; the kinds of layers have greys of
their own, and differ in their outlines too. Light and dark as the reader's screen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eyespot.inspection.arrows import End, Frame, arrow, n
from eyespot.inspection.boxes import Box
from eyespot.inspection.layout import Places, places
from eyespot.pages.markup import Html, join, tag

TEXT, SMALL = 14, 12  # pixels: sizes of type
LINE, PADDING = 16, 8  # pixels: a small line, above and below the words in a box
BETWEEN, GAP, MARGIN = 20, 36, 24  # boxes side by side, layers, the rim
RADIUS = 13  # of a sum
WIDEST = 900  # pixels, then the next block starts a new row
HEADING = 52  # pixels above a block
SIGNS = ("sum", "product")
STYLE = """
svg { background: #fbfaf7; font-family: system-ui, -apple-system, "Segoe UI", Arial, sans-serif; }
text { fill: #1d2327; font-size: 14px; text-anchor: middle; }
.title { font-weight: 600; text-anchor: start; }
.small { font-size: 12px; }
.quiet { fill: #5b656c; font-size: 12px; }
.start { text-anchor: start; }
.paper { fill: #fbfaf7; }
.box { fill: #ffffff; stroke: #5b656c; }
.convolution { fill: #dde5ea; }
.linear { fill: #c3ccd3; stroke-width: 2; }
.pool { fill: #f1e8d3; stroke-dasharray: 5 3; }
.attention { fill: #c3ccd3; }
.arrow { fill: none; stroke: #5b656c; stroke-width: 1.5; }
.head { fill: #5b656c; }
.line { stroke: #dcd9d0; }
.dot { fill: #0072b2; }
.new.box { fill: #0072b2; stroke: #0072b2; }
.on { fill: #ffffff; }
.new.arrow { stroke: #0072b2; stroke-width: 2.5; }
.new.head { fill: #0072b2; }
@media (prefers-color-scheme: dark) {
  svg { background: #16181a; }
  text { fill: #e8e6e1; }
  .quiet { fill: #a4adb3; }
  .paper { fill: #16181a; }
  .box { fill: #1f2225; stroke: #a4adb3; }
  .convolution { fill: #34393d; }
  .linear, .attention { fill: #4b5358; }
  .pool { fill: #433c2c; }
  .arrow { stroke: #a4adb3; }
  .head { fill: #a4adb3; }
  .line { stroke: #34393d; }
  .dot { fill: #56b4e9; }
  .new.box { fill: #56b4e9; stroke: #56b4e9; }
  .on { fill: #000000; }
  .new.arrow { stroke: #56b4e9; }
  .new.head { fill: #56b4e9; }
}
"""


@dataclass(frozen=True)
class Drawing:
    """One block with its words. `new` names modules or texts of boxes: what the paper brought."""

    title: str  # "Bottleneck, Fig. 5 right"
    source: str  # "resnet50, layer1.1"
    boxes: tuple[Box, ...]
    new: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()  # names, where there is more than one


@dataclass(frozen=True)
class _Block:
    """A drawn block and the room that it takes."""

    marks: Html
    width: float
    height: float


def diagram(drawings: Sequence[Drawing], *, title: str) -> str:
    """An SVG file with the blocks side by side, in rows where they are wide."""
    blocks = [_block(drawing) for drawing in drawings]
    marks, x, y, row, right = [], float(MARGIN), float(MARGIN), 0.0, 0.0
    for block in blocks:
        if x > MARGIN and x + block.width > WIDEST - MARGIN:
            x, y, row = float(MARGIN), y + row + 2 * MARGIN, 0.0
        marks.append(tag("g", {"transform": f"translate({x:g} {y:g})"}, block.marks))
        x, row = x + block.width + 2 * MARGIN, max(row, block.height)
        right = max(right, x - MARGIN)
    return svg(marks, right, y + row + MARGIN, title=title)


def svg(marks: Sequence[Html], width: float, height: float, *, title: str) -> str:
    """A file of its own: with a style for light and dark, and a title for who cannot see it."""
    size = {"width": f"{width:.0f}", "height": f"{height:.0f}"}
    attributes = {
        "xmlns": "http://www.w3.org/2000/svg",
        **size,
        "viewBox": f"0 0 {size['width']} {size['height']}",
        "role": "img",
        "aria-label": title,
    }
    paper = tag("rect", {"class": "paper", **size})
    style = Html(f"<style>{STYLE}</style>")
    whole = tag("svg", attributes, tag("title", None, title), style, paper, join(marks, "\n"))
    return f"{whole}\n"


def text_width(text: str, size: float) -> float:
    """About as wide as the widest of the fonts that `system-ui` may be."""
    narrow, wide = "iljtfr.,:;|!()[]/' ", "mwMW@%×+"
    return size * sum(
        0.38 if c in narrow else 0.88 if c in wide else 0.7 if c.isupper() else 0.62 for c in text
    )


def _block(drawing: Drawing) -> _Block:
    lines = [_lines(drawing, i) for i in range(len(drawing.boxes))]
    sizes = [_size(box, line) for box, line in zip(drawing.boxes, lines, strict=True)]
    found = places(
        [box.reads for box in drawing.boxes],
        [width for width, _ in sizes],
        [height for _, height in sizes],
        between=BETWEEN,
        gap=GAP,
    )
    new = [_is_new(drawing, box) for box in drawing.boxes]
    frames = [_frame(found, i, size) for i, size in enumerate(sizes)]
    marks = [
        tag("text", {"class": "title", "x": "0", "y": "12"}, drawing.title),
        tag("text", {"class": "quiet start", "x": "0", "y": "30"}, drawing.source),
        *_arrows(drawing, found, frames, new),
    ]
    for i, box in enumerate(drawing.boxes):
        marks += _marks(box, frames[i], lines[i], is_new=new[i])
        marks += _grown(drawing.boxes, i, frames)
    words = max(text_width(drawing.title, TEXT * 1.06), text_width(drawing.source, SMALL))
    lanes = (x + 4 for way in found.ways.values() for x in way)
    width = max(words, *(frame.x + frame.width / 2 for frame in frames), *lanes)
    height = HEADING + found.tops[-1] + found.heights[-1]
    return _Block(join(marks, "\n"), width, height)


def _frame(found: Places, i: int, size: tuple[float, float]) -> Frame:
    """A box stands in the middle of its layer; a sum at its top, where arrows come from aside."""
    layer = found.layer[i]
    top = HEADING + found.tops[layer]
    below = 0 if size[0] == 2 * RADIUS else (found.heights[layer] - size[1]) / 2
    return Frame(found.x[i], top + below, *size, top)


def _is_sign(box: Box) -> bool:
    return box.kind in SIGNS and len(box.text) == 1


def _lines(drawing: Drawing, i: int) -> tuple[tuple[str, bool], ...]:
    """The lines of a box, and whether they are small."""
    box = drawing.boxes[i]
    if box.kind in ("input", "output"):
        name = drawing.inputs[i] if i < len(drawing.inputs) else ""
        return (*([(name, False)] if name else []), (" x ".join(map(str, box.shape)), True))
    return (
        *((text, True) for text in box.above),
        (box.text, False),
        *((text, True) for text in box.below),
    )


def _size(box: Box, lines: Sequence[tuple[str, bool]]) -> tuple[float, float]:
    if _is_sign(box):
        return 2 * RADIUS, 2 * RADIUS
    width = max(text_width(text, SMALL if is_small else TEXT) for text, is_small in lines)
    if box.kind == "concatenation":
        width = max(width, 18.0 * len(box.reads))
    height = sum(LINE if is_small else LINE + 2 for _, is_small in lines)
    is_bare = box.kind in ("input", "output")
    return round(width) + 2 * PADDING, height + (4 if is_bare else 1.5 * PADDING)


def _is_new(drawing: Drawing, box: Box) -> bool:
    """Whether one of the names is a module of the box, or words in it between commas."""
    lines = (box.text, *box.above, *box.below)
    told = {box.text, *(words for text in lines for words in text.split(", "))}
    inside = tuple(f"{name}." for name in drawing.new)
    is_named = any(each in drawing.new or each.startswith(inside) for each in box.modules)
    return box.kind not in ("input", "output") and (is_named or bool(told & set(drawing.new)))


def _marks(
    box: Box, frame: Frame, lines: Sequence[tuple[str, bool]], *, is_new: bool
) -> Iterator[Html]:
    """The outline and the words of a box."""
    kind = f"box {box.kind}{' new' if is_new else ''}"
    if _is_sign(box):
        place = {"cx": n(frame.x), "cy": n(frame.y + RADIUS), "r": str(RADIUS)}
        yield tag("circle", {"class": kind, **place})
    elif box.kind not in ("input", "output"):
        place = {"x": n(frame.x - frame.width / 2), "y": n(frame.y)}
        extent = {"width": n(frame.width), "height": n(frame.height)}
        round_ = {"rx": "15" if box.kind in ("concatenation", "activation") else "5"}
        yield tag("rect", {"class": kind, **place, **extent, **round_})
    tall = sum(LINE if is_small else LINE + 2 for _, is_small in lines)
    y = frame.y + (frame.height - tall) / 2
    for text, is_small in lines:
        y += LINE if is_small else LINE + 2
        look = " ".join(["small"] * is_small + ["on"] * is_new)
        place = {"x": n(frame.x), "y": n(y - 4)}
        yield tag("text", {"class": look or None, **place}, text)


def _grown(boxes: Sequence[Box], i: int, frames: Sequence[Frame]) -> Iterator[Html]:
    """The size of the map, beside the arrow straight down from the box that has changed it."""
    box, frame = boxes[i], frames[i]
    readers = [other for other, each in enumerate(boxes) if i in each.reads]
    if not box.reads or len(box.shape) != 3 or len(readers) != 1:
        return
    is_straight = abs(frames[readers[0]].x - frame.x) < 1
    is_changed = boxes[box.reads[0]].shape[1:] != box.shape[1:]
    if is_straight and is_changed and boxes[readers[0]].kind != "output":
        place = {"x": n(frame.x + 8), "y": n(frame.y + frame.height + 15)}
        yield tag("text", {"class": "quiet start", **place}, " x ".join(map(str, box.shape[1:])))


def _arrows(
    drawing: Drawing, found: Places, frames: Sequence[Frame], new: Sequence[bool]
) -> Iterator[Html]:
    for lower, box in enumerate(drawing.boxes):
        ends = _ends(box, lower, found, frames)
        for upper in box.reads:
            is_new = new[lower] and (new[upper] or drawing.boxes[upper].kind == "input")
            look = " new" * is_new
            lanes = [
                (x, HEADING + found.tops[d], HEADING + found.tops[d] + found.heights[d])
                for d, x in enumerate(found.ways[upper, lower], found.layer[upper] + 1)
            ]
            start = (frames[upper].x, frames[upper].y + frames[upper].height)
            line, head = arrow(start, lanes, ends[upper], gap=GAP)
            yield tag("path", {"class": f"arrow{look}", "d": line})
            yield tag("path", {"class": f"head{look}", "d": head})


def _ends(box: Box, lower: int, found: Places, frames: Sequence[Frame]) -> dict[int, End]:
    """Where the arrows into a box end: side by side in the order they come in.

    Into a sum the outer ones come from the sides, and one that comes from above from above.
    """
    came = {up: [frames[up].x, *found.ways[up, lower]][-1] for up in box.reads}
    order = sorted(box.reads, key=lambda upper: came[upper])
    frame = frames[lower]
    if _is_sign(box):
        upright = min(order, key=lambda upper: abs(came[upper] - frame.x))
        is_free = (
            abs(came[upright] - frame.x) < RADIUS / 2
            or len(order) != 2
            or ((came[order[0]] > frame.x) == (came[order[1]] > frame.x))
        )
        return {
            up: End(frame, frame.x, 0 if up == upright and is_free else _side(came[up] - frame.x))
            for up in order
        }
    step = min(18.0, (frame.width - 16) / max(len(order), 1))
    first = frame.x - step * (len(order) - 1) / 2
    aligned = [i for i, upper in enumerate(order) if abs(came[upper] - first - step * i) < step]
    if aligned and len(order) < 4:
        first = came[order[aligned[0]]] - step * aligned[0]
    return {upper: End(frame, first + step * i) for i, upper in enumerate(order)}


def _side(distance: float) -> int:
    return 1 if distance > 0 else -1
