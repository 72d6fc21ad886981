"""ZFNet's own claims, from Zeiler, Fergus 2014."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.alexnet import response_norm


@pytest.fixture(scope="module")
def fresh():
    return build("zfnet", num_classes=2, seed=5)


def test_maps_have_the_sizes_that_figure_3_prints():
    with torch.device("meta"):
        network, maps = build("zfnet"), torch.empty(1, 3, 224, 224)
    sizes = []
    for layer in network.features:
        maps = layer(maps)
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            sizes.append(maps.shape[-1])
    assert sizes == [110, 55, 26, 13, 13, 13, 13, 6]


def test_it_is_alexnet_with_smaller_first_filters_and_its_towers_joined():
    # conv1 is 7x7 for 11x11; conv2, conv4 and conv5 see twice as many maps
    first = 96 * 3 * (7 * 7 - 11 * 11)
    joined = 256 * 48 * 5 * 5 + 384 * 192 * 3 * 3 + 256 * 192 * 3 * 3
    assert find("zfnet").parameters == find("alexnet").parameters + first + joined


@pytest.mark.parametrize("first", [0, 4])
def test_contrast_is_normalised_behind_the_pool(fresh, first):
    maps = 100 * torch.randn(1, 8, 7, 7)
    given = fresh.features[first + 1 : first + 4](maps.clone())
    pool = nn.MaxPool2d(3, 2, ceil_mode=True)
    torch.testing.assert_close(given, response_norm()(pool(maps.relu())))
    assert not torch.allclose(given, pool(response_norm()(maps.relu())))  # AlexNet's order
    assert type(fresh.features[first + 4]) is nn.Conv2d


def test_pools_overlap_and_round_up(fresh):
    pools = [module for module in fresh.features if isinstance(module, nn.MaxPool2d)]
    rising = torch.arange(8.0).expand(1, 1, 8, 8)
    for pool in pools:  # columns 0 to 2, 2 to 4, 4 to 6, and 6 and 7
        assert pool(rising)[0, 0, 0].tolist() == [2, 4, 6, 7]
    assert len(pools) == 3


def test_half_of_what_layers_6_and_7_give_is_dropped(fresh):
    kinds = [nn.Linear, nn.ReLU, nn.Dropout]
    assert [type(module) for module in fresh.classifier] == [*kinds, *kinds, nn.Linear]
    for i in (2, 5):
        dropped = fresh.classifier[i].train()(torch.ones(4, 4096)) == 0
        assert 0.4 < dropped.float().mean() < 0.6


def test_weights_start_normal_at_a_hundredth_and_biases_at_0(fresh):
    for layer in (m for m in fresh.modules() if isinstance(m, nn.Conv2d | nn.Linear)):
        # n >= 8,192 numbers: their deviation is off by 5 / sqrt(2 * n) = 4 % at most
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.04)
        assert not layer.bias.any()
