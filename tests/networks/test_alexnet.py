"""AlexNet's own claims, from Krizhevsky, Sutskever, Hinton 2012."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.alexnet import response_norm
from eyespot.networks.counting import count

EDITIONS = ["alexnet", "alexnet_torchvision"]


@pytest.fixture(scope="module")
def fresh():
    return build("alexnet", num_classes=2, seed=5)


def on_meta(name):
    with torch.device("meta"):
        return build(name)


def test_response_normalisation_is_the_formula_of_section_3_3():
    maps = 100 * torch.rand(1, 8, 2, 2, dtype=torch.float64)
    expected = torch.empty_like(maps)
    for i in range(8):
        near = maps[:, max(0, i - 2) : i + 3]  # n = 5 maps, fewer at the ends
        expected[:, i] = maps[:, i] / (2 + 1e-4 * near.square().sum(1)) ** 0.75
    torch.testing.assert_close(response_norm()(maps), expected)
    divided = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2)  # torch's own alpha
    assert not torch.allclose(divided(maps), expected, rtol=0.1)


@pytest.mark.parametrize("first", [0, 3])
def test_maps_are_normalised_before_they_are_pooled(fresh, first):
    rectify, pool = fresh.features[first + 1], fresh.features[first + 2]
    maps = 100 * torch.randn(1, 8, 7, 7)
    given = pool(rectify(maps.clone()))
    torch.testing.assert_close(given, pool(response_norm()(maps.relu())))
    assert not torch.allclose(given, response_norm()(pool(maps.relu())))


def test_pools_overlap(fresh):
    spike = torch.zeros(1, 1, 7, 7)
    spike[0, 0, 2, 2] = 1
    for module in fresh.features:
        if isinstance(module, nn.MaxPool2d):
            assert module(spike).sum() == 4  # a pixel lies in four windows


@pytest.mark.parametrize(
    ("module", "sees_both"),
    [("features.3", False), ("features.6", True), ("features.8", False), ("features.10", False)],
)
def test_only_conv3_sees_the_maps_of_both_towers(fresh, module, sees_both):
    conv = fresh.get_submodule(module)
    half = conv.in_channels // 2
    maps = torch.randn(1, conv.in_channels, 5, 5)
    other = maps.clone()
    other[:, half:] += 1
    with torch.inference_mode():
        own = [conv(each)[:, : conv.out_channels // 2] for each in (maps, other)]
    assert torch.equal(*own) is not sees_both


@pytest.mark.parametrize(("name", "given"), [("alexnet", {0, 2}), ("alexnet_torchvision", {1})])
def test_the_original_drops_what_hidden_layers_give_and_torchvision_what_they_take(name, given):
    fc7 = on_meta(name).classifier[3:6].to_empty(device="cpu").train()
    for layer in fc7:
        if isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.weight)
            nn.init.ones_(layer.bias)  # gives 1, whatever it takes
    assert set(fc7(torch.ones(1, 4096)).unique().tolist()) == given  # half of it dropped, or none


def test_there_are_650000_neurons():
    # 55^2 * 96 + 27^2 * 256 + 13^2 * (384 + 384 + 256) + 2 * 4096 + 1000, where the caption of
    # Fig. 2 has 253,440 for the first
    neurons = 290_400 + 186_624 + 64_896 + 64_896 + 43_264 + 4096 + 4096 + 1000
    assert count(on_meta("alexnet"), 227).activations == neurons == 659_272


def test_weights_start_normal_at_a_hundredth_and_biases_as_in_section_5(fresh):
    layers = [m for m in fresh.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    for layer in layers:
        # n >= 8,192 numbers: their deviation is off by 5 / sqrt(2 * n) = 4 % at most
        assert layer.weight.std().item() == pytest.approx(0.01, rel=0.04)
        assert abs(layer.weight.mean().item()) < 5 * 0.01 / layer.weight.numel() ** 0.5
    biases = [layer.bias.unique().tolist() for layer in layers]
    assert biases == [[0.0], [1.0], [0.0], [1.0], [1.0], [1.0], [1.0], [0.0]]  # conv1 to fc8


def test_both_editions_have_the_same_maps_at_their_own_size():
    sizes = []
    for name in EDITIONS:
        size = find(name).image_size
        images = torch.empty(1, 3, size, size, device="meta")
        sizes.append([images.shape[-1]])
        for module in on_meta(name).features:
            images = module(images)
            sizes[-1].append(images.shape[-1])
    assert sizes[0][1:] == sizes[1][1:]
    assert (sizes[0][0], sizes[1][0]) == (227, 224)
