"""Network In Network's own claims, from Lin, Chen, Yan 2014."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.counting import count
from eyespot.networks.nin import CIFAR10, IMAGENET, MLPConv, mlpconv


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def convolutions(network):
    return [module for module in network.modules() if isinstance(module, nn.Conv2d)]


def test_an_mlpconv_is_one_perceptron_at_every_position():
    block = mlpconv(2, MLPConv(3, (5, 4, 3), (1.0, 1.0, 1.0)))
    images = torch.randn(1, 2, 6, 7)
    patches = nn.functional.unfold(images, 3)[0].T  # a row of 2 * 9 numbers for each position
    hidden = patches
    for conv in convolutions(block):
        hidden = (hidden @ conv.weight.flatten(1).T + conv.bias).clamp(min=0)
    with torch.inference_mode():
        torch.testing.assert_close(block(images)[0].flatten(1).T, hidden)
        assert not torch.allclose(block[:2](images)[0, :3], block(images)[0])  # one layer is not it


@pytest.mark.parametrize(("name", "depth"), [("nin_cifar10", 9), ("nin_imagenet", 12)])
def test_there_are_three_convolutions_in_each_mlpconv_and_no_linear_layer(name, depth):
    network = on_meta(name)
    assert len(convolutions(network)) == depth
    assert not [module for module in network.modules() if isinstance(module, nn.Linear)]


def test_parameters_are_those_of_the_layer_file_line_by_line():
    # (inputs + 1) * outputs; inputs are kernel positions times channels
    layers = convolutions(on_meta("nin_cifar10"))
    assert [sum(p.numel() for p in layer.parameters()) for layer in layers] == [
        76 * 192, 193 * 160, 161 * 96,
        2401 * 192, 193 * 192, 193 * 192,
        1729 * 192, 193 * 192, 193 * 10,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "size", "sizes"),
    [
        ("nin_cifar10", 32, [32, 16, 8]),  # rounded down: 32, 15, 7
        ("nin_imagenet", 224, [54, 27, 13, 6]),  # rounded down: 54, 26, 12, 5
        ("nin_imagenet", 227, [55, 27, 13, 6]),
    ],
)
def test_pools_round_up(name, size, sizes):
    features = torch.empty(1, 3, size, size, device="meta")
    found = []
    for layer in on_meta(name).features:
        features = layer(features)
        found += [features.shape[-1]] * isinstance(layer, nn.Sequential)
    assert found == sizes


def test_logits_are_the_means_of_rectified_class_maps():
    network = build("nin_cifar10", seed=5).eval()
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        scores = network.classifier[0](network.forward_features(images))
        torch.testing.assert_close(network(images), scores.clamp(min=0).mean((2, 3)))
        assert scores.shape == (2, 10, 8, 8)
        assert not torch.allclose(network(images), scores.mean((2, 3)).clamp(min=0))


def test_the_reference_counts_imagenets_network_at_alexnets_size():
    assert count(on_meta("nin_imagenet"), 227).multiply_adds == 1_105_996_320
    assert count(on_meta("nin_imagenet"), 224).multiply_adds == find("nin_imagenet").multiply_adds


@pytest.mark.parametrize(
    ("name", "table", "last"), [("nin_cifar10", CIFAR10, 0.05), ("nin_imagenet", IMAGENET, 0.01)]
)
def test_weights_start_with_the_layer_files_deviations(name, table, last):
    stds = [std for line in table for std in line.stds] + [last]
    for conv, std in zip(convolutions(build(name, seed=5)), stds, strict=True):
        n = conv.weight.numel()  # 5 / sqrt(2 n) holds for the deviation of n normal numbers
        assert conv.weight.std().item() == pytest.approx(std, rel=5 / (2 * n) ** 0.5)
        assert not conv.bias.any()
