"""GoogLeNet's own claims, from Szegedy et al. 2015."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from eyespot.networks import build, find
from eyespot.networks.counting import layers
from eyespot.networks.inception_module import ORIGINAL, TORCHVISION, Inception, NaiveInception

MODULES = [f"inception{name}" for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")]


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def weights(module):
    """The multiply-adds of its convolutions for one position of the map."""
    return sum(each.weight.numel() for each in module.modules() if isinstance(each, nn.Conv2d))


def test_the_naive_module_is_wider_and_dearer_than_the_reduced_one():
    naive = NaiveInception(192, (64, 128, 32))
    reduced = Inception(192, (64, 96, 128, 16, 32, 32))  # 3a
    features = torch.zeros(1, 192, 5, 6)
    assert naive(features).shape == (1, 416, 5, 6)  # 64 + 128 + 32 + 192
    assert reduced(features).shape == (1, 256, 5, 6)  # 64 + 128 + 32 + 32
    assert weights(naive) == 387_072  # 192 * (64 + 9 * 128 + 25 * 32)
    assert weights(reduced) == 163_328  # 192 * (64 + 96 + 16 + 32) + 9 * 96 * 128 + 25 * 16 * 32


def test_naive_modules_in_a_row_hand_on_every_channel():
    features = torch.rand(1, 8, 5, 5)
    output = nn.Sequential(NaiveInception(8, (2, 3, 1)), NaiveInception(14, (2, 3, 1)))(features)
    assert output.shape[1] == 20  # 8 + 6 + 6
    twice = functional.max_pool2d(functional.max_pool2d(features, 3, 1, 1), 3, 1, 1)
    assert torch.equal(output[:, -8:], twice)


def test_the_network_is_22_layers_deep():
    network = on_meta("googlenet_aux")
    stem = [network.conv1, network.conv2, network.conv3]
    deepest = [
        max(
            sum(isinstance(each, nn.Conv2d) for each in branch.modules())
            for branch in network.get_submodule(name).children()
        )
        for name in MODULES
    ]
    assert len(stem) + sum(deepest) + 1 == 22  # and the linear layer (Sect. 5)


def test_multiply_adds_are_those_of_table_1():
    millions = dict.fromkeys(["conv1", "conv2", "conv3", *MODULES, "fc"], 0.0)
    for row in layers(on_meta("googlenet"), 224):
        if row.multiply_adds:
            millions[row.module.partition(".")[0]] += row.multiply_adds / 1e6
    printed = dict(zip(MODULES, (128, 304, 73, 88, 100, 119, 170, 54, 71), strict=True))
    # 5a is 51 by its widths: 49 * (832 * (256 + 160 + 32 + 128) + 9 * 160 * 320 + 25 * 32 * 128)
    wrong = [name for name in MODULES if abs(millions[name] - printed[name]) >= 1]  # round or cut
    assert wrong == ["inception5a"] and round(millions["inception5a"]) == 51
    assert round(millions["conv2"] + millions["conv3"]) == 360
    assert round(millions["fc"]) == 1
    assert round(millions["conv1"]) == 118  # printed 34: 112 * 112 * 64 * (7 + 7) * 3, 7x1 and 1x7


def test_the_papers_heads_pool_5x5_at_stride_3_and_torchvisions_do_not():
    features = torch.rand(2, 6, 14, 14)
    pooled = ORIGINAL.head_pool()(features)
    assert torch.equal(pooled, functional.avg_pool2d(features, 5, stride=3))
    assert pooled.shape == TORCHVISION.head_pool()(features).shape == (2, 6, 4, 4)
    assert not torch.allclose(pooled, TORCHVISION.head_pool()(features))
    assert ORIGINAL.head_pool()(features[..., :3, :5]).shape == (2, 6, 4, 4)


@pytest.mark.parametrize(("name", "first"), [("", 3_188_840), ("_torchvision", 3_188_968)])
def test_two_heads_hang_on_4a_and_4d_with_weight_0_3(name, first):
    # 512 * 128 + 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000; batch norm: 2 * 128 for 128
    network = on_meta(f"googlenet{name}_aux")
    sizes = [sum(each.numel() for each in aux.parameters()) for aux in (network.aux1, network.aux2)]
    assert sizes == [first, first + (528 - 512) * 128]
    heads = network.forward_train(torch.empty(2, 3, 64, 64, device="meta"))
    assert [weight for weight, _ in heads] == [1.0, 0.3, 0.3]
    plain = find(f"googlenet{name}").parameters
    assert find(f"googlenet{name}_aux").parameters == plain + sum(sizes)


@pytest.mark.parametrize("name", ["googlenet_aux", "googlenet_torchvision_aux"])
def test_the_heads_train_with_the_network_and_are_thrown_away_after(name):
    network = build(name, num_classes=3)
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    heads = network.forward_train(images)
    sum(weight * logits.square().sum() for weight, logits in heads).backward()
    assert all(each.grad.abs().sum() > 0 for each in network.aux2.parameters())
    assert [key for key, each in network.named_parameters() if each.grad is None] == []
    plain = build(name.removesuffix("_aux"), num_classes=3, seed=1).eval()
    state = {key: each for key, each in network.state_dict().items() if not key.startswith("aux")}
    plain.load_state_dict(state)
    network.aux1 = network.aux2 = None
    with torch.inference_mode():
        assert torch.equal(network.eval()(images), plain(images))


def test_only_the_papers_edition_normalises_over_channels():
    paper = [type(module) for module in on_meta("googlenet").modules()]
    torchvision = [type(module) for module in on_meta("googlenet_torchvision").modules()]
    assert (paper.count(nn.LocalResponseNorm), paper.count(nn.BatchNorm2d)) == (2, 0)
    assert torchvision.count(nn.LocalResponseNorm) == 0
    assert torchvision.count(nn.BatchNorm2d) == 57  # 3 + 9 * 6 convolutions
    normed = build("googlenet", num_classes=2).norm2(torch.full((1, 7, 1, 1), 100.0))
    # 100 / (1 + 1e-4 / 5 * 5 * 100 ** 2) ** 0.75, of the five channels around the fourth
    assert normed[0, 3].item() == pytest.approx(100 / 2**0.75)


def test_the_last_pool_is_part_of_the_edition():
    network = build("googlenet_torchvision", num_classes=5).double().eval()
    images = torch.randn(1, 3, 64, 64, dtype=torch.float64)
    with torch.inference_mode():
        logits = network(images)
        network.maxpool4.kernel_size = 3  # the same sizes and weights
        assert (network(images) - logits).abs().max() > 1e-4 * logits.std()


def test_weights_start_uniform_with_variance_one_over_fan_in_and_biases_at_0_2():
    for name, parameter in build("googlenet_aux", seed=5).named_parameters():
        if parameter.ndim > 1:
            fan_in = parameter[0].numel()
            # n >= 3,072 uniform numbers: their variance is off by 5 * sqrt(0.8 / n) = 9 % at most
            assert parameter.var().item() == pytest.approx(1 / fan_in, rel=0.09), name
            assert parameter.abs().max().item() <= (3 / fan_in) ** 0.5, name
        else:
            is_of_logits = name in ("fc.bias", "aux1.fc2.bias", "aux2.fc2.bias")
            assert torch.all(parameter == (0 if is_of_logits else 0.2)), name
