"""Other beginnings: the deviations that the papers give, and nothing else touched."""

import math

import pytest
import torch
from torch import nn

from eyespot.errors import InputError
from eyespot.networks import build
from eyespot.training.initialisation import Gaussian, He, Initialisation, LeCun, Xavier
from eyespot.values import from_json, to_json

# a 3x3 convolution of 64 channels in 2 groups to 128: fan in 32 * 9 = 288, fan out 128 * 9 = 1152
IN, OUT = 288, 1152
DEVIATIONS = (
    (Gaussian(0.01, bias=0.5), 0.01),
    (Xavier(), math.sqrt(2 / (IN + OUT))),
    (Xavier("normal"), math.sqrt(2 / (IN + OUT))),
    (Xavier(caffe=True), math.sqrt(1 / IN)),
    (He(), math.sqrt(2 / IN)),
    (He("out"), math.sqrt(2 / OUT)),
    (LeCun(2.4), 2.4 / math.sqrt(3 * IN)),  # uniform in +-a has the deviation a / sqrt(3)
)
RULES = [rule for rule, _ in DEVIATIONS]


def begun(rule, seed=0):
    network = nn.Sequential(nn.Conv2d(64, 128, 3, groups=2), nn.BatchNorm2d(128), nn.Linear(8, 8))
    nn.init.constant_(network[1].weight, 3)
    rule.apply(network, torch.Generator().manual_seed(seed))
    return network


@pytest.mark.parametrize(("rule", "deviation"), DEVIATIONS)
def test_weights_have_the_papers_deviation(rule, deviation):
    weight = begun(rule)[0].weight
    # 36,864 weights: the deviation of a deviation is at most 1 / sqrt(2 n) = 0.4 % of it
    assert weight.std().item() == pytest.approx(deviation, rel=0.02)
    assert abs(weight.mean().item()) < deviation / 50


@pytest.mark.parametrize("rule", RULES)
def test_norms_stay_and_the_same_seed_gives_the_same_bits(rule):
    network = begun(rule)
    assert (network[1].weight == 3).all()
    again, other = begun(rule), begun(rule, seed=1)
    assert torch.equal(network[0].weight, again[0].weight)
    assert not torch.equal(network[0].weight, other[0].weight)


def test_biases_are_what_the_rule_says():
    assert (begun(Gaussian(0.01, bias=0.5))[0].bias == 0.5).all()
    assert (begun(He())[2].bias == 0).all()
    assert begun(LeCun())[2].bias.std() > 0.1  # like all other weights


def test_lecuns_reaches_subsampling_and_all_of_lenet_5():
    network = build("lenet5")
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    LeCun(2.4).apply(network, torch.Generator().manual_seed(5))
    for name, parameter in network.named_parameters():
        assert not torch.equal(parameter, before[name]), name
    assert network.s2[0].coefficient.abs().max() <= 2.4 / math.sqrt(4)
    assert network.c1[0].weight.abs().max() <= 2.4 / math.sqrt(25)


@pytest.mark.parametrize("rule", RULES)
def test_a_beginning_goes_to_json_and_back_and_is_told(rule):
    assert from_json(Initialisation, to_json(rule), where="initialisation") == rule
    assert rule.words


def test_numbers_that_cannot_be_meant_are_refused():
    for make in (lambda: Gaussian(0), lambda: LeCun(-1)):
        with pytest.raises(InputError, match="positive"):
            make()
