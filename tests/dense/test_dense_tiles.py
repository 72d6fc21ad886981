"""A map made of tiles against the map of the whole photo, and by hand."""

import dataclasses

import pytest
import torch
from torch import nn

from eyespot.dense import Geometry, convolutionize, layout, tiled
from eyespot.dense import tiles as module
from eyespot.dense.tiles import Margin, margin
from eyespot.errors import InputError
from eyespot.fields import Span
from eyespot.networks import build
from eyespot.networks.architecture import Network


class Padded(Network):
    """Two convolutions with padding, then the mean over 4 x 4 cells."""

    in_channels, image_size = 2, 16

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 5, 3, stride=2, padding=1)
        self.second = nn.Conv2d(5, 7, 5, stride=2, padding=2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(7, 3)

    def forward_features(self, images):
        return self.second(self.first(images).relu()).relu()

    def forward_embedding(self, images):
        return self.pool(self.forward_features(images)).flatten(1)

    def classify(self, embedding):
        return self.fc(embedding)

    def forward(self, images):
        return self.classify(self.forward_embedding(images))

    def check(self, images):
        pass


def small(name):
    torch.manual_seed(0)
    net = Padded() if name == "padded" else build(name)
    return convolutionize(net.double().eval())


def photo(dense, height, width, *, seed=0):
    size = (1, dense.in_channels, height, width)
    return torch.randn(size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def whole(dense, images):
    """One pass over the photo, cut to whole steps."""
    rows, columns = dense.geometry.fitting(*images.shape[2:])
    _, _, right, bottom = dense.geometry.box(rows - 1, columns - 1)
    return dense(images[:, :, :bottom, :right])[:, :, :rows, :columns]


SIZES = [(47, 90), (96, 61), (140, 203)]  # none is a window and whole steps


@pytest.mark.parametrize("name", ["lenet5_modern", "padded", "highway_mnist_10"])
@torch.inference_mode()
def test_tiles_give_the_map_of_the_whole_photo(name):
    """Where there is no padding, and where tiles share as much as a cell sees."""
    dense, compared = small(name), 0
    for height, width in SIZES:
        images = photo(dense, height, width)
        expected = whole(dense, images)
        for most in (45**2, 60**2, 90 * 70):
            plan = layout(dense.geometry, height, width, sees=dense.sees, most=most)
            found = tiled(dense, images, most=most)
            assert plan.is_whole and found.shape == expected.shape
            assert all(_area(tile) <= most for tile in plan.tiles)
            spread = expected.max() - expected.min()
            assert (found - expected).abs().max() <= 1e-8 * spread > 0
            compared += expected[0, 0].numel() * (len(plan.tiles) > 1)
    assert compared > 1000


def _area(tile):
    left, top, right, bottom = tile.box
    return (bottom - top) * (right - left)


@pytest.mark.parametrize("name", ["lenet5_modern", "padded"])
@torch.inference_mode()
def test_a_tile_that_began_one_pixel_late_would_be_found(name, monkeypatch):
    dense = small(name)
    images = photo(dense, 99, 99)  # with pixels to spare behind the last window
    expected, right = whole(dense, images), module._box

    def late(rows, columns, geometry):
        left, top, end, bottom = right(rows, columns, geometry)
        return (left + (left > 0), top, end + (left > 0), bottom)

    assert (tiled(dense, images, most=45**2) - expected).abs().max() < 1e-9
    monkeypatch.setattr(module, "_box", late)
    assert (tiled(dense, images, most=45**2) - expected).abs().max() > 1e-3


@torch.inference_mode()
def test_a_margin_of_one_cell_less_would_be_found(monkeypatch):
    dense = small("padded")
    images = photo(dense, 96, 96)
    enough = module.margin(dense.sees[0], dense.geometry)
    less = dataclasses.replace(enough, before=enough.before - 1)
    monkeypatch.setattr(module, "margin", lambda span, geometry: less)
    assert (tiled(dense, images, most=45**2) - whole(dense, images)).abs().max() > 1e-6


def test_margins_by_hand():
    # two 3x3 convolutions with padding 1, the first of stride 2: cell 0 sees -3 .. 3 of 16 pixels
    # in windows that lie 4 apart: 3 pixels before are one cell; nothing behind the window's end
    assert margin(Span(4, -3, 3), Geometry(16, 4)) == Margin(1, 0)
    # 394 / 32 = 12.3 and (648 + 1 - 224) / 32 = 13.3: EfficientNet-Lite0
    assert margin(Span(32, -394, 648), Geometry(224, 32)) == Margin(13, 14)
    assert margin(None, Geometry(224, 32)) == Margin(4, 4)  # half a window: 112 / 32 = 3.5


def test_every_cell_is_taken_once_from_tiles_of_one_size_that_lie_in_the_photo():
    geometry = Geometry(24, 8)
    tried = 0
    for height, width in ((24, 25), (100, 500), (333, 77), (400, 400)):
        for sees in (None, (Span(8, 0, 23),) * 2, (Span(8, -20, 60),) * 2):
            plan = layout(geometry, height, width, sees=sees, most=100 * 100)
            taken = torch.zeros(plan.cells, dtype=torch.int64)
            for tile in plan.tiles:
                left, top, right, bottom = tile.box
                assert 0 <= left < right <= width and 0 <= top < bottom <= height
                assert (
                    left % 8 == top % 8 == (right - left - 24) % 8 == (bottom - top - 24) % 8 == 0
                )
                rows, columns = tile.rows.kept, tile.columns.kept
                taken[rows.start : rows.stop, columns.start : columns.stop] += 1
            assert (taken == 1).all()
            sizes = {(t.box[2] - t.box[0], t.box[3] - t.box[1]) for t in plan.tiles}
            assert len(sizes) == 1 and next(iter(sizes))[0] * next(iter(sizes))[1] <= 100 * 100
            tried += len(plan.tiles)
    assert tried > 100


def test_a_field_with_no_room_in_a_tile_is_told():
    deep = (Span(8, -200, 300),) * 2
    assert not layout(Geometry(24, 8), 400, 400, sees=deep, most=100 * 100).is_whole
    assert not layout(Geometry(24, 8), 400, 400, sees=None, most=100 * 100).is_whole
    assert layout(Geometry(24, 8), 400, 400, sees=None, most=400 * 400).is_whole  # one tile
    assert layout(Geometry(24, 8), 400, 400, sees=deep, most=400 * 400).is_whole


def test_a_photo_that_is_smaller_than_a_window_has_no_tiles():
    with pytest.raises(InputError, match="Windows of 24 x 24 pixels do not fit into 30 x 20"):
        layout(Geometry(24, 8), 20, 30, sees=None, most=100)
