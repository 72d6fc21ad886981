"""Optimisers against steps worked out by hand, TensorFlow's formulas and torch's own."""

import json

import pytest
import torch
from torch import nn

from eyespot.errors import InputError
from eyespot.networks import build
from eyespot.training.losses import CrossEntropy
from eyespot.training.optimisers import (
    CAFFE,
    SGD,
    Adam,
    AdamW,
    LevenbergMarquardt,
    Optimiser,
    RMSProp,
    before_epoch,
)
from eyespot.values import from_json, to_json

EVERY = (
    SGD(0.01, momentum=0.9, nesterov=True, weight_decay=1e-4, spared=CAFFE),
    RMSProp(0.045, weight_decay=4e-5),
    Adam(1e-3, weight_decay=1e-4),
    AdamW(3e-3, weight_decay=0.3),
    LevenbergMarquardt(5e-4),
)


class Number(nn.Module):
    """One weight, whose gradient is given."""

    def __init__(self, value):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([value], dtype=torch.float64))


def walked(rule, gradients, *, start=1.0):
    """The weight after each step."""
    network = Number(start)
    optimiser = rule.build(network)
    found = []
    for gradient in gradients:
        network.weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimiser.step()
        found.append(network.weight.item())
    return found


def small():
    generator = torch.Generator().manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(4, 4, 3, groups=4), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 3)
    )
    for parameter in network.parameters():
        nn.init.normal_(parameter, generator=generator)
    return network, torch.randn(8, 4, 4, 4, generator=generator)


def trained(rule, steps, *, network=None, state=None, first=0):
    made, images = small()
    network = network or made
    optimiser = rule.build(network)
    if state is not None:
        optimiser.load_state_dict(state)
    for step in range(first, first + steps):
        optimiser.zero_grad()
        (network(images).square().mean() / (step + 1)).backward()
        optimiser.step()
    return network, optimiser


@pytest.mark.parametrize("rule", EVERY)
def test_an_optimiser_goes_to_json_and_back(rule):
    assert from_json(Optimiser, to_json(rule), where="optimiser") == rule


def test_sgd_takes_the_steps_that_are_worked_out_by_hand():
    # rate 0.1, momentum 0.5, weight decay 0.1, w = 1, gradients 1, 1:
    # buffer 1 + 0.1 = 1.1, w = 0.89; buffer 0.55 + 1 + 0.089 = 1.639, w = 0.7261
    rule = SGD(0.1, momentum=0.5, weight_decay=0.1)
    assert walked(rule, [1, 1]) == pytest.approx([0.89, 0.7261])
    # Nesterov adds the momentum of the new buffer: 1.1 + 0.5 * 1.1 = 1.65, w = 0.835
    nesterov = SGD(0.1, momentum=0.5, nesterov=True, weight_decay=0.1)
    assert walked(nesterov, [1])[0] == pytest.approx(0.835)


def alexnet(gradients, rates, *, momentum=0.9, weight_decay=0.0005):
    """Krizhevsky et al. 2012, Sect. 5: v = 0.9 v - 0.0005 lr w - lr g; w = w + v."""
    weight, velocity, found = 1.0, 0.0, []
    for gradient, rate in zip(gradients, rates, strict=True):
        velocity = momentum * velocity - weight_decay * rate * weight - rate * gradient
        weight += velocity
        found.append(weight)
    return found


