"""LeNet-5's own claims, from LeCun, Bottou, Bengio, Haffner 1998."""

import pytest
import torch
from torch import nn

from eyespot import taps
from eyespot.networks import build
from eyespot.networks.lenet import PartialConvolution, ScaledTanh, Subsampling
from eyespot.networks.radial_output import RBF

LAYERS = ["c1", "s2", "c3", "s4", "c5", "f6"]


@pytest.fixture(scope="module")
def lenet5():
    return build("lenet5", seed=5).eval()


def digits(count=2, size=32):
    return torch.randn(count, 1, size, size, generator=torch.Generator().manual_seed(1))


def test_every_layer_has_the_trainable_parameters_that_section_ii_b_prints(lenet5):
    parameters = [
        sum(each.numel() for each in lenet5.get_submodule(layer).parameters()) for layer in LAYERS
    ]
    assert parameters == [156, 12, 1_516, 32, 48_120, 10_164]
    assert sum(each.numel() for each in lenet5.parameters()) == 60_000


def test_every_layer_has_the_connections_that_section_ii_b_prints(lenet5):
    with torch.no_grad(), taps.record(lenet5, LAYERS) as maps:
        lenet5(digits(1))
    connections = []
    for layer in LAYERS:
        parameters = sum(each.numel() for each in lenet5.get_submodule(layer).parameters())
        if layer in ("s2", "s4"):  # a unit's four inputs share one coefficient
            parameters = 5 * maps[layer].shape[1]
        connections.append(parameters * maps[layer][0, 0].numel())
    assert connections == [122_304, 5_880, 151_600, 2_000, 48_120, 10_164]
    assert sum(connections) + 10 * 84 == 340_908


def test_c3_is_connected_as_section_ii_b_says_of_table_i():
    sources = [set(maps) for maps in PartialConvolution().sources]
    contiguous = [[{(i + k) % 6 for k in range(n)} for i in range(6)] for n in (3, 4)]
    assert sources[:6] == contiguous[0]  # "every contiguous subset of three"
    assert sources[6:12] == contiguous[1]  # "every contiguous subset of four"
    assert {len(maps) for maps in sources[12:15]} == {4}  # "some discontinuous subsets of four"
    assert not any(maps in contiguous[1] for maps in sources[12:15])
    assert sources[15] == set(range(6))  # "all S2 feature maps"


def test_a_map_of_c3_sees_the_maps_of_its_column_and_no_other():
    c3 = PartialConvolution()
    maps = torch.randn(1, 6, 14, 14)
    with torch.inference_mode():
        for i in range(6):
            other = maps.clone()
            other[:, i] += 1
            changed = (c3(other) != c3(maps)).flatten(2).any(2)[0].tolist()
            assert changed == [i in sources for sources in c3.sources]


def test_subsampling_adds_four_inputs_and_learns_a_coefficient_and_a_bias_for_each_map():
    layer = Subsampling(2)
    nn.init.constant_(layer.bias, 10)
    with torch.no_grad():
        layer.coefficient[:, 0, 0] = torch.tensor([1, -2])
        given = layer(torch.arange(8.0).reshape(1, 2, 2, 2))
    assert given.flatten().tolist() == [0 + 1 + 2 + 3 + 10, -2 * (4 + 5 + 6 + 7) + 10]


def test_the_squashing_function_leaves_one_alone_and_bends_most_there():
    points = torch.tensor([1.0, -1.0], dtype=torch.float64)
    torch.testing.assert_close(ScaledTanh()(points), points, rtol=0, atol=1e-4)
    sums = torch.linspace(0, 3, 301, dtype=torch.float64)
    bend = ScaledTanh()(sums).diff(n=2).abs()  # appendix A
    assert abs(sums[1 + int(bend.argmax())].item() - 1) < 0.02
    assert ScaledTanh()(torch.tensor(50.0)).item() == pytest.approx(1.7159)


def test_every_layer_up_to_f6_squashes(lenet5):
    with torch.no_grad(), taps.record(lenet5, LAYERS) as states:
        lenet5(1000 * digits())
    assert all(states[layer].abs().max() <= 1.7159 for layer in LAYERS)
    assert states["c1"].abs().max() > 1.7


def test_c5_is_a_convolution_a_larger_picture_would_give_a_larger_map(lenet5):
    with torch.no_grad():
        assert lenet5.forward_features(digits(size=32)).shape == (2, 120, 1, 1)
        assert lenet5.forward_features(digits(size=36)).shape == (2, 120, 2, 2)


def test_logits_are_minus_the_squared_distances_to_the_codes(lenet5):
    with torch.no_grad():
        states = lenet5.forward_embedding(digits(5))
        distances = torch.cdist(states.double(), lenet5.output.weight.double()).square()
        # squares add up to about 200, of which float32 knows 1e-5
        torch.testing.assert_close(lenet5(digits(5)).double(), -distances, rtol=0, atol=1e-3)


def test_the_code_of_a_digit_is_its_own_best_answer(lenet5):
    codes = lenet5.output.weight
    assert codes.shape == (10, 7 * 12) and codes.unique().tolist() == [-1, 1]
    logits = lenet5.classify(codes)
    assert logits.diagonal().tolist() == [0] * 10
    # two codes differ in 10 of 84 pixels at least, each of which is 2 apart: 10 * 2^2
    assert (logits + torch.eye(10) * -1000).max() == -40


def test_codes_are_fixed_and_those_of_other_classes_than_digits_are_fair_coins(lenet5):
    assert "output.weight" not in dict(lenet5.named_parameters())
    assert torch.equal(build("lenet5", seed=6).output.weight, lenet5.output.weight)
    first, again, other = (build("lenet5", num_classes=95, seed=s).output.weight for s in (1, 1, 2))
    assert torch.equal(first, again) and not torch.equal(first, other)
    assert first.unique().tolist() == [-1, 1]
    assert abs(first.mean().item()) < 5 / (95 * 84) ** 0.5  # five deviations of the mean
    assert len(first.unique(dim=0)) == 95


def test_weights_start_uniform_by_the_inputs_of_their_unit(lenet5):
    layers = {"c1.0": 25, "c3.0.maps.0": 75, "c3.0.maps.6": 100, "c3.0.maps.15": 150}
    layers |= {"s2.0": 4, "s4.0": 4, "c5.0": 400, "f6.0": 120}
    for name, fan_in in layers.items():
        own = lenet5.get_submodule(name).parameters(recurse=False)
        values = torch.cat([each.detach().flatten() for each in own]) * fan_in / 2.4
        assert values.abs().max() <= 1
        # the variance of n uniform numbers is 1 / 3, give or take 5 * sqrt(4 / 45 / n)
        assert abs(values.square().mean() - 1 / 3) < 5 * (4 / 45 / len(values)) ** 0.5


def test_the_modern_network_is_the_lecture_s_sequence_of_layers():
    network = build("lenet5_modern", seed=5)
    features = [nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2)]
    features += [nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()]
    classifier = [nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)]
    lecture = nn.Sequential(*features, *classifier)
    lecture.load_state_dict(
        dict(zip(lecture.state_dict(), network.state_dict().values(), strict=True))
    )
    with torch.inference_mode():
        assert torch.equal(network(digits(size=28)), lecture(digits(size=28)))


def test_a_radial_unit_is_highest_where_its_code_is():
    output = RBF(torch.tensor([[1.0, -1.0]]))
    states = torch.tensor([[1.0, -1.0], [1.0, 1.0], [3.0, -1.0], [-1.0, 1.0]])
    assert output(states).flatten().tolist() == [0, -4, -4, -8]
