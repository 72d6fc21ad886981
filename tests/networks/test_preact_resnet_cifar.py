"""Claims about CIFAR in He, Zhang, Ren, Sun 2016b (Identity Mappings)."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.preact_resnet_cifar import BasicUnit, BottleneckUnit, stage
from eyespot.networks.resnet_cifar import ZeroPadding


@pytest.mark.parametrize(("depth", "in_a_unit"), [(110, 2), (164, 3), (1001, 3)])
def test_the_name_counts_the_layers_with_weights_on_the_longest_path(depth, in_a_unit):
    with torch.device("meta"):
        network = build(f"preact_resnet{depth}")
    named = network.named_modules()
    layers = [name for name, module in named if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len([name for name in layers if "downsample" not in name]) == depth
    n = (depth - 2) // (3 * in_a_unit)
    assert [len(each) for each in (network.layer1, network.layer2, network.layer3)] == [n] * 3


@pytest.mark.parametrize(("depth", "exact"), [(164, 1_703_258), (1001, 10_327_706)])
def test_bottlenecks_have_the_parameters_of_the_layer_table(depth, exact):
    n, total, before = (depth - 2) // 9, 9 * 3 * 16, 16
    for width in (16, 32, 64):
        # weights and the norms before them: 1x1 to w, 3x3 in w, 1x1 to 4w, n - 1 units from 4w
        inner = 9 * width * width + 2 * width + 4 * width * width + 2 * width
        total += n * inner + (n - 1) * (4 * width * width + 8 * width)
        total += before * width + 2 * before + before * 4 * width  # the first, and its projection
        before = 4 * width
    total += 2 * 256 + 256 * 10 + 10
    assert find(f"preact_resnet{depth}").parameters == total == exact


def test_110_layers_have_as_many_parameters_as_in_the_first_paper():
    # a norm before each convolution in the place of one behind it; the channels are the same
    assert find("preact_resnet110").parameters == find("resnet110").parameters == 1_727_962


@pytest.mark.parametrize("unit", [BasicUnit, BottleneckUnit])
def test_a_later_unit_without_residual_passes_its_input_negative_numbers_too(unit):
    block = unit(8, 8, stride=1, is_first=False)
    for module in block.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight)
    features = torch.randn(2, 8, 5, 5)
    assert torch.equal(block(features.clone()), features)


@pytest.mark.parametrize(("out_channels", "stride"), [(8, 1), (16, 2)])
def test_the_first_unit_activates_for_both_of_its_paths(out_channels, stride):
    unit = BasicUnit(8, out_channels, stride=stride, is_first=True)
    nn.init.zeros_(unit.conv2.weight)
    features = torch.randn(2, 8, 6, 6)
    activated = unit.norm1(features).relu()[:, :, ::stride, ::stride]
    given = unit(features)
    assert torch.equal(given[:, :8], activated)
    assert not given[:, 8:].any()


def test_only_first_units_have_something_on_their_shortcut():
    units = stage(BasicUnit, 16, 16, depth=3, stride=1)
    assert [type(unit.downsample) for unit in units] == [ZeroPadding, type(None), type(None)]
    assert [key for key in stage(BottleneckUnit, 16, 64, depth=3, stride=1).state_dict()
            if "downsample" in key] == ["0.downsample.conv.weight"]  # fmt: skip


def test_a_bottleneck_strides_before_its_3x3():
    unit = BottleneckUnit(8, 16, stride=2, is_first=True).eval()
    same = BottleneckUnit(8, 16, stride=1, is_first=True).eval()
    same.load_state_dict(unit.state_dict())
    features = torch.randn(2, 8, 9, 10)
    with torch.inference_mode():
        torch.testing.assert_close(unit(features), same(features[:, :, ::2, ::2]))


def test_what_conv1_gives_reaches_no_sum_before_it_is_activated():
    network = build("preact_resnet110").eval()
    read = []
    network.layer1[1].norm1.register_forward_hook(lambda m, inputs, output: read.append(inputs[0]))
    nn.init.zeros_(network.layer1[0].conv2.weight)
    with torch.inference_mode():
        network(torch.randn(1, 3, 16, 16))
    assert read[0].min() == 0 and read[0].any()
