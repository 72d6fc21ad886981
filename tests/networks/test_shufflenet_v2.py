"""ShuffleNet V2's own claims, from Ma, Zhang, Zheng, Sun 2018."""

import pytest
import torch
from torch import nn

from eyespot.networks import build
from eyespot.networks.shufflenet_v2 import DownsamplingUnit, Unit, channel_shuffle, stage


def test_the_shuffle_deals_the_halves_out_in_turn():
    features = torch.arange(6.0).reshape(1, 6, 1, 1).expand(2, 6, 3, 4)
    assert channel_shuffle(features)[0, :, 2, 3].tolist() == [0, 3, 1, 4, 2, 5]


def test_half_of_the_channels_pass_a_unit_untouched():
    unit, features = Unit(8).eval(), torch.randn(2, 8, 5, 6)
    with torch.inference_mode():
        given = unit(features)
        worked = unit.branch2(features[:, 4:])
    assert torch.equal(given[:, 0::2], features[:, :4])
    assert torch.equal(given[:, 1::2], worked)


def test_the_shuffle_lets_every_channel_be_worked_on():
    module, features = stage(4, 16, depth=4).eval(), torch.randn(1, 4, 8, 8)
    units = list(module)[1:]
    with torch.inference_mode():
        before = units[0](module[0](features))
        after = units[2](units[1](before))
    # two units later half of the half has not been touched: 16 / 2 / 2
    kept = [i for i in range(16) if any(torch.equal(before[0, i], after[0, j]) for j in range(16))]
    assert len(kept) == 4


def test_a_downsampling_unit_reads_all_channels_twice_and_has_no_identity():
    unit, features = DownsamplingUnit(4, 12).eval(), torch.randn(2, 4, 7, 6)
    with torch.inference_mode():
        given = unit(features)
        assert torch.equal(given[:, 0::2], unit.branch1(features))
        assert torch.equal(given[:, 1::2], unit.branch2(features))
    assert given.shape == (2, 12, 4, 3)


@pytest.mark.parametrize("name", ["shufflenet_v2_0_5", "shufflenet_v2_2_0"])
def test_one_by_one_convolutions_keep_the_channels_and_have_no_groups(name):
    with torch.device("meta"):
        network = build(name)
    for module in network.modules():
        if isinstance(module, Unit):
            pointwise = [m for m in module.branch2 if m.__class__ is nn.Conv2d and m.groups == 1]
            sides = {m.in_channels for m in pointwise} | {m.out_channels for m in pointwise}
            assert len(pointwise) == 2 and len(sides) == 1  # guideline G1
        elif isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1):
            assert module.groups == 1  # guideline G2


def test_no_relu_follows_a_depthwise_convolution():
    with torch.device("meta"):
        network = build("shufflenet_v2_1_0")
    followers = []
    for module in network.modules():
        children = list(module.children()) if isinstance(module, nn.Sequential) else []
        for i, child in enumerate(children):
            if isinstance(child, nn.Conv2d) and child.groups > 1:
                followers.append([type(each) for each in children[i + 1 : i + 3]])
    assert followers == [[nn.BatchNorm2d, nn.Conv2d]] * 19  # 16 units, 3 with two branches


def test_weights_start_as_in_the_released_code():
    network = build("shufflenet_v2_2_0", seed=1)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and module.weight.numel() > 2000:
            std = 1 / module.weight.shape[1]  # a depthwise convolution has one channel a group
            assert module.weight.std().item() == pytest.approx(std, rel=0.08), name
        if isinstance(module, nn.BatchNorm2d):
            assert module.bias.unique().tolist() == pytest.approx([0.0001]), name
    for ends in (network.conv1[0], network.fc):
        assert ends.weight.std().item() == pytest.approx(0.01, rel=0.15)


@pytest.mark.parametrize(("width", "share"), [("0_5", 0), ("1_0", 0), ("1_5", 0), ("2_0", 0.2)])
def test_only_the_widest_drops_out(width, share):
    with torch.device("meta"):
        assert build(f"shufflenet_v2_{width}").dropout.p == share
