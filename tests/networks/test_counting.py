"""The counting rule, against arithmetic by hand and against torch's own counter."""

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from eyespot.errors import InputError
from eyespot.networks import architectures, build
from eyespot.networks.architecture import Network
from eyespot.networks.counting import _Costs, count, layers


@pytest.mark.parametrize(
    ("layer", "multiply_adds"),
    [
        (nn.Conv2d(3, 8, 3, padding=1), 21_600),  # 3 * 3 * 3 * 8 * 10 * 10
        (nn.Conv2d(3, 8, 3), 13_824),  # 3 * 3 * 3 * 8 * 8 * 8
        (nn.Conv2d(3, 6, (1, 5), stride=2, groups=3), 450),  # 1 * 5 * 1 * 6 * 5 * 3
        (nn.Linear(10, 7), 2_100),  # 10 * 7, on 3 x 10 rows of the picture
        (nn.BatchNorm2d(3), 0),
        (nn.MaxPool2d(2), 0),
    ],
)
def test_one_layer_costs_what_the_rule_says(layer, multiply_adds):
    assert count(nn.Sequential(layer), 10).multiply_adds == multiply_adds


def smallest_of_each_family() -> list[str]:
    rows = sorted(architectures().values(), key=lambda row: row.parameters)
    return list({row.family: row.name for row in reversed(rows)}.values())


def two_sizes(network: Network) -> list[int]:
    """The smallest from 64 pixels on, and an odd one, so far as the network takes them."""
    least, step = network.smallest_image_size, network.image_size_step
    sizes = [-(-max(size, least) // step) * step for size in (64, 2 * least + 11)]
    return sorted({min(size, network.largest_image_size or size) for size in sizes})


@pytest.mark.parametrize("name", smallest_of_each_family())
def test_torchs_counter_agrees(name):
    with torch.device("meta"):
        network = build(name).eval()
    for size in two_sizes(network):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            network(torch.empty(1, network.in_channels, size, size, device="meta"))
        assert count(network, size).multiply_adds == counter.get_total_flops() / 2, size


def test_attention_costs_its_two_products_and_its_projections():
    # 5 tokens of 8 numbers in 2 heads: projections 5 * 8 * 24 + 5 * 8 * 8, products 2 * 5 * 5 * 8
    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.attention = nn.MultiheadAttention(8, 2, batch_first=True)

        def forward(self, images):
            tokens = images.flatten(2)[:, :1].unflatten(2, (-1, 8)).squeeze(1)[:, :5]
            return self.attention(tokens, tokens, tokens)[0]

    counts = count(Attention(), 8)
    assert counts.multiply_adds_attention == 400
    assert counts.multiply_adds_linear == 1280
    assert counts.multiply_adds == 1680


@pytest.mark.parametrize("backend", [SDPBackend.MATH, SDPBackend.FLASH_ATTENTION])
def test_attention_costs_the_same_by_whichever_kernel(backend):
    tokens = torch.randn(1, 2, 5, 4)  # 2 heads, 5 tokens of 4 numbers: 2 products of 2 * 5 * 5 * 4
    with sdpa_kernel(backend), _Costs() as costs:
        nn.functional.scaled_dot_product_attention(tokens, tokens, tokens)
    assert costs.multiply_adds == {"conv": 0, "linear": 0, "attention": 400}


@pytest.mark.parametrize("size", [64, 80])
def test_torchs_counter_agrees_on_attention(size):
    with torch.device("meta"):
        network = build("vit_ti_16").eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, size, size, device="meta"))
    assert count(network, size).multiply_adds == counter.get_total_flops() / 2


def test_weights_are_apart_from_memory():
    # image 1,200 bytes, answer 40; the layer's 300 x 10 weights, which it transposes, are not in it
    assert count(nn.Sequential(nn.Flatten(), nn.Linear(300, 10)), 10).peak_memory == 1240


def test_memory_is_what_lives_at_once():
    # float32 on 10 x 10: image 1,200 bytes, first convolution 3,200, ReLU 3,200, second 1,600
    layers = [nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 4, 3, padding=1)]
    counts = count(nn.Sequential(*layers), 10)
    assert counts.activations == 800 + 400
    assert counts.peak_memory == 1200 + 3200 + 3200
    layers[1] = nn.ReLU(inplace=True)
    assert count(nn.Sequential(*layers), 10).peak_memory == 1200 + 3200 + 1600


def test_counting_leaves_the_network_as_it_was():
    network = build("efficientnet_b0", num_classes=3)
    network.features.eval()  # a mixed state must come back mixed
    before = {key: tensor.clone() for key, tensor in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    parameters = [id(parameter) for parameter in network.parameters()]
    count(network, 64)
    assert [module.training for module in network.modules()] == modes
    assert [id(parameter) for parameter in network.parameters()] == parameters
    assert not any(module._forward_hooks for module in network.modules())
    assert all(torch.equal(before[key], tensor) for key, tensor in network.state_dict().items())


def test_a_picture_that_is_too_small_is_an_error_that_says_so():
    network = nn.Sequential(nn.Conv2d(3, 4, 7))
    with pytest.raises(InputError, match="cannot take pictures of 5 x 5 pixels"):
        count(network, 5)
    assert not network[0]._forward_hooks


def test_rows_follow_the_forward_pass_and_mark_branches():
    with torch.device("meta"):
        rows = layers(build("resnet18"), 64)
    names = [row.module for row in rows]
    assert names[:4] == ["conv1", "bn1", "relu", "maxpool"]
    at = {row.module: row for row in rows if row.module.startswith("layer2.0.")}
    assert at["layer2.0.conv1"].reads == at["layer2.0.downsample.0"].reads
    assert at["layer2.0.conv1"].reads != at["layer2.0.conv2"].reads
    assert at["layer2.0.conv1"].input_shape == (64, 16, 16)
    assert at["layer2.0.conv1"].output_shape == (128, 8, 8)
    assert at["layer2.0.conv1"].parameters == 64 * 128 * 9


def test_a_layer_that_runs_twice_costs_twice_and_holds_its_parameters_once():
    shared = nn.Conv2d(3, 3, 3, padding=1, bias=False)
    network = nn.Sequential(shared, shared)
    assert count(network, 4).multiply_adds == 2 * 3 * 3 * 3 * 3 * 16
    assert [row.parameters for row in layers(network, 4)] == [81, 0]
