"""Claims about CIFAR in Huang, Liu, van der Maaten, Weinberger 2017."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.densenet_cifar import PlainLayer

NAMES = [
    "densenet_40_12",
    "densenet_100_12",
    "densenet_100_24",
    "densenet_bc_100_12",
    "densenet_bc_250_24",
    "densenet_bc_190_40",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_counts_the_layers_with_weights_and_gives_the_growth_rate(name):
    with torch.device("meta"):
        network = build(name)
    layers = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.Linear)]
    depth, growth_rate = map(int, name.split("_")[-2:])
    assert len(layers) == depth
    grown = [each.out_channels for each in layers if getattr(each, "kernel_size", 0) == (3, 3)]
    # the stem has 16 channels, or twice the growth rate (Sect. 3, implementation details)
    assert grown == [2 * growth_rate if "bc" in name else 16] + [growth_rate] * (len(grown) - 1)


@pytest.mark.parametrize(
    ("name", "exact"),
    [
        ("densenet_40_12", 1_019_722),
        ("densenet_100_12", 6_979_642),
        ("densenet_100_24", 27_249_082),
    ],
)
def test_without_bottlenecks_the_parameters_are_those_of_fig_2(name, exact):
    depth, k = map(int, name.split("_")[1:])
    channels, total = 16, 9 * 3 * 16
    for block in range(3):
        for _ in range((depth - 4) // 3):
            total += 2 * channels + 9 * channels * k  # norm, 3x3
            channels += k
        total += 2 * channels  # the norm of a transition, or the last one
        if block < 2:
            total += channels * channels  # its 1x1 keeps every channel
    assert find(name).parameters == total + 10 * channels + 10 == exact


def test_only_bc_compresses():
    def kept(name: str) -> set[float]:
        with torch.device("meta"):
            features = build(name).features
        convs = (features.transition1.conv, features.transition2.conv)
        return {conv.out_channels / conv.in_channels for conv in convs}

    assert kept("densenet_100_12") == {1.0}
    assert kept("densenet_bc_100_12") == {0.5}


def test_a_plain_layer_is_norm_relu_and_one_3x3_beside_what_it_read():
    layer, features = PlainLayer(10, growth_rate=4).eval(), torch.randn(2, 10, 5, 6)
    with torch.inference_mode():
        given = layer(features.clone())
        known = nn.functional.conv2d(features.clamp(min=0), layer.conv.weight, padding=1)
    assert torch.equal(given[:, :10], features)
    # a fresh norm divides by sqrt(1 + 1e-5)
    torch.testing.assert_close(given[:, 10:], known / (1 + 1e-5) ** 0.5)


def test_the_stem_is_bare_and_what_the_pooling_reads_is_activated():
    network = build("densenet_bc_100_12").eval()
    read = []
    network.features.denseblock1.register_forward_hook(
        lambda m, inputs, out: read.append(inputs[0])
    )
    with torch.inference_mode():
        features = network.forward_features(torch.randn(1, 3, 32, 32))
    assert read[0].min() < 0
    assert features.min() == 0 and features.shape == (1, 342, 8, 8)