def test_sgd_is_alexnets_at_a_constant_rate_and_falls_sooner_after_a_reduction():
    """v = -rate * buffer: 0.9 (-rate b) - rate (g + 0.0005 w) = -rate (0.9 b + g + 0.0005 w)."""
    gradients = [1.0, -0.5, 2.0, 0.3, 0.7, -1.1]
    rule = SGD(0.01, momentum=0.9, weight_decay=0.0005)
    assert walked(rule, gradients) == pytest.approx(alexnet(gradients, [0.01] * 6), rel=1e-12)

    network = Number(1.0)
    optimiser = rule.build(network)
    rates, found = [0.01] * 3 + [0.001] * 3, []
    for gradient, rate in zip(gradients, rates, strict=True):
        optimiser.param_groups[0]["lr"] = rate
        network.weight.grad = torch.tensor([gradient], dtype=torch.float64)
        optimiser.step()
        found.append(network.weight.item())
    paper = alexnet(gradients, rates)
    assert found[:3] == pytest.approx(paper[:3], rel=1e-12)
    assert abs(found[3] - found[2]) < abs(paper[3] - paper[2]) / 5  # a tenth of the velocity


def test_rmsprop_takes_tensorflows_steps_not_torchs():
    """tf.raw_ops.ApplyRMSProp: ms <- rho ms + (1 - rho) g^2, mom <- momentum mom + lr g / sqrt(ms +
    epsilon), var <- var - mom, with ms from ones (`RMSPropOptimizer._create_slots`)."""
    # g = 2, decay 0.9, epsilon 1, rate 0.1: ms = 0.9 + 0.4 = 1.3, step 0.2 / sqrt(2.3) = 0.131876
    # g = 1: ms = 1.17 + 0.1 = 1.27, 0.9 * 0.131876 + 0.1 / sqrt(2.27) = 0.118688 + 0.066372
    rule = RMSProp(0.1, decay=0.9, momentum=0.9, epsilon=1.0)
    first, second = walked(rule, [2.0, 1.0])
    assert first == pytest.approx(1 - 0.131876, abs=1e-6)
    assert second == pytest.approx(1 - 0.131876 - 0.185060, abs=1e-6)

    network = Number(1.0)
    other = torch.optim.RMSprop(network.parameters(), lr=0.1, alpha=0.9, momentum=0.9, eps=1.0)
    network.weight.grad = torch.tensor([2.0], dtype=torch.float64)
    other.step()  # 0.2 / (sqrt(0.4) + 1) = 0.122514
    assert abs(network.weight.item() - first) > 0.005


def test_rmsprops_weight_decay_is_of_the_loss_as_in_slim():
    # g = 0, w = 1, decay 0.1: the gradient is 0.1; ms = 0.9 + 0.001 = 0.901
    rule = RMSProp(0.1, momentum=0.0, weight_decay=0.1, spared=())
    assert walked(rule, [0.0])[0] == pytest.approx(1 - 0.1 * 0.1 / 1.901**0.5, rel=1e-12)


def test_adam_and_adamw_are_torchs():
    for rule, make in (
        (Adam(1e-2, weight_decay=0.1), torch.optim.Adam),
        (AdamW(1e-2, weight_decay=0.1, spared=()), torch.optim.AdamW),
    ):
        network = Number(1.0)
        reference = make(network.parameters(), lr=1e-2, weight_decay=0.1)
        expected = []
        for gradient in (1.0, -2.0, 0.5):
            network.weight.grad = torch.tensor([gradient], dtype=torch.float64)
            reference.step()
            expected.append(network.weight.item())
        assert walked(rule, [1.0, -2.0, 0.5]) == expected


@pytest.mark.parametrize(
    ("spared", "decayed"),
    [
        ((), {"0.weight", "0.bias", "1.weight", "1.bias", "3.weight", "3.bias"}),
        (("norms",), {"0.weight", "0.bias", "3.weight", "3.bias"}),
        (("biases",), {"0.weight", "1.weight", "1.bias", "3.weight"}),
        (("norms", "biases"), {"0.weight", "3.weight"}),
        (("norms", "biases", "depthwise"), {"3.weight"}),
    ],
)
def test_weight_decay_leaves_alone_what_it_should(spared, decayed):
    network, _ = small()
    before = {name: parameter.detach().clone() for name, parameter in network.named_parameters()}
    optimiser = SGD(1.0, momentum=0.0, weight_decay=0.5, spared=spared).build(network)
    for parameter in network.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    halved = {
        name
        for name, parameter in network.named_parameters()
        if torch.equal(parameter, before[name] / 2)
    }
    assert halved == decayed
    assert sum(len(group["params"]) for group in optimiser.param_groups) == 6


