"""Inception-v3's own claims, from Szegedy et al. 2016 and the released code."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from eyespot.networks import build, find
from eyespot.networks.factorised_inception import (
    Inception8,
    Inception17,
    Inception35,
    Reduction17,
    Reduction35,
)


def seen(layers, channels):
    """Height and width of the window that one output pixel of these convolutions sees."""
    network = nn.Sequential(*layers).double().eval()
    for parameter in network.parameters():
        nn.init.constant_(parameter, 0.01)  # positive: ReLU hides nothing
    features = torch.ones(1, channels, 21, 21, dtype=torch.float64, requires_grad=True)
    network(features)[0, 0, 10, 10].backward()
    touched = features.grad[0, 0] != 0
    return int(touched.any(1).sum()), int(touched.any(0).sum())


def test_factorised_branches_see_what_the_large_kernels_would():
    fig_5 = Inception35(12, 8, counts_padding=False)
    fig_6 = Inception17(12, 10, counts_padding=False)
    assert seen([fig_5.branch3x3dbl_2, fig_5.branch3x3dbl_3], 64) == (5, 5)  # two 3x3
    assert seen([fig_6.branch7x7_2, fig_6.branch7x7_3], 10) == (7, 7)  # 1x7, 7x1
    twice = [fig_6.branch7x7dbl_2, fig_6.branch7x7dbl_3, fig_6.branch7x7dbl_4, fig_6.branch7x7dbl_5]
    assert seen(twice, 10) == (13, 13)  # two 7x7 in a row


def test_a_factorised_7x7_costs_two_sevenths():
    block = Inception17(768, 192, counts_padding=False)
    pair = (block.branch7x7_2, block.branch7x7_3)
    factorised = sum(each.conv.weight.numel() for each in pair)
    assert factorised * 7 == 49 * 192 * 192 * 2


def test_the_modules_of_fig_7_fork_to_be_wider():
    output = Inception8(1280, counts_padding=False)(torch.zeros(2, 1280, 3, 3))
    assert output.shape == (2, 320 + 2 * 384 + 2 * 384 + 192, 3, 3)


@pytest.mark.parametrize(
    ("reduction", "channels", "size", "added"),
    [(Reduction35, 288, 35, 384 + 96), (Reduction17, 768, 17, 320 + 192)],
)
def test_reductions_hand_on_the_pooled_map_beside_what_they_convolve(
    reduction, channels, size, added
):
    features = torch.rand(1, channels, size, size)
    output = reduction(channels).eval()(features)
    pooled = functional.max_pool2d(features, 3, stride=2)
    assert output.shape == (1, added + channels, size // 2, size // 2)
    assert torch.equal(output[:, added:], pooled)


def test_the_papers_pools_divide_by_the_pixels_inside_and_torchvisions_by_nine():
    ones = torch.ones(1, 1, 4, 4)
    pools = [Inception35(8, 8, counts_padding=counts).pool for counts in (False, True)]
    assert torch.equal(pools[0](ones), ones)
    ninths = [[4, 6, 6, 4], [6, 9, 9, 6], [6, 9, 9, 6], [4, 6, 6, 4]]
    torch.testing.assert_close(9 * pools[1](ones)[0, 0], torch.tensor(ninths, dtype=torch.float32))


def test_the_editions_answer_alike_once_their_pools_count_alike():
    paper = build("inception_v3", num_classes=5).double().eval()
    torchvision = build("inception_v3_torchvision", num_classes=5).double().eval()
    torchvision.load_state_dict(paper.state_dict())
    images = torch.randn(1, 3, 107, 107, dtype=torch.float64)
    with torch.inference_mode():
        logits = paper(images)
        assert (torchvision(images) - logits).abs().max() > 1e-3 * logits.std()
        for module in torchvision.modules():
            if isinstance(module, nn.AvgPool2d):
                module.count_include_pad = False
        assert torch.equal(torchvision(images), logits)


@pytest.mark.parametrize("name", ["inception_v3", "inception_v3_torchvision"])
def test_the_norms_and_the_dropout_are_the_editions(name):
    with torch.device("meta"):
        network = build(name)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momentum, dropout = (0.1, 0.5) if "torchvision" in name else (3e-4, 0.2)  # keeps 0.9997, 0.8
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, momentum)}
    assert network.dropout.p == dropout
    # the released code's norms have no scale: 23,817,352 parameters (its Keras twin's too)
    assert find(name).parameters - sum(norm.num_features for norm in norms) == 23_817_352


@pytest.mark.parametrize("name", ["inception_v3_aux", "inception_v3_torchvision_aux"])
def test_one_head_hangs_on_the_last_17x17_map_with_weight_0_4(name):
    network = build(name, num_classes=3)
    taps = []
    network.Mixed_6e.register_forward_hook(lambda module, given, output: taps.append(output))
    network.AuxLogits.register_forward_hook(lambda module, given, output: taps.append(given[0]))
    images = torch.randn(2, 3, 107, 107, generator=torch.Generator().manual_seed(1))
    heads = network.forward_train(images)
    assert taps[0] is taps[1] and [weight for weight, _ in heads] == [1.0, 0.4]
    sum(weight * logits.square().sum() for weight, logits in heads).backward()
    assert [key for key, each in network.named_parameters() if each.grad is None] == []
    with torch.inference_mode():
        network.eval()(images)
    assert len(taps) == 3  # no head outside training
    # 768 * 128 + 2 * 128 + 128 * 768 * 25 + 2 * 768 + 768 * 1000 + 1000
    assert find(name).parameters - find(name.removesuffix("_aux")).parameters == 3_326_696


def test_the_head_pools_a_17x17_map_as_it_is():
    head = build("inception_v3_aux", num_classes=3).AuxLogits.double().eval()
    grid = torch.rand(1, 768, 17, 17, dtype=torch.float64)
    with torch.inference_mode():
        mean = head.conv0(functional.avg_pool2d(grid, 5, stride=3))  # (1, 128, 5, 5)
        expected = head.fc(head.conv1(mean).flatten(1))
        assert torch.equal(head(grid), expected)
        assert head(grid[..., :1, :3]).shape == (1, 3)


def test_weights_start_normal_and_cut_at_two_standard_deviations():
    stated = {"fc.weight": 0.01, "AuxLogits.conv1.conv.weight": 0.01, "AuxLogits.fc.weight": 0.001}
    for name, parameter in build("inception_v3_aux", seed=5).named_parameters():
        if parameter.ndim > 1:
            std = stated.get(name, 0.1)
            # cut at two, a normal's standard deviation falls to 0.8796; n >= 864 numbers: 5 %
            assert parameter.std().item() == pytest.approx(0.8796 * std, rel=0.05), name
            assert 1.8 * std < parameter.abs().max().item() <= 2.00001 * std, name  # float32
        elif "bn" not in name:
            assert not parameter.any(), name
