"""Windows of a sliding network, drawn: against OverFeat's own table, and a network that ran."""

import numpy as np
import pytest
import torch
from PIL import Image

from eyespot.dense import convolutionize
from eyespot.evaluation.class_windows import class_windows
from eyespot.evaluation.crops import panels
from eyespot.evaluation.crops_sheet import crops_sheet
from eyespot.evaluation.protocols import protocol
from eyespot.images.preprocessing import Preprocessing
from eyespot.inspection.offset_grid import CELL, HEAD, OffsetGrid, drawn
from eyespot.networks import build

HALF = (0.5, 0.5, 0.5)
SIX = protocol("overfeat-six")
OVERFEAT = Preprocessing(221, 221, "bilinear", HALF, HALF)

# Sermanet et al., Table 5: the last map, what is pooled at each of 3 x 3 offsets, what the
# classifier makes of it, all of them together. Of the fifth it prints 32 x 35 as the last map;
# 497 pixels are 38 columns: (38 - 3) / 3 + 1 = 12, less 4 is 8, times 3 the 24 that it prints.
TABLE = [
    ((17, 17), (5, 5), (1, 1), (3, 3)),
    ((20, 23), (6, 7), (2, 3), (6, 9)),
    ((23, 29), (7, 9), (3, 5), (9, 15)),
    ((29, 35), (9, 11), (5, 7), (15, 21)),
    ((32, 38), (10, 12), (6, 8), (18, 24)),
    ((35, 44), (11, 14), (7, 10), (21, 30)),
]


def shown(preprocessing, size=(800, 600)):
    """The part of a landscape photo that is shown, scale by scale."""
    return [region.box for region, _ in panels(SIX.views, *size, preprocessing)]


def test_the_maps_of_overfeat_are_those_of_its_table():
    windows = class_windows("overfeat_accurate", SIX, OVERFEAT)
    assert (windows.window, windows.step, windows.stride) == (221, 12, 3)
    for box, (last_map, pooled, answers, together) in zip(shown(OVERFEAT), TABLE, strict=True):
        grid = windows.grid(box)
        assert (grid.last_map, grid.together) == (last_map, together)
        assert {grid.pooled(offset) for offset in grid.offsets} == {pooled}
        assert {grid.answers(offset) for offset in grid.offsets} == {answers}
        assert len(list(windows.middles(box))) == together[0] * together[1]


@pytest.mark.parametrize(
    ("name", "crop"), [("alexnet", 227), ("vgg11", 224), ("overfeat_fast", 231)]
)
def test_cells_are_counted_as_a_network_gives_them(name, crop):
    preprocessing = Preprocessing(crop, crop, "bilinear", HALF, HALF)
    windows = class_windows(name, SIX, preprocessing)
    with torch.device("meta"):
        dense = convolutionize(build(name).eval(), image_size=crop, offsets=True)
    compared = 0
    for _, top, _, bottom in shown(preprocessing):
        side = windows.window + (bottom - top - windows.window) // windows.step * windows.step
        grid, images = (
            windows.grid((0, 0, side, side)),
            torch.empty(1, 3, side, side, device="meta"),
        )
        assert grid.last_map == tuple(dense.last_map(images).shape[2:])
        assert grid.together == tuple(dense(images).shape[2:])
        compared += 1
    assert compared == 6


def test_windows_lie_where_their_middles_are_drawn():
    """245 pixels have windows of 221 that begin at 0, 12 and 24, with the middle at 110.5."""
    windows = class_windows("overfeat_accurate", SIX, OVERFEAT)
    found = list(windows.middles((50, 0, 295, 245)))
    assert found[:4] == [
        (160.5, 110.5, True), (172.5, 110.5, False), (184.5, 110.5, False), (160.5, 122.5, False)
    ]  # fmt: skip
    assert sum(is_plain for _, _, is_plain in found) == 1  # 245 < 221 + 36


def test_nothing_is_dotted_where_nothing_slides():
    seen = Preprocessing(224, 224, "bilinear", HALF, HALF)
    assert class_windows("alexnet", protocol("ten-crop"), seen) is None
    assert class_windows("vit_ti_16", SIX, seen) is None


def test_of_a_network_that_pools_all_no_grid_is_drawn():
    seen = Preprocessing(224, 224, "bilinear", HALF, HALF)
    windows = class_windows("resnet18", protocol("vgg-dense"), seen)
    assert windows.grid((0, 0, 341, 256)) is None
    assert len(list(windows.middles((0, 0, 341, 256)))) == 2 * 4  # (256 - 224) / 32, 117 / 32


def test_interleaved_answers_repeat_the_offsets_as_the_last_map_has_them():
    grid = OffsetGrid((20, 23), pool=3, stride=3, reads=5, step=12)
    pixels = np.asarray(drawn(grid))
    left = pixels.shape[1] - 250  # the last part
    corners = pixels[HEAD + 3 :: CELL, left + 3 :: CELL][:6, :9]
    cells = {(r, c): tuple(corners[r, c]) for r in range(6) for c in range(9)}
    assert len(set(cells.values())) == 9
    assert all(cells[r, c] == cells[r % 3, c % 3] for r, c in cells)


@pytest.mark.parametrize("size", [(60, 40), (40, 60), (1, 300), (50, 50)])
def test_dots_can_be_drawn_on_any_photo(size):
    windows, photo = class_windows("overfeat_accurate", SIX, OVERFEAT), Image.new("RGB", size)
    sheets = [
        crops_sheet(SIX, OVERFEAT, photo, name="x.png", windows=each) for each in (windows, None)
    ]
    assert sheets[0].height > sheets[1].height
