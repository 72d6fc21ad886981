"""Regularisers against numbers worked out by hand."""

from dataclasses import dataclass

import pytest
import torch
from torch import nn

from eyespot.errors import InputError
from eyespot.networks import build
from eyespot.training.regularisers import (
    L1,
    Dropout,
    EarlyStopping,
    FilterNorm,
    MaxNorm,
    Regulariser,
    after_step,
    penalty,
    prepare,
    stops,
)
from eyespot.values import from_json, to_json

ALL = (L1(1e-4), MaxNorm(3.0), FilterNorm(), Dropout(0.5), EarlyStopping(5))


def linear(*rows):
    layer = nn.Linear(len(rows[0]), len(rows))
    layer.weight.data = torch.tensor(rows, dtype=torch.float32)
    return layer


def test_l1_adds_the_absolute_weights_but_no_biases_and_no_norms():
    network = nn.Sequential(linear((1.0, -2.0), (0.5, 0.0)), nn.BatchNorm1d(2))
    network[0].bias.data.fill_(100)
    added = L1(0.1).penalty(network)
    assert added.item() == pytest.approx(0.35)  # 0.1 * (1 + 2 + 0.5)
    added.backward()
    assert network[0].weight.grad.tolist() == [
        pytest.approx([0.1, -0.1]),
        pytest.approx([0.1, 0.0]),
    ]
    assert network[0].bias.grad is None and network[1].weight.grad is None


def test_l1_leaves_frozen_weights_alone():
    network = linear((3.0, 4.0))
    network.weight.requires_grad_(False)
    assert float(L1(1.0).penalty(network)) == 0


def test_max_norm_shortens_long_rows_and_leaves_short_ones_their_bits():
    # |(3, 4)| = 5, twice the limit; |(1.1, 0)| is within
    network = linear((3.0, 4.0), (1.1, 0.0))
    network.bias.data.fill_(9)
    MaxNorm(2.5).after_step(network)
    assert network.weight.tolist() == [[1.5, 2.0], [torch.tensor(1.1).item(), 0.0]]
    assert network.bias.tolist() == [9, 9]


def test_max_norm_of_a_convolution_is_the_length_of_each_filter():
    # a filter of 1 x 2 x 2 ones is 2 long: at most 1, so 0.5 each
    network = nn.Conv2d(1, 2, kernel_size=2)
    network.weight.data = torch.stack([torch.ones(1, 2, 2), torch.full((1, 2, 2), 0.1)])
    MaxNorm(1.0).after_step(network)
    assert network.weight.flatten(1).tolist() == [[0.5] * 4, [torch.tensor(0.1).item()] * 4]


def test_filter_norm_is_the_root_mean_square_of_convolutions_alone():
    # four times 0.2: root mean square 0.2, though the length is 0.4; (0.19, 0, 0, 0) has 0.095
    network = nn.Sequential(nn.Conv2d(1, 2, kernel_size=2), linear((7.0, 7.0)))
    network[0].weight.data = torch.tensor([[0.2] * 4, [0.19, 0, 0, 0]]).view(2, 1, 2, 2)
    FilterNorm().after_step(network)
    expected = torch.tensor([[0.1] * 4, [0.19, 0, 0, 0]])
    torch.testing.assert_close(network[0].weight.flatten(1).detach(), expected)
    assert network[1].weight.tolist() == [[7, 7]]


def test_dropout_sets_all_layers_of_the_network():
    network = nn.Sequential(nn.Dropout(0.5), nn.ReLU(), nn.Sequential(nn.Dropout2d(0.1)))
    prepare([Dropout(0.25)], network)
    assert [network[0].p, network[2][0].p] == [0.25, 0.25]


def test_dropout_for_a_network_without_it_is_told():
    with pytest.raises(InputError, match="ResNet has no dropout layer"):
        prepare([Dropout(0.25)], build("resnet18", num_classes=3))


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([], False),
        ([0.5], False),
        ([0.5, 0.6], False),
        ([0.5, 0.6, 0.7], True),  # two epochs after the best
        ([0.5, 0.6, 0.4], False),
        ([0.5, 0.5, 0.5], True),  # as good is not better
        ([0.5, 0.4, 0.6, 0.3, 0.35], False),
        ([0.5, 0.4, 0.6, 0.3, 0.35, 0.31], True),
    ],
)
def test_early_stopping_waits_its_patience_after_the_best_epoch(errors, expected):
    assert EarlyStopping(2).stops(errors) is expected
    assert stops([L1(0.1), EarlyStopping(2)], errors) is expected


def test_each_regulariser_acts_in_its_own_place():
    network = linear((30.0, 40.0))
    assert penalty([MaxNorm(1.0), EarlyStopping(1)], network) is None
    assert float(penalty([L1(1.0), MaxNorm(1.0), L1(2.0)], network)) == 210  # 70 + 140
    after_step(ALL, network)
    assert float(network.weight.norm()) == pytest.approx(3)
    assert stops([L1(1.0)], [0.1, 0.2]) is False


@dataclass(frozen=True)
class Holder:
    regularisers: tuple[Regulariser, ...]


def test_regularisers_go_to_json_and_back():
    assert from_json(Holder, to_json(Holder(ALL))) == Holder(ALL)


def test_wrong_numbers_are_refused():
    for wrong in (
        lambda: L1(0),
        lambda: MaxNorm(-1),
        lambda: FilterNorm(0),
        lambda: Dropout(1.0),
        lambda: EarlyStopping(0),
    ):
        with pytest.raises(InputError):
            wrong()
