"""Names beside the marks of a chart, where they hide neither a mark nor another name."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]  # left, top, right, bottom
Segment = tuple[float, float, float, float]  # x1, y1, x2, y2

# Pixels from a mark to its name
DISTANCES = (11, 16, 24, 34, 46, 60, 76, 94, 114, 136, 160, 190, 220)
LEADS_FROM = 17  # pixels: farther names get a thin line to their mark
RIM = 3.5  # pixels
ANGLES = [i * math.pi / 16 for i in range(32)]
CROSSING = 14  # pixels of distance that crossing a line of the chart is worth
ATTEMPTS = 6  # names without a place choose first in the next one
YIELDING = 3  # names that may move for one that has no place
TRIES = 150  # places for which they are asked to
REFINEMENTS = 3  # in which all choose again, knowing the others


@dataclass(frozen=True)
class Label:
    """A name beside its mark."""

    key: str  # no other label has it
    text: str
    mark: tuple[float, float]
    width: float
    height: float
    reach: float = math.inf  # pixels: how far from its mark it is still understood


@dataclass(frozen=True)
class Placed:
    """Where a name stands, and the line that leads from its mark to it, if it is far."""

    label: Label
    box: Box
    lead: Segment | None


Free = dict[str, list[tuple[float, Placed]]]  # label -> places with their cost, lines left aside


def place(
    labels: Sequence[Label], marks: Sequence[Box], lines: Sequence[Segment], within: Box
) -> dict[str, Placed]:
    """A place for each name that has one, free of marks and other names, near, crossing few lines.

    Names in a crowd choose first, and then those that found no place.
    """
    order = sorted(labels, key=lambda label: -_crowd(label, marks))
    places = {label.key: sorted(_candidates(label, within), key=_cost) for label in labels}
    free = {
        key: [each for each in candidates if not _hides_mark(each[1], marks)]
        for key, candidates in places.items()
    }
    chosen: dict[str, Placed] = {}
    for _ in range(ATTEMPTS):
        found: dict[str, Placed] = {}
        for label in order:
            _choose(label, free, lines, found)
        if len(found) > len(chosen):
            chosen = found
        order.sort(key=lambda label: label.key in found)
        if len(chosen) == len(labels):
            break
    for label in order:
        if label.key not in chosen:
            chosen = _with_room(label, free, lines, chosen)
    for _ in range(REFINEMENTS):
        for label in order:
            chosen.pop(label.key, None)
            _choose(label, free, lines, chosen)
    return chosen


def _with_room(
    label: Label, free: Free, lines: Sequence[Segment], chosen: dict[str, Placed]
) -> dict[str, Placed]:
    """The names with `label` among them, if few others can stand elsewhere."""
    tried = 0
    for _, placed in free[label.key]:
        blockers = [other for other in chosen.values() if _conflict(placed, other)]
        if len(blockers) > YIELDING:
            continue
        moved = {key: other for key, other in chosen.items() if other not in blockers}
        moved[label.key] = placed
        for blocker in blockers:
            _choose(blocker.label, free, lines, moved)
        if len(moved) > len(chosen):
            return moved
        tried += 1
        if tried == TRIES:
            break
    return chosen


def _choose(label: Label, free: Free, lines: Sequence[Segment], chosen: dict[str, Placed]) -> None:
    """Give the label the cheapest place that is left, if there is one."""
    taken = list(chosen.values())
    best, least = None, math.inf
    for cost, placed in free[label.key]:
        if cost >= least:
            break
        if not any(_conflict(placed, other) for other in taken):
            total = cost + CROSSING * sum(crosses(segment, placed.box) for segment in lines)
            if total < least:
                best, least = placed, total
    if best:
        chosen[label.key] = best


def _crowd(label: Label, marks: Sequence[Box]) -> int:
    x, y = label.mark
    return sum(abs(box[0] - x) < label.width and abs(box[1] - y) < 40 for box in marks)


def _cost(candidate: tuple[float, Placed]) -> float:
    return candidate[0]


def _candidates(label: Label, within: Box) -> Iterator[tuple[float, Placed]]:
    for distance in (each for each in DISTANCES if each <= label.reach):
        for angle in ANGLES:
            box = _beside(label, distance, angle)
            if _is_inside(box, within):
                lead = _lead(label, box) if distance >= LEADS_FROM else None
                level = abs(math.sin(angle)) * 4  # beside a mark is plainer than above it
                yield distance + level, Placed(label, box, lead)


def _beside(label: Label, distance: float, angle: float) -> Box:
    """The box of a name whose nearest side or corner is `distance` from the mark."""
    dx, dy = math.cos(angle), -math.sin(angle)
    x, y = label.mark[0] + dx * distance, label.mark[1] + dy * distance * 0.9
    left = x - label.width * (1 - dx) / 2
    top = y - label.height * (1 - dy) / 2
    return left, top, left + label.width, top + label.height


def _lead(label: Label, box: Box) -> Segment:
    """From the rim of the mark to the nearest point of the name."""
    x, y = label.mark
    end_x = min(max(x, box[0] + 2), box[2] - 2)
    end_y = min(max(y, box[1] + 2), box[3] - 2)
    length = math.hypot(end_x - x, end_y - y) or 1.0
    start = min(8.0, length)
    return x + (end_x - x) * start / length, y + (end_y - y) * start / length, end_x, end_y


def _hides_mark(placed: Placed, marks: Sequence[Box]) -> bool:
    """Whether the name lies on a mark, or its line runs through another one."""
    others = (_core(box) for box in marks if not _ends_in(placed, box))
    return any(overlap(placed.box, box) for box in marks) or (
        placed.lead is not None and any(crosses(placed.lead, box) for box in others)
    )


def _conflict(one: Placed, other: Placed) -> bool:
    """Whether two names, or one and the line of the other, stand in one another's way."""
    return (
        overlap(one.box, other.box)
        or (other.lead is not None and crosses(other.lead, one.box))
        or (one.lead is not None and crosses(one.lead, other.box))
    )


def _core(box: Box) -> Box:
    """A mark without its rim, which a thin line may touch."""
    return box[0] + RIM, box[1] + RIM, box[2] - RIM, box[3] - RIM


def _ends_in(placed: Placed, box: Box) -> bool:
    """Whether `box` is the mark of this name, where its line begins."""
    x, y = placed.label.mark
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def crosses(segment: Segment, box: Box) -> bool:
    """Whether a straight line passes through a box (Liang and Barsky's clipping)."""
    x1, y1, x2, y2 = segment
    first, last = 0.0, 1.0
    for step, low, high in (
        (x2 - x1, box[0] - x1, box[2] - x1),
        (y2 - y1, box[1] - y1, box[3] - y1),
    ):
        if step == 0:
            if low > 0 or high < 0:
                return False
            continue
        near, far = sorted((low / step, high / step))
        first, last = max(first, near), min(last, far)
    return first <= last


def _is_inside(box: Box, within: Box) -> bool:
    return (
        box[0] >= within[0] and box[1] >= within[1] and box[2] <= within[2] and box[3] <= within[3]
    )
