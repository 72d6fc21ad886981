"""ShuffleNet's own claims, from Zhang, Zhou, Lin, Sun 2018."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.shufflenet_v1 import ChannelShuffle, DownsamplingUnit, Unit, branch

GROUPS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}  # groups -> channels of stage 2 (Table 1)


def on_meta(name):
    with torch.device("meta"):
        return build(name)


def test_the_shuffle_deals_each_group_out_to_every_group():
    features = torch.arange(12.0).reshape(1, 12, 1, 1).expand(2, 12, 3, 4)
    shuffled = ChannelShuffle(3)(features)[0, :, 2, 3].tolist()
    assert shuffled == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]  # Fig. 1 (b): three groups of four


def reach(module: nn.Module) -> torch.Tensor:
    """Which channels of the input (columns) each channel of the output (rows) hears of."""
    features = torch.rand(1, 12, 3, 3, requires_grad=True)
    rows = [
        torch.autograd.grad(channel.sum(), features, retain_graph=True)[0].abs().sum((0, 2, 3)) > 0
        for channel in module.eval()(features)[0]
    ]
    return torch.stack(rows)


def test_with_the_shuffle_every_output_hears_of_every_group_and_without_of_its_own():
    module = branch(12, 12, 12, stride=1, groups=(3, 3))
    for each in module:
        if isinstance(each, nn.Conv2d):
            nn.init.ones_(each.weight)
    assert reach(module).all()
    module[3] = nn.Identity()
    assert torch.equal(reach(module), torch.block_diag(*[torch.ones(4, 4)] * 3).bool())


def test_the_released_order_is_the_same_network_with_other_channels():
    paper = branch(12, 12, 6, stride=2, groups=(3, 3)).eval()
    released = branch(12, 12, 6, stride=2, groups=(3, 3)).eval()
    nn.init.normal_(paper[5].running_mean)
    released.load_state_dict(paper.state_dict())
    shuffle = released[3]
    order = shuffle(torch.arange(12.0).reshape(1, 12, 1, 1)).flatten().long()
    for entry in (released[4].weight, released[5].running_mean):
        entry.data[order] = entry.data.clone()
    moved = nn.Sequential(*released[:3], *released[4:6], shuffle, *released[6:])
    features = torch.randn(2, 12, 7, 8)
    with torch.inference_mode():
        torch.testing.assert_close(moved(features), paper(features))


def test_stride_two_keeps_the_pooled_input_and_adds_the_channels_that_are_lacking():
    unit, features = DownsamplingUnit(4, 16, groups=(2, 2)).eval(), torch.rand(2, 4, 7, 6)
    with torch.inference_mode():
        given = unit(features)
        torch.testing.assert_close(given[:, :4], nn.AvgPool2d(3, 2, padding=1)(features))
        assert torch.equal(given[:, 4:], unit.branch(features).relu())
    assert given.shape == (2, 16, 4, 3)


def test_a_unit_without_residual_passes_its_input():
    unit, features = Unit(8, groups=2).eval(), torch.randn(2, 8, 5, 6)
    nn.init.zeros_(unit.branch[-1].weight)
    assert torch.equal(unit(features.clone()), features.relu())


@pytest.mark.parametrize(("groups", "channels"), GROUPS.items())
def test_only_the_first_of_all_units_reads_its_input_without_groups(groups, channels):
    network = on_meta(f"shufflenet_v1_g{groups}_1_0")
    units = [m for m in network.modules() if isinstance(m, Unit | DownsamplingUnit)]
    pairs = [(unit.branch[0].groups, unit.branch[6].groups) for unit in units]
    assert pairs == [(1, groups)] + [(groups, groups)] * 15
    assert [unit.branch[0].out_channels for unit in units[:4]] == [channels // 4] * 4
    assert len([m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]) == 50


@pytest.mark.parametrize("groups", GROUPS)
def test_more_groups_are_more_channels_for_about_as_many_operations(groups):
    row = find(f"shufflenet_v1_g{groups}_1_0")
    assert row.multiply_adds == pytest.approx(138e6, rel=0.04)
    assert row.stages[2].channels == GROUPS[groups] == row.stages[-1].channels // 4


@pytest.mark.parametrize(("width", "millions"), [("0_5", 38), ("1_5", 292), ("2_0", 524)])
def test_other_widths_cost_what_table_5_prints(width, millions):
    assert round(find(f"shufflenet_v1_g3_{width}").multiply_adds / 1e6) == millions


def test_the_widest_unit_counts_as_by_hand():
    # first unit of 2.0: 48 -> 480. 1x1: 48 * 120. 3x3: 9 * 120. 1x1 in 3 groups: 40 * 432, as
    # 480 - 48 = 432 are lacking. Norms: 2 * (120 + 120 + 432) = 1,344.
    unit = on_meta("shufflenet_v1_g3_2_0").stage2[0]
    weights = sum(parameter.numel() for parameter in unit.parameters())
    assert weights == 48 * 120 + 9 * 120 + 40 * 432 + 1344
