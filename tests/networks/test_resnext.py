"""ResNeXt's own claims, from Xie, Girshick, Dollar, Tu, He 2017."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from eyespot.networks import build
from eyespot.networks.resnet import Bottleneck
from eyespot.networks.resnext import AggregatedBottleneck


def calibrated(block: AggregatedBottleneck) -> AggregatedBottleneck:
    """With running statistics, so that a norm is not the identity."""
    for module in block.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.5, 2)
            module.weight.data.uniform_(0.5, 2)
            module.bias.data.uniform_(-0.1, 0.1)
    return block.double().eval()


def branch(block: AggregatedBottleneck, features: Tensor, channels: slice) -> Tensor:
    """One branch of Fig. 3(a), as it is drawn: 1x1 to d channels, 3x3 among them, 1x1 back."""

    def norm(given: Tensor, of: nn.BatchNorm2d) -> Tensor:
        entries = (of.running_mean, of.running_var, of.weight, of.bias)
        return functional.batch_norm(given, *(each[channels] for each in entries), eps=of.eps)

    stride = block.conv2.stride
    given = functional.conv2d(features, block.conv1.weight[channels])
    given = functional.conv2d(
        norm(given, block.bn1).relu(), block.conv2.weight[channels], stride=stride, padding=1
    )
    return functional.conv2d(norm(given, block.bn2).relu(), block.conv3.weight[:, channels])


@pytest.mark.parametrize("stride", [1, 2])
def test_grouped_convolutions_are_a_sum_of_branches(stride):
    # 4 branches of 3 channels; 64 channels leave the block, a quarter of conv2_x's: d = 12 there
    block = calibrated(AggregatedBottleneck(8, 64, stride=stride, cardinality=4, width=12))
    features = torch.randn(2, 8, 7, 8, dtype=torch.float64)
    with torch.inference_mode():
        branches = [branch(block, features, slice(start, start + 3)) for start in range(0, 12, 3)]
        summed = block.bn3(sum(branches)) + block.downsample(features)  # Eq. 3
        torch.testing.assert_close(block(features), summed.relu())
        fewer = block.bn3(sum(branches[:-1])) + block.downsample(features)
        assert not torch.allclose(block(features), fewer.relu())


@pytest.mark.parametrize(("cardinality", "width"), [(1, 64), (2, 40), (4, 24), (8, 14), (32, 4)])
def test_the_templates_of_table_2_have_about_70_thousand_weights(cardinality, width):
    with torch.device("meta"):
        block = AggregatedBottleneck(256, 256, stride=1, cardinality=cardinality, width=width)
    weights = sum(each.numel() for each in block.parameters() if each.ndim > 1)
    assert weights == cardinality * (256 * width + 3 * 3 * width * width + width * 256)  # Eq. 4
    assert weights == pytest.approx(70_000, rel=0.03)
    assert block.conv2.out_channels == {1: 64, 2: 80, 4: 96, 8: 112, 32: 128}[cardinality]


def test_one_branch_of_64_channels_is_resnets_block():
    template = AggregatedBottleneck(8, 16, stride=2, cardinality=1, width=64).eval()
    original = Bottleneck(8, 16, stride=2, stride_in_3x3=True).eval()
    original.load_state_dict(template.state_dict())
    features = torch.randn(2, 8, 9, 10)
    with torch.inference_mode():
        assert torch.equal(template(features), original(features))


def test_a_grouped_convolution_starts_with_the_variance_of_one_branchs_fan_in():
    network = build("resnext50_32x4d", seed=2)
    weight = network.layer3[0].conv2.weight  # 512 x 16 x 3 x 3: 16 channels a branch
    # 73,728 normal numbers: their variance is off by 5 * sqrt(2 / 73728) = 2.6 % at most
    assert weight.var().item() == pytest.approx(2 / (16 * 9), rel=0.026)


@pytest.mark.parametrize(("cardinality", "exact"), [(8, 34_426_698), (16, 68_155_210)])
def test_29_layers_for_cifar_have_three_stages_of_three_blocks(cardinality, exact):
    with torch.device("meta"):
        network = build(f"resnext29_{cardinality}x64d")
    named = network.named_modules()
    layers = [name for name, module in named if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len([name for name in layers if "downsample" not in name]) == 29
    total, before = 9 * 3 * 64 + 2 * 64, 64
    for out in (256, 512, 1024):
        inner = 64 * cardinality * out // 256  # [1x1, 64; 3x3, 64; 1x1, 256] C times (Sect. 5.3)
        grouped = 9 * inner * inner // cardinality
        total += 3 * (grouped + inner * out + 4 * inner + 2 * out)  # with their norms
        total += (before + 2 * out) * inner + (before + 2) * out  # 1x1 that reduce; projection
        before = out
    total += 1024 * 10 + 10
    assert sum(each.numel() for each in network.parameters()) == total == exact
