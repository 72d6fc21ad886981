"""Xception's own claims, from Chollet 2017, and what Keras and timm disagree about."""

from math import ceil, inf

import pytest
import torch
from torch import nn

from eyespot.networks import build
from eyespot.networks.xception import KERAS, TIMM, Block, SamePool, SeparableConv


def test_36_convolutions_stand_in_14_modules():
    with torch.device("meta"):
        network = build("xception")
    separable = [name for name, m in network.named_modules() if isinstance(m, SeparableConv)]
    shortcuts = {name.partition(".")[0] for name in separable if name.startswith("block")}
    assert len(separable) + len([network.conv1, network.conv2]) == 36
    assert len(shortcuts) + 2 == 14  # the first and the last module have none (Fig. 5)


def test_nothing_stands_between_depthwise_and_pointwise():
    layer = SeparableConv(6, 4).double()
    one, two = torch.randn(2, 1, 6, 5, 7, dtype=torch.float64)
    torch.testing.assert_close(layer(one - 3 * two), layer(one) - 3 * layer(two))


def test_a_separable_convolution_costs_a_3x3_per_channel_and_a_1x1():
    layer = SeparableConv(728, 1024)
    assert sum(p.numel() for p in layer.parameters()) == 9 * 728 + 728 * 1024


@pytest.mark.parametrize("size", range(1, 12))
def test_the_pools_of_the_paper_pad_as_tensorflow_does(size):
    row = torch.randn(size, generator=torch.Generator().manual_seed(size)) - 5  # zeros would win
    out = ceil(size / 2)
    before = max((out - 1) * 2 + 3 - size, 0) // 2
    padded = [-inf] * before + row.tolist() + [-inf] * 3
    expected = torch.tensor([max(padded[2 * i : 2 * i + 3]) for i in range(out)])
    features = row.expand(1, 1, size, size)
    assert torch.equal(SamePool()(features), expected.expand(1, 1, out, out))
    assert torch.equal(SamePool()(features.mT), expected.expand(1, 1, out, out).mT)


@pytest.mark.parametrize(("size", "agree"), [(9, True), (10, False), (19, True), (20, False)])
def test_editions_agree_at_odd_sizes_only(size, agree):
    paper = Block(4, (6, 6), edition=KERAS, strides=True).eval()
    other = Block(4, (6, 6), edition=TIMM, strides=True).eval()
    other.load_state_dict(paper.state_dict())
    for module in other.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = KERAS.norm_eps
    features = torch.randn(2, 4, size, size, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        one, two = paper(features), other(features)
    assert one.shape == two.shape == (2, 6, ceil(size / 2), ceil(size / 2))
    assert torch.allclose(one, two) == agree


def test_a_shortcut_is_linear():
    block = Block(5, (5, 5, 5), edition=KERAS).eval()
    nn.init.zeros_(block.rep[-1].weight)
    features = torch.randn(2, 5, 6, 6)
    kept = features.clone()
    assert torch.equal(block(features), kept)  # no ReLU on the sum
    assert torch.equal(features, kept)  # and none in place


def test_dropout_of_a_half_stands_before_the_logistic_regression():
    network = build("xception", num_classes=2)
    with torch.no_grad():
        nn.init.constant_(network.fc.weight, 1 / 2048)
        logits = network.classify(torch.ones(64, 2048))
    # 64 means of 2048 numbers that are 0 or 2: 1 give or take 5 / sqrt(2048) = 0.11
    assert logits.unique().numel() > 8 and (logits - 1).abs().max() < 0.12


def test_weights_start_as_keras_has_them():
    network = build("xception", num_classes=2, seed=5)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            # Glorot: uniform within sqrt(6 / (inputs and outputs)). Keras counts the channels of a
            # depthwise kernel among its inputs, torch among its outputs: the sum is the same
            channels, inputs, height, width = module.weight.shape
            bound = (6 / (height * width * (channels + inputs))) ** 0.5
            assert module.weight.abs().max().item() == pytest.approx(0.99 * bound, rel=0.011), name
