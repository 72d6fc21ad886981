"""Highway networks' own claims, from Srivastava, Greff, Schmidhuber 2015."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from eyespot import taps
from eyespot.networks import build, find
from eyespot.networks.highway_layers import Highway


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def layers(network):
    """Layers with weights by name; a layer and its gate are one."""
    named = network.named_modules()
    found = {name: m for name, m in named if isinstance(m, nn.Conv2d | nn.Linear)}
    return {name: layer for name, layer in found.items() if not name.endswith(".gate")}


@pytest.mark.parametrize("kernel_size", [1, 3])
@pytest.mark.parametrize("openness", [-100, 0, 100])
def test_a_closed_gate_carries_and_an_open_one_transforms(kernel_size, openness):
    layer = Highway(4, kernel_size)
    nn.init.zeros_(layer.gate.weight)
    nn.init.constant_(layer.gate.bias, openness)
    features = torch.randn(2, 4, 5, 6)
    transformed = layer.transform(features).clamp(min=0)
    expected = {-100: features, 0: (transformed + features) / 2, 100: transformed}[openness]
    torch.testing.assert_close(layer(features), expected)
    assert not torch.allclose(features, transformed)


def test_a_gate_looks_at_the_same_pixels_as_its_layer():
    layer = Highway(1, 3)
    nn.init.ones_(layer.gate.weight)
    image = torch.zeros(1, 1, 5, 5, requires_grad=True)
    layer.gate(image)[0, 0, 2, 2].backward()
    assert image.grad[0, 0].sum() == image.grad[0, 0, 1:4, 1:4].sum() == 9


@pytest.mark.parametrize(
    ("name", "depth"),
    [
        *((f"highway_mnist_{depth}", depth + 1) for depth in (10, 20, 50, 100)),  # "in all", Fig. 1
        ("highway_mnist_conv_16", 10),  # Table 1
        ("highway_mnist_conv_32", 10),
        ("highway_cifar_a", 11),  # Table 2
        ("highway_cifar_b", 19),
        ("highway_cifar_c", 32),
        ("highway_cifar_19", 19),
    ],
)
def test_the_networks_have_the_printed_numbers_of_layers(name, depth):
    assert len(layers(on_meta(name))) == depth


def test_a_layer_of_50_gated_units_has_the_parameters_of_71_plain_ones():
    # 2 * (50 * 50 + 50) and 71 * 71 + 71: "roughly identical numbers, about 5000" (Sect. 3.1)
    assert sum(p.numel() for p in Highway(50, 1).parameters()) == 5_100
    assert sum(p.numel() for p in nn.Linear(71, 71).parameters()) == 5_112
    depths = [find(f"highway_mnist_{depth}").parameters for depth in (10, 20, 50, 100)]
    assert [b - a for a, b in pairwise(depths)] == [51_000, 153_000, 255_000]


@pytest.mark.parametrize(
    ("name", "parameters", "unit"),
    [
        ("highway_mnist_conv_16", 39_000, 1_000),  # Table 1: 39K, 151K
        ("highway_mnist_conv_32", 151_000, 1_000),
        ("highway_cifar_a", 236_000, 1_000),  # Table 2: about 236K, 2.3M, 1.25M
        ("highway_cifar_b", 2_300_000, 100_000),
        ("highway_cifar_c", 1_250_000, 10_000),
    ],
)
def test_parameters_are_the_printed_ones(name, parameters, unit):
    assert abs(find(name).parameters - parameters) < unit


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        # "With N trainable parameters", layer by layer, in the logs beside the released code
        ("highway_mnist_conv_32", [832, *8 * [18_496], 2_890]),
        (
            "highway_cifar_19",
            [896, *4 * [18_496], 23_120, *5 * [115_360], 92_288, *5 * [295_168], 12_900, 1_010],
        ),
    ],
)
def test_parameters_are_those_that_the_authors_program_counted(name, counts):
    network = on_meta(name)
    found = []
    for layer in layers(network):
        holder = layer.removesuffix(".transform")
        found.append(sum(p.numel() for p in network.get_submodule(holder).parameters()))
    assert found == counts
    assert find(name).parameters == sum(counts)


def test_maps_have_the_sizes_in_the_authors_log():
    network, names = on_meta("highway_mnist_conv_32"), [f"features.stage{i}" for i in (1, 2, 3)]
    with taps.record(network, [*names, "neck"]) as responses:
        network(torch.empty(1, 1, 28, 28, device="meta"))
    assert [responses[name].shape[-1] for name in (*names, "neck")] == [24, 12, 6, 3]


def test_kernels_of_3x3_and_1x1_take_turns_in_the_thin_network():
    gated = [m for m in on_meta("highway_cifar_c").modules() if isinstance(m, Highway)]
    sizes = [m.gate.kernel_size[0] for m in gated]
    assert sizes == 3 * [3, 1, 3, 1, 3, 1, 3, 1, 3]
    assert sizes == [m.transform.kernel_size[0] for m in gated]


@pytest.mark.parametrize(
    ("name", "bias"),
    [("highway_mnist_10", -2), ("highway_mnist_conv_16", -1), ("highway_cifar_a", -2)],
)
def test_gates_start_closed_and_weights_with_variance_two_over_fan_in(name, bias):
    for key, parameter in build(name, seed=5).named_parameters():
        if parameter.ndim > 1:
            n = parameter.numel()  # 5 * sqrt(2 / n) holds for the variance of n normal numbers
            variance = pytest.approx(2 / parameter[0].numel(), rel=5 * (2 / n) ** 0.5)
            assert parameter.var().item() == variance, key
        else:
            assert torch.all(parameter == (bias if key.endswith("gate.bias") else 0)), key


def test_a_fresh_network_carries_most_of_what_it_is_given():
    stage = build("highway_cifar_a", seed=5).features.stage3.eval()
    features = torch.rand(2, 64, 8, 8, generator=torch.Generator().manual_seed(7))
    with torch.inference_mode():
        for layer in stage[2:]:
            opened = layer.sigmoid(layer.gate(features)).mean().item()
            assert opened == pytest.approx(0.119, abs=0.1)  # 1 / (1 + e^2); weights spread it
            features = layer(features)
