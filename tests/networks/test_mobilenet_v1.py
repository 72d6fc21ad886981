"""MobileNet's own claims, from Howard et al. 2017."""

from collections import Counter

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.counting import count, layers
from eyespot.networks.mobilenet_v1 import TENSORFLOW, DepthwiseSeparable


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def costs():
    """(kind, parameters, multiply-adds) of every layer with weights at 224 pixels."""
    network = on_meta("mobilenet_v1_1_0")
    modules = dict(network.named_modules())
    for row in layers(network, 224):
        module = modules[row.module]
        if isinstance(module, nn.Linear):
            yield "linear", module.weight.numel(), row.multiply_adds
        elif isinstance(module, nn.Conv2d):
            kind = "1x1" if module.kernel_size == (1, 1) else "dw" if module.groups > 1 else "3x3"
            yield kind, module.weight.numel(), row.multiply_adds


@pytest.mark.parametrize(("size", "printed"), [(224, 569), (192, 418), (160, 290), (128, 186)])
def test_smaller_pictures_cost_what_table_7_prints(size, printed):
    millions = count(on_meta("mobilenet_v1_1_0"), size).multiply_adds / 10**6
    assert abs(millions - printed) < 1  # 160 pixels: 290.68, cut and not rounded


def test_the_layers_share_the_cost_as_in_table_2():
    operations, parameters = Counter(), Counter()
    for kind, held, cost in costs():
        operations[kind] += cost
        parameters[kind] += held
    # percent of the multiply-adds and, without biases and norms, of the parameters
    for kind, *printed in (("1x1", 94.86, 74.59), ("dw", 3.06, 1.06), ("linear", 0.18, 24.33)):
        shares = [100 * each[kind] / each.total() for each in (operations, parameters)]
        assert shares == pytest.approx(printed, abs=0.005)


def test_plain_convolutions_would_cost_what_table_4_prints():
    operations = parameters = 0
    for kind, held, cost in costs():
        times = {"1x1": 9, "dw": 0}.get(kind, 1)  # both steps in one 3x3
        operations += times * cost
        parameters += times * held
    assert abs(operations - 4866 * 10**6) < 2 * 10**6  # 4,867.3 million
    assert abs(parameters - 29.3 * 10**6) < 0.1 * 10**6


def test_without_five_layers_it_costs_what_table_5_prints():
    # five of 14 x 14 x 512 less: "Shallow MobileNet", 307 million and 2.9 million
    row = find("mobilenet_v1_1_0")
    assert round((row.multiply_adds - 5 * 14**2 * 512 * (9 + 512)) / 10**6) == 307
    assert round((row.parameters - 5 * (512 * (9 + 512) + 4 * 512)) / 10**5) == 29


def test_it_has_28_layers():
    assert len(list(costs())) == 28


def test_two_steps_cost_a_ninth_and_one_over_the_output_channels():
    separable = DepthwiseSeparable(3, 48, stride=1, activation=nn.ReLU, edition=TENSORFLOW)
    plain = nn.Sequential(nn.Conv2d(3, 48, 3, padding=1))
    share = count(separable, 12).multiply_adds / count(plain, 12).multiply_adds
    assert share == pytest.approx(1 / 48 + 1 / 9)  # Sect. 3.1


@pytest.mark.parametrize(
    ("name", "kind"), [("mobilenet_v1_1_0", nn.ReLU), ("mobilenet_v1_1_0_timm", nn.ReLU6)]
)
def test_the_paper_has_relu_and_timm_relu6(name, kind):
    found = {type(m) for m in on_meta(name).modules() if isinstance(m, nn.ReLU | nn.ReLU6)}
    assert found == {kind}


def test_weights_start_normal_and_cut_at_two_deviations():
    network = build("mobilenet_v1_0_5", seed=3)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear) and module.weight.numel() > 5000:
            assert module.weight.abs().max() <= 0.18
            # a normal cut at two deviations has 0.8796 of its deviation
            assert module.weight.std().item() == pytest.approx(0.0792, rel=0.04)
    assert not network.classifier.bias.any()
