"""MobileNetV2's own claims, from Sandler, Howard, Zhu, Zhmoginov, Chen 2018."""

import pytest
import torch
from golden.fill import filled, images
from torch import nn

from eyespot.networks import build, find
from eyespot.networks.counting import count
from eyespot.networks.mobilenet_v2 import TENSORFLOW, Bottleneck


def on_meta(name):
    with torch.device("meta"):
        return build(name).eval()


def test_the_ends_of_a_block_are_linear():
    block = Bottleneck(4, 6, expansion=6, stride=1, edition=TENSORFLOW)
    kinds = [type(m) for m in block.modules() if not isinstance(m, nn.Sequential | Bottleneck)]
    unit = [nn.Conv2d, nn.BatchNorm2d, nn.ReLU6]
    assert kinds == [*unit, *unit, nn.Conv2d, nn.BatchNorm2d]


def test_a_block_is_thin_wide_thin():
    blocks = [m for m in on_meta("mobilenet_v2_1_0").modules() if isinstance(m, Bottleneck)]
    convs = [[m for m in b.modules() if isinstance(m, nn.Conv2d)] for b in blocks]
    assert [len(each) for each in convs] == [2] + [3] * 16  # t = 1 does not expand
    for expand, middle, project in convs[1:]:
        assert 6 * expand.in_channels == middle.groups == middle.in_channels
        assert project.out_channels < middle.in_channels


def test_every_block_but_the_first_of_a_line_has_a_shortcut():
    blocks = [m for m in on_meta("mobilenet_v2_1_0").modules() if isinstance(m, Bottleneck)]
    # n - 1 of each line of Table 2: 0 + 1 + 2 + 3 + 2 + 2 + 0
    assert len(blocks) == 17 and sum(b.has_shortcut for b in blocks) == 10


def test_a_block_without_residual_passes_its_input_negative_numbers_and_all():
    block = Bottleneck(4, 4, expansion=6, stride=1, edition=TENSORFLOW).eval()
    nn.init.zeros_(block.conv[2].weight)
    features = torch.randn(2, 4, 5, 5)
    assert torch.equal(block(features), features)


@pytest.mark.parametrize(
    ("name", "parameters", "multiply_adds"),
    [
        ("1_4", 6.06, 582),
        ("1_0", 3.47, 300),
        ("0_75", 2.61, 209),
        ("0_5", 1.95, 97),
        ("0_35", 1.66, 59),
    ],
)
def test_every_width_is_that_of_the_released_codes_table(name, parameters, multiply_adds):
    # its parameters are without the norms'; 300.77 is cut, not rounded
    network = on_meta(f"mobilenet_v2_{name}")
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    held = find(f"mobilenet_v2_{name}").parameters - sum(2 * m.num_features for m in norms)
    assert held / 10**6 == pytest.approx(parameters, abs=0.005)
    assert abs(find(f"mobilenet_v2_{name}").multiply_adds / 10**6 - multiply_adds) < 1


@pytest.mark.parametrize(("size", "printed"), [(192, 221), (160, 154), (128, 99), (96, 56)])
def test_smaller_pictures_cost_what_the_released_codes_table_says(size, printed):
    assert round(count(on_meta("mobilenet_v2_1_0"), size).multiply_adds / 10**6) == printed


def test_a_width_below_one_leaves_the_last_convolution_wide():
    last = {w: find(f"mobilenet_v2_{w}").stages[-1].channels for w in ("0_35", "0_75", "1_0")}
    assert set(last.values()) == {1280}
    assert find("mobilenet_v2_1_4").stages[-1].channels == 1792


def test_half_the_width_gives_torchvisions_logits():
    # torchvision 0.28.0, mobilenet_v2(width_mult=0.5), filled by the rule in tests/golden
    state = on_meta("mobilenet_v2_0_5_torchvision").state_dict()
    logits = {}
    for name in ("mobilenet_v2_0_5_torchvision", "mobilenet_v2_0_5"):
        network = on_meta(name)
        entries = {key: tuple(tensor.shape) for key, tensor in state.items()}
        network.load_state_dict(filled(entries), assign=True)
        with torch.inference_mode():
            logits[name] = network.double()(images(96))
    known = torch.tensor(
        [
            [-0.03662644665, -3.370880929, -1.614865435, 0.4293974062],
            [0.2866100156, -3.35757234, -1.305133993, 0.6878199368],
        ],
        dtype=torch.float64,
    )
    given = logits["mobilenet_v2_0_5_torchvision"]
    torch.testing.assert_close(given[:, :4], known, rtol=1e-8, atol=1e-8)
    checksum = given.flatten() @ torch.linspace(-1, 1, 2000, dtype=torch.float64)
    assert checksum.item() == pytest.approx(-31.42639744, abs=1e-6)
    assert (logits["mobilenet_v2_0_5"] - given).abs().max() > 0.01  # the padding is seen
