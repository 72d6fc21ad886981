"""Inception-v4's own claims, from Szegedy, Ioffe, Vanhoucke, Alemi 2017."""

from math import sqrt

import pytest
import torch
from torch import nn

from eyespot import taps
from eyespot.networks import build, find
from eyespot.networks.inception_boxes import Conv, ReductionA, pooled
from eyespot.networks.inception_v4 import InceptionC


def test_the_grids_are_those_of_figure_9():
    modules = [stage.module for stage in find("inception_v4").stages]
    with torch.device("meta"), torch.no_grad():
        network = build("inception_v4").eval()
        with taps.record(network, modules) as responses:
            network(torch.empty(1, 3, 299, 299))
    shapes = [tuple(responses[module].shape[1:]) for module in modules]
    a, b, c = (384, 35, 35), (1024, 17, 17), (1536, 8, 8)
    assert shapes == [a, a, b, b, c, c]  # stem, A, Reduction-A, B, Reduction-B, C


@pytest.mark.parametrize(
    ("in_channels", "filters", "channels"),
    [
        (384, (192, 224, 256, 384), 1024),  # Inception-v4
        (256, (192, 192, 256, 384), 896),  # Inception-ResNet-v1
        (384, (256, 256, 384, 384), 1152),  # Inception-ResNet-v2; Fig. 17 prints 1154
    ],
)
def test_table_1_makes_the_channels_of_the_17x17_grids(in_channels, filters, channels):
    with torch.device("meta"):
        block = ReductionA(in_channels, filters).eval()
        assert block(torch.empty(1, in_channels, 35, 35)).shape == (1, channels, 17, 17)


@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (5, 5), (1, 7), (7, 1), (1, 3), (3, 1)])
def test_a_box_keeps_the_size_unless_it_is_marked_valid(kernel):
    height, width = kernel
    features = torch.empty(1, 4, 17, 15, device="meta")
    with torch.device("meta"):
        same, valid = Conv(4, (*kernel, 6)).eval(), Conv(4, (*kernel, 6), valid=True).eval()
    assert same(features).shape == (1, 6, 17, 15)
    assert valid(features).shape == (1, 6, 17 - height + 1, 15 - width + 1)


def test_at_the_border_an_average_is_of_the_pixels_that_are_there():
    pool = pooled(1, 1)[0]
    assert torch.equal(pool(torch.ones(1, 1, 5, 4)), torch.ones(1, 1, 5, 4))  # nine: 4/9 in corners


def test_the_ends_of_c_see_a_cross_and_not_a_square():
    block = InceptionC().double().eval()
    features = torch.rand(1, 1536, 5, 5, dtype=torch.float64)
    changed = features.clone()
    changed[..., 3, 3] += 1  # diagonal to the centre
    with torch.inference_mode():
        before, after = block(features)[0, :, 2, 2], block(changed)[0, :, 2, 2]
    # 1x1, then 1x3 and 3x1 beside one another, then the longer branch, then the pool
    assert torch.equal(before[: 256 + 512], after[: 256 + 512])
    assert not torch.allclose(before[768:1280], after[768:1280])
    assert not torch.allclose(before[1280:], after[1280:])


def test_weights_start_with_variance_two_over_fan_in_and_none_beyond_two_deviations():
    network = build("inception_v4", num_classes=2, seed=5)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            fan_in, count = module.weight[0].numel(), module.weight.numel()
            # cut at two deviations a normal keeps 0.774 of its variance, and 1.3 * 0.774 is 1.006;
            # the variance of n such numbers is off by 5 * sqrt(2 / n) at most
            expected = 2 / fan_in
            error = 0.01 + 5 * sqrt(2 / count)
            assert module.weight.var().item() == pytest.approx(expected, rel=error), name
            assert module.weight.abs().max().item() <= 2 * sqrt(1.3 * expected) * (1 + 1e-6), name
