"""MobileNetV3's own claims, from Howard et al. 2019."""

import pytest
import torch
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.counting import layers
from eyespot.networks.layers import SqueezeExcitation
from eyespot.networks.mobilenet_v3 import Bottleneck


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def blocks(name):
    return [m for m in on_meta(name).modules() if isinstance(m, Bottleneck)]


def squeezes(module):
    return [m for m in module.modules() if isinstance(m, SqueezeExcitation)]


def test_h_swish_and_its_gate_are_made_of_relu6():
    numbers = torch.linspace(-5, 5, 101)
    gate = nn.functional.relu6(numbers + 3) / 6  # Sect. 5.2
    torch.testing.assert_close(nn.Hardsigmoid()(numbers), gate)
    torch.testing.assert_close(nn.Hardswish()(numbers), numbers * gate)


@pytest.mark.parametrize(
    ("name", "relu", "h_swish", "weighed"),
    [("mobilenet_v3_large", 6, 9, 8), ("mobilenet_v3_small", 3, 8, 9)],
)
def test_h_swish_is_in_the_deeper_blocks_only(name, relu, h_swish, weighed):
    found = blocks(name)
    kinds = [[type(m) for m in b.block[-2 - len(squeezes(b))].children()][-1] for b in found]
    assert kinds == [nn.ReLU] * relu + [nn.Hardswish] * h_swish
    assert sum(len(squeezes(b)) for b in found) == weighed


@pytest.mark.parametrize(
    ("name", "widths"),
    [
        ("large", [(72, 24), *[(120, 32)] * 2, (480, 120), *[(672, 168)] * 2, *[(960, 240)] * 2]),
        (
            "small",
            [
                (16, 8),
                (96, 24),
                *[(240, 64)] * 2,
                (120, 32),
                (144, 40),
                (288, 72),
                *[(576, 144)] * 2,
            ],
        ),
    ],
)
def test_the_squeeze_is_a_quarter_of_the_wide_middle_in_eights(name, widths):
    found = squeezes(on_meta(f"mobilenet_v3_{name}"))
    assert [(m.fc1.in_channels, m.fc1.out_channels) for m in found] == widths
    kinds = {(type(m.activation), type(m.scale_activation)) for m in found}
    assert kinds == {(nn.ReLU, nn.Hardsigmoid)}


@pytest.mark.parametrize(("name", "wide"), [("large", 960), ("small", 576)])
def test_the_last_layers_run_on_one_pixel_without_batch_norm(name, wide):
    network = on_meta(f"mobilenet_v3_{name}")
    head = [row for row in layers(network, 224) if row.module.startswith("classifier")]
    assert [row.kind for row in head] == ["Linear", "Hardswish", "Dropout", "Linear"]
    assert head[0].input_shape == (wide,)
    assert head[0].multiply_adds == wide * (1280 if name == "large" else 1024)


def test_blocks_that_keep_their_shape_have_a_shortcut():
    # Table 1: every line with the channels of the line before it, and stride 1
    assert [b.has_shortcut for b in blocks("mobilenet_v3_large")] == [
        *(True, False, True, False, True, True, False, True),
        *(True, True, False, True, False, True, True),
    ]


def test_three_quarters_of_the_width_are_those_of_the_released_code():
    # its page: Large 155 and 4.0 million; Small 44 and 2.4 with 1280 channels behind the pooling
    large, small = find("mobilenet_v3_large_0_75"), find("mobilenet_v3_small_0_75")
    assert (round(large.multiply_adds / 10**6), round(large.parameters / 10**5)) == (155, 40)
    more = (1280 - 1024) * (small.stages[-1].channels + 1 + 1000)
    assert round((small.parameters + more) / 10**5) == 24
    assert round((small.multiply_adds + more) / 10**6) == 44


@pytest.mark.parametrize(("size", "agree"), [(33, True), (64, False)])
def test_editions_differ_where_a_map_is_even(size, agree):
    paper, other = (
        build("mobilenet_v3_small").eval(),
        build("mobilenet_v3_small_torchvision").eval(),
    )
    other.load_state_dict(paper.state_dict())
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        given, known = paper(images), other(images)
    # 33, 17, 9, 5, 3, 2: odd wherever there is a stride
    assert torch.allclose(given, known, rtol=1e-4, atol=1e-4 * known.std().item()) is agree
