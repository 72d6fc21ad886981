"""NASNet's own claims, from Zoph, Vasudevan, Shlens, Le 2018, and its padding."""

import pytest
import torch
from golden.fill import filled, images
from torch import nn
from torch.nn import functional

from eyespot.networks import build, find
from eyespot.networks.nasnet import NASNet
from eyespot.networks.nasnet_cells import (
    NORMAL,
    REDUCTION,
    TENSORFLOW,
    TIMM,
    Cell,
    SamePool,
    drop_path,
    operation,
)

# timm 1.0.31, NASNetALarge(num_classes=4, stem_size=12, num_features=192), filled at gain 0.8
TIMM_LOGITS = {
    96: [
        [-0.3568624532, -0.1668833939, 0.1157836643, -0.4603288035],
        [-0.3645869449, -0.1686754437, 0.1053530812, -0.4815382762],
    ],
    107: [
        [-0.4169550652, -0.1648352802, 0.1044617584, -0.4180311725],
        [-0.3971664094, -0.1559588299, 0.09954520827, -0.394781049],
    ],
}


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def small(edition):
    """The large network, but of 8 filters, filled by the rule of the golden logits."""
    network = NASNet(6, 192, stem=12, skips=True, drop=0.3, edition=edition, num_classes=4)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    network.double().load_state_dict(filled(shapes, gain=0.8))
    return network.eval()


