"""Places for the boxes of a graph, from top to bottom, so that no arrow runs through a box.

Sugiyama's method, small: boxes in layers by their longest way from an input; in every layer that an
arrow passes, a narrow place is kept for it; orders within the layers by barycentres, those with the
fewest crossings; then across, as near to their neighbours as order and widths allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from eyespot.inspection.upright import LOOSE, STRAIGHT, Link, upright

Graph = Sequence[tuple[int, ...]]  # of each box, the boxes that it reads; those come before it
SWEEPS = 24
LANE = 10.0  # pixels: the width of a place that is kept for an arrow


@dataclass(frozen=True)
class Places:
    """Centres of the boxes and the ways of the arrows, in pixels."""

    x: tuple[float, ...]
    layer: tuple[int, ...]
    tops: tuple[float, ...]  # of the layers
    heights: tuple[float, ...]  # of the layers
    ways: dict[tuple[int, int], tuple[float, ...]]  # (from, to) -> x in the layers between


def places(
    graph: Graph, widths: Sequence[float], heights: Sequence[float], *, between: float, gap: float
) -> Places:
    """Lay out boxes of these sizes, `between` pixels apart at least, layers `gap` pixels apart."""
    depth = _layers(graph)
    nodes, links, ways = _with_lanes(graph, depth)
    orders = _orders(nodes, links)
    sizes = [*widths, *([LANE] * (len(nodes) - len(widths)))]
    x = _across(orders, links, sizes, between, len(graph))
    left = min(x[i] - sizes[i] / 2 for i in range(len(nodes)))
    tall = [max(heights[i] for i in range(len(graph)) if depth[i] == d) for d in range(len(orders))]
    tops = [sum(tall[:d]) + gap * d for d in range(len(orders))]
    return Places(
        x=tuple(x[i] - left for i in range(len(graph))),
        layer=tuple(depth),
        tops=tuple(tops),
        heights=tuple(tall),
        ways={ends: tuple(x[i] - left for i in lane) for ends, lane in ways.items()},
    )


def _layers(graph: Graph) -> list[int]:
    """The longest way from an input; an input, and what only few wait for, right above a reader."""
    depth: list[int] = []
    for reads in graph:
        depth.append(1 + max((depth[i] for i in reads), default=-1))
    return depth


def _with_lanes(
    graph: Graph, depth: list[int]
) -> tuple[list[int], list[Link], dict[tuple[int, int], list[int]]]:
    """The layer of every box and lane, the links between neighbouring layers, lanes by arrow."""
    nodes, links = list(depth), []
    ways: dict[tuple[int, int], list[int]] = {}
    passing = _passing(graph, depth)
    for lower, reads in enumerate(graph):
        for upper in reads:
            lane = list(range(len(nodes), len(nodes) + depth[lower] - depth[upper] - 1))
            nodes += range(depth[upper] + 1, depth[lower])
            ways[upper, lower] = lane
            chain = [upper, *lane, lower]
            is_passing = (upper, lower) in passing
            out = sum(upper in each and (upper, i) not in passing for i, each in enumerate(graph))
            into = sum((each, lower) not in passing for each in reads)
            for a, b in pairwise(chain):
                is_alone = (a != upper or out == 1) and (b != lower or into == 1)
                is_inside = a != upper and b != lower
                is_straight = is_inside if is_passing else is_alone
                links.append((a, b, STRAIGHT if is_straight else LOOSE if is_passing else 1.0))
    return nodes, links, ways


def _passing(graph: Graph, depth: list[int]) -> set[tuple[int, int]]:
    """The arrows that pass by what other arrows go through, such as a shortcut."""
    readers = [sum(i in reads for reads in graph) for i in range(len(graph))]
    return {
        (upper, lower)
        for lower, reads in enumerate(graph)
        for upper in reads
        if depth[lower] - depth[upper] > 1 and readers[upper] > 1 and len(reads) > 1
    }


def _orders(nodes: list[int], links: list[Link]) -> list[list[int]]:
    """The nodes of every layer from left to right: the order of fewest crossings that was seen."""
    near = _neighbours(nodes, links)
    orders: list[list[int]] = [[] for _ in range(max(nodes) + 1)]
    for node in _first_order(nodes, links):
        orders[nodes[node]].append(node)
    best, fewest = [list(order) for order in orders], crossings(orders, links)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for d in range(1, len(orders)) if down else range(len(orders) - 2, -1, -1):
            fixed = {node: i for i, node in enumerate(orders[d - 1 if down else d + 1])}
            orders[d] = _by_barycentre(orders[d], fixed, near)
        while _swapped(orders, near):
            pass
        if (now := crossings(orders, links)) < fewest:
            best, fewest = [list(order) for order in orders], now
    return best


def _first_order(nodes: list[int], links: list[Link]) -> list[int]:
    """Depth first from the inputs, in the order of the program; lanes without a box come last."""
    lower: dict[int, list[int]] = {node: [] for node in range(len(nodes))}
    for a, b, _ in links:
        lower[a].append(b)
    seen: dict[int, None] = {}
    waiting = [node for node in range(len(nodes) - 1, -1, -1) if nodes[node] == 0]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen[node] = None
            waiting += sorted(lower[node], reverse=True)
    return list(seen)


def _neighbours(nodes: list[int], links: list[Link]) -> list[list[int]]:
    near: list[list[int]] = [[] for _ in nodes]
    for a, b, _ in links:
        near[a].append(b)
        near[b].append(a)
    return near


def _by_barycentre(order: list[int], fixed: dict[int, int], near: list[list[int]]) -> list[int]:
    """`order` sorted by the mean place of the neighbours in the fixed layer; others stay."""
    middle: dict[int, float] = {}
    for place, node in enumerate(order):
        places = [fixed[other] for other in near[node] if other in fixed]
        middle[node] = sum(places) / len(places) if places else place
    return sorted(order, key=lambda node: middle[node])


def _swapped(orders: list[list[int]], near: list[list[int]]) -> bool:
    """Swap neighbours wherever that leaves fewer crossings; whether any were."""
    is_better = False
    for d, order in enumerate(orders):
        for side in range(len(order) - 1):
            a, b = order[side : side + 2]
            now = then = 0
            for fixed in (orders[e] for e in (d - 1, d + 1) if 0 <= e < len(orders)):
                place = {node: i for i, node in enumerate(fixed)}
                of_a = [place[other] for other in near[a] if other in place]
                of_b = [place[other] for other in near[b] if other in place]
                now += sum(p > q for p in of_a for q in of_b)
                then += sum(p < q for p in of_a for q in of_b)
            if then < now:
                order[side : side + 2] = [b, a]
                is_better = True
    return is_better


def crossings(orders: Sequence[Sequence[int]], links: Sequence[Link]) -> int:
    """How many pairs of links cross."""
    place = {node: (d, i) for d, order in enumerate(orders) for i, node in enumerate(order)}
    found = 0
    for layer in range(len(orders)):
        ends = [(place[a][1], place[b][1]) for a, b, _ in links if place[a][0] == layer]
        found += sum(
            (a - c) * (b - d) < 0 for i, (a, b) in enumerate(ends) for c, d in ends[i + 1 :]
        )
    return found


def _across(
    orders: list[list[int]], links: list[Link], sizes: list[float], between: float, boxes: int
) -> list[float]:
    """The centres: layer by layer, down and up, nodes go to the mean of their neighbours."""
    near: list[list[tuple[int, float]]] = [[] for _ in sizes]
    for a, b, pull in links:
        near[a].append((b, pull))
        near[b].append((a, pull))
    x, steps = _packed(orders, sizes, between, boxes)
    for sweep in range(8 * SWEEPS):
        for order in orders if sweep % 2 == 0 else reversed(orders):
            weights = [sum(pull for _, pull in near[node]) for node in order]
            wanted = [
                sum(x[other] * pull for other, pull in near[node]) / weight
                for node, weight in zip(order, weights, strict=True)
            ]
            found = _spread(wanted, weights, [steps[node] for node in order])
            for node, value in zip(order, found, strict=True):
                x[node] = value
    return upright(x, orders, links, steps)


def _packed(
    orders: list[list[int]], sizes: list[float], between: float, boxes: int
) -> tuple[list[float], list[float]]:
    """Every layer centred and as narrow as can be; and each node's least step from its left."""
    x, steps = [0.0] * len(sizes), [0.0] * len(sizes)
    for order in orders:
        for a, b in pairwise(order):
            room = between if a < boxes and b < boxes else between * 0.7
            steps[b] = (sizes[a] + sizes[b]) / 2 + room
        place = -sum(steps[node] for node in order) / 2
        for node in order:
            place += steps[node]
            x[node] = place
    return x, steps


def _spread(wanted: list[float], weights: list[float], steps: list[float]) -> list[float]:
    """The places nearest to the wanted ones, by weighted squares, each a step behind the last.

    Less the steps so far they must only not fall: neighbours that would are pooled at their mean.
    """
    offsets = [sum(steps[: i + 1]) for i in range(len(steps))]
    pools: list[tuple[float, float, int]] = []  # mean, weight, members
    for want, weight, offset in zip(wanted, weights, offsets, strict=True):
        pools.append((want - offset, weight, 1))
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            (m1, w1, n1), (m2, w2, n2) = pools[-2:]
            pools[-2:] = [((m1 * w1 + m2 * w2) / (w1 + w2), w1 + w2, n1 + n2)]
    means = [mean for mean, _, members in pools for _ in range(members)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
