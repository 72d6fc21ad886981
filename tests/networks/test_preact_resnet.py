"""The pre-activation ResNet's own claims, from He, Zhang, Ren, Sun 2016b (Identity Mappings)."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.preact_resnet import BasicUnit, BottleneckUnit


def convolutions(name: str) -> list[str]:
    with torch.device("meta"):
        named = build(name).named_modules()
    return [name for name, module in named if isinstance(module, nn.Conv2d)]


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152, 200])
def test_the_name_counts_the_layers_with_weights_on_the_longest_path(depth):
    named = convolutions(f"preact_resnet{depth}")
    assert len([name for name in named if "downsample" not in name]) == depth


def test_resnet_200_has_16_units_more_than_152_on_maps_of_28_pixels():
    def blocks(name: str) -> list[int]:
        with torch.device("meta"):
            return [len(stage.blocks) for stage in build(name).stages]

    assert find("preact_resnet200").stages[2].stride == 224 // 28
    more = [
        a - b for a, b in zip(blocks("preact_resnet200"), blocks("preact_resnet152"), strict=True)
    ]
    assert more == [0, 16, 0, 0]  # footnote of Sect. 5


@pytest.mark.parametrize("unit", [BasicUnit(4, 4, stride=1), BottleneckUnit(4, 4, stride=1)])
def test_a_unit_without_residual_passes_its_input_negative_numbers_too(unit):
    for module in unit.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight)
    features = torch.randn(2, 4, 5, 5)
    assert torch.equal(unit(features.clone()), features)  # Eq. 3, h and f are identities


def test_an_input_that_one_stage_adds_to_arrives_with_all_residuals_and_nothing_else():
    units = nn.Sequential(*(BottleneckUnit(8, 8, stride=1) for _ in range(4))).double().eval()
    features = [torch.randn(2, 8, 5, 5, dtype=torch.float64)]
    with torch.inference_mode():
        for unit in units:
            features.append(unit(features[-1]))
        residuals = [after - before for before, after in pairwise(features)]
        torch.testing.assert_close(units(features[0]), features[0] + sum(residuals))  # Eq. 4
    assert min(features[-1].min(), residuals[0].min()) < 0  # no ReLU on the way


@pytest.mark.parametrize("unit", [BasicUnit(4, 8, stride=2), BottleneckUnit(4, 8, stride=2)])
def test_projections_are_of_the_activated_map_and_have_no_norm(unit):
    last = unit.conv2 if isinstance(unit, BasicUnit) else unit.conv3
    nn.init.zeros_(last.weight)
    features = torch.randn(2, 4, 6, 6)
    activated = unit.norm1(features).relu()
    assert torch.equal(unit(features), unit.downsample(activated))
    assert [type(module) for module in unit.downsample] == [nn.Conv2d]


def test_norm_and_relu_precede_every_convolution_but_the_first():
    with torch.device("meta"):
        named = list(build("preact_resnet101").named_modules())
    kinds = [type(module) for name, module in named if "downsample" not in name]
    layers = [kind for kind in kinds if kind in (nn.Conv2d, nn.BatchNorm2d)]
    assert layers == [
        nn.Conv2d,
        *([nn.BatchNorm2d, nn.Conv2d] * 100),
    ]  # conv1, then 99 and the head


def test_pooling_first_gives_the_same_map_where_the_norms_scale_is_positive():
    with torch.device("meta"):
        network = build("preact_resnet18")
    norm, pool = nn.BatchNorm2d(64).eval(), network.maxpool
    norm.running_mean.normal_()
    norm.weight.data.uniform_(0.5, 1.5)
    features = torch.randn(2, 64, 9, 10)
    with torch.inference_mode():
        torch.testing.assert_close(norm(pool(features)).relu(), pool(norm(features).relu()))
        norm.weight.data.neg_()
        assert not torch.allclose(norm(pool(features)).relu(), pool(norm(features).relu()))


def test_the_last_sum_is_normalised_and_activated_before_the_pooling():
    network = build("preact_resnet18", num_classes=3).eval()
    with torch.inference_mode():
        features = network.forward_features(torch.randn(2, 3, 40, 40))
    assert features.min() == 0
    assert 0 < (features == 0).float().mean() < 1
