"""The last step of a layout: every run of links that should be straight stands upright.

A run has one place across. Runs beside each other in a layer stay in that order and a step apart;
pushed all to the right, or all to the left, they would, and so they do half-way between the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

STRAIGHT, LOOSE = 8.0, 0.02  # pull of an arrow on its ends; 1 where it is one of several
ROUNDS = 40
Link = tuple[int, int, float]  # upper, lower, pull
Beside = tuple[int, int, float]  # left run, right run, least distance


def upright(
    x: Sequence[float],
    orders: Sequence[Sequence[int]],
    links: Sequence[Link],
    steps: Sequence[float],
) -> list[float]:
    """Places near `x`, with every run at one. Each node keeps its step from its left neighbour."""
    run = list(range(len(x)))
    for a, b, pull in links:
        if pull == STRAIGHT:
            old, new = run[b], run[a]
            run = [new if each == old else each for each in run]
    while True:
        beside = _beside(orders, run, steps)
        sequence = _sequence(run, beside, x)
        if sequence is not None:
            break
        run = _cut(run, beside)
    members = {each: [node for node, own in enumerate(run) if own == each] for each in sequence}
    wanted = {each: sum(x[n] for n in nodes) / len(nodes) for each, nodes in members.items()}
    place = _half_way(sequence, beside, wanted)
    _drawn_together(place, sequence, beside, [(run[a], run[b], pull) for a, b, pull in links])
    return [place[each] for each in run]


def _beside(
    orders: Sequence[Sequence[int]], run: Sequence[int], steps: Sequence[float]
) -> list[Beside]:
    pairs = (pair for order in orders for pair in pairwise(order))
    return [(run[a], run[b], steps[b]) for a, b in pairs]


def _sequence(run: Sequence[int], beside: Sequence[Beside], x: Sequence[float]) -> list[int] | None:
    """The runs, each behind those to its left; None where some cross each other."""
    waiting = sorted(set(run), key=lambda each: (x[each], each))
    found: list[int] = []
    while waiting:
        free = [each for each in waiting if all(b != each or a in found for a, b, _ in beside)]
        if not free:
            return None
        found.append(free[0])
        waiting.remove(free[0])
    return found


def _cut(run: Sequence[int], beside: Sequence[Beside]) -> list[int]:
    """The longest run that stands on both sides of another, taken apart into single nodes."""
    after: dict[int, set[int]] = {each: {b for a, b, _ in beside if a == each} for each in run}

    def reached(start: int) -> set[int]:
        seen: set[int] = set()
        waiting = [start]
        while waiting:
            new = after[waiting.pop()] - seen
            seen |= new
            waiting += sorted(new)
        return seen

    crossed = [each for each in sorted(set(run)) if each in reached(each) and run.count(each) > 1]
    longest = max(crossed, key=lambda each: (run.count(each), -each))
    return [node if own == longest else own for node, own in enumerate(run)]


def _half_way(
    sequence: Sequence[int], beside: Sequence[Beside], wanted: dict[int, float]
) -> dict[int, float]:
    right, left = dict(wanted), dict(wanted)
    for each in sequence:
        right[each] = max([wanted[each], *(right[a] + step for a, b, step in beside if b == each)])
    for each in reversed(sequence):
        left[each] = min([wanted[each], *(left[b] - step for a, b, step in beside if a == each)])
    return {each: (right[each] + left[each]) / 2 for each in sequence}


def _drawn_together(
    place: dict[int, float],
    sequence: Sequence[int],
    beside: Sequence[Beside],
    links: Sequence[Link],
) -> None:
    """Move every run to the mean of what it is linked with, so far as there is room."""
    for number in range(ROUNDS):
        for each in sequence if number % 2 else reversed(sequence):
            near = [(b, pull) for a, b, pull in links if a == each != b]
            near += [(a, pull) for a, b, pull in links if b == each != a]
            low = max((place[a] + step for a, b, step in beside if b == each), default=-1e9)
            high = min((place[b] - step for a, b, step in beside if a == each), default=1e9)
            if near and low <= high:
                total = sum(pull for _, pull in near)
                mean = sum(place[other] * pull for other, pull in near) / total
                place[each] = min(max(mean, low), high)
