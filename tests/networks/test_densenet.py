"""DenseNet's own claims, from Huang, Liu, van der Maaten, Weinberger 2017."""

import pytest
import torch
from torch import nn

from eyespot.networks import build
from eyespot.networks.densenet import DenseLayer, dense_block, transition


@pytest.mark.parametrize("depth", [121, 161, 169, 201, 264])
def test_the_name_counts_the_layers_with_weights(depth):
    with torch.device("meta"):
        network = build(f"densenet{depth}")
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    # 264 has one more: 2 x (6 + 12 + 64 + 48) + stem + 3 transitions + linear layer
    assert len(layers) == (265 if depth == 264 else depth)


def test_a_layer_adds_growth_rate_channels_and_passes_on_what_it_read():
    layer, features = DenseLayer(10, growth_rate=4).eval(), torch.randn(2, 10, 5, 6)
    with torch.inference_mode():
        given = layer(features.clone())
    assert given.shape == (2, 14, 5, 6)
    assert torch.equal(given[:, :10], features)


def test_a_layer_reads_every_map_before_it_in_its_block():
    block = dense_block(6, depth=4, growth_rate=3)
    features = torch.randn(2, 6, 5, 5, requires_grad=True)
    read = []
    for layer in block:
        layer.norm1.register_forward_hook(lambda m, inputs, output: read.append(inputs[0]))
    given = block(features)
    # k0 + k * (l - 1) channels, "Growth rate"
    assert [maps.shape[1] for maps in read] == [6, 9, 12, 15]
    assert all(torch.equal(maps, given[:, : maps.shape[1]]) for maps in read)
    for maps in read:  # L(L + 1) / 2 connections: each carries the loss back
        assert torch.autograd.grad(given[:, -1].sum(), maps, retain_graph=True)[0].any()


def test_batch_norm_and_relu_come_before_every_convolution_but_the_first():
    network = build("densenet121", num_classes=2).eval()
    least = {}
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and name != "features.conv0":
            module.register_forward_hook(
                lambda m, inputs, output, name=name: least.update({name: inputs[0].min().item()})
            )
    with torch.inference_mode():
        features = network.forward_features(torch.randn(1, 3, 64, 64))
    assert set(least.values()) == {0.0} and len(least) == 119
    assert features.min() == 0  # and after the last block


def test_a_transition_halves_the_channels_and_averages_four_pixels():
    module = transition(8, 4).eval()
    features = torch.randn(1, 8, 6, 6)
    with torch.inference_mode():
        pixels = module.conv(features.div((1 + 1e-5) ** 0.5).clamp(min=0))
        known = pixels.unflatten(3, (3, 2)).unflatten(2, (3, 2)).mean((3, 5))
        torch.testing.assert_close(module(features), known)


def test_convolutions_start_normal_with_variance_two_over_fan_out():
    network = build("densenet121", seed=2)
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            fan_out = module.out_channels * module.kernel_size[0] ** 2
            # 4,096 normal numbers and more: off by 5 * sqrt(2 / 4096) = 11 % at most
            assert module.weight.var().item() == pytest.approx(2 / fan_out, rel=0.11), name
    assert network.classifier.weight.abs().max().item() == pytest.approx(1024**-0.5, rel=1e-3)
    assert not network.classifier.bias.any()
