"""The running average by hand, and what becomes of running statistics."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from eyespot.errors import InputError
from eyespot.networks import build
from eyespot.training.averaging import EMA, Average
from eyespot.values import from_json, to_json


def weighing(value):
    network = nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(value)
    return network


def averages(rule, weights):
    """The average after each of the weights, beginning with the first before any step."""
    network = weighing(weights[0])
    average = Average(rule, network)
    values = []
    for step, value in enumerate(weights[1:], 1):
        network.weight.data.fill_(value)
        average.update(network, step)
        values.append(float(average.state_dict()["weight"]))
    return values


def test_the_average_moves_by_a_share_towards_the_weights():
    # from 0: 0.75 * 0 + 0.25 * 4 = 1; 0.75 * 1 + 0.25 * 4 = 1.75; 0.75 * 1.75 + 0.25 * 8 = 3.3125
    assert averages(EMA(0.75), [0, 4, 4, 8]) == [1, 1.75, 3.3125]


def test_the_average_is_taken_every_so_many_steps():
    assert averages(EMA(0.75, every=2), [0, 4, 4, 8, 8]) == [0, 1, 1, 2.75]  # 0.75 + 0.25 * 8


def test_warming_up_forgets_the_first_weights_soon():
    # TensorFlow: min(decay, (1 + t) / (10 + t)): 2/11, 3/12, 4/13 ...; 0.5 from t = 8 on, 9/18
    rule = EMA(0.5, warms_up=True)
    assert [rule.decay_at(t) for t in (1, 2, 3, 8, 9, 1000)] == [2 / 11, 3 / 12, 4 / 13, *[0.5] * 3]
    assert averages(rule, [0, 11]) == pytest.approx([9])  # 9/11 of the new weight


def test_statistics_of_batch_norm_are_averaged_and_counters_copied():
    network = nn.BatchNorm1d(1, momentum=1.0)
    average = Average(EMA(0.75), network)
    network(torch.tensor([[2.0], [6.0]]))  # mean 4, variance 8
    average.update(network, 1)
    state = average.state_dict()
    assert float(state["running_mean"]) == 1  # 0.75 * 0 + 0.25 * 4
    assert float(state["running_var"]) == 2.75  # 0.75 * 1 + 0.25 * 8
    assert int(state["num_batches_tracked"]) == 1


def test_what_does_not_change_keeps_its_bits():
    network = build("lenet5")
    average = Average(EMA(0.999), network)
    for step in range(1, 50):
        average.update(network, step)
    for name, held in network.state_dict().items():
        assert torch.equal(average.state_dict()[name], held)


def test_inside_the_network_has_the_average_and_afterwards_its_own_weights():
    network = weighing(0.1)
    average = Average(EMA(0.5), network)
    network.weight.data.fill_(0.3)
    own = network.weight.detach().clone()
    with pytest.raises(RuntimeError), average.inside(network):
        assert float(network.weight) == pytest.approx(0.1)
        raise RuntimeError
    assert torch.equal(network.weight, own)
    assert network.weight.requires_grad


def test_an_average_goes_on_from_its_state():
    whole = averages(EMA(0.9, every=2), [0, 1, 2, 3, 4])
    network = weighing(0)
    first = Average(EMA(0.9, every=2), network)
    for step in (1, 2):
        network.weight.data.fill_(step)
        first.update(network, step)
    state = {name: tensor.clone() for name, tensor in first.state_dict().items()}
    second = Average(EMA(0.9, every=2), network)
    second.load_state_dict(state)
    for step in (3, 4):
        network.weight.data.fill_(step)
        second.update(network, step)
    assert float(second.state_dict()["weight"]) == whole[-1]


def test_the_averages_of_another_network_are_refused():
    with pytest.raises(InputError, match="another network"):
        Average(EMA(0.9), weighing(0)).load_state_dict({"bias": torch.zeros(1)})


@dataclass(frozen=True)
class Holder:
    ema: EMA | None


@pytest.mark.parametrize("ema", [None, EMA(0.9999), EMA(0.99998, every=32, warms_up=True)])
def test_the_rule_goes_to_json_and_back(ema):
    assert from_json(Holder, to_json(Holder(ema))) == Holder(ema)


@pytest.mark.parametrize("wrong", [(1.0, 1), (-0.1, 1), (0.9, 0)])
def test_wrong_numbers_are_refused(wrong):
    with pytest.raises(InputError):
        EMA(*wrong)
