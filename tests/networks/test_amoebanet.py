"""AmoebaNet's own claims, from Real, Aggarwal, Huang, Le 2019, and its operations."""

from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional

from eyespot.networks import build, find
from eyespot.networks.amoebanet import AmoebaNet
from eyespot.networks.amoebanet_cells import (
    NORMAL_A,
    NORMAL_C,
    REDUCTION_A,
    REDUCTION_C,
    OneWay,
    factorised,
    operation,
)
from eyespot.networks.counting import count
from eyespot.networks.nasnet_cells import TENSORFLOW, Cell, SamePool

PLANS = [NORMAL_A, REDUCTION_A, NORMAL_C, REDUCTION_C]


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


@pytest.mark.parametrize(
    ("name", "millions", "billions"),
    [
        ("amoebanet_a", 86.7, 23.1),  # Table 2: N = 6, F = 190
        ("amoebanet_c", 155.3, 41.1),  # N = 6, F = 228; the EfficientNet paper prints 155M, 41B
        ("amoebanet_a_mobile", 5.1, 0.555),  # N = 4, F = 50; the DARTS paper's Table 3
    ],
)
def test_the_cells_of_the_released_code_give_what_is_printed(name, millions, billions):
    row = find(name)
    assert round(row.parameters / 1e6, 1) == millions
    assert round(row.multiply_adds / 1e9, 3 if billions < 1 else 1) == billions


def unread(plan):
    """`plan` with the states side by side that no block reads, and with no others."""
    read = {state for _, a, _, b in plan.blocks for state in (a, b)}
    return replace(plan, outputs=tuple(state for state in range(2, 7) if state not in read))


def test_side_by_side_are_more_states_than_those_that_no_block_reads():
    cells = (unread(NORMAL_A), unread(REDUCTION_A))
    assert [plan.outputs for plan in cells] == [(3, 4, 6), (3, 5, 6)]
    with torch.device("meta"):
        network = AmoebaNet(cells, depth=6, filters=190, drop=0.3)
    # Table 2 prints 86.7M
    assert round(sum(each.numel() for each in network.parameters()) / 1e6, 1) == 75.1


def test_the_figures_of_448_filters_are_of_299_pixels_and_with_running_statistics():
    network = on_meta("amoebanet_a_448")
    assert count(network, 299).multiply_adds == 103_887_693_968  # Table 2 prints 104B
    norms = [each for each in network.modules() if isinstance(each, nn.BatchNorm2d)]
    statistics = 2 * sum(norm.num_features for norm in norms)
    assert statistics == 2 * 223_836
    assert round((find("amoebanet_a_448").parameters + statistics) / 1e6) == 469  # as printed


