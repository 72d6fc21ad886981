"""Wide ResNet's own claims, from Zagoruyko, Komodakis 2016."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.resnet import Bottleneck
from eyespot.networks.wide_resnet import WideBottleneck, WideUnit


def shapes(name: str) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        return {key: tuple(tensor.shape) for key, tensor in build(name).state_dict().items()}


def test_only_the_inner_layers_of_blocks_are_twice_as_wide():
    thin, wide = shapes("resnet50_v1_5"), shapes("wrn_50_2")
    assert list(thin) == list(wide)
    factors = {
        key: tuple(b // a for a, b in zip(thin[key], wide[key], strict=True)) for key in thin
    }
    for key, factor in factors.items():
        layer = key.split(".")[-2]
        if not key.startswith("layer") or "downsample" in key:
            assert set(factor) <= {1}, key
        elif layer in ("conv1", "conv2", "conv3"):
            expected = {"conv1": (2, 1, 1, 1), "conv2": (2, 2, 1, 1), "conv3": (1, 2, 1, 1)}
            assert factor == expected[layer], key


def test_one_times_as_wide_is_the_original_block():
    wide = WideBottleneck(8, 16, stride=2, k=1).eval()
    original = Bottleneck(8, 16, stride=2, stride_in_3x3=True).eval()
    original.load_state_dict(wide.state_dict())
    features = torch.randn(2, 8, 9, 10)
    with torch.inference_mode():
        assert torch.equal(wide(features), original(features))


def test_the_work_of_the_3x3_grows_with_the_square_of_the_width():
    thin, wide = (WideBottleneck(64, 64, stride=1, k=k) for k in (1, 3))
    assert wide.conv2.weight.numel() == 9 * thin.conv2.weight.numel()
    assert wide.conv1.weight.numel() == 3 * thin.conv1.weight.numel()


@pytest.mark.parametrize("name", ["wrn_28_10", "wrn_40_4", "wrn_16_8"])
def test_the_name_counts_6n_plus_4_layers_with_the_projections(name):
    with torch.device("meta"):
        network = build(name)
    layers = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
    depth, k = map(int, name.split("_")[1:])
    # conv1, two in each of 3n units, three projections; the linear layer is not counted
    assert len(layers) - 1 == depth
    assert network.fc.in_features == 64 * k


def test_wrn_28_10_has_the_parameters_of_table_1():
    before, total = 16, 9 * 3 * 16
    for width in (160, 320, 640):
        # n = 4 units: eight 3x3 with the norms before them, and one projection
        total += 9 * before * width + 2 * before + 7 * (9 * width * width + 2 * width)
        total += before * width
        before = width
    total += 2 * 640 + 640 * 10 + 10
    assert find("wrn_28_10").parameters == total == 36_479_194


def test_dropout_stands_between_the_convolutions_and_acts_in_training_only():
    unit, features = WideUnit(4, 8, stride=2, dropout=0.3), torch.randn(64, 4, 8, 8)
    read = []
    unit.conv2.register_forward_hook(lambda m, inputs, output: read.append(inputs[0]))
    unit.dropout.register_forward_hook(lambda m, inputs, output: read.append(inputs[0]))
    torch.manual_seed(1)
    unit(features)
    dropped = (read[1] == 0) & (read[0] > 0)  # behind the ReLU; what stays is divided by 0.7
    # 8,192 numbers, half of them positive: the share is off by 5 * sqrt(0.21 / 4096) at most
    assert dropped.sum() / (read[0] > 0).sum() == pytest.approx(0.3, abs=0.036)
    kept = read[1] != 0
    torch.testing.assert_close(read[1][kept], read[0][kept] / 0.7)
    unit.eval()(features)
    assert torch.equal(read[2], read[3])


def test_an_edition_with_dropout_has_the_same_layers_and_answers_the_same():
    plain, dropped = build("wrn_16_8", num_classes=3), build("wrn_16_8_dropout", num_classes=3)
    assert {m.p for m in dropped.modules() if isinstance(m, nn.Dropout)} == {0.4}  # SVHN
    dropped.load_state_dict(plain.state_dict())
    images = torch.randn(1, 3, 16, 16)
    with torch.inference_mode():
        assert torch.equal(plain.eval()(images), dropped.eval()(images))
        assert not torch.allclose(plain(images), dropped.train()(images))


def test_the_first_unit_of_a_group_projects_the_activated_map():
    unit = WideUnit(4, 8, stride=2, dropout=0.0)
    nn.init.zeros_(unit.conv2.weight)
    features = torch.randn(2, 4, 6, 6)
    assert torch.equal(unit(features), unit.downsample(unit.bn1(features).relu()))


def test_units_for_cifar_start_with_variance_two_over_fan_out():
    weight = build("wrn_40_4", seed=3).conv3[0].conv1.weight  # 64 -> 128 channels
    # 73,728 normal numbers: their variance is off by 5 * sqrt(2 / 73728) = 2.6 % at most
    assert weight.var().item() == pytest.approx(2 / (9 * 128), rel=0.026)
