"""Networks changed from outside are what they are said to be."""

import pytest
import torch
from torch import nn

from eyespot.experiments.builds import Offset, linear, published, wide, without_norms
from eyespot.networks import find
from eyespot.networks.counting import count


def test_without_norms_only_the_norms_are_gone():
    whole, bare = published("plain20")(10, 0), without_norms("plain20")(10, 0)
    norms = [m for m in whole.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len(norms) == 19  # behind every convolution
    assert not [m for m in bare.modules() if isinstance(m, nn.BatchNorm2d)]
    assert len([m for m in bare.modules() if isinstance(m, Offset)]) == 19
    channels = sum(norm.num_features for norm in norms)
    sizes = [sum(p.numel() for p in network.parameters()) for network in (whole, bare)]
    assert sizes[0] - sizes[1] == channels  # each norm has a scale and an offset
    assert torch.equal(whole.conv1.weight, bare.conv1.weight)
    assert bare.eval()(torch.zeros(2, 3, 28, 28)).shape == (2, 10)


def test_an_offset_is_added_to_its_channel():
    offset = Offset(2)
    with torch.no_grad():
        offset.bias.copy_(torch.tensor([1.0, -2.0]))
    assert offset(torch.zeros(1, 2, 1, 2)).tolist() == [[[[1.0, 1.0]], [[-2.0, -2.0]]]]


def test_a_wide_net_is_the_catalogues():
    row = find("wrn_16_8")
    with torch.device("meta"):
        network = wide(16, 8)(10, 0)
    assert sum(p.numel() for p in network.parameters()) == row.parameters


@pytest.mark.parametrize(("layers", "width"), [(40, 1), (16, 2), (10, 3)])
def test_the_widths_compared_have_about_as_many_weights(layers, width):
    assert 0.9 < count(wide(layers, width)(10, 0), 28).parameters / 620_000 < 1.12


def test_the_linear_classifier_is_the_lectures():
    network = linear(28)(10, 0)
    assert count(network, 28).parameters == 10 * (28 * 28 + 1)
    images = torch.rand(2, 1, 28, 28)
    with torch.no_grad():
        network.fc.weight.normal_()
    by_hand = images.flatten(1) @ network.fc.weight.T + network.fc.bias
    assert torch.allclose(network(images), by_hand)
