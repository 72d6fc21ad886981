"""The claims of Inception-ResNet, from Szegedy, Ioffe, Vanhoucke, Alemi 2017."""

import pytest
import torch
from torch import nn

from eyespot import taps
from eyespot.networks import build, find
from eyespot.networks.inception_resnet import FIG_13, FIG_16, FIG_19, InceptionResNetBlock


def test_the_grids_of_v1_are_those_of_figure_15():
    modules = [stage.module for stage in find("inception_resnet_v1").stages]
    with torch.device("meta"), torch.no_grad():
        network = build("inception_resnet_v1").eval()
        with taps.record(network, modules) as responses:
            network(torch.empty(1, 3, 299, 299))
    shapes = [tuple(responses[module].shape[1:]) for module in modules]
    a, b, c = (256, 35, 35), (896, 17, 17), (1792, 8, 8)
    assert shapes == [a, a, b, b, c, c]  # stem, A, Reduction-A, B, Reduction-B, C


def normed(in_channels: int, out_channels: int, area: int) -> int:
    return in_channels * out_channels * area + 2 * out_channels


def test_v1_has_the_parameters_of_its_figures():
    figure_14 = normed(3, 32, 9) + normed(32, 32, 9) + normed(32, 64, 9)
    figure_14 += normed(64, 80, 1) + normed(80, 192, 9) + normed(192, 256, 9)
    figure_10 = 3 * normed(256, 32, 1) + 3 * normed(32, 32, 9) + 96 * 256 + 256
    figure_7 = normed(256, 384, 9) + normed(256, 192, 1) + normed(192, 192, 9)
    figure_7 += normed(192, 256, 9)
    figure_11 = 2 * normed(896, 128, 1) + 2 * normed(128, 128, 7) + 256 * 896 + 896
    figure_12 = 3 * normed(896, 256, 1) + normed(256, 384, 9) + 3 * normed(256, 256, 9)
    figure_13 = 2 * normed(1792, 192, 1) + 2 * normed(192, 192, 3) + 384 * 1792 + 1792
    body = figure_14 + 5 * figure_10 + figure_7 + 10 * figure_11 + figure_12 + 5 * figure_13
    assert body + 1792 * 1000 + 1000 == find("inception_resnet_v1").parameters
    # the network for faces, whose count others print as Inception-ResNet-v1's
    assert body + figure_13 + normed(1792, 512, 1) + 512 * 1000 + 1000 == 23_995_624


def test_a_block_adds_a_scaled_residual():
    block = InceptionResNetBlock(48, FIG_19, scale=0.2, has_relu=False).double().eval()
    features = torch.randn(2, 48, 5, 4, dtype=torch.float64)
    with torch.inference_mode():
        residual = block(features) - features
        block.scale = 1.0
        torch.testing.assert_close(block(features) - features, 5 * residual)
    assert residual.abs().max() > 0.01


@pytest.mark.parametrize("figure", [FIG_13, FIG_16, FIG_19])
def test_a_block_without_residual_passes_its_input(figure):
    block = InceptionResNetBlock(8, figure, scale=0.1).eval()
    nn.init.zeros_(block.conv2d.weight)
    nn.init.zeros_(block.conv2d.bias)
    features = torch.randn(2, 8, 5, 5)
    assert torch.equal(block(features.clone()), features.clamp(min=0))


@pytest.mark.parametrize(
    ("name", "blocks"), [("inception_resnet_v1", 20), ("inception_resnet_v2", 40)]
)
def test_only_the_expansions_have_a_bias_and_they_alone_no_norm(name, blocks):
    with torch.device("meta"):
        network = build(name)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    biased = [m for m in convolutions if m.bias is not None]
    assert len(biased) == blocks == len(convolutions) - len(norms)
    assert {m.kernel_size for m in biased} == {(1, 1)}


def test_the_scales_of_v2_are_those_of_the_released_code():
    with torch.device("meta"):
        network = build("inception_resnet_v2")
    found = [m.scale for m in network.modules() if isinstance(m, InceptionResNetBlock)]
    assert found == [0.17] * 10 + [0.1] * 20 + [0.2] * 9 + [1]


def test_the_last_block_of_v2_lets_negative_numbers_pass():
    network = build("inception_resnet_v2", num_classes=2).eval()
    with torch.inference_mode(), taps.record(network, ["repeat_2", "block8"]) as responses:
        network(torch.randn(1, 3, 75, 75, generator=torch.Generator().manual_seed(1)))
    assert responses["repeat_2"].min() == 0 > responses["block8"].min()
