"""What the certificate says of networks for which it is known, and what it finds when planted."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from eyespot.dense import Certificate, Geometry, certify, convolutionize, windowed
from eyespot.errors import InputError
from eyespot.networks import build
from eyespot.values import from_json, to_json

NOT_MOVED = 100  # pixels, too few for a cell of 109


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def lenet():
    return convolutionize(build("lenet5"))


@pytest.fixture
def resnet():
    """Of 20 layers: windows of 32 pixels, every 4."""
    return convolutionize(build("resnet20"))


def test_a_network_without_padding_is_exact_everywhere(lenet):
    found = certify(lenet, cells=4)
    assert found.is_exact and found.holds
    assert (found.cells, found.exact_cells, found.same_labels) == (16, 16, 16)
    assert found.head_cells == 16 and found.head_difference <= 1e-10
    # every cell misses the edge; in 32 + 2 * 4 = 40 pixels there are 3 x 3, of which 2 x 2 move
    assert (found.moved_photo, found.moved_cells) == (40, 4)
    assert found.moved_difference <= 1e-8
    assert found.notes == ()


def test_of_a_network_that_pads_the_head_and_the_shift_hold_and_crops_differ(resnet):
    found = certify(resnet)
    assert found.holds and not found.is_exact
    assert (found.cells, found.exact_cells) == (9, 0)
    assert 1e-6 < found.mean_difference < found.largest_difference < 1
    assert found.head_cells == 9 and found.head_difference <= 1e-10
    assert found.moved_cells == 4 and found.moved_difference <= 1e-8
    assert "a cell sees 109 pixels" in found.notes[0]
    # by convolutions of 3x3 at jumps of 1, 2 and 4: 3 + 6 * 2 + (2 + 5 * 4) + (4 + 5 * 8) = 81, and
    # the pool reads 7 more cells, 4 pixels apart
    assert resnet.sees[0].size == 81 + 7 * 4


def test_a_photo_of_ones_own_is_compared_under_every_window_that_fits(lenet):
    photo = torch.rand(1, 1, 41, 38, generator=torch.Generator().manual_seed(0))
    found = certify(lenet, photo=photo)
    assert (found.cells, found.exact_cells) == (6, 6)  # 3 rows: at 0, 4 and 8; 2 columns
    with pytest.raises(InputError, match="1 x 1 cells proves nothing"):
        certify(lenet, photo=photo[..., :35, :35])


def test_nothing_that_is_said_to_hold_was_compared_on_nothing(lenet):
    for dense in (lenet, windowed(build("lenet5_modern"))):
        found = certify(dense)
        assert found.cells > 0
        for cells, difference in (
            (found.head_cells, found.head_difference),
            (found.moved_cells, found.moved_difference),
        ):
            assert (cells > 0) == (difference is not None)


def test_windows_that_begin_a_pixel_too_late_are_found(lenet):
    lenet.geometry = Geometry(window=32, step=5)
    found = certify(lenet)
    assert found.exact_cells == 1  # the one that begins at pixel 0
    assert not found.is_exact and not found.holds  # the photo was moved by 5 pixels, not by 4


def test_a_head_that_pools_a_cell_too_few_is_found(resnet):
    assert resnet.head[0].kernel_size == (8, 8)
    resnet.head[0] = nn.AvgPool2d(7, stride=1)
    found = certify(resnet, largest=NOT_MOVED)
    assert found.head_difference > 1e-4 and not found.holds


def test_a_head_that_is_a_cell_off_is_found(resnet):
    resnet.head.insert(0, nn.ZeroPad2d((-1, 1, 0, 0)))
    found = certify(resnet, largest=NOT_MOVED)
    assert found.head_difference > 1e-4 and not found.holds


def test_a_field_that_is_told_too_small_is_found(resnet):
    """Cells near the edge do see the padding: moving the photo changes them."""
    resnet.sees = tuple(replace(span, first=0, last=31) for span in resnet.sees)
    found = certify(resnet)
    assert found.moved_photo == 40
    assert found.moved_difference > 1e-4 and not found.holds


def test_windows_are_the_crops_themselves():
    found = certify(windowed(build("lenet5_modern"), step=3), cells=3)
    assert found.is_exact and found.holds and found.step == 3
    assert found.head_difference is None and found.moved_difference is None


def test_where_no_photo_is_large_enough_it_is_said(resnet):
    found = certify(resnet, largest=NOT_MOVED)
    assert found.moved_difference is None and found.moved_cells == 0
    assert found.notes[-1].startswith("No photo was moved: a cell sees 109 pixels")


def test_the_network_is_left_as_it_was(resnet):
    before = {name: tensor.clone() for name, tensor in resnet.state_dict().items()}
    certify(resnet, largest=NOT_MOVED)
    after = resnet.state_dict()
    assert resnet.training and resnet.network.training
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    assert next(resnet.parameters()).dtype == torch.float32


def test_a_certificate_says_what_it_is_in_words_and_in_json(lenet):
    found = certify(lenet)
    assert from_json(Certificate, json.loads(json.dumps(to_json(found)))) == found
    first, second, third = str(found).splitlines()
    assert first.startswith("9 of 9 cells say what LeNet5 says of the crop of 32 pixels under them")
    assert "on 9 windows of the last map" in second
    assert third.startswith("A photo of 40 pixels, moved by 4, moves 4 cells that miss its edge")
    with pytest.raises(InputError, match="pass cells=3"):
        certify(lenet, cells=1)