@pytest.mark.parametrize("plan", PLANS)
def test_a_cell_is_five_sums_of_two_and_nothing_that_it_makes_is_lost(plan):
    assert len(plan.blocks) == 5
    read = {state for _, a, _, b in plan.blocks for state in (a, b)}
    assert read | set(plan.outputs) == set(range(7))
    for i, (_, a, _, b) in enumerate(plan.blocks):
        assert max(a, b) < 2 + i  # a block reads what is there by then


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("height", [1, 2, 7, 8])
@pytest.mark.parametrize("width", [1, 2, 9, 10])
@pytest.mark.parametrize("is_flat", [True, False])
def test_one_way_pads_as_tensorflow_where_it_strides(height, width, stride, is_flat):
    kernel_size = (1, 7) if is_flat else (7, 1)
    module = OneWay(2, kernel_size, stride=stride).double()
    state = torch.randn(1, 2, height, width, dtype=torch.float64)
    with torch.inference_mode():
        given = module(state)
    maps, weights = state, module.conv.weight
    if not is_flat:
        maps, weights = maps.mT, weights.mT
    # SAME: ceil(size / stride) windows of 7; the odd one of the lacking pixels goes to the right
    size = maps.shape[-1]
    steps = -(-size // stride)
    total = max((steps - 1) * stride + 7 - size, 0)
    windows = functional.pad(maps, (total // 2, total - total // 2)).unfold(3, 7, stride)
    expected = torch.einsum("nchwk,ock->nohw", windows, weights[:, :, 0])
    torch.testing.assert_close(given, expected if is_flat else expected.mT)


def test_one_by_seven_works_at_a_quarter_of_the_channels():
    module = factorised(190, 190, stride=2, edition=TENSORFLOW)
    assert module(torch.zeros(1, 190, 5, 6)).shape == (1, 190, 3, 3)
    # 190 // 4 = 47: 1x1 down, 1x7, 7x1, 1x1 up, and a norm behind each
    weights = 190 * 47 + 7 * 47 * 47 + 7 * 47 * 47 + 47 * 190 + 2 * (3 * 47 + 190)
    assert sum(each.numel() for each in module.parameters()) == weights


def test_a_pool_is_followed_by_a_convolution_where_it_reads_the_stem():
    pools = {}
    for name, module in on_meta("amoebanet_a").named_modules():
        if isinstance(module, SamePool):
            cell, _, place = name.partition(".")
            pools.setdefault(cell, []).append(place.endswith(".0"))  # in a sequence with its 1x1
    assert pools.pop("cell_stem_0") == [False, False, True, False, True]  # those of h_{i-1}
    assert len(pools) == 21 and not any(any(places) for places in pools.values())
    projected = operation("max 3x3", 32, 47, stride=2, edition=TENSORFLOW)
    assert projected(torch.zeros(1, 32, 9, 10)).shape == (1, 47, 5, 5)


def seen_by_cells(name):
    """Cell -> the (h_i, h_{i-1}) that it took, what it gave."""
    network, seen = on_meta(name), {}
    for module, cell in network.named_children():
        if isinstance(cell, Cell):
            cell.register_forward_hook(
                lambda _, taken, given, module=module: seen.update({module: (taken, given)})
            )
    with torch.no_grad():
        network(torch.empty(1, 3, 64, 64, device="meta"))
    return seen


def test_behind_a_reduction_a_cell_reads_the_one_before_the_reduction():
    seen = seen_by_cells("amoebanet_a")
    (newer, older), _ = seen["cell_6"]
    assert newer is seen["reduction_cell_0"][1]
    assert older is seen["cell_5"][1]
    (newer, older), _ = seen["cell_7"]
    assert (newer, older) == (seen["cell_6"][1], seen["reduction_cell_0"][1])


def test_the_first_cell_reads_the_stem_rectified_and_unrectified():
    network, seen = build("amoebanet_a_mobile", num_classes=2).eval(), []
    network.cell_stem_0.register_forward_hook(lambda _, taken, given: seen.extend(taken))
    network.cell_stem_1.register_forward_hook(lambda _, taken, given: seen.extend(taken))
    with torch.inference_mode():
        network(torch.randn(1, 3, 32, 32))
    features, previous, _, before = seen
    assert previous.min() < 0
    assert torch.equal(features, previous.relu()) and before is features


@pytest.mark.parametrize(("name", "halves"), [("amoebanet_a", (47, 48)), ("amoebanet_c", (57, 57))])
def test_both_halves_of_the_second_cell_make_its_width(name, halves):
    cell = on_meta(name).cell_stem_1
    assert (cell.path_1[0].out_channels, cell.path_2[0].out_channels) == halves
    assert cell.conv_1x1[0].out_channels == sum(halves)


def test_the_reduction_c_gives_its_input_too_at_half_the_size():
    cell = Cell(REDUCTION_C, 4, 4, 6, previous="squeezed", drop=0, edition=TENSORFLOW).eval()
    maps = torch.randn(1, 4, 7, 8)
    with torch.inference_mode():
        given = cell(maps, maps)
        state = cell.conv_1x1(maps)
        top = functional.conv2d(state, cell.halving.path_1[0].weight)[:, :, ::2, ::2]
    assert given.shape == (1, 6 * 6, 4, 4)
    scale = (1 + 1e-3) ** -0.5  # a fresh norm
    torch.testing.assert_close(given[:, :3], (top * scale).relu())


@pytest.mark.parametrize(
    ("name", "cells", "filters"),
    [("amoebanet_a", 6, 190), ("amoebanet_a_448", 6, 448), ("amoebanet_a_mobile", 4, 50)],
)
def test_n_counts_the_cells_of_a_run_and_f_the_channels_of_an_operation(name, cells, filters):
    found = [cell for cell in on_meta(name).children() if isinstance(cell, Cell)]
    run = [NORMAL_A] * cells
    plans = [REDUCTION_A] * 2 + run + [REDUCTION_A] + run + [REDUCTION_A] + run
    assert [cell.plan for cell in found] == plans
    widths = [cell.conv_1x1[0].out_channels for cell in found]
    assert widths[:3] == [filters // 4, filters // 2, filters]
    assert widths[-1] == 4 * filters == find(name).stages[-1].channels // 4  # four states
