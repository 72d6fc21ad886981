"""The claims of Sect. 4.2 and of the plain networks, from He, Zhang, Ren, Sun 2016."""

import pytest
import torch
from torch import nn

from eyespot import taps
from eyespot.networks import build, find
from eyespot.networks.resnet_cifar import PLAIN, BasicBlock, ZeroPadding


def parameters(n: int) -> int:
    """Weights and norms of 6n + 2 layers, added up from the table of Sect. 4.2."""
    stem = 9 * 3 * 16 + 2 * 16
    # a 3x3 has 9 x in x out weights and its norm 2 x out; one of 2n in a stage changes channels
    same = sum((2 * n - 1) * (9 * c * c + 2 * c) for c in (16, 32, 64))
    changing = (9 * 16 * 16 + 32) + (9 * 16 * 32 + 64) + (9 * 32 * 64 + 128)
    return stem + same + changing + 64 * 10 + 10


def layers(name: str) -> list[nn.Module]:
    with torch.device("meta"):
        network = build(name)
    return [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.Linear)]


@pytest.mark.parametrize("depth", [20, 32, 44, 56, 110, 1202])
def test_the_name_counts_6n_plus_2_layers_and_no_shortcut_has_weights(depth):
    assert len(layers(f"resnet{depth}")) == depth
    assert find(f"resnet{depth}").parameters == parameters(n=(depth - 2) // 6)


def test_1202_layers_have_19421274_parameters():
    # 464 + 399 x (2336 + 9280 + 36992) + 2336 + 4672 + 18560 + 650, with n = 200
    assert parameters(n=200) == 19_421_274


@pytest.mark.parametrize("depth", [18, 20, 32, 34, 44, 56, 110])
def test_a_plain_network_has_the_layers_of_its_name_and_no_more(depth):
    assert len(layers(f"plain{depth}")) == depth


@pytest.mark.parametrize("depth", [20, 32, 44, 56, 110])
def test_a_plain_network_has_the_entries_of_its_residual_one_and_answers_otherwise(depth):
    plain, residual = (build(f"{kind}{depth}").eval() for kind in ("plain", "resnet"))
    assert find(f"plain{depth}").multiply_adds == find(f"resnet{depth}").multiply_adds
    residual.load_state_dict(plain.state_dict())  # names and shapes agree
    images = torch.randn(1, 3, 16, 16)
    with torch.inference_mode():
        assert not torch.allclose(plain(images), residual(images), rtol=1e-2)


@pytest.mark.parametrize("depth", [18, 34])
def test_plain_networks_for_imagenet_lack_resnets_projections_and_nothing_else(depth):
    def entries(name: str) -> dict[str, tuple[int, ...]]:
        with torch.device("meta"):
            state = build(name).state_dict()
        return {key: tuple(tensor.shape) for key, tensor in state.items()}

    plain, residual = entries(f"plain{depth}"), entries(f"resnet{depth}")
    left = {key: shape for key, shape in residual.items() if "downsample" not in key}
    assert list(plain.items()) == list(left.items())
    assert len(residual) - len(plain) == 3 * 6  # three projections: a weight, a norm's five


def test_option_a_takes_every_other_pixel_and_adds_channels_of_zeros_behind():
    features = torch.arange(2 * 3 * 5 * 4.0).reshape(2, 3, 5, 4) + 1
    given = ZeroPadding(3, 6, stride=2)(features)
    assert given.shape == (2, 6, 3, 2)
    assert torch.equal(given[:, :3], features[:, :, [0, 2, 4]][..., [0, 2]])
    assert not given[:, 3:].any()


@pytest.mark.parametrize(("out_channels", "stride"), [(4, 1), (8, 2)])
def test_without_its_residual_a_block_passes_on_its_input_and_a_plain_block_nothing(
    out_channels, stride
):
    features = torch.rand(2, 4, 6, 6)
    for kind in (BasicBlock, PLAIN):
        block = kind(4, out_channels, stride=stride).eval()
        nn.init.zeros_(block.conv2.weight)
        given = block(features.clone())
        assert given.shape == (2, out_channels, 6 // stride, 6 // stride)
        seen = features[:, :, ::stride, ::stride] if kind is BasicBlock else torch.zeros(())
        assert torch.equal(given[:, :4], seen.expand_as(given[:, :4]))
        assert not given[:, 4:].any()


def test_signals_of_a_plain_network_are_as_healthy_as_a_residual_ones():
    # Sect. 4.1: "forward propagated signals have non-zero variances" by batch norm, in 56 layers
    network, images = build("plain56"), torch.randn(4, 3, 32, 32)
    norms = [name for name, each in network.named_modules() if isinstance(each, nn.BatchNorm2d)]
    with torch.no_grad(), taps.record(network, norms) as responses:
        network(images)
    assert len(norms) == 55
    for name in norms:
        # 4 x 8 x 8 numbers a channel at least; eps = 1e-5 of the variance is nothing
        assert responses[name].var((0, 2, 3), unbiased=False).min() > 0.9, name
