"""The rule of Sect. 3.3, against the paper's and against the network that it gives."""

from math import inf, nan

import pytest
import torch

from eyespot.errors import InputError
from eyespot.networks.compound_scaling import B0, LARGEST_PHI, largest_phi, rule, scaled
from eyespot.networks.counting import count
from eyespot.networks.efficientnet import EfficientNet
from eyespot.networks.mbconv import TENSORFLOW


def multiply_adds(scaling) -> int:
    table = scaled(B0, depth=scaling.depth, width=scaling.width, lite=False)
    with torch.device("meta"):
        network = EfficientNet(table, TENSORFLOW, lite=False, dropout=0.2)
    return count(network, scaling.image_size).multiply_adds


def test_alpha_beta_squared_gamma_squared_is_about_two():
    one = rule(1)
    assert one.depth * one.width**2 * (one.image_size / 224) ** 2 == pytest.approx(2, abs=0.1)


def test_phi_0_is_b0_and_each_phi_about_doubles_the_operations():
    assert multiply_adds(rule(0)) == 385_814_752
    growth = (multiply_adds(rule(4)) / 385_814_752) ** (1 / 4)
    # 1.92; blocks and channels are whole, the first convolutions grow too
    assert growth == pytest.approx(1.2 * 1.1**2 * 1.15**2, rel=0.06)


def test_resolution_is_rounded_to_the_nearest_pixel():
    # 224 * 1.15 = 257.6, 224 * 1.15^2 = 296.24, 224 * 1.15^3 = 340.676
    assert [rule(phi).image_size for phi in range(4)] == [224, 258, 296, 341]


def test_the_network_never_gets_cheaper_as_phi_grows():
    costs = [multiply_adds(rule(hundredths / 100)) for hundredths in range(0, 50, 3)]
    assert costs == sorted(costs)


def test_the_largest_phi_stays_within_the_budget_and_the_next_does_not():
    budget = 7e8
    phi = largest_phi(budget, multiply_adds)
    assert multiply_adds(rule(phi)) <= budget < multiply_adds(rule(phi + 0.01))


def test_the_search_is_exact_to_a_hundredth():
    def smooth(scaling):
        return int(2**scaling.phi * 10**9)

    assert largest_phi(1e9, smooth) == 0
    assert largest_phi(2.5e9, smooth) == 1.32  # log2(2.5) = 1.3219
    assert largest_phi(2**LARGEST_PHI * 1e9, smooth) == LARGEST_PHI


@pytest.mark.parametrize("phi", [-0.01, LARGEST_PHI + 0.01, nan, inf])
def test_a_phi_beyond_the_rule_is_refused(phi):
    with pytest.raises(InputError, match="phi is a number from 0"):
        rule(phi)


@pytest.mark.parametrize(
    ("budget", "told"), [(1e6, "too few"), (-1, "too few"), (inf, "such as"), (nan, "such as")]
)
def test_a_budget_below_b0_is_refused(budget, told):
    with pytest.raises(InputError, match=told):
        largest_phi(budget, lambda scaling: 385_814_752)


def test_a_budget_above_the_largest_phi_is_refused():
    with pytest.raises(InputError, match="more than phi = 10"):
        largest_phi(1e15, lambda scaling: int(2**scaling.phi * 10**9))