@pytest.mark.parametrize("size", TIMM_LOGITS)
@pytest.mark.parametrize(("edition", "agrees"), [(TIMM, True), (TENSORFLOW, False)])
def test_only_timms_edition_answers_as_timm(edition, agrees, size):
    with torch.inference_mode():
        logits = small(edition)(images(size))
    known = torch.tensor(TIMM_LOGITS[size], dtype=torch.float64)
    difference = (logits - known).abs().max()
    assert difference < 1e-9 if agrees else difference > 1e-3


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("height", [1, 2, 7, 8])
@pytest.mark.parametrize("width", [1, 2, 7, 8])
def test_an_average_is_over_the_pixels_that_are_there_and_so_is_a_maximum(height, width, stride):
    state = torch.randn(1, 2, height, width) - 5  # a zero of the padding would be the maximum
    # Zeros all round, the window over them, and as many pixels as the window finds (SAME: at stride
    # 2 the first window starts one pixel outside for an odd size, at the first pixel for an even).
    top, left = (1 if stride == 1 else size % 2 for size in (height, width))
    sides = (left, 3, top, 3)
    steps = [-(-size // stride) for size in (height, width)]

    def windows(maps, value):
        cut = functional.pad(maps, sides, value=value).unfold(2, 3, stride).unfold(3, 3, stride)
        return cut[:, :, : steps[0], : steps[1]].flatten(4)

    found = windows(torch.ones_like(state), 0).sum(4)
    torch.testing.assert_close(SamePool("avg", stride)(state), windows(state, 0).sum(4) / found)
    torch.testing.assert_close(
        SamePool("max", stride)(state), windows(state, -float("inf")).amax(4)
    )


def test_timm_divides_by_nine_in_the_corner_where_four_pixels_are():
    ones = torch.ones(1, 1, 9, 9)
    pools = [operation("avg 3x3", 1, 1, stride=2, edition=each) for each in (TENSORFLOW, TIMM)]
    assert pools[0](ones).unique().tolist() == [1]
    assert pools[1](ones)[0, 0, 0, 0].item() == pytest.approx(4 / 9)
    assert pools[1](ones)[0, 0, 1, 1].item() == pytest.approx(1)


@pytest.mark.parametrize("plan", [NORMAL, REDUCTION])
def test_a_cell_is_five_sums_of_two_and_nothing_that_it_makes_is_lost(plan):
    assert len(plan.blocks) == 5
    read = {state for _, a, _, b in plan.blocks for state in (a, b)}
    assert read | set(plan.outputs) == set(range(7))
    for i, (_, a, _, b) in enumerate(plan.blocks):
        assert max(a, b) < 2 + i  # a block reads what is there by then


@pytest.mark.parametrize(
    ("name", "cells", "channels"), [("nasnet_a_large", 6, 4032), ("nasnet_a_mobile", 4, 1056)]
)
def test_the_name_counts_the_cells_of_a_run_and_the_last_channels(name, cells, channels):
    network = on_meta(name)
    plans = [cell.plan for cell in network.modules() if isinstance(cell, Cell)]
    run = [NORMAL] * cells
    assert plans == [REDUCTION] * 2 + run + [REDUCTION] + run + [REDUCTION] + run
    assert find(name).stages[-1].channels == channels
    widths = [cell.conv_1x1[0].out_channels for cell in network.modules() if isinstance(cell, Cell)]
    filters = channels // 24  # 6 states side by side, doubled twice
    assert widths[:3] == [filters // 4, filters // 2, filters]
    assert widths[-1] == 4 * filters


@pytest.mark.parametrize(
    ("name", "behind", "read"),
    [("nasnet_a_large", "cell_6", "cell_4"), ("nasnet_a_mobile", "cell_4", "cell_3")],
)
def test_the_cell_behind_a_reduction_reads_the_one_before_it_or_before_that(name, behind, read):
    network, seen = on_meta(name), {}
    for module, cell in network.named_children():
        cell.register_forward_hook(
            lambda _, taken, given, module=module: seen.update({module: (taken, given)})
        )
    with torch.no_grad():
        network(torch.empty(1, 3, 64, 64, device="meta"))
    (newer, older), _ = seen[behind]
    assert newer is seen["reduction_cell_0"][1]
    assert older is seen[read][1]
    (newer, older), _ = seen["reduction_cell_0"]  # the two cells before it, in both
    last = find(name).stages[3].module
    assert newer is seen[last][1]
    assert older is seen[f"cell_{int(last[5:]) - 1}"][1]


@pytest.mark.parametrize(("y", "x", "half"), [(0, 0, 0), (2, 4, 0), (1, 1, 1), (3, 5, 1)])
def test_a_halved_map_keeps_pixels_of_both_diagonals(y, x, half):
    cell = Cell(NORMAL, 4, 4, 2, previous="halved", drop=0, edition=TENSORFLOW).eval()
    maps = torch.zeros(1, 4, 6, 6)
    with torch.inference_mode():
        before = cell.fitted(maps)
        maps[:, :, y, x] = 1
        changed = (cell.fitted(maps) != before).nonzero().tolist()
    assert changed == [[0, half, y // 2, x // 2]]


def test_an_operation_is_left_out_for_a_whole_picture_and_more_often_the_deeper():
    torch.manual_seed(0)
    kept = drop_path(torch.ones(4000, 2, 3, 3), 0.25)
    assert torch.equal(kept, kept[:, :1, :1, :1].expand_as(kept))
    assert kept.unique().tolist() == pytest.approx([0, 4 / 3])  # scaled up by 1 / 0.75
    # the mean of 4000 draws is off by 5 * sqrt(0.25 / 0.75 / 4000) = 0.046 at most
    assert kept.mean().item() == pytest.approx(1, abs=0.046)
    shares = [cell.drop for cell in on_meta("nasnet_a_large").modules() if isinstance(cell, Cell)]
    assert shares == pytest.approx([0.3 * i / 22 for i in range(1, 23)])  # 18 + 2 + 2 cells


def test_in_training_alone_are_operations_left_out():
    cell = Cell(NORMAL, 4, 4, 2, previous="squeezed", drop=0.999, edition=TENSORFLOW)
    maps = torch.randn(2, 4, 6, 6)
    torch.manual_seed(0)
    with torch.no_grad():
        # Blocks 0, 1 and 3 have no identity: without their operations nothing is left of them.
        assert not cell.train()(maps, maps)[:, [2, 3, 4, 5, 8, 9]].any()
        assert cell.eval()(maps, maps)[:, [2, 3, 4, 5]].any()


def test_weights_start_with_variance_two_over_fan_out_and_no_tails():
    network = build("nasnet_a_mobile", seed=3)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and module.weight.numel() > 4000:
            depthwise = "depthwise" in name
            area = module.weight[0, 0].numel()
            fan_out = area if depthwise else area * len(module.weight)
            # n > 4000 numbers: their variance is off by 5 * sqrt(2 / n) = 11 % at most
            assert module.weight.var().item() == pytest.approx(2 / fan_out, rel=0.11), name
            assert module.weight.abs().max().item() <= 2 * (2.6 / fan_out) ** 0.5, name
