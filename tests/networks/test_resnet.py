"""ResNet's own claims, from He, Zhang, Ren, Sun 2016."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.resnet import BasicBlock, Bottleneck


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152])
def test_the_name_counts_the_layers_with_weights_on_the_longest_path(depth):
    with torch.device("meta"):
        network = build(f"resnet{depth}")
    named = network.named_modules()
    layers = [name for name, module in named if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len([name for name in layers if "downsample" not in name]) == depth


@pytest.mark.parametrize(("name", "projections"), [("resnet34", 3), ("resnet50", 4)])
def test_only_blocks_that_change_shape_project(name, projections):
    with torch.device("meta"):
        state = build(name).state_dict()
    # 64 -> 256 channels makes conv2_x of the bottleneck networks project, too
    assert len([key for key in state if key.endswith("downsample.0.weight")]) == projections


def test_the_papers_bottleneck_sees_every_other_pixel():
    block = Bottleneck(8, 16, stride=2).eval()
    same = Bottleneck(8, 16, stride=1).eval()  # 8 -> 16 channels projects as well
    same.load_state_dict(block.state_dict())
    features = torch.randn(2, 8, 9, 10)
    with torch.inference_mode():
        torch.testing.assert_close(block(features), same(features[:, :, ::2, ::2]))


def test_v1_5_sees_all_pixels():
    paper = Bottleneck(8, 16, stride=2).eval()
    v1_5 = Bottleneck(8, 16, stride=2, stride_in_3x3=True).eval()
    v1_5.load_state_dict(paper.state_dict())
    features = torch.randn(2, 8, 10, 10)
    skipped = features.clone()
    skipped[:, :, 1::2, 1::2] += 1  # pixels that no 1x1 of stride 2 reads
    with torch.inference_mode():
        assert torch.equal(paper(features), paper(skipped))
        assert not torch.allclose(v1_5(features), v1_5(skipped))
        assert v1_5(features).shape == paper(features).shape


@pytest.mark.parametrize("block", [BasicBlock(4, 4, stride=1), Bottleneck(4, 4, stride=1)])
def test_a_block_without_residual_passes_its_input(block):
    for module in block.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight)
    features = torch.randn(2, 4, 5, 5)
    assert torch.equal(block.eval()(features.clone()), features.clamp(min=0))


def test_weights_start_normal_with_variance_two_over_fan_in():
    network = build("resnet18", seed=5)
    for name, parameter in network.named_parameters():
        if parameter.ndim > 1:
            fan_in = parameter[0].numel()
            # n >= 8,192 normal numbers: their variance is off by 5 * sqrt(2 / n) = 8 % at most
            assert parameter.var().item() == pytest.approx(2 / fan_in, rel=0.08), name
        else:
            assert parameter.unique().tolist() == [1.0 if name.endswith("weight") else 0.0], name


@pytest.mark.parametrize("depth", [50, 101, 152])
def test_editions_differ_in_operations_and_in_nothing_else(depth):
    paper, v1_5 = find(f"resnet{depth}"), find(f"resnet{depth}_v1_5")
    assert v1_5.multiply_adds - paper.multiply_adds == 231_211_008  # 3 x 256 x 128 x (56^2 - 28^2)
    assert (paper.parameters, paper.stages) == (v1_5.parameters, v1_5.stages)
    assert (paper.edition, v1_5.edition) == ("paper", "v1.5")