def test_what_does_not_learn_is_not_in_the_optimiser():
    network, _ = small()
    network[0].requires_grad_(False)
    optimiser = SGD(0.1, weight_decay=1e-4, spared=("biases",)).build(network)
    assert sum(len(group["params"]) for group in optimiser.param_groups) == 4
    network.requires_grad_(False)
    with pytest.raises(InputError, match="no parameter that learns"):
        SGD(0.1).build(network)


@pytest.mark.parametrize("rule", EVERY[:-1], ids=lambda rule: rule.KIND)
def test_a_state_is_tensors_and_plain_values_and_goes_on_to_the_bit(rule):
    undisturbed, _ = trained(rule, 6)
    half, optimiser = trained(rule, 3)
    state = optimiser.state_dict()
    for held in state["state"].values():
        assert all(isinstance(value, torch.Tensor | int | float) for value in held.values())
    json.dumps(state["param_groups"])
    copied = {
        "state": {
            i: {k: v.clone() if isinstance(v, torch.Tensor) else v for k, v in held.items()}
            for i, held in state["state"].items()
        },
        "param_groups": json.loads(json.dumps(state["param_groups"])),
    }
    resumed, _ = trained(rule, 3, network=half, state=copied, first=3)
    for mine, other in zip(resumed.parameters(), undisturbed.parameters(), strict=True):
        assert torch.equal(mine, other)
    without, _ = trained(rule, 3, network=trained(rule, 3)[0], first=3)
    same = zip(without.parameters(), undisturbed.parameters(), strict=True)
    assert not all(torch.equal(mine, other) for mine, other in same), "the state does not matter"


def test_the_loop_sets_the_rate_of_every_group():
    network, _ = small()
    optimiser = RMSProp(0.1, weight_decay=1e-4).build(network)
    assert len(optimiser.param_groups) == 2
    before = [parameter.detach().clone() for parameter in network.parameters()]
    for group in optimiser.param_groups:
        group["lr"] = 0.0
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    optimiser.step()
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), before, strict=True))


def test_before_an_epoch_no_optimiser_but_lenets_reads_a_photo():
    def batches():
        raise AssertionError("a batch was read")
        yield

    network, _ = small()
    before_epoch(SGD(0.1).build(network), network, batches(), CrossEntropy())
    lenet = build("lenet5")
    with pytest.raises(AssertionError, match="was read"):
        before_epoch(LevenbergMarquardt(0.1).build(lenet), lenet, batches(), CrossEntropy())


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: SGD(0), "not 0 and 0"),
        (lambda: SGD(0.1, momentum=1.0), "not including, 1; not 1"),
        (lambda: SGD(0.1, momentum=0, nesterov=True), "momentum above 0"),
        (lambda: SGD(0.1, weight_decay=-1), "no negative weight decay"),
        (lambda: RMSProp(0.1, epsilon=0), "epsilon above 0"),
        (lambda: RMSProp(0.1, decay=1.1), "not 0.9, 1.1"),
        (lambda: Adam(0.1, beta2=1), "not 0.9, 1"),
        (lambda: LevenbergMarquardt(0.1, mu=0), "a mu above 0"),
        (lambda: LevenbergMarquardt(0.1, samples=0), "and 0$"),
    ],
)
def test_numbers_that_cannot_be_meant_are_refused_in_a_sentence(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_an_optimiser_is_told_in_words():
    assert EVERY[0].words == "SGD at 0.01, Nesterov 0.9, weight decay 0.0001 (not of biases)"
    assert len({rule.words for rule in EVERY}) == len(EVERY)
