"""Diagrams can be read: nothing overlaps, no arrow runs through a box, chains are upright."""

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
import torch

from eyespot.inspection.blocks import taken, trace
from eyespot.inspection.boxes import boxes
from eyespot.inspection.diagram import Drawing, diagram
from eyespot.inspection.layout import places
from eyespot.networks import build, find

SVG = "{http://www.w3.org/2000/svg}"
BLOCKS = [
    ("resnet50", "layer2.0"),
    ("googlenet", "inception3a"),
    ("inception_v3", "Mixed_7b"),
    ("densenet121", "features.denseblock1.denselayer2"),
    ("nasnet_a_mobile", "cell_1"),
    ("nasnet_a_mobile", "reduction_cell_0"),
    ("amoebanet_a_mobile", "reduction_cell_0"),
    ("efficientnet_b0", "features.2.1"),
    ("vit_b_16", "encoder.layers.encoder_layer_0"),
]


def drawn(name, module):
    size = find(name).image_size
    with torch.device("meta"):
        network = build(name).eval()
        inputs = taken(network, module, torch.empty(1, 3, size, size))
        layers = trace(network.get_submodule(module), inputs, leaves={"Separable": "separable"})
    return diagram([Drawing("A block", name, boxes(layers), ("+",))], title=name)


def frames(root):
    """Left, top, right, bottom of every box."""
    for box in root.iter(f"{SVG}rect"):
        if "box" in box.get("class", ""):
            x, y, w, h = (float(box.get(key)) for key in ("x", "y", "width", "height"))
            yield x, y, x + w, y + h
    for box in root.iter(f"{SVG}circle"):
        x, y, r = (float(box.get(key)) for key in ("cx", "cy", "r"))
        yield x - r, y - r, x + r, y + r


def points(path):
    """Points along an arrow, its curves sampled."""
    x = y = 0.0
    for command, text in re.findall(r"([MVC])([^MVC]*)", path):
        n = [float(each) for each in text.split()]
        if command == "M":
            x, y = n
            yield x, y
        elif command == "V":
            yield from ((x, y + (n[0] - y) * t / 20) for t in range(21))
            y = n[0]
        else:
            for t in (i / 20 for i in range(21)):
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                px = a * x + b * n[0] + c * n[2] + d * n[4]
                yield px, a * y + b * n[1] + c * n[3] + d * n[5]
            x, y = n[4:]


@pytest.mark.parametrize(("name", "module"), BLOCKS, ids=lambda value: value)
def test_no_box_lies_on_another_and_no_arrow_runs_through_one(name, module):
    root = ElementTree.fromstring(drawn(name, module))
    found = list(frames(root))
    assert len(found) >= 3
    for a, b in combinations(found, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
    arrows = [p for p in root.iter(f"{SVG}path") if p.get("class").startswith("arrow")]
    for arrow in arrows:
        for x, y in points(arrow.get("d")):
            for left, top, right, bottom in found:
                is_inside = left + 1 < x < right - 1 and top + 1 < y < bottom - 1
                assert not is_inside, f"{arrow.get('d')} runs through {left, top}"


def test_an_arrow_through_a_box_would_be_found():
    assert any(4 < x < 6 and 4 < y < 6 for x, y in points("M5 0V10"))
    assert any(4 < x < 6 and 4 < y < 6 for x, y in points("M0 5C5 5 5 5 10 5"))


@pytest.mark.parametrize(("name", "module"), BLOCKS, ids=lambda value: value)
def test_everything_lies_within_the_picture(name, module):
    root = ElementTree.fromstring(drawn(name, module))
    width, height = float(root.get("width")), float(root.get("height"))
    (group,) = root.iter(f"{SVG}g")
    dx, dy = map(float, re.findall(r"[\d.]+", group.get("transform")))
    for left, top, right, bottom in frames(root):
        assert left + dx >= 0
        assert top + dy >= 0
        assert right + dx <= width
        assert bottom + dy <= height
    for arrow in root.iter(f"{SVG}path"):
        if arrow.get("class").startswith("arrow"):
            assert all(0 < x + dx < width for x, _ in points(arrow.get("d")))


def test_a_chain_is_upright_beside_a_shortcut_and_branches_stand_around_their_source():
    chain = places([(), (0,), (1,), (2, 0)], [40] * 4, [20] * 4, between=10, gap=20)
    assert len({round(x, 6) for x in chain.x}) == 1
    assert chain.layer == (0, 1, 2, 3)
    (lane,) = {round(x, 6) for x in chain.ways[0, 3]}
    assert lane > chain.x[0] + 20, "the shortcut passes the boxes"
    fork = places([(), (0,), (0,), (1, 2)], [40] * 4, [20] * 4, between=10, gap=20)
    assert fork.x[0] == pytest.approx((fork.x[1] + fork.x[2]) / 2)
    assert fork.x[2] - fork.x[1] == pytest.approx(50)


def test_branches_that_need_not_cross_do_not():
    graph = [(), (), (0,), (1,), (0,), (1,), (2, 4), (3, 5)]
    found = places(graph, [30] * 8, [20] * 8, between=10, gap=20)
    assert max(found.x[2], found.x[4]) < min(found.x[3], found.x[5])


def test_the_same_block_is_drawn_the_same_to_the_byte():
    assert drawn("googlenet", "inception3a") == drawn("googlenet", "inception3a")


def test_words_cannot_break_the_picture():
    with torch.device("meta"):
        layers = trace(torch.nn.ReLU(), (torch.empty(1, 3, 4, 4),), leaves={})
    drawing = Drawing('<a> & "b"', "</svg>", boxes(layers))
    root = ElementTree.fromstring(diagram([drawing], title="<title>"))
    assert {'<a> & "b"', "</svg>"} < {text.text for text in root.iter(f"{SVG}text")}
